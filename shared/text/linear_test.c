// linear_test: scores, quantisation, probabilities, and sections that are not sound.
#include "text/linear.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BUCKETS (1u << ACT_FEATURES_BITS)
#define CLASSES 3u

static const char *const names[CLASSES] = {"one", "two", "three"};

// A model in which feature 1 speaks for class 1 and feature 2 for class 2; the section is
// 8-aligned.
static void pack(const act_features_t *features, act_buf_t *out)
{
    static const float zeros[CLASSES];
    static const float offsets[CLASSES] = {0.5f, 0, 0};
    float *weights = act_alloc_array((size_t)BUCKETS * CLASSES, sizeof *weights);
    weights[act_feature_bucket(&features->items[0]) * CLASSES + 1] = 2;
    weights[act_feature_bucket(&features->items[1]) * CLASSES + 2] = -1;
    act_buf_init(out, 4 << 20);
    act_linear_pack(&(act_linear_spec_t){.classes_count = CLASSES,
                                         .names = names,
                                         .weights = weights,
                                         .biases = zeros,
                                         .calibrations = offsets,
                                         .temperature = 3},
                    out);
    act_free(weights);
}

static void read_features(act_features_t *ret_features)
{
    static const float weights[] = {1};
    act_features_reset(ret_features);
    act_features_add(ret_features, 0, 11);
    act_features_add(ret_features, 0, 22);
    act_features_finish(ret_features, weights);
}

static void logits_are_temperature_times_margin_plus_offset(void **state)
{
    (void)state;
    static act_features_t features;
    act_buf_t section;
    act_linear_t model;
    float logits[ACT_LINEAR_MAX_CLASSES];
    read_features(&features);
    pack(&features, &section);
    assert_int_equal(act_linear_init(&model, act_buf_str(&section)), ACT_E_OK);
    act_linear_logits(&model, &features, logits);
    float half = sqrtf(0.5f); // two features of equal value
    assert_true(fabsf(logits[0] - 0.5f) < 1e-3f);
    assert_true(fabsf(logits[1] - 3 * 2 * half) < 2e-2f);
    assert_true(fabsf(logits[2] + 3 * half) < 2e-2f);
    assert_string_equal(act_linear_class(&model, 2), "three");
    assert_int_equal(act_linear_find(&model, act_str("two")), 1);
    assert_int_equal(act_linear_find(&model, act_str("four")), CLASSES);
    act_buf_fini(&section);
}

static void probabilities_add_up_to_one(void **state)
{
    (void)state;
    float values[] = {1000, 999, -1000};
    act_linear_softmax(values, 3);
    assert_true(fabsf(values[0] + values[1] + values[2] - 1) < 1e-6f);
    assert_true(values[0] > values[1] && values[1] > values[2]);
}

static void cut_sections_are_refused(void **state)
{
    (void)state;
    static act_features_t features;
    act_buf_t section;
    act_linear_t model;
    read_features(&features);
    pack(&features, &section);
    for (size_t len = 0; len < section.len_bytes; len += len < 200 ? 1 : 4999)
        assert_int_equal(act_linear_init(&model, act_str_of(section.ptr, len)), ACT_E_CONFIG);
    act_buf_fini(&section);
}

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    static act_features_t features;
    act_buf_t section;
    act_linear_t model;
    read_features(&features);
    pack(&features, &section);
    // bits, classes_count, temperature; then the name, scale, bias and offset of the first class
    static const struct {
        size_t at;
        uint32_t value;
    } rows[] = {
        {0, 15},           {4, 0},           {4, 4},  {4, 33},           {4, UINT32_MAX},
        {8, 0x7f800000u},  {8, 0x7fc00000u}, {16, 0}, {48, 0x7f800000u}, {52, 0x7fc00000u},
        {56, 0xff800000u},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        uint32_t kept;
        memcpy(&kept, section.ptr + rows[i].at, sizeof kept);
        memcpy(section.ptr + rows[i].at, &rows[i].value, sizeof kept);
        assert_int_equal(act_linear_init(&model, act_buf_str(&section)), ACT_E_CONFIG);
        memcpy(section.ptr + rows[i].at, &kept, sizeof kept);
    }
    assert_int_equal(act_linear_init(&model, act_buf_str(&section)), ACT_E_OK);
    act_buf_fini(&section);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_are_temperature_times_margin_plus_offset),
        cmocka_unit_test(probabilities_add_up_to_one),
        cmocka_unit_test(cut_sections_are_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
