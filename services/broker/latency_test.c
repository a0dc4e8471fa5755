// latency_test: percentiles of the last minute, within a quarter above the truth.
#include "latency.h"

#include "base/mem.h"
#include "harness/model_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1000000000)
#define SAMPLES_COUNT 5000

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void nothing_recorded_is_zero(void **state)
{
    (void)state;
    latency_t latency = {0};
    assert_int_equal(latency_percentile_us(&latency, NOW_MS, 50), 0);
    assert_int_equal(latency_percentile_us(&latency, 0, 99), 0);
}

static void percentiles_are_at_most_a_quarter_above_the_truth(void **state)
{
    (void)state;
    model_random_t random = {.state = 1};
    static int64_t samples[SAMPLES_COUNT];
    static const double pcts[] = {1, 50, 90, 99, 99.9, 100};
    for (uint32_t spread = 3; spread < 34; spread++) {
        latency_t latency = {0};
        for (int i = 0; i < SAMPLES_COUNT; i++) {
            samples[i] = 4 + (int64_t)(model_random_next(&random) >> (64 - spread));
            latency_add(&latency, NOW_MS, samples[i]);
        }
        qsort(samples, SAMPLES_COUNT, sizeof *samples, compare);
        for (size_t i = 0; i < ACT_COUNT(pcts); i++) {
            int rank = (int)(SAMPLES_COUNT * pcts[i] / 100.0);
            uint64_t truth = (uint64_t)samples[rank > 0 ? rank - 1 : 0];
            uint64_t said = latency_percentile_us(&latency, NOW_MS, pcts[i]);
            assert_in_range(said, truth, truth + truth / 4 + 1);
        }
    }
}

static void odd_times_fall_into_the_first_and_last_bucket(void **state)
{
    (void)state;
    static const int64_t odd[] = {INT64_MIN, -1, 0, 1, 3, INT64_MAX};
    latency_t latency = {0};
    for (size_t i = 0; i < ACT_COUNT(odd); i++)
        latency_add(&latency, NOW_MS, odd[i]);
    assert_int_equal(latency_percentile_us(&latency, NOW_MS, 50), 5);
    assert_true(latency_percentile_us(&latency, NOW_MS, 100) > UINT64_C(10000000000));
}

static void only_the_last_minute_counts(void **state)
{
    (void)state;
    latency_t latency = {0};
    latency_add(&latency, NOW_MS, 1000000);
    for (int i = 0; i < 10; i++)
        latency_add(&latency, NOW_MS + 30000, 100);
    assert_true(latency_percentile_us(&latency, NOW_MS + 30000, 100) >= 1000000);
    assert_true(latency_percentile_us(&latency, NOW_MS + 61000, 100) < 200);
    assert_int_equal(latency_percentile_us(&latency, NOW_MS + 91000, 100), 0);
}

static void a_long_pause_leaves_nothing_behind(void **state)
{
    (void)state;
    latency_t latency = {0};
    for (int ring = 0; ring < LATENCY_RINGS_COUNT; ring++)
        latency_add(&latency, NOW_MS + ring * LATENCY_RING_MS, 1000);
    assert_int_equal(latency_percentile_us(&latency, NOW_MS + 86400000, 50), 0);
    latency_add(&latency, NOW_MS + 86400000, 50);
    assert_in_range(latency_percentile_us(&latency, NOW_MS + 86400000, 50), 50, 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_recorded_is_zero),
        cmocka_unit_test(percentiles_are_at_most_a_quarter_above_the_truth),
        cmocka_unit_test(odd_times_fall_into_the_first_and_last_bucket),
        cmocka_unit_test(only_the_last_minute_counts),
        cmocka_unit_test(a_long_pause_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
