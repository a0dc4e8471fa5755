// config_test: where a value comes from, and what an operator reads when it is wrong.
#include "base/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const act_config_row_t common_rows[] = {
    {"log_level", "T_LOG_LEVEL", ACT_CONFIG_TEXT, "info", 0, 0, "debug", "least level", false},
    {0},
};

static const act_config_row_t own_rows[] = {
    {"hold_ms", "T_HOLD_MS", ACT_CONFIG_INT, "4000", 1, 60000, "4000", "how long a post is held",
     false},
    {"is_open", "T_IS_OPEN", ACT_CONFIG_BOOL, "false", 0, 0, "true", "takes customers", false},
    {"token", "T_TOKEN", ACT_CONFIG_TEXT, NULL, 0, 0, "EAAG...", "access token of the channel",
     true},
    {"password", "T_PASSWORD", ACT_CONFIG_TEXT, "hunter2", 0, 0, "secret", "of the database", true},
    {"inner", NULL, ACT_CONFIG_INT, "-5", INT64_MIN, INT64_MAX, NULL, "has no variable", false},
    {0},
};

static const act_config_row_t *const tables[] = {common_rows, own_rows, NULL};

typedef struct {
    act_config_t *config;
    act_buf_t error;
} fixture_t;

static int set_up(void **state)
{
    static const char *const names[] = {"T_LOG_LEVEL", "T_HOLD_MS", "T_IS_OPEN", "T_PASSWORD"};
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        unsetenv(names[i]);
    setenv("T_TOKEN", "from-env", 1);
    fixture_t *self = act_alloc(sizeof *self);
    act_buf_init(&self->error, 1024);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    act_config_destroy(&self->config);
    act_config_destroy(&self->config); // twice is allowed
    act_buf_fini(&self->error);
    act_free(self);
    return 0;
}

static act_err_t load(fixture_t *self, const char *override)
{
    const char *const overrides[] = {override, NULL};
    act_config_destroy(&self->config);
    act_buf_reset(&self->error);
    return act_config_load(tables, override ? overrides : NULL, &self->config, &self->error);
}

static void assert_loads(fixture_t *self, const char *override)
{
    assert_int_equal(load(self, override), ACT_E_OK);
    assert_int_equal(self->error.len_bytes, 0);
}

// The one line must hold all of these.
static void assert_refused(fixture_t *self, const char *override, const char *const parts[])
{
    assert_int_equal(load(self, override), ACT_E_CONFIG);
    assert_null(self->config);
    act_buf_add_char(&self->error, '\0');
    assert_null(strchr(self->error.ptr, '\n'));
    for (size_t i = 0; parts[i]; i++)
        if (!strstr(self->error.ptr, parts[i]))
            fail_msg("'%s' is not in: %s", parts[i], self->error.ptr);
}

static void defaults_hold_where_nothing_is_set(void **state)
{
    fixture_t *self = *state;
    assert_loads(self, NULL);
    assert_string_equal(act_config_text(self->config, "log_level"), "info");
    assert_int_equal(act_config_int(self->config, "hold_ms"), 4000);
    assert_false(act_config_bool(self->config, "is_open"));
    assert_true(act_config_int(self->config, "inner") == -5);
    assert_string_equal(act_config_text(self->config, "hold_ms"), "4000");
}

static void an_override_beats_the_environment_beats_the_default(void **state)
{
    fixture_t *self = *state;
    setenv("T_HOLD_MS", "5000", 1);
    assert_loads(self, NULL);
    assert_int_equal(act_config_int(self->config, "hold_ms"), 5000);
    assert_loads(self, "hold_ms=6000");
    assert_int_equal(act_config_int(self->config, "hold_ms"), 6000);
    setenv("T_HOLD_MS", "", 1); // empty is not set
    assert_loads(self, NULL);
    assert_int_equal(act_config_int(self->config, "hold_ms"), 4000);
}

static void an_override_may_be_empty_or_hold_equal_signs(void **state)
{
    fixture_t *self = *state;
    assert_loads(self, "token=a=b=c");
    assert_string_equal(act_config_text(self->config, "token"), "a=b=c");
    assert_loads(self, "token=");
    assert_string_equal(act_config_text(self->config, "token"), "");
}

static void booleans_are_four_words(void **state)
{
    fixture_t *self = *state;
    assert_loads(self, "is_open=true");
    assert_true(act_config_bool(self->config, "is_open"));
    assert_loads(self, "is_open=1");
    assert_true(act_config_bool(self->config, "is_open"));
    assert_loads(self, "is_open=0");
    assert_false(act_config_bool(self->config, "is_open"));
    assert_refused(self, "is_open=yes",
                   (const char *[]){"T_IS_OPEN", "true or false", "T_IS_OPEN=true", NULL});
}

static void numbers_have_a_range(void **state)
{
    fixture_t *self = *state;
    assert_loads(self, "hold_ms=1");
    assert_loads(self, "hold_ms=60000");
    static const char *const out_of_range[] = {"T_HOLD_MS", "from 1 to 60000", "T_HOLD_MS=4000",
                                               NULL};
    assert_refused(self, "hold_ms=0", out_of_range);
    assert_refused(self, "hold_ms=60001", out_of_range);
    static const char *const not_whole[] = {"T_HOLD_MS", "whole number", "T_HOLD_MS=4000", NULL};
    assert_refused(self, "hold_ms=4s", not_whole);
    assert_refused(self, "hold_ms=", not_whole);
    assert_refused(self, "hold_ms=99999999999999999999", not_whole);
}

static void a_missing_setting_is_named_with_an_example(void **state)
{
    fixture_t *self = *state;
    unsetenv("T_TOKEN");
    assert_refused(self, NULL,
                   (const char *[]){"T_TOKEN", "missing", "access token", "T_TOKEN=EAAG...", NULL});
    setenv("T_TOKEN", "there", 1);
    assert_refused(self, "inner=x", (const char *[]){"inner must be", "inner=...", NULL});
}

static void unknown_overrides_are_refused_by_name(void **state)
{
    fixture_t *self = *state;
    assert_refused(self, "hold=1", (const char *[]){"unknown setting", "hold", "--help", NULL});
    assert_refused(self, "hold_ms", (const char *[]){"hold_ms", "no value", NULL});
    assert_refused(self, "=1", (const char *[]){"unknown setting", NULL});
}

static void a_secret_is_in_no_message(void **state)
{
    fixture_t *self = *state;
    act_config_help(own_rows, &self->error);
    act_config_help(common_rows, &self->error);
    act_buf_add_char(&self->error, '\0');
    assert_null(strstr(self->error.ptr, "hunter2"));
    assert_non_null(strstr(self->error.ptr, "default 4000"));
    assert_non_null(strstr(self->error.ptr, "T_TOKEN"));
    assert_null(strstr(self->error.ptr, "(null)"));
    assert_null(strstr(self->error.ptr, "; default \n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_hold_where_nothing_is_set),
        TEST(an_override_beats_the_environment_beats_the_default),
        TEST(an_override_may_be_empty_or_hold_equal_signs),
        TEST(booleans_are_four_words),
        TEST(numbers_have_a_range),
        TEST(a_missing_setting_is_named_with_an_example),
        TEST(unknown_overrides_are_refused_by_name),
        TEST(a_secret_is_in_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
