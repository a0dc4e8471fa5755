// time_test: the text of a time, and that the clocks do not mix.
#include "base/time.h"

#include "base/mem.h"
#include "harness/fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void times_are_written_in_utc_with_milliseconds(void **state)
{
    (void)state;
    static const struct {
        int64_t wall_us;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {INT64_C(1709210096007999), "2024-02-29T12:34:56.007Z"},
        {INT64_C(1795251600123456), "2026-11-21T09:00:00.123Z"},
        {INT64_C(4102444799999999), "2099-12-31T23:59:59.999Z"},
        {INT64_C(253402300799000000), "9999-12-31T23:59:59.000Z"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        char text[ACT_TIME_TEXT_BYTES];
        act_time_text(rows[i].wall_us, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void a_step_of_the_wall_clock_moves_no_duration(void **state)
{
    (void)state;
    int64_t before_ms = act_time_mono_ms();
    fake_clock_stop_wall_at_us(INT64_C(1000000));
    assert_int_equal(act_time_wall_us(), 1000000);
    assert_in_range(act_time_mono_ms() - before_ms, 0, 5000);
}

static void milliseconds_are_whole_microseconds(void **state)
{
    (void)state;
    int64_t before_ms = act_time_mono_us() / 1000;
    int64_t now_ms = act_time_mono_ms();
    assert_in_range(now_ms, before_ms, act_time_mono_us() / 1000);
    fake_clock_advance_ms(60000);
    assert_true(act_time_mono_ms() >= now_ms + 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_in_utc_with_milliseconds),
        cmocka_unit_test(a_step_of_the_wall_clock_moves_no_duration),
        cmocka_unit_test(milliseconds_are_whole_microseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
