// stage_times_test: stages follow each other without a gap, and their number is bounded. What is sent
// is shown by tests/integration/watch.test.mjs.
#include "stage_times.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void stages_are_noted_in_their_order(void **state)
{
    (void)state;
    stage_times_t times = {0};
    assert_int_equal(stage_times_total_us(&times), 0);
    stage_times_enter(&times, "quiet");
    stage_times_enter(&times, "begin");
    assert_int_equal(times.count, 2);
    assert_string_equal(times.rows[1].name, "begin");
    assert_true(times.rows[0].began_us <= times.rows[1].began_us);
    assert_true(stage_times_total_us(&times) >= times.rows[1].began_us - times.rows[0].began_us);
}

static void too_many_are_left_out(void **state)
{
    (void)state;
    stage_times_t times = {0};
    for (int i = 0; i < 2 * STAGE_TIMES_MAX_COUNT; i++)
        stage_times_enter(&times, "begin");
    assert_int_equal(times.count, STAGE_TIMES_MAX_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_are_noted_in_their_order),
        cmocka_unit_test(too_many_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
