// err_test: the list of errors is consistent with itself, and unknown numbers are harmless.
#include "base/err.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const act_err_t all[] = {
#define X(name, number, code, is_retryable, text, customer) ACT_E_##name,
    ACT_ERRORS(X)
#undef X
};

static void every_code_is_family_and_number(void **state)
{
    (void)state;
    static const char *const families[] = {"", "USER", "PROJECT", "INTEGRATION", "LOGIC", "SYSTEM"};
    for (size_t i = 0; i < ACT_COUNT(all); i++) {
        size_t family = (size_t)all[i] / 1000;
        assert_in_range(family, 1, ACT_COUNT(families) - 1);
        char expected[64];
        snprintf(expected, sizeof expected, "%s_%d", families[family], (int)all[i]);
        assert_string_equal(act_err_code(all[i]), expected);
    }
}

static void every_error_is_there_once_and_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(all); i++) {
        assert_int_equal(act_err_from_number((uint32_t)all[i]), all[i]);
        assert_true(strlen(act_err_text(all[i])) > 0);
        assert_non_null(act_err_customer_text(all[i]));
        assert_true(act_utf8_valid(act_str(act_err_customer_text(all[i]))));
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(all[i], all[j]);
    }
}

static void success_is_no_error(void **state)
{
    (void)state;
    assert_string_equal(act_err_code(ACT_E_OK), "OK");
    assert_int_equal(act_err_from_number(0), ACT_E_OK);
    assert_false(act_err_is_retryable(ACT_E_OK));
    assert_string_equal(act_err_customer_text(ACT_E_OK), "");
}

static void unknown_numbers_become_internal(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {1, 999, 5000, 9999, INT32_MAX, UINT32_MAX};
    for (size_t i = 0; i < ACT_COUNT(numbers); i++)
        assert_int_equal(act_err_from_number(numbers[i]), ACT_E_INTERNAL);
    assert_string_equal(act_err_code((act_err_t)4711), act_err_code(ACT_E_INTERNAL));
    assert_string_equal(act_err_text((act_err_t)4711), act_err_text(ACT_E_INTERNAL));
}

// What the runtime itself repeats, and what it must never repeat.
static void retries_follow_the_table(void **state)
{
    (void)state;
    assert_true(act_err_is_retryable(ACT_E_OVERLOADED));
    assert_true(act_err_is_retryable(ACT_E_UNAVAILABLE));
    assert_true(act_err_is_retryable(ACT_E_WORKER_LOST));
    assert_false(act_err_is_retryable(ACT_E_DEADLINE));
    assert_false(act_err_is_retryable(ACT_E_DEAD_LETTER));
    assert_false(act_err_is_retryable(ACT_E_MALFORMED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_family_and_number),
        cmocka_unit_test(every_error_is_there_once_and_explained),
        cmocka_unit_test(success_is_no_error),
        cmocka_unit_test(unknown_numbers_become_internal),
        cmocka_unit_test(retries_follow_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
