// calibrate_test: confidence becomes what is right in truth.
#include "text/train/calibrate.h"

#include "text/linear.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CLASSES 3u

static void temperature_undoes_false_confidence(void **state)
{
    (void)state;
    // The margins say 10 : 0, but only three of four answers are right.
    static float margins[400 * CLASSES];
    static uint32_t known[400];
    for (uint32_t i = 0; i < 400; i++) {
        margins[i * CLASSES + i % CLASSES] = 10;
        known[i] = i % 4 == 3 ? (i + 1) % CLASSES : i % CLASSES;
    }
    float temperature = 0;
    float offsets[CLASSES];
    act_calibrate(
        &(act_calibrate_samples_t){
            .margins = margins, .labels = known, .samples_count = 400, .classes_count = CLASSES},
        &temperature, offsets);
    float probabilities[CLASSES];
    for (uint32_t c = 0; c < CLASSES; c++)
        probabilities[c] = temperature * margins[c] + offsets[c];
    act_linear_softmax(probabilities, CLASSES);
    assert_true(fabsf(probabilities[0] - 0.75f) < 0.03f);
}

static void offsets_know_how_common_a_class_is(void **state)
{
    (void)state;
    // The margins say nothing; class 0 is right nine times of ten.
    static float margins[400 * CLASSES];
    static uint32_t known[400];
    for (uint32_t i = 0; i < 400; i++)
        known[i] = i % 10 == 0 ? 1 : 0;
    float temperature = 0;
    float probabilities[CLASSES];
    double likelihood = act_calibrate(
        &(act_calibrate_samples_t){
            .margins = margins, .labels = known, .samples_count = 400, .classes_count = CLASSES},
        &temperature, probabilities);
    act_linear_softmax(probabilities, CLASSES);
    assert_true(fabsf(probabilities[0] - 0.9f) < 0.03f);
    assert_true(probabilities[2] < 0.02f);
    assert_true(likelihood < 0.40); // the entropy is 0.33
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temperature_undoes_false_confidence),
        cmocka_unit_test(offsets_know_how_common_a_class_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
