// sqlstate_test: every class that has a row, and our own codes.
#include "sqlstate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void classes_become_our_errors(void **state)
{
    (void)state;
    assert_int_equal(sqlstate_err("22P02"), ACT_E_INVALID_ARGUMENT);
    assert_int_equal(sqlstate_err("23505"), ACT_E_CONFLICT);
    assert_int_equal(sqlstate_err("23503"), ACT_E_NOT_FOUND);
    assert_int_equal(sqlstate_err("23514"), ACT_E_INVALID_ARGUMENT);
    assert_int_equal(sqlstate_err("42501"), ACT_E_FORBIDDEN);
    assert_int_equal(sqlstate_err("42883"), ACT_E_INTERNAL);
    assert_int_equal(sqlstate_err("54000"), ACT_E_TOO_LARGE);
    assert_int_equal(sqlstate_err("57P01"), ACT_E_DATABASE);
    assert_int_equal(sqlstate_err("P0001"), ACT_E_DATABASE);
    assert_int_equal(sqlstate_err(NULL), ACT_E_DATABASE);
}

static void what_a_caller_can_do_about_has_words(void **state)
{
    (void)state;
    assert_string_equal(sqlstate_hint("22P02"), "an id or a number that is none: ");
    assert_string_equal(sqlstate_hint("57P01"), "");
    assert_string_equal(sqlstate_hint(NULL), "");
}

static void our_own_codes_come_through(void **state)
{
    (void)state;
    assert_int_equal(sqlstate_err("P2001"), ACT_E_PROJECT_NOT_FOUND);
    assert_int_equal(sqlstate_err("P4002"), ACT_E_LEASE_LOST);
    assert_int_equal(sqlstate_err("P9999"), ACT_E_INTERNAL);
}

static void some_are_worth_another_try(void **state)
{
    (void)state;
    assert_true(sqlstate_is_transient("40001"));
    assert_true(sqlstate_is_transient("40P01"));
    assert_true(sqlstate_is_transient("55P03"));
    assert_false(sqlstate_is_transient("23505"));
    assert_false(sqlstate_is_transient(NULL));
    assert_true(sqlstate_is_not_durable("01000"));
    assert_false(sqlstate_is_not_durable("01003"));
    assert_false(sqlstate_is_not_durable(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_become_our_errors),
        cmocka_unit_test(what_a_caller_can_do_about_has_words),
        cmocka_unit_test(our_own_codes_come_through),
        cmocka_unit_test(some_are_worth_another_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
