// pairs_test: a burst, then the rate; each customer by himself; never grows.
#include "pairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const act_channel_t channel = {.name = "c", .pair_burst_count = 45};

static void borrows_a_burst_and_pays_it_back(void **state)
{
    (void)state;
    ACT_AUTO(pairs) *pairs = pairs_new(6000);
    act_str_t account = ACT_STR("a"), address = ACT_STR("49");
    int64_t now_ms = 1000000;
    for (int i = 0; i < 45; i++) {
        assert_int_equal(pairs_wait_ms(pairs, &channel, account, address, now_ms), 0);
        pairs_take(pairs, &channel, account, address, now_ms);
    }
    assert_int_equal(pairs_wait_ms(pairs, &channel, account, address, now_ms), 6000);
    assert_int_equal(pairs_wait_ms(pairs, &channel, account, ACT_STR("50"), now_ms), 0);
    assert_int_equal(pairs_wait_ms(pairs, &channel, ACT_STR("b"), address, now_ms), 0);
    assert_int_equal(pairs_wait_ms(pairs, &channel, account, address, now_ms + 6000), 0);
    pairs_take(pairs, &channel, account, address, now_ms + 6000);
    assert_int_equal(pairs_wait_ms(pairs, &channel, account, address, now_ms + 6000), 6000);
    assert_int_equal(pairs_wait_ms(pairs, &channel, account, address, now_ms + 3600000), 0);
}

static void forgets_the_oldest_when_full(void **state)
{
    (void)state;
    ACT_AUTO(pairs) *pairs = pairs_new(6000);
    char room[32];
    for (int i = 0; i < 100000; i++) {
        snprintf(room, sizeof room, "49%d", i);
        for (int k = 0; k < 46; k++)
            pairs_take(pairs, &channel, ACT_STR("a"), act_str(room), i);
    }
    assert_true(pairs_wait_ms(pairs, &channel, ACT_STR("a"), act_str(room), 99999) > 0);
    assert_int_equal(pairs_wait_ms(pairs, &channel, ACT_STR("a"), ACT_STR("490"), 99999), 0);
}

static void leaves_channels_without_a_rate_alone(void **state)
{
    (void)state;
    ACT_AUTO(pairs) *pairs = pairs_new(6000);
    const act_channel_t free_channel = {.name = "f"};
    for (int i = 0; i < 100; i++)
        pairs_take(pairs, &free_channel, ACT_STR("a"), ACT_STR("1"), 5);
    assert_int_equal(pairs_wait_ms(pairs, &free_channel, ACT_STR("a"), ACT_STR("1"), 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borrows_a_burst_and_pays_it_back),
        cmocka_unit_test(forgets_the_oldest_when_full),
        cmocka_unit_test(leaves_channels_without_a_rate_alone),
    };
    return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
