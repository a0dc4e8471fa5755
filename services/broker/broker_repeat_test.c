// broker_repeat_test: row 18: calls with one idempotency key have one effect.
#include "broker.h"

#include "harness/broker_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { CLIENT = 1, OTHER, A = 10, B };

static int set_up(void **state)
{
    broker_kit_t *kit = broker_kit_new(&broker_kit_limits);
    broker_kit_client(kit, CLIENT);
    broker_kit_client(kit, OTHER);
    broker_expect_service(kit->broker, act_str("calendar"));
    *state = kit;
    return 0;
}

static void book(broker_kit_t *kit, uint64_t client, uint64_t id, const char *key,
                 uint32_t budget_ms)
{
    act_header_t header = broker_kit_call_header(id, "calendar", NULL);
    header.idempotency_key = act_str(key);
    header.budget_ms = budget_ms;
    broker_kit_send(kit, client, &header, act_str("tuesday"));
}

static void reply(broker_kit_t *kit, uint64_t worker, const char *body)
{
    act_header_t header = {.kind = ACT_KIND_REPLY,
                           .id = broker_kit_expect(kit, worker, ACT_KIND_CALL).header.id};
    broker_kit_send(kit, worker, &header, act_str(body));
}

static void expect_reply(broker_kit_t *kit, uint64_t client, uint64_t id, const char *body)
{
    kit_frame_t frame = broker_kit_expect(kit, client, ACT_KIND_REPLY);
    assert_int_equal(frame.header.id, id);
    assert_true(act_str_is(frame.body, body));
}

// Ten times, at every moment of its life and across two deaths: it runs to its end once.
static void row_18_ten_repeats_across_kills_have_one_effect(void **state)
{
    broker_kit_t *kit = *state;
    for (uint64_t id = 1; id <= 4; id++)
        book(kit, id % 2 ? CLIENT : OTHER, id, "order-1", 5000);
    for (uint64_t route = A; route <= B; route++) {
        char name[32];
        snprintf(name, sizeof name, "calendar-%d", (int)route);
        broker_kit_worker(kit, route, "calendar", name, 8);
        assert_int_equal(broker_kit_count(kit, route, ACT_KIND_CALL), 1);
        book(kit, CLIENT, 10 + route, "order-1", 5000);
        if (route == A)
            broker_on_death(kit->broker, act_str(name), route, /* has_crashed= */ true);
    }
    reply(kit, B, "booked");
    for (uint64_t id = 30; id < 34; id++)
        book(kit, CLIENT, id, "order-1", 5000);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_REPLY), 8);
    assert_int_equal(broker_kit_count(kit, OTHER, ACT_KIND_REPLY), 2);
    assert_int_equal(broker_kit_count(kit, B, ACT_KIND_CALL), 0);
    expect_reply(kit, CLIENT, 3, "booked"); // those that followed hear it first
    assert_int_equal(broker_counters(kit->broker)->repeated, 9);
    assert_int_equal(broker_open_count(kit->broker), 0);
}

static void other_keys_tenants_and_methods_are_other_calls(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "calendar", "calendar-1", 8);
    book(kit, CLIENT, 1, "order-1", 5000);
    book(kit, CLIENT, 2, "order-2", 5000);
    act_header_t header = broker_kit_call_header(3, "calendar", NULL);
    header.idempotency_key = act_str("order-1");
    header.tenant = act_str("another");
    broker_kit_send(kit, CLIENT, &header, act_str(""));
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 3);
}

static void an_outcome_is_forgotten_after_its_time(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "calendar", "calendar-1", 8);
    book(kit, CLIENT, 1, "order-1", 5000);
    reply(kit, A, "booked");
    for (int i = 0; i < 15; i++) {
        broker_kit_send_kind(kit, A, ACT_KIND_PONG, 0);
        broker_kit_pass_ms(kit, 4000);
    }
    broker_kit_forget(kit);
    broker_kit_client(kit, CLIENT);
    broker_kit_send_kind(kit, A, ACT_KIND_PONG, 0);
    book(kit, CLIENT, 2, "order-1", 5000);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 1);
}

