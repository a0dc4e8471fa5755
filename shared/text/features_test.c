// features_test: counting, limits, and the unit length.
#include "text/features.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const float weights[] = {1, 2};

static float length_of(const act_features_t *features)
{
    float sum = 0;
    for (uint32_t i = 0; i < features->count; i++)
        sum += features->items[i].value * features->items[i].value;
    return sqrtf(sum);
}

static void equal_things_are_counted_once(void **state)
{
    (void)state;
    static act_features_t features;
    act_features_reset(&features);
    act_features_add(&features, 0, 7);
    act_features_add(&features, 0, 7);
    act_features_add(&features, 0, 8);
    act_features_add(&features, 1, 7); // another kind is another thing
    assert_int_equal(features.count, 3);
    assert_true(features.items[0].value > 1.5f && features.items[0].value < 2.5f);
}

static void values_are_weighted_and_have_length_one(void **state)
{
    (void)state;
    static act_features_t features;
    act_features_reset(&features);
    act_features_add(&features, 0, 1);
    act_features_add(&features, 1, 2);
    act_features_finish(&features, weights);
    assert_true(fabsf(length_of(&features) - 1) < 1e-5f);
    assert_true(fabsf(features.items[1].value - 2 * features.items[0].value) < 1e-5f);
}

static void nothing_has_no_length(void **state)
{
    (void)state;
    static act_features_t features;
    act_features_reset(&features);
    act_features_finish(&features, weights);
    assert_int_equal(features.count, 0);
}

static void too_many_things_are_ignored(void **state)
{
    (void)state;
    static act_features_t features;
    act_features_reset(&features);
    for (uint64_t key = 0; key < 3 * ACT_FEATURES_MAX; key++)
        act_features_add(&features, 0, key);
    assert_int_equal(features.count, ACT_FEATURES_MAX);
    act_features_add(&features, 0, 5); // known ones still count
    assert_true(features.items[5].value > 1.5f);
    act_features_finish(&features, weights);
    assert_true(fabsf(length_of(&features) - 1) < 1e-3f);
}

static void the_order_of_mixing_counts(void **state)
{
    (void)state;
    assert_true(act_features_mix(1, 2) != act_features_mix(2, 1));
    assert_true(act_features_mix(act_features_mix(9, 1), 2) !=
                act_features_mix(act_features_mix(9, 5), 6)); // 1 ^ 2 is 5 ^ 6
}

static void buckets_are_used_evenly(void **state)
{
    (void)state;
    static act_features_t features;
    static unsigned char seen[1 << ACT_FEATURES_BITS];
    act_features_reset(&features);
    for (uint64_t key = 0; key < ACT_FEATURES_MAX; key++)
        act_features_add(&features, 0, key);
    unsigned shared_count = 0;
    for (uint32_t i = 0; i < features.count; i++)
        shared_count += seen[act_feature_bucket(&features.items[i])]++ > 0;
    // 4,096 balls thrown at 65,536 boxes: 125 land in a box that has one, give or take 11. Keys in
    // a row may do better.
    assert_in_range(shared_count, 0, 170);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_things_are_counted_once),
        cmocka_unit_test(values_are_weighted_and_have_length_one),
        cmocka_unit_test(nothing_has_no_length),
        cmocka_unit_test(too_many_things_are_ignored),
        cmocka_unit_test(the_order_of_mixing_counts),
        cmocka_unit_test(buckets_are_used_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
