// dotenv_test: what an operator's .env may hold, who wins, and how a bad line is named.
#include "dotenv.h"

#include "harness/text_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef text_file_t fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    if (!text_file_init(self))
        return -1;
    static const char *const names[] = {"T_A", "T_B", "T_C", "t_c", "_T9"};
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        unsetenv(names[i]);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    text_file_fini(self);
    act_free(self);
    return 0;
}

static act_err_t load(fixture_t *self, const char *text)
{
    text_file_write(self, text);
    return dotenv_load(self->path, &self->error);
}

static void assert_value(fixture_t *self, const char *line, const char *value)
{
    unsetenv("T_A");
    if (load(self, line) != ACT_E_OK)
        fail_msg("refused: %s", line);
    assert_non_null(getenv("T_A"));
    assert_string_equal(getenv("T_A"), value);
}

static void values_are_taken_as_operators_write_them(void **state)
{
    fixture_t *self = *state;
    static const struct {
        const char *line;
        const char *value;
    } rows[] = {
        {"T_A=b", "b"},
        {"T_A=b\n", "b"},
        {"T_A=b\r\n", "b"},
        {"  export T_A= b  \n", "b"},
        {"T_A=", ""},
        {"T_A=a=b=c", "a=b=c"},
        {"T_A=\"two words\"", "two words"},
        {"T_A='single # quoted'", "single # quoted"},
        {"T_A=\" kept \"", " kept "},
        {"T_A=\"open", "\"open"},
        {"T_A=\"", "\""},
        {"T_A='a\"", "'a\""},
        {"T_A=\"\"", ""},
        {"T_A=gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"T_A=postgresql://u:p%40w@host/db?x=1#y", "postgresql://u:p%40w@host/db?x=1#y"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_value(self, rows[i].line, rows[i].value);
}

static void blank_lines_and_comments_are_passed_over(void **state)
{
    fixture_t *self = *state;
    assert_int_equal(load(self, "\n  \n# T_A=no\n   # more\nT_B=yes\n\r\nt_c=1\n_T9=2"), ACT_E_OK);
    assert_null(getenv("T_A"));
    assert_string_equal(getenv("T_B"), "yes");
    assert_string_equal(getenv("t_c"), "1");
    assert_string_equal(getenv("_T9"), "2");
}

static void what_is_set_already_wins(void **state)
{
    fixture_t *self = *state;
    setenv("T_A", "before", 1);
    assert_int_equal(load(self, "T_A=file\nT_B=first\nT_B=second\n"), ACT_E_OK);
    assert_string_equal(getenv("T_A"), "before");
    assert_string_equal(getenv("T_B"), "first");
}

static void a_bad_line_is_named_by_its_number(void **state)
{
    fixture_t *self = *state;
    static const char *const lines[] = {"word",  "=b",    "A =b",   "1A=b",
                                        "A-B=c", "A B=c", "export", "[section]"};
    for (size_t i = 0; i < ACT_COUNT(lines); i++) {
        char text[64], where[96];
        snprintf(text, sizeof text, "T_A=1\n\n%s\nT_B=2\n", lines[i]);
        if (load(self, text) != ACT_E_CONFIG)
            fail_msg("accepted: %s", lines[i]);
        snprintf(where, sizeof where, "%s:3 ", self->path);
        assert_non_null(strstr(text_file_error(self, where), "example"));
        assert_null(getenv("T_B"));
    }
}

// The rest of a long line must not become lines of its own.
static void a_line_that_is_too_long_is_named(void **state)
{
    fixture_t *self = *state;
    char *text = act_alloc(20000), where[96];
    memset(text, 'x', 19999);
    memcpy(text, "T_B=1\nT_A=", 10);
    memcpy(text + 6 + 8191, "T_C=2\n", 6); // where the buffer ends
    assert_int_equal(load(self, text), ACT_E_CONFIG);
    act_free(text);
    snprintf(where, sizeof where, "%s:2 is longer than 8190 bytes", self->path);
    assert_string_equal(text_file_error(self, ""), where);
    assert_null(getenv("T_A"));
    assert_null(getenv("T_C"));
}

static void the_longest_line_is_read_whole(void **state)
{
    fixture_t *self = *state;
    char *text = act_alloc(8192);
    memset(text, 'x', 8190);
    memcpy(text, "T_A=", 4);
    assert_int_equal(load(self, text), ACT_E_OK);
    assert_int_equal(strlen(getenv("T_A")), 8190 - 4);
    text[8190] = '\n';
    unsetenv("T_A");
    assert_int_equal(load(self, text), ACT_E_OK);
    assert_int_equal(strlen(getenv("T_A")), 8190 - 4);
    act_free(text);
}

static void assert_cannot_be_read(fixture_t *self, const char *path)
{
    act_buf_reset(&self->error);
    assert_int_equal(dotenv_load(path, &self->error), ACT_E_CONFIG);
    act_buf_add_char(&self->error, '\0');
    assert_ptr_equal(strstr(self->error.ptr, path), self->error.ptr);
    assert_non_null(strstr(self->error.ptr, "cannot be read"));
}

// Root may read everything, so these are files that nobody can read.
static void a_file_that_cannot_be_read_is_no_missing_file(void **state)
{
    fixture_t *self = *state;
    assert_cannot_be_read(self, "/tmp"); // a folder
    unlink(self->path);
    assert_int_equal(symlink(self->path, self->path), 0); // a link to itself
    assert_cannot_be_read(self, self->path);
}

static void a_missing_file_is_fine(void **state)
{
    fixture_t *self = *state;
    assert_int_equal(dotenv_load("/none/.env", &self->error), ACT_E_OK);
    assert_int_equal(self->error.len_bytes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_are_taken_as_operators_write_them),
        TEST(blank_lines_and_comments_are_passed_over),
        TEST(what_is_set_already_wins),
        TEST(a_bad_line_is_named_by_its_number),
        TEST(a_line_that_is_too_long_is_named),
        TEST(the_longest_line_is_read_whole),
        TEST(a_file_that_cannot_be_read_is_no_missing_file),
        TEST(a_missing_file_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
