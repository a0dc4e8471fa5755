// options_test: what a command line may look like, and with which code a wrong one ends.
#include "options.h"

#include "base/mem.h"
#include "command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARGS_MAX_COUNT 8

typedef struct {
    const char *port;
    const char *name;
    const char *data;
    bool is_quiet;
    int code;
    char args[ARGS_MAX_COUNT][32]; // values are borrowed from here
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->data = "var";
    self->port = "8080";
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    act_free(*state);
    return 0;
}

static bool parse(fixture_t *self, const char *const args[])
{
    const option_t table[] = {
        {"port", &self->port, NULL, "port to listen on"},
        {"name", &self->name, NULL, "what it is called"},
        {"quiet", NULL, &self->is_quiet, "say less"},
        {0},
    };
    char *argv[ARGS_MAX_COUNT];
    int argc = 0;
    for (; args[argc]; argc++) {
        assert_true(argc < ARGS_MAX_COUNT);
        snprintf(self->args[argc], sizeof self->args[argc], "%s", args[argc]);
        argv[argc] = self->args[argc];
    }
    self->code = -1;
    return options_parse(argc, argv, table, "start everything", &self->data, &self->code);
}

#define PARSE(...) parse(self, (const char *const[]){"up" __VA_OPT__(, ) __VA_ARGS__, NULL})

static void defaults_stay_without_options(void **state)
{
    fixture_t *self = *state;
    assert_true(PARSE());
    assert_string_equal(self->port, "8080");
    assert_string_equal(self->data, "var");
    assert_null(self->name);
    assert_false(self->is_quiet);
}

static void values_come_behind_a_space_or_an_equal_sign(void **state)
{
    fixture_t *self = *state;
    assert_true(PARSE("--port", "9090", "--name=a=b", "--quiet", "--data=/srv/parley"));
    assert_string_equal(self->port, "9090");
    assert_string_equal(self->name, "a=b");
    assert_string_equal(self->data, "/srv/parley");
    assert_true(self->is_quiet);
}

static void a_value_may_be_empty_or_look_like_an_option(void **state)
{
    fixture_t *self = *state;
    assert_true(PARSE("--name=", "--port", "--quiet"));
    assert_string_equal(self->name, "");
    assert_string_equal(self->port, "--quiet");
}

static void what_is_wrong_ends_with_the_usage_code(void **state)
{
    fixture_t *self = *state;
    static const char *const rows[] = {"--none",    "--por",  "--ports",  "--",     "-p", "port",
                                       "--quiet=1", "--port", "--quiet=", "--data", ""};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        if (PARSE(rows[i]))
            fail_msg("accepted: %s", rows[i]);
        assert_int_equal(self->code, EXIT_USAGE);
        assert_string_equal(self->port, "8080");
    }
}

static void help_is_no_error(void **state)
{
    fixture_t *self = *state;
    assert_false(PARSE("--help"));
    assert_int_equal(self->code, 0);
    assert_false(PARSE("--quiet", "-h"));
    assert_int_equal(self->code, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void words_are_taken_in_their_order(void **state)
{
    (void)state;
    const char *words[2] = {0}, *data = NULL;
    uint32_t count = 0;
    bool is_last = false;
    int code = -1;
    const option_t table[] = {{"last", NULL, &is_last, ""}, {0}};
    options_spec_t spec = {"x", NULL, NULL, table, words, ACT_COUNT(words), &count};
    char *good[] = {"tap", "show", "--data", "d", "file", "--last"};
    assert_true(options_parse_words(6, good, &spec, &data, &code));
    assert_int_equal(count, 2);
    assert_string_equal(words[0], "show");
    assert_string_equal(words[1], "file");
    assert_string_equal(data, "d");
    assert_true(is_last);
    count = 0;
    char *bad[] = {"tap", "a", "b", "c"};
    assert_false(options_parse_words(4, bad, &spec, &data, &code));
    assert_int_equal(code, EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_stay_without_options),
        TEST(values_come_behind_a_space_or_an_equal_sign),
        TEST(a_value_may_be_empty_or_look_like_an_option),
        TEST(what_is_wrong_ends_with_the_usage_code),
        TEST(help_is_no_error),
        cmocka_unit_test(words_are_taken_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