static void an_error_that_may_pass_is_not_remembered(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "calendar", "calendar-1", 8);
    act_header_t error = {.kind = ACT_KIND_ERROR, .err = ACT_E_DATABASE};
    book(kit, CLIENT, 1, "order-1", 5000);
    error.id = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    broker_kit_send(kit, A, &error, act_str(""));
    book(kit, CLIENT, 2, "order-1", 5000);
    error.id = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    error.err = ACT_E_INVALID_ARGUMENT; // the same another time
    broker_kit_send(kit, A, &error, act_str(""));
    book(kit, CLIENT, 3, "order-1", 5000);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 3);
}

// The first one's time is over, not that of the second: the work goes on, and its end is the second's.
static void a_follower_outlives_the_first(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "calendar", "calendar-1", 8);
    book(kit, CLIENT, 1, "order-1", 100);
    book(kit, OTHER, 2, "order-1", 3000);
    broker_kit_pass_ms(kit, 200);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 1), ACT_E_DEADLINE);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CANCEL), 0);
    reply(kit, A, "booked");
    expect_reply(kit, OTHER, 2, "booked");
}

static void a_follower_takes_the_place_of_one_that_never_ran(void **state)
{
    broker_kit_t *kit = *state;
    book(kit, CLIENT, 1, "order-1", 5000);
    book(kit, OTHER, 2, "order-1", 5000);
    broker_kit_send_kind(kit, CLIENT, ACT_KIND_CANCEL, 1);
    broker_kit_worker(kit, A, "calendar", "calendar-1", 8);
    reply(kit, A, "booked");
    expect_reply(kit, OTHER, 2, "booked");
}

// Its caller died, and asks again (as another) before the worker has heard that it is cancelled.
static void a_repeat_of_a_cancelled_call_runs(void **state)
{
    broker_kit_t *kit = *state;
    act_header_t error = {.kind = ACT_KIND_ERROR, .err = ACT_E_CANCELLED};
    broker_kit_worker(kit, A, "calendar", "calendar-1", 8);
    book(kit, CLIENT, 1, "order-1", 5000);
    broker_kit_send_kind(kit, CLIENT, ACT_KIND_CANCEL, 1);
    error.id = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    book(kit, OTHER, 2, "order-1", 5000);
    broker_kit_send(kit, A, &error, act_str(""));
    reply(kit, A, "booked");
    expect_reply(kit, OTHER, 2, "booked");
    book(kit, CLIENT, 3, "order-2", 5000);
    broker_kit_send_kind(kit, CLIENT, ACT_KIND_CANCEL, 3);
    error.id = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    broker_kit_send(kit, A, &error, act_str(""));
    book(kit, OTHER, 4, "order-2", 5000); // and nothing is remembered
    reply(kit, A, "booked");
    expect_reply(kit, OTHER, 4, "booked");
}

static void a_follower_may_give_up(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "calendar", "calendar-1", 8);
    book(kit, CLIENT, 1, "order-1", 5000);
    book(kit, OTHER, 2, "order-1", 5000);
    broker_kit_send_kind(kit, OTHER, ACT_KIND_CANCEL, 2);
    reply(kit, A, "booked");
    expect_reply(kit, CLIENT, 1, "booked");
    assert_int_equal(broker_kit_count(kit, OTHER, ACT_KIND_REPLY), 0);
}

static void when_there_is_no_room_calls_just_run(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "calendar", "calendar-1", 200);
    for (uint64_t id = 1; id <= 150; id++) { // the kit remembers 100
        char key[32];
        snprintf(key, sizeof key, "order-%d", (int)id);
        book(kit, CLIENT, id, key, 5000);
    }
    for (uint64_t id = 1; id <= 150; id++)
        reply(kit, A, "booked");
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_REPLY), 150);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, broker_kit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(row_18_ten_repeats_across_kills_have_one_effect),
        TEST(other_keys_tenants_and_methods_are_other_calls),
        TEST(an_outcome_is_forgotten_after_its_time),
        TEST(an_error_that_may_pass_is_not_remembered),
        TEST(a_follower_outlives_the_first),
        TEST(a_follower_takes_the_place_of_one_that_never_ran),
        TEST(a_repeat_of_a_cancelled_call_runs),
        TEST(a_follower_may_give_up),
        TEST(when_there_is_no_room_calls_just_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
