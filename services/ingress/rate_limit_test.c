// rate_limit_test: bursts, refills, and a table that never grows.
#include "rate_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define ANNA ACT_STR("192.0.2.1")
#define BERT ACT_STR("192.0.2.2")

static uint32_t take_all(rate_limit_t *limit, act_str_t key, int64_t now_ms)
{
    uint32_t count = 0;
    while (count < 100000 && rate_limit_take(limit, key, now_ms, NULL))
        count++;
    return count;
}

static void gives_the_burst_then_the_rate(void **state)
{
    (void)state;
    ACT_AUTO(rate_limit) *limit = rate_limit_new(/* rate_per_s= */ 5, /* burst_count= */ 60, 1024);
    assert_int_equal(take_all(limit, ANNA, 1000), 60);
    assert_int_equal(take_all(limit, ANNA, 1199), 0);
    assert_int_equal(take_all(limit, ANNA, 1200), 1);
    assert_int_equal(take_all(limit, ANNA, 11200), 50);
    assert_int_equal(take_all(limit, ANNA, INT64_MAX / 2), 60); // idle for ever: full, no overflow
}

static void keeps_keys_apart(void **state)
{
    (void)state;
    ACT_AUTO(rate_limit) *limit = rate_limit_new(1, 10, 1024);
    assert_int_equal(take_all(limit, ANNA, 0), 10);
    assert_int_equal(take_all(limit, BERT, 0), 10);
    assert_false(rate_limit_has(limit, ANNA, 999));
    assert_true(rate_limit_has(limit, ANNA, 1000));
    assert_true(rate_limit_has(limit, ACT_STR("never seen"), 0));
}

static void knows_how_long_a_key_was_idle(void **state)
{
    (void)state;
    ACT_AUTO(rate_limit) *limit = rate_limit_new(1, 10, 1024);
    assert_int_equal(rate_limit_idle_ms(limit, ANNA, 1000), -1);
    assert_true(rate_limit_take(limit, ANNA, 1000, NULL));
    assert_int_equal(rate_limit_idle_ms(limit, ANNA, 1000), 0);
    assert_int_equal(rate_limit_idle_ms(limit, ANNA, 6000), 5000);
    assert_int_equal(rate_limit_idle_ms(limit, BERT, 6000), -1);
}

static void says_when_to_come_again(void **state)
{
    (void)state;
    static const struct {
        uint32_t rate_per_s;
        uint32_t retry_after_s;
    } rows[] = {{1, 2}, {20, 1}, {1000000, 1}};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        ACT_AUTO(rate_limit) *limit = rate_limit_new(rows[i].rate_per_s, 1, 64);
        uint32_t retry_after_s = 0;
        assert_true(rate_limit_take(limit, ANNA, 5, &retry_after_s));
        assert_int_equal(retry_after_s, 0);
        assert_false(rate_limit_take(limit, ANNA, 5, &retry_after_s));
        assert_int_equal(retry_after_s, rows[i].retry_after_s);
        assert_true(rate_limit_take(limit, ANNA, 5 + 1000 * (int64_t)retry_after_s, NULL));
    }
}

// A clock that is read once a turn may stand still; it never goes back, but nothing may break if
// so.
static void survives_a_clock_that_goes_back(void **state)
{
    (void)state;
    ACT_AUTO(rate_limit) *limit = rate_limit_new(10, 10, 64);
    assert_int_equal(take_all(limit, ANNA, 5000), 10);
    assert_int_equal(take_all(limit, ANNA, 1000), 0);
}

// However many others come, who keeps coming is not forgotten, and so gets no second burst.
static void keeps_the_busy_when_it_is_full(void **state)
{
    (void)state;
    ACT_AUTO(rate_limit) *limit = rate_limit_new(1, 5, /* rows_count= */ 64);
    uint32_t granted_count = 0;
    for (int64_t now_ms = 0; now_ms < 100000; now_ms++) {
        char text[32];
        snprintf(text, sizeof text, "key-%d", (int)now_ms);
        assert_true(rate_limit_take(limit, act_str(text), now_ms, NULL));
        granted_count += rate_limit_take(limit, ANNA, now_ms, NULL);
    }
    assert_in_range(granted_count, 5 + 99, 5 + 100);
}

static void takes_any_key(void **state)
{
    (void)state;
    ACT_AUTO(rate_limit) *limit = rate_limit_new(0, 0, 0); // the least there is
    assert_int_equal(take_all(limit, ACT_STR(""), 0), 1);
    assert_int_equal(take_all(limit, (act_str_t){0}, 0), 0);
    assert_int_equal(take_all(limit, ACT_STR("\0\0"), 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_burst_then_the_rate),
        cmocka_unit_test(keeps_keys_apart),
        cmocka_unit_test(knows_how_long_a_key_was_idle),
        cmocka_unit_test(says_when_to_come_again),
        cmocka_unit_test(survives_a_clock_that_goes_back),
        cmocka_unit_test(keeps_the_busy_when_it_is_full),
        cmocka_unit_test(takes_any_key),
    };
    return cmocka_run_group_tests_name("rate_limit", tests, NULL, NULL);
}
