// obituaries_test: the newest deaths are kept, and those not stored yet are found in their order.
#include "obituaries.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void the_newest_are_kept(void **state)
{
    (void)state;
    obituaries_t *self = obituaries_new();
    assert_null(obituaries_get(self, 0));
    for (int i = 1; i <= OBITUARIES_MAX_COUNT + 10; i++)
        obituaries_add(self)->pid = i;
    for (uint32_t i = 0; i < OBITUARIES_MAX_COUNT; i++) {
        const obituary_row_t *row = obituaries_get(self, i);
        assert_int_equal(row->pid, OBITUARIES_MAX_COUNT + 10 - (int)i);
        assert_int_equal(row->number, (uint64_t)row->pid);
    }
    assert_null(obituaries_get(self, OBITUARIES_MAX_COUNT));
    obituaries_destroy(&self);
    obituaries_destroy(&self); // twice is allowed
}

static void those_not_stored_come_oldest_first(void **state)
{
    (void)state;
    obituaries_t *self = obituaries_new();
    assert_null(obituaries_next_unstored(self));
    for (int i = 1; i <= 3; i++)
        obituaries_add(self)->pid = i;
    for (int i = 1; i <= 3; i++) {
        obituary_row_t *row = obituaries_next_unstored(self);
        assert_int_equal(row->pid, i);
        row->is_stored = true;
    }
    assert_null(obituaries_next_unstored(self));
    obituaries_destroy(&self);
}

static void every_reason_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < DEATH_REASONS_COUNT; i++)
        assert_true(strlen(death_reason_name((death_reason_t)i)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_are_kept),
        cmocka_unit_test(those_not_stored_come_oldest_first),
        cmocka_unit_test(every_reason_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
