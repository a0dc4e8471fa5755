// calibration_test: known counts, known figures.
#include "calibration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool is_near(double a, double b)
{
    return a - b < 1e-9 && b - a < 1e-9;
}

static void confidences_find_their_percent(void **state)
{
    (void)state;
    calibration_t self = {0};
    calibration_add(&self, 0.0, 1, 0);
    calibration_add(&self, -0.5, 1, 0);
    calibration_add(&self, 0.899, 2, 1);
    calibration_add(&self, 1.0, 3, 3);
    assert_int_equal(self.counts[0], 2);
    assert_int_equal(self.counts[89], 2);
    assert_int_equal(self.right_counts[89], 1);
    assert_int_equal(self.counts[99], 3);
    calibration_t twice = self;
    calibration_add_all(&twice, &self);
    assert_int_equal(twice.counts[99], 6);
    assert_int_equal(calibration_bin(&twice, 0, 100).count, 14);
}

static void the_error_is_the_mean_distance_of_said_and_right(void **state)
{
    (void)state;
    calibration_t none = {0}, good = {0}, bad = {0};
    assert_true(is_near(calibration_error(&none), 0));
    calibration_add(&good, 0.755, 1000, 755);
    assert_true(is_near(calibration_error(&good), 0));
    calibration_add(&bad, 0.955, 100, 50);  // 45.5 points too sure
    calibration_add(&bad, 0.255, 300, 300); // 74.5 points too unsure
    assert_true(is_near(calibration_error(&bad), (0.455 * 100 + 0.745 * 300) / 400));
}

static void the_lowest_threshold_that_is_precise_is_proposed(void **state)
{
    (void)state;
    uint32_t pct = 0;
    calibration_t self = {0};
    assert_false(calibration_propose(&self, 0.98, &pct));
    calibration_add(&self, 0.95, CALIBRATION_MIN_COUNT - 1, CALIBRATION_MIN_COUNT - 1);
    assert_false(calibration_propose(&self, 0.98, &pct)); // too few to say so
    calibration_add(&self, 0.901, 71, 71);
    assert_true(calibration_propose(&self, 0.98, &pct));
    assert_int_equal(pct, CALIBRATION_LOWEST_PCT); // nothing below it is wrong
    calibration_add(&self, 0.805, 10, 5);
    assert_true(calibration_propose(&self, 0.98, &pct));
    assert_int_equal(pct, 81);
    assert_true(calibration_propose(&self, 0.95, &pct)); // 105 of 110
    assert_int_equal(pct, CALIBRATION_LOWEST_PCT);
    calibration_add(&self, 0.99, 100, 0); // surest, and wrong
    assert_false(calibration_propose(&self, 0.98, &pct));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(confidences_find_their_percent),
        cmocka_unit_test(the_error_is_the_mean_distance_of_said_and_right),
        cmocka_unit_test(the_lowest_threshold_that_is_precise_is_proposed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
