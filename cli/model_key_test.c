// model_key: keys from where they stand, sealed for one tenant and provider; amounts of money.
#include "model_key.h"

#include "base/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void reads_amounts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t micro_usd; // -1: refused
    } rows[] = {{"5", 5000000},    {"0", 0},      {"0.50", 500000}, {"12.000001", 12000001},
                {"1.", 1000000},   {"", -1},      {"-1", -1},       {"1e3", -1},
                {"1.0000001", -1}, {"5 USD", -1}, {"1.2.3", -1},    {".5", -1},
                {"99999999", -1}};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        int64_t micro_usd = -1;
        bool is_good = model_key_read_usd(rows[i].text, &micro_usd);
        assert_int_equal(is_good, rows[i].micro_usd >= 0);
        assert_int_equal(micro_usd, rows[i].micro_usd);
    }
}

static void seals_a_key_for_one_provider(void **state)
{
    (void)state;
    char path[64];
    (void)snprintf(path, sizeof path, "/tmp/model-key-test-%d", (int)getpid());
    assert_int_equal(act_seal_key_create(path), ACT_E_OK);
    (void)setenv("PARLEY_MASTER_KEY_FILE", path, 1);
    (void)setenv("A_KEY_OF_THIS_TEST", " sk-secret\n", 1);
    ACT_AUTO(act_arena) *arena = act_arena_new();
    ACT_AUTO(act_seal_key) *master = NULL;
    act_str_t sealed, secret;
    const char *reason = "";
    instance_t instance = {.keys = "/nowhere"};
    model_key_source_t source = {.environment = "A_KEY_OF_THIS_TEST"};
    assert_int_equal(model_key_seal(&instance, &source, "demo", "main", arena, &sealed), ACT_E_OK);
    assert_int_equal(act_seal_key_load(path, &master, &reason), ACT_E_OK);
    assert_int_equal(act_open(master, ACT_STR("demo"), "model_key:main", sealed, arena, &secret),
                     ACT_E_OK);
    assert_true(act_str_is(secret, "sk-secret"));
    assert_int_not_equal(
        act_open(master, ACT_STR("demo"), "model_key:other", sealed, arena, &secret), ACT_E_OK);
    assert_int_not_equal(
        act_open(master, ACT_STR("else"), "model_key:main", sealed, arena, &secret), ACT_E_OK);
    source = (model_key_source_t){.environment = "NO_SUCH_VARIABLE"};
    assert_int_equal(model_key_seal(&instance, &source, "demo", "main", arena, &sealed),
                     ACT_E_CONFIG);
    source = (model_key_source_t){.file = "/nowhere/key"};
    assert_int_equal(model_key_seal(&instance, &source, "demo", "main", arena, &sealed),
                     ACT_E_CONFIG);
    source = (model_key_source_t){.file = NULL}; // the stored one stays
    assert_int_equal(model_key_seal(&instance, &source, "demo", "main", arena, &sealed), ACT_E_OK);
    assert_true(act_str_empty(sealed));
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_amounts),
        cmocka_unit_test(seals_a_key_for_one_provider),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
