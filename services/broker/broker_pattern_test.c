// broker_pattern_test: rows 17, 19 and 21: partial replies, pause, direct calls, slow readers of events.
#include "broker.h"

#include "harness/broker_kit.h"
#include "proto/broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CLIENT = 1, A = 10, B };

static int set_up(void **state)
{
    broker_kit_t *kit = broker_kit_new(&broker_kit_limits);
    broker_kit_client(kit, CLIENT);
    broker_expect_service(kit->broker, act_str("agent"));
    *state = kit;
    return 0;
}

// --- row 17: partial replies ---------------------------------------------------------------------

static uint64_t ask_for_parts(broker_kit_t *kit, uint64_t worker, uint32_t parts_credit)
{
    act_header_t header = broker_kit_call_header(1, "agent", NULL);
    header.credit_messages = parts_credit;
    broker_kit_send(kit, CLIENT, &header, act_str(""));
    kit_frame_t call = broker_kit_expect(kit, worker, ACT_KIND_CALL);
    assert_int_equal(call.header.credit_messages, parts_credit);
    return call.header.id;
}

static void send_part(broker_kit_t *kit, uint64_t worker, uint64_t id, uint32_t sequence)
{
    act_header_t header = {.kind = ACT_KIND_PARTIAL, .id = id, .sequence = sequence};
    broker_kit_send(kit, worker, &header, act_str("word"));
}

static void row_17_parts_arrive_in_order_within_the_readers_credit(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "agent", "agent-1", 8);
    uint64_t id = ask_for_parts(kit, A, 4);
    for (uint32_t i = 0; i < 1000; i++) {
        send_part(kit, A, id, i);
        kit_frame_t part = broker_kit_expect(kit, CLIENT, ACT_KIND_PARTIAL);
        assert_int_equal(part.header.sequence, i);
        assert_int_equal(part.header.id, 1);
        act_header_t credit = {.kind = ACT_KIND_CREDIT, .id = 1, .credit_messages = i + 5};
        broker_kit_send(kit, CLIENT, &credit, act_str(""));
        assert_int_equal(broker_kit_expect(kit, A, ACT_KIND_CREDIT).header.credit_messages, i + 5);
    }
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, id);
    broker_kit_expect(kit, CLIENT, ACT_KIND_REPLY);
    assert_int_equal(broker_counters(kit->broker)->parts, 1000);
}

static void a_slow_reader_gets_no_more_than_it_takes(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "agent", "agent-1", 8);
    uint64_t id = ask_for_parts(kit, A, 4);
    for (uint32_t i = 0; i < 1000; i++) // a worker that does not listen
        send_part(kit, A, id, i);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_PARTIAL), 4);
    assert_int_equal(broker_counters(kit->broker)->parts_late, 996);
}

static void parts_that_come_late_or_out_of_order_are_dropped_and_counted(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "agent", "agent-1", 8);
    broker_kit_worker(kit, B, "agent", "agent-2", 1);
    uint64_t id = ask_for_parts(kit, A, 100);
    send_part(kit, A, id, 1);
    send_part(kit, B, id, 0);
    send_part(kit, A, id, 0);
    send_part(kit, A, id, 0);
    broker_kit_send_kind(kit, CLIENT, ACT_KIND_CANCEL, 1);
    broker_kit_expect(kit, A, ACT_KIND_CANCEL);
    send_part(kit, A, id, 1);
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, id);
    send_part(kit, A, id, 1);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_PARTIAL), 1);
    assert_int_equal(broker_counters(kit->broker)->parts_late, 5);
}

// The reader has seen a part: running again would show it twice.
static void a_stream_that_has_begun_is_not_run_again(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "agent", "agent-1", 8);
    send_part(kit, A, ask_for_parts(kit, A, 4), 0);
    broker_on_death(kit->broker, act_str("agent-1"), A, /* has_crashed= */ true);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 1), ACT_E_WORKER_LOST);
}

// --- row 19: pause -------------------------------------------------------------------------------

static void say_paused(broker_kit_t *kit, uint64_t worker, bool is_paused)
{
    stats_t stats = {.is_ready = true, .is_paused = is_paused};
    act_buf_t body;
    act_buf_init(&body, 4096);
    stats_pack(&stats, &body);
    act_header_t header = {.kind = ACT_KIND_PING};
    broker_kit_send(kit, worker, &header, act_buf_str(&body));
    act_buf_fini(&body);
}

static void row_19_a_paused_instance_hears_nothing_and_keeps_its_place(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "agent", "agent-1", 8);
    say_paused(kit, A, true);
    for (uint64_t id = 1; id <= 5; id++)
        broker_kit_call(kit, CLIENT, id, "agent", id % 2 ? "conv-1" : NULL);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0);
    assert_int_equal(broker_kit_peer(kit, A)->state, PEER_READY);
    say_paused(kit, A, false);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 5);
    for (int i = 0; i < 5; i++)
        broker_kit_serve(kit, A);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_REPLY), 5);
    assert_int_equal(broker_counters(kit->broker)->dead, 0);
}

