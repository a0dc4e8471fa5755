// hops_test: the newest stay, older ones are gone and known to be.
#include "hops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void the_newest_are_kept(void **state)
{
    (void)state;
    hops_t *hops = hops_new();
    assert_null(hops_find(hops, 0));
    assert_null(hops_find(hops, 1));
    for (uint64_t i = 1; i <= HOPS_MAX_COUNT + 100; i++)
        assert_int_equal(hops_add(hops, &(hop_t){.call_id = i}), i);
    assert_null(hops_find(hops, 100));
    assert_int_equal(hops_find(hops, 101)->call_id, 101);
    assert_int_equal(hops_find(hops, HOPS_MAX_COUNT + 100)->call_id, HOPS_MAX_COUNT + 100);
    assert_null(hops_find(hops, HOPS_MAX_COUNT + 101));
    assert_int_equal(hops_written_count(hops), HOPS_MAX_COUNT + 100);
    assert_int_equal(hops_overwritten_count(hops), 100);
    hops_destroy(&hops);
    assert_null(hops);
}

static void every_kind_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(hop_kind_name(HOP_QUEUED), "queued");
    assert_string_equal(hop_kind_name(HOP_STAGE), "stage");
    assert_string_equal(hop_kind_name(HOP_KINDS_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_are_kept),
        cmocka_unit_test(every_kind_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
