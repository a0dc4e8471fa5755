// gate: breaker, pauses, rate, places, and the budget of retries.
#include "gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static gate_t *gate_of(gates_t *gates, int64_t concurrency, int64_t per_minute)
{
    return gates_find(
        gates, ACT_STR("g"),
        &(gate_limits_t){.concurrency_max_count = concurrency, .requests_per_minute = per_minute});
}

static bool pass(gate_t *gate, int64_t now_ms, gate_outcome_t outcome)
{
    int64_t wait_ms = 0;
    if (!gate_enter(gate, now_ms, &wait_ms))
        return false;
    gate_leave(gate, now_ms, outcome);
    return true;
}

static void the_breaker_opens_and_closes(void **state)
{
    (void)state;
    gates_t *gates = gates_new();
    gate_t *gate = gate_of(gates, 10, 0);
    int64_t wait_ms = 0;
    for (int i = 0; i < 5; i++)
        assert_true(pass(gate, 1000, GATE_ILL));
    assert_string_equal(gate_breaker(gate, 1000), "open");
    assert_false(gate_enter(gate, 1000, &wait_ms));
    assert_int_equal(wait_ms, -1);
    // One probe at a time; each that fails makes it longer, but never more than 5 s.
    int64_t now_ms = 1000;
    for (int probe = 0; probe < 10; probe++) {
        int64_t begun_ms = now_ms;
        while (!gate_enter(gate, now_ms, &wait_ms))
            now_ms += 10;
        assert_true(now_ms - begun_ms <= GATE_OPEN_MAX_MS);
        assert_string_equal(gate_breaker(gate, now_ms), "probing");
        assert_false(gate_enter(gate, now_ms, &wait_ms));
        gate_leave(gate, now_ms, GATE_ILL);
    }
    now_ms += GATE_OPEN_MAX_MS;
    assert_true(gate_enter(gate, now_ms, &wait_ms)); // a probe that is cancelled frees the place
    gate_leave(gate, now_ms, GATE_UNKNOWN);
    assert_true(pass(gate, now_ms, GATE_GOOD));
    assert_string_equal(gate_breaker(gate, now_ms), "closed");
    gates_destroy(&gates);
}

static void half_of_twenty_is_ill(void **state)
{
    (void)state;
    gates_t *gates = gates_new();
    gate_t *gate = gate_of(gates, 10, 0);
    for (int i = 0; i < 19; i++)
        assert_true(pass(gate, 0, i % 2 == 0 ? GATE_GOOD : GATE_ILL));
    assert_string_equal(gate_breaker(gate, 0), "closed");
    assert_true(pass(gate, 0, GATE_ILL));
    assert_string_equal(gate_breaker(gate, 0), "open");
    gates_destroy(&gates);
}

static void places_rates_and_pauses_make_wait(void **state)
{
    (void)state;
    gates_t *gates = gates_new();
    gate_t *gate = gate_of(gates, 2, 0);
    int64_t wait_ms = -7;
    assert_true(gate_enter(gate, 0, &wait_ms));
    assert_true(gate_enter(gate, 0, &wait_ms));
    assert_false(gate_enter(gate, 0, &wait_ms));
    assert_int_equal(wait_ms, 0); // until somebody leaves
    gate_leave(gate, 0, GATE_GOOD);
    gate_pause(gate, 0, 3000);
    assert_false(gate_enter(gate, 1000, &wait_ms));
    assert_int_equal(wait_ms, 2000);
    assert_true(gate_enter(gate, 3000, &wait_ms));
    gate = gate_of(gates, 1000, 60); // the same gate with new limits: one a second, six ahead
    uint32_t count = 0;
    while (gate_enter(gate, 10000, &wait_ms))
        count++;
    assert_in_range(count, 6, 7);
    assert_in_range(wait_ms, 1, 1001);
    assert_true(gate_enter(gate, 10000 + wait_ms, &wait_ms));
    gates_destroy(&gates);
}

static void one_retry_for_ten_requests(void **state)
{
    (void)state;
    gates_t *gates = gates_new();
    gate_t *gate = gate_of(gates, 1000, 0);
    uint32_t requests_count = 0, retries_count = 0;
    for (int i = 0; i < 1000; i++) {
        requests_count += pass(gate, 0, GATE_UNKNOWN);
        while (gate_may_retry(gate)) {
            retries_count++;
            (void)pass(gate, 0, GATE_UNKNOWN);
        }
    }
    assert_int_equal(requests_count, 1000);
    assert_in_range(retries_count, 90, 100);
    gates_destroy(&gates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_breaker_opens_and_closes),
        cmocka_unit_test(half_of_twenty_is_ill),
        cmocka_unit_test(places_rates_and_pauses_make_wait),
        cmocka_unit_test(one_retry_for_ten_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