static void what_waits_for_a_paused_instance_goes_to_others(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "agent", "agent-1", 1);
    for (uint64_t id = 1; id <= 3; id++)
        broker_kit_call(kit, CLIENT, id, "agent", "conv-1");
    broker_kit_worker(kit, B, "agent", "agent-2", 8);
    say_paused(kit, A, true);
    assert_int_equal(broker_kit_count(kit, B, ACT_KIND_CALL), 2);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 1); // what it has, it may finish
}

static void an_operator_can_pause_and_only_he_can_resume(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "agent", "agent-1", 8);
    assert_true(broker_pause(kit->broker, act_str("agent-1"), /* is_held= */ true));
    broker_kit_call(kit, CLIENT, 1, "agent", NULL);
    say_paused(kit, A, false);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0);
    broker_pause(kit->broker, act_str("agent-1"), /* is_held= */ false);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 1);
    assert_false(broker_pause(kit->broker, act_str("agent-9"), /* is_held= */ true));
}

static void callers_of_a_paused_service_hear_unavailable_when_time_or_room_ends(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "agent", "agent-1", 8);
    say_paused(kit, A, true);
    act_header_t header = broker_kit_call_header(1, "agent", NULL);
    header.budget_ms = 500;
    broker_kit_send(kit, CLIENT, &header, act_str(""));
    broker_kit_pass_ms(kit, 500);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 1), ACT_E_UNAVAILABLE);
    for (uint64_t id = 2; id <= 101; id++)
        broker_kit_call(kit, CLIENT, id, "agent", NULL);
    broker_kit_call(kit, CLIENT, 102, "agent", NULL);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 102), ACT_E_UNAVAILABLE);
}

// --- row 21: direct, events ----------------------------------------------------------------------

static void call_instance(broker_kit_t *kit, uint64_t id, const char *instance)
{
    act_header_t header = broker_kit_call_header(id, "agent", instance);
    header.flags |= ACT_FLAG_DIRECT;
    broker_kit_send(kit, CLIENT, &header, act_str(""));
}

static void row_21_a_direct_call_reaches_that_instance_or_nobody(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "agent", "agent-1", 1);
    broker_kit_worker(kit, B, "agent", "agent-2", 8);
    call_instance(kit, 1, "agent-1");
    call_instance(kit, 2, "agent-1"); // waits for it, not for the other
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 1);
    call_instance(kit, 3, "agent-9");
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 3), ACT_E_UNAVAILABLE);
    call_instance(kit, 4, "client-1"); // serves something else, or nothing
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 4), ACT_E_UNAVAILABLE);
    broker_on_death(kit->broker, act_str("agent-1"), A, /* has_crashed= */ true);
    assert_int_equal(broker_kit_count(kit, B, ACT_KIND_CALL), 0);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 2);
}

static void publish(broker_kit_t *kit)
{
    act_header_t event = {.kind = ACT_KIND_EVENT, .service = ACT_STR("news")};
    broker_kit_send(kit, CLIENT, &event, act_str("text"));
}

static void row_21_a_reader_that_stands_still_is_bounded_and_nobody_waits(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "agent", "agent-1", 8);
    act_header_t subscribe = {.kind = ACT_KIND_SUBSCRIBE, .service = ACT_STR("news")};
    broker_kit_send(kit, A, &subscribe, act_str(""));
    for (int i = 0; i < 5000; i++)
        publish(kit);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_EVENT), PEER_HINTS_MAX_COUNT);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_PING), 1);
    assert_int_equal(broker_counters(kit->broker)->events_dropped, 5000 - PEER_HINTS_MAX_COUNT);
    assert_int_equal(broker_kit_peer(kit, A)->hints.dropped_count, 5000 - PEER_HINTS_MAX_COUNT);
    // It reads on: its PONG says how far.
    uint64_t number = broker_kit_expect(kit, A, ACT_KIND_PING).header.id;
    broker_kit_forget(kit);
    broker_kit_send_kind(kit, A, ACT_KIND_PONG, number);
    publish(kit);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_EVENT), 1);
}

static void hints_are_bounded_like_events(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "agent", "agent-1", 8);
    act_header_t cast = {.kind = ACT_KIND_CAST, .service = ACT_STR("agent")};
    for (int i = 0; i < 2000; i++)
        broker_kit_send(kit, CLIENT, &cast, act_str(""));
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CAST), PEER_HINTS_MAX_COUNT);
    assert_int_equal(broker_counters(kit->broker)->casts_dropped, 2000 - PEER_HINTS_MAX_COUNT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, broker_kit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(row_17_parts_arrive_in_order_within_the_readers_credit),
        TEST(a_slow_reader_gets_no_more_than_it_takes),
        TEST(parts_that_come_late_or_out_of_order_are_dropped_and_counted),
        TEST(a_stream_that_has_begun_is_not_run_again),
        TEST(row_19_a_paused_instance_hears_nothing_and_keeps_its_place),
        TEST(what_waits_for_a_paused_instance_goes_to_others),
        TEST(an_operator_can_pause_and_only_he_can_resume),
        TEST(callers_of_a_paused_service_hear_unavailable_when_time_or_room_ends),
        TEST(row_21_a_direct_call_reaches_that_instance_or_nobody),
        TEST(row_21_a_reader_that_stands_still_is_bounded_and_nobody_waits),
        TEST(hints_are_bounded_like_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
