// retry_test: every error has a decision, and waits stay inside the hold.
#include "retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const act_err_t all_errors[] = {
#define X(name, number, code, is_retryable, text, customer) ACT_E_##name,
    ACT_ERRORS(X)
#undef X
};

static retry_action_t action_of(act_err_t err)
{
    return retry_decide(err, 1, 4000, 0, 0).action;
}

static void asks_again_while_something_restarts(void **state)
{
    (void)state;
    static const act_err_t again[] = {ACT_E_DATABASE, ACT_E_NOT_DURABLE, ACT_E_OVERLOADED,
                                      ACT_E_UNAVAILABLE, ACT_E_WORKER_LOST};
    for (size_t i = 0; i < ACT_COUNT(again); i++)
        assert_int_equal(action_of(again[i]), RETRY_AGAIN);
    assert_int_equal(action_of(ACT_E_MALFORMED), RETRY_SET_ASIDE);
    assert_int_equal(action_of(ACT_E_DEAD_LETTER), RETRY_SET_ASIDE);
    assert_int_equal(action_of(ACT_E_DEADLINE), RETRY_GIVE_UP);
    assert_int_equal(action_of(ACT_E_INTERNAL), RETRY_GIVE_UP);
    assert_int_equal(action_of(ACT_E_FORBIDDEN), RETRY_GIVE_UP);
}

// No decision may wait past the hold, or for ever.
static void never_waits_past_the_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(all_errors); i++)
        for (uint32_t attempts = 1; attempts < 100; attempts++)
            for (int64_t left_ms = -10; left_ms < 500; left_ms += 7) {
                retry_t retry = retry_decide(all_errors[i], attempts, left_ms, 0, UINT64_MAX / 3);
                if (retry.action == RETRY_AGAIN)
                    assert_true(retry.delay_ms >= 0 && retry.delay_ms < left_ms);
            }
}

static void doubles_from_20_to_200_ms(void **state)
{
    (void)state;
    static const int64_t most_ms[] = {20, 40, 80, 160, 200, 200, 200};
    for (uint32_t i = 0; i < ACT_COUNT(most_ms); i++)
        for (uint64_t random = 0; random < 1000; random++) {
            int64_t delay_ms = retry_decide(ACT_E_DATABASE, i + 1, 4000, 0, random).delay_ms;
            assert_true(delay_ms >= most_ms[i] / 2 && delay_ms <= most_ms[i]);
        }
    assert_int_equal(retry_decide(ACT_E_DATABASE, UINT32_MAX, 4000, 0, 100).delay_ms, 200);
}

static void goes_at_once_to_another_worker(void **state)
{
    (void)state;
    assert_int_equal(retry_decide(ACT_E_WORKER_LOST, 1, 4000, 0, 9).delay_ms, 0);
    assert_true(retry_decide(ACT_E_WORKER_LOST, 2, 4000, 0, 9).delay_ms > 0);
}

static void waits_as_long_as_it_was_told_if_that_fits(void **state)
{
    (void)state;
    assert_int_equal(retry_decide(ACT_E_OVERLOADED, 1, 4000, 100, 0).delay_ms, 100);
    assert_int_equal(retry_decide(ACT_E_OVERLOADED, 1, 101, 100, 0).action, RETRY_AGAIN);
    assert_int_equal(retry_decide(ACT_E_OVERLOADED, 1, 100, 100, 0).action, RETRY_GIVE_UP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_again_while_something_restarts),
        cmocka_unit_test(never_waits_past_the_hold),
        cmocka_unit_test(doubles_from_20_to_200_ms),
        cmocka_unit_test(goes_at_once_to_another_worker),
        cmocka_unit_test(waits_as_long_as_it_was_told_if_that_fits),
    };
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
