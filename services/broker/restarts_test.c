// restarts_test: the pauses between restarts, and when there are too many.
#include "restarts.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const child_spec_t spec = {
    .intensity_count = 5, .intensity_ms = 30000, .backoff_ms = 100, .backoff_max_ms = 1000};

static void pauses_double_with_jitter_up_to_the_maximum(void **state)
{
    (void)state;
    restarts_t self;
    restarts_init(&self, &spec);
    int64_t now_ms = 1000, previous_ms = 0;
    for (int i = 0; i < 20; i++) {
        int64_t pause_ms = 0;
        now_ms += 100000; // far apart: never too many
        assert_true(restarts_crash(&self, now_ms, /* lived_ms= */ 10, &pause_ms));
        assert_in_range(pause_ms, i == 0 ? 100 : 200, 1250);
        if (i > 0 && i < 3)
            assert_true(pause_ms >= 2 * previous_ms);
        previous_ms = pause_ms;
    }
    assert_in_range(previous_ms, 1000, 1250);
    restarts_fini(&self);
}

static void a_life_that_is_no_crash_loop_starts_over(void **state)
{
    (void)state;
    restarts_t self;
    restarts_init(&self, &spec);
    int64_t pause_ms = 0;
    for (int64_t i = 0; i < 4; i++)
        restarts_crash(&self, i, 10, &pause_ms);
    assert_true(pause_ms >= 800);
    restarts_crash(&self, 10000, 5999, &pause_ms);
    assert_true(pause_ms >= 1000);
    restarts_crash(&self, 70000, 6000, &pause_ms); // 30 s for 5
    assert_in_range(pause_ms, 100, 125);
    restarts_fini(&self);
}

// One more than intensity_count within intensity_ms; the window slides.
static void too_many_in_the_window_are_too_many(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        bool may_restart;
    } rows[] = {
        {1000, true},   {2000, true},  {3000, true},
        {4000, true},   {5000, true},  {31000, true}, // the first is 30 s ago
        {31999, false}, {90000, true}, {90001, true},
    };
    restarts_t self;
    restarts_init(&self, &spec);
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        int64_t pause_ms = 0;
        assert_int_equal(restarts_crash(&self, rows[i].at_ms, 10, &pause_ms), rows[i].may_restart);
    }
    restarts_fini(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_with_jitter_up_to_the_maximum),
        cmocka_unit_test(a_life_that_is_no_crash_loop_starts_over),
        cmocka_unit_test(too_many_in_the_window_are_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
