// page: every row is on exactly one page, and no page has more than ten rows.
#include "page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void covers_every_row_once(void **state)
{
    (void)state;
    for (uint32_t count = 0; count <= 40; count++) {
        uint32_t next = 0;
        page_t page = {.has_more = true};
        for (uint32_t i = 0; page.has_more; i++) {
            page = page_of(count, i);
            assert_int_equal(page.first, next);
            assert_true(page.count + page.has_more <= 10);
            next += page.count;
        }
        assert_int_equal(next, count);
    }
}

static void begins_again_past_the_end(void **state)
{
    (void)state;
    assert_int_equal(page_of(12, 99).first, 0);
    assert_int_equal(page_of(0, 3).count, 0);
    assert_int_equal(page_of(12, UINT32_MAX).first % 9, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_every_row_once),
        cmocka_unit_test(begins_again_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
