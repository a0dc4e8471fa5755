// names_test: one number a text, and a bound.
#include "names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void a_text_keeps_its_number(void **state)
{
    (void)state;
    names_t *names = names_new();
    uint16_t session = names_put(names, ACT_STR("session"));
    uint16_t empty = names_put(names, ACT_STR(""));
    assert_int_not_equal(session, NAMES_OTHER);
    assert_int_not_equal(session, empty);
    assert_int_equal(names_put(names, ACT_STR("session")), session);
    assert_true(act_str_is(names_text(names, session), "session"));
    assert_true(act_str_is(names_text(names, empty), ""));
    assert_true(act_str_is(names_text(names, 999), "(other)"));
    names_destroy(&names);
    assert_null(names);
}

static void what_comes_after_the_bound_is_other(void **state)
{
    (void)state;
    names_t *names = names_new();
    char text[32];
    for (int i = 0; i < NAMES_MAX_COUNT + 10; i++) {
        snprintf(text, sizeof text, "name-%d", i);
        uint16_t number = names_put(names, act_str(text));
        assert_int_equal(number == NAMES_OTHER, i >= NAMES_MAX_COUNT - 1);
        if (number != NAMES_OTHER)
            assert_true(act_str_is(names_text(names, number), text));
    }
    assert_int_equal(names_count(names), NAMES_MAX_COUNT);
    assert_true(act_str_is(names_text(names, names_put(names, ACT_STR("name-7"))), "name-7"));
    names_destroy(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_keeps_its_number),
        cmocka_unit_test(what_comes_after_the_bound_is_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
