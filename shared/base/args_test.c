// args_test: what a command line may look like, where its values go, and what a wrong one is refused for.
#include "base/args.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX_COUNT 8
#define VARIABLE "PARLEY_ARGS_TEST"

typedef struct {
    const char *text;
    bool flag;
    uint32_t count;
    int64_t integer;
    double number;
    uint32_t read_count;
    int used;
    char words[WORDS_MAX_COUNT][32]; // values are borrowed from here
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    *self = (fixture_t){.text = "before", .count = 3, .integer = -1, .number = 0.5};
    unsetenv(VARIABLE);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    unsetenv(VARIABLE);
    act_free(*state);
    return 0;
}

static const char *read_yes(void *target, const char *value)
{
    uint32_t *count = target;
    *count += 1;
    return strcmp(value, "yes") == 0 ? NULL : "yes";
}

static bool read_words(fixture_t *self, const char *const words[], bool is_some)
{
    const act_arg_t table[] = {
        {"text", .text = &self->text, .env = VARIABLE},
        {"flag", .flag = &self->flag},
        {"count", .count = &self->count, .max = 10},
        {"any-count", .count = &self->count},
        {"integer", .integer = &self->integer, .min = -5, .max = 5},
        {"number", .number = &self->number, .min = 0.1, .max = 1},
        {"read", .read = read_yes, .target = &self->read_count},
        {0},
    };
    char *argv[WORDS_MAX_COUNT + 1] = {0};
    int argc = 0;
    for (; words[argc]; argc++) {
        assert_true(argc < WORDS_MAX_COUNT);
        (void)strncpy(self->words[argc], words[argc], sizeof self->words[argc] - 1);
        argv[argc] = self->words[argc];
    }
    return is_some ? act_args_read_some(argc, argv, table, &self->used)
                   : act_args_read(argc, argv, table);
}

#define READ(...) read_words(self, (const char *const[]){"program" __VA_OPT__(, ) __VA_ARGS__, NULL}, false)
#define READ_SOME(...)                                                                             \
    read_words(self, (const char *const[]){"program" __VA_OPT__(, ) __VA_ARGS__, NULL}, true)

static void test_values_go_where_the_table_says(void **state)
{
    fixture_t *self = *state;
    assert_true(READ("--text", "a", "--flag", "--count=0", "--integer", "-5", "--number=1"));
    assert_string_equal(self->text, "a");
    assert_true(self->flag);
    assert_int_equal(self->count, 0);
    assert_int_equal(self->integer, -5);
    assert_true(self->number == 1);
}

static void test_what_is_not_given_stays(void **state)
{
    fixture_t *self = *state;
    assert_true(READ());
    assert_string_equal(self->text, "before");
    assert_false(self->flag);
    assert_int_equal(self->count, 3);
    assert_int_equal(self->integer, -1);
    assert_true(self->number == 0.5);
}

static void test_numbers_out_of_their_range_are_refused(void **state)
{
    fixture_t *self = *state;
    assert_false(READ("--count", "11"));
    assert_false(READ("--count", "-1"));
    assert_false(READ("--count", "1.5"));
    assert_false(READ("--count", ""));
    assert_false(READ("--any-count", "4294967296"));
    assert_false(READ("--integer", "6"));
    assert_false(READ("--integer", "-6"));
    assert_false(READ("--number", "1.01"));
    assert_false(READ("--number", "nan"));
    assert_false(READ("--number", "0.5s"));
    assert_int_equal(self->count, 3);
    assert_int_equal(self->integer, -1);
    assert_true(self->number == 0.5);
    assert_true(READ("--any-count", "4294967295"));
    assert_int_equal(self->count, UINT32_MAX);
}

static void test_a_reader_says_no_and_may_come_often(void **state)
{
    fixture_t *self = *state;
    assert_true(READ("--read", "yes", "--read", "yes"));
    assert_int_equal(self->read_count, 2);
    assert_false(READ("--read", "no"));
}

static void test_wrong_use_is_refused(void **state)
{
    fixture_t *self = *state;
    assert_false(READ("--unknown"));
    assert_false(READ("--text"));
    assert_false(READ("--flag=yes"));
    assert_false(READ("word"));
    assert_false(READ("--flag", "word"));
}

static void test_words_begin_where_options_end(void **state)
{
    fixture_t *self = *state;
    assert_true(READ_SOME("--flag", "word", "--count", "4"));
    assert_int_equal(self->used, 2);
    assert_int_equal(self->count, 3);
    assert_true(READ_SOME("--flag"));
    assert_int_equal(self->used, 2);
}

static void test_a_variable_speaks_when_the_option_does_not(void **state)
{
    fixture_t *self = *state;
    setenv(VARIABLE, "there", 1);
    assert_true(READ());
    assert_string_equal(self->text, "there");
    assert_true(READ("--text", "here"));
    assert_string_equal(self->text, "here");
    setenv(VARIABLE, "", 1);
    assert_true(READ());
    assert_string_equal(self->text, "here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values_go_where_the_table_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_given_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_numbers_out_of_their_range_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_reader_says_no_and_may_come_often, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_use_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_words_begin_where_options_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_variable_speaks_when_the_option_does_not, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
