// symbols_test: addresses of this very program get their names.
#include "symbols.h"

#include "base/mem.h"

#include <execinfo.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char program[4096];
static char text[8192];

// A stack as the signal handler writes it.
__attribute__((noinline)) static void where_we_stand(void)
{
    void *frames[8];
    int count = backtrace(frames, 8);
    char **lines = backtrace_symbols(frames, count);
    assert_non_null(lines);
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s\n", lines[i]);
    }
    free(lines);
}

static void static_functions_get_their_names(void **state)
{
    (void)state;
    where_we_stand();
    assert_null(strstr(text, "where_we_stand"));
    symbols_name_frames(program, text, sizeof text);
    assert_non_null(strstr(text, "(where_we_stand+0x"));
    assert_non_null(strstr(text, "(static_functions_get_their_names+0x"));
}

static void what_has_no_name_stays_as_it_is(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "signal 11 (SIGSEGV)\n",
        "/other/program(+0x1234)[0x1]\n",
        "/other/program(+0xzz",
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        snprintf(text, sizeof text, "%s", rows[i]);
        symbols_name_frames(program, text, sizeof text);
        assert_string_equal(text, rows[i]);
        symbols_name_frames("/none", text, sizeof text);
        symbols_name_frames("/dev/null", text, sizeof text);
        assert_string_equal(text, rows[i]);
    }
    snprintf(text, sizeof text, "%s(+0xffffffffffff)[0x1]", program);
    char before[8192];
    snprintf(before, sizeof before, "%s", text);
    symbols_name_frames(program, text, sizeof text);
    assert_string_equal(text, before);
}

static void names_that_do_not_fit_are_left_out(void **state)
{
    (void)state;
    where_we_stand();
    size_t len = strlen(text);
    char *before = act_strdup(text);
    symbols_name_frames(program, text, len + 1);
    assert_string_equal(text, before);
    act_free(before);
}

int main(int argc, char **argv)
{
    (void)argc;
    snprintf(program, sizeof program, "%s", argv[0]); // as frames name it
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(static_functions_get_their_names),
        cmocka_unit_test(what_has_no_name_stays_as_it_is),
        cmocka_unit_test(names_that_do_not_fit_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
