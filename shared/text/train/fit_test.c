// fit_test: a toy problem is learned, and the bytes are the same each time.
#include "text/train/fit.h"

#include "text/linear.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLASSES 3u
#define SAMPLES 300u

static const char *const names[CLASSES] = {"a", "b", "c"};
static const float weights[] = {1};

// One feature tells the class, one is noise.
static void read_sample(uint32_t label, unsigned *seed, act_features_t *ret_features)
{
    act_features_reset(ret_features);
    act_features_add(ret_features, 0, 100 + label);
    act_features_add(ret_features, 0, (uint64_t)rand_r(seed) % 50);
    act_features_finish(ret_features, weights);
}

static void train_toy(act_buf_t *out)
{
    static act_features_t features;
    unsigned seed = 7;
    ACT_AUTO(act_fit) *fit = act_fit_new(names, CLASSES);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint32_t label = i % CLASSES;
        read_sample(label, &seed, &features);
        act_fit_add(
            fit, &features,
            &(act_fit_sample_t){.label = label, .fold = i / CLASSES % 5, .is_measured = true});
        act_fit_add(fit, &features,
                    &(act_fit_sample_t){.label = label, .fold = ACT_FIT_EVERY_FOLD});
    }
    act_buf_init(out, 4 << 20);
    act_fit_pack(fit, &(act_fit_opts_t){.cost = 1, .folds_count = 5, .title = "toy"}, out);
}

static void a_toy_is_learned(void **state)
{
    (void)state;
    static act_features_t features;
    unsigned seed = 99;
    act_buf_t section;
    act_linear_t model;
    train_toy(&section);
    assert_int_equal(act_linear_init(&model, act_buf_str(&section)), ACT_E_OK);
    for (uint32_t i = 0; i < 30; i++) {
        float probabilities[ACT_LINEAR_MAX_CLASSES];
        read_sample(i % CLASSES, &seed, &features);
        act_linear_logits(&model, &features, probabilities);
        act_linear_softmax(probabilities, CLASSES);
        assert_true(probabilities[i % CLASSES] > 0.9f);
    }
    assert_string_equal(act_linear_class(&model, 1), "b");
    act_buf_fini(&section);
}

static void the_same_samples_make_the_same_bytes(void **state)
{
    (void)state;
    act_buf_t first, second;
    train_toy(&first);
    train_toy(&second);
    assert_true(act_str_eq(act_buf_str(&first), act_buf_str(&second)));
    act_buf_fini(&first);
    act_buf_fini(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_toy_is_learned),
        cmocka_unit_test(the_same_samples_make_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
