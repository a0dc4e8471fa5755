// broker_test: who may speak, where calls go, how answers come back, hints and events.
#include "broker.h"

#include "harness/broker_kit.h"
#include "proto/broker.h"
#include "proto/common.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENT = 1, OTHER_CLIENT, A = 10, B, C, D };

static int set_up(void **state)
{
    *state = broker_kit_new(&broker_kit_limits);
    return 0;
}

// --- HELLO ---------------------------------------------------------------------------------------

static void hello_is_welcomed_with_the_epoch(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_hello(kit, A, "session", "session-1", /* is_ready= */ false, 64, 1000);
    kit_frame_t frame = broker_kit_expect(kit, A, ACT_KIND_WELCOME);
    welcome_t welcome;
    assert_int_equal(welcome_unpack(frame.body, kit->arena, &welcome, NULL), ACT_E_OK);
    assert_int_equal(welcome.epoch, 7);
    assert_int_equal(welcome.ping_ms, 1000);
    assert_int_equal(kit->hello_count, 1);
    assert_int_equal(kit->ready_count, 0);
    assert_int_equal(broker_kit_peer(kit, A)->state, PEER_GREETED);
}

static void unknown_peers_are_asked_for_their_hello(void **state)
{
    broker_kit_t *kit = *state;
    for (int kind = ACT_KIND_WELCOME; kind <= ACT_KIND_LAST; kind++) {
        broker_kit_send_kind(kit, A, (act_kind_t)kind, 1);
        broker_kit_expect(kit, A, ACT_KIND_HELLO_AGAIN);
        assert_int_equal(kit->frames_count, 0);
    }
    assert_int_equal(broker_counters(kit->broker)->accepted, 0);
}

static void a_bad_hello_is_refused_and_counted(void **state)
{
    broker_kit_t *kit = *state;
    act_header_t header = {.kind = ACT_KIND_HELLO, .credit_messages = 1};
    static const act_str_t bodies[] = {ACT_STR_INIT(""), ACT_STR_INIT("\xc0"), ACT_STR_INIT("\x80"),
                                       ACT_STR_INIT("\xdf\x29\xff\xff\x29")};
    for (size_t i = 0; i < ACT_COUNT(bodies); i++) {
        broker_kit_send(kit, A, &header, bodies[i]);
        kit_frame_t frame = broker_kit_expect(kit, A, ACT_KIND_REFUSED);
        assert_int_equal(frame.header.err, ACT_E_MALFORMED);
        assert_null(broker_kit_peer(kit, A));
    }
    assert_int_equal(broker_counters(kit->broker)->malformed, ACT_COUNT(bodies));
}

static void nobody_may_offer_the_bus_itself(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_hello(kit, A, "bus", "bus-1", /* is_ready= */ true, 64, 1000);
    broker_kit_expect(kit, A, ACT_KIND_REFUSED);
    assert_null(broker_kit_peer(kit, A));
}

static void the_same_process_on_a_new_connection_stays_itself(void **state)
{
    broker_kit_t *kit = *state;
    hello_t hello = {.actor = ACT_STR("session"),
                     .instance = ACT_STR("session-1"),
                     .service = ACT_STR("session"),
                     .pid = 42,
                     .pid_start = 4711,
                     .is_ready = true};
    act_buf_t body;
    act_buf_init(&body, 1024);
    hello_pack(&hello, &body);
    act_header_t header = {.kind = ACT_KIND_HELLO, .credit_messages = 4, .credit_bytes = 1000};
    broker_kit_send(kit, A, &header, act_buf_str(&body));
    peer_t *peer = broker_kit_peer(kit, A);
    broker_kit_send(kit, B, &header, act_buf_str(&body));
    assert_ptr_equal(broker_kit_peer(kit, B), peer);
    assert_null(broker_kit_peer(kit, A));
    assert_int_equal(peers_count(broker_peers(kit->broker)), 1);
    act_buf_fini(&body);
}

// Two of one name would take each other's calls at every HELLO, and the third swap would be a dead
// letter: the second one waits until the first is gone.
static void a_name_belongs_to_one_process_at_a_time(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_kit_worker(kit, A, "session", "session-1", 4);
    broker_kit_call(kit, CLIENT, 1, "session", NULL);
    broker_kit_expect(kit, A, ACT_KIND_CALL);
    for (int i = 0; i < 5; i++) {
        broker_kit_hello(kit, B, "session", "session-1", /* is_ready= */ true, 4, 1000);
        assert_int_equal(broker_kit_expect(kit, B, ACT_KIND_REFUSED).header.err, ACT_E_CONFLICT);
        assert_null(broker_kit_peer(kit, B));
    }
    assert_int_equal(broker_counters(kit->broker)->requeued, 0);
    broker_kit_pass_ms(kit, 5000); // the first is not heard any more
    broker_kit_worker(kit, B, "session", "session-1", 4);
    assert_null(broker_kit_peer(kit, A));
}

static void a_name_whose_connection_is_gone_is_free_at_once(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_kit_worker(kit, A, "session", "session-1", 4);
    broker_kit_call(kit, CLIENT, 1, "session", NULL);
    kit->is_gone[A] = true;
    broker_kit_worker(kit, B, "session", "session-1", 4);
    assert_null(broker_kit_peer(kit, A));
    assert_int_equal(broker_kit_expect(kit, B, ACT_KIND_CALL).header.attempt, 2);
    kit->is_gone[A] = false;
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, 1);
    broker_kit_expect(kit, A, ACT_KIND_HELLO_AGAIN);
}

static void a_connection_may_become_another_instance(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 4);
    broker_kit_worker(kit, A, "delivery", "delivery-1", 4);
    assert_string_equal(broker_kit_peer(kit, A)->instance, "delivery-1");
    assert_null(peers_find_instance(broker_peers(kit->broker), act_str("session-1")));
}

static void ready_may_come_later_and_counts_once(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_kit_hello(kit, A, "session", "session-1", /* is_ready= */ false, 4, 1000);
    broker_kit_call(kit, CLIENT, 1, "session", NULL);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0);
    stats_t stats = {.is_ready = true};
    act_buf_t body;
    act_buf_init(&body, 256);
    stats_pack(&stats, &body);
    act_header_t ping = {.kind = ACT_KIND_PING};
    uint32_t before_count = kit->ready_count;
    for (int i = 0; i < 3; i++)
        broker_kit_send(kit, A, &ping, act_buf_str(&body));
    act_buf_fini(&body);
    assert_int_equal(kit->ready_count, before_count + 1);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_PONG), 3);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 1);
}

// --- calls and answers ---------------------------------------------------------------------------

static void a_call_goes_to_its_service_and_the_answer_back(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_kit_worker(kit, A, "session", "session-1", 4);
    broker_kit_worker(kit, B, "delivery", "delivery-1", 4);
    act_header_t header = broker_kit_call_header(99, "delivery", "conv-1");
    header.tenant = ACT_STR("t1");
    header.trace = (act_trace_t){1, 2, 3};
    header.hops = 3;
    header.idempotency_key = ACT_STR("once");
    header.sender = ACT_STR("forged");
    broker_kit_send(kit, CLIENT, &header, act_str("question"));
    kit_frame_t call = broker_kit_expect(kit, B, ACT_KIND_CALL);
    assert_true(act_str_is(call.header.sender, "client-1"));
    assert_true(act_str_is(call.header.tenant, "t1"));
    assert_true(act_str_is(call.header.key, "conv-1"));
    assert_true(act_str_is(call.header.idempotency_key, "once"));
    assert_true(act_str_is(call.body, "question"));
    assert_int_equal(call.header.hops, 3);
    assert_int_equal(call.header.trace.span, 3);
    assert_int_equal(call.header.attempt, 1);
    act_header_t reply = {
        .kind = ACT_KIND_REPLY, .id = call.header.id, .sender = ACT_STR("forged")};
    broker_kit_send(kit, B, &reply, act_str("answer"));
    kit_frame_t answer = broker_kit_expect(kit, CLIENT, ACT_KIND_REPLY);
    assert_int_equal(answer.header.id, 99);
    assert_true(act_str_is(answer.header.sender, "delivery-1"));
    assert_true(act_str_is(answer.body, "answer"));
    assert_int_equal(broker_counters(kit->broker)->replied, 1);
    assert_int_equal(broker_open_count(kit->broker), 0);
}

static void errors_come_back_as_they_were_given(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_kit_worker(kit, A, "session", "session-1", 4);
    broker_kit_call(kit, CLIENT, 5, "session", NULL);
    kit_frame_t call = broker_kit_expect(kit, A, ACT_KIND_CALL);
    act_header_t error = {.kind = ACT_KIND_ERROR, .id = call.header.id, .err = ACT_E_CONFLICT};
    broker_kit_send(kit, A, &error, act_str("why"));
    kit_frame_t answer = broker_kit_expect(kit, CLIENT, ACT_KIND_ERROR);
    assert_int_equal(answer.header.err, ACT_E_CONFLICT);
    assert_true(act_str_is(answer.body, "why"));
    assert_int_equal(broker_counters(kit->broker)->failed, 1);
    assert_int_equal(broker_kit_peer(kit, A)->errors, 1);
}

static void an_answer_counts_once_and_only_from_its_worker(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_kit_client(kit, OTHER_CLIENT);
    broker_kit_worker(kit, A, "session", "session-1", 4);
    broker_kit_call(kit, CLIENT, 1, "session", NULL);
    uint64_t id = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    broker_kit_send_kind(kit, OTHER_CLIENT, ACT_KIND_REPLY, id);
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, id + 1);
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, 0);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_REPLY), 0);
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, id);
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, id);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_REPLY), 1);
    assert_int_equal(broker_counters(kit->broker)->late, 4);
}

static void a_call_that_still_waits_cannot_be_answered(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_kit_worker(kit, A, "session", "session-1", 1);
    broker_kit_call(kit, CLIENT, 1, "session", "conv-1");
    broker_kit_call(kit, CLIENT, 2, "session", "conv-1");
    uint64_t id = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    uint64_t next_id = id + (1u << 17) + 1; // the ledger's next use and slot
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, next_id);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_REPLY), 0);
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, id);
    assert_int_equal(broker_kit_expect(kit, A, ACT_KIND_CALL).header.id, next_id);
}

static act_err_t refusal_of(broker_kit_t *kit, const act_header_t *header)
{
    uint64_t refused = broker_counters(kit->broker)->refused;
    broker_kit_send(kit, CLIENT, header, act_str(""));
    assert_int_equal(broker_counters(kit->broker)->refused, refused + 1);
    return broker_kit_expect_error(kit, CLIENT, header->id);
}

static void calls_that_cannot_be_taken_are_refused_at_once(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    act_header_t header = broker_kit_call_header(1, "none", NULL);
    assert_int_equal(refusal_of(kit, &header), ACT_E_UNKNOWN_METHOD);
    broker_kit_worker(kit, A, "session", "session-1", 4);
    header = broker_kit_call_header(2, "session", NULL);
    header.hops = ACT_HEADER_MAX_HOPS + 1;
    assert_int_equal(refusal_of(kit, &header), ACT_E_INVALID_ARGUMENT);
    header.hops = ACT_HEADER_MAX_HOPS;
    broker_kit_send(kit, CLIENT, &header, act_str(""));
    broker_kit_expect(kit, A, ACT_KIND_CALL);
    header = broker_kit_call_header(3, "session", NULL);
    header.budget_ms = 0;
    assert_int_equal(refusal_of(kit, &header), ACT_E_DEADLINE);
    assert_int_equal(broker_counters(kit->broker)->accepted, 1);
}

static void calls_wait_for_a_service_that_is_expected(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_expect_service(kit->broker, act_str("session"));
    broker_kit_call(kit, CLIENT, 1, "session", NULL);
    broker_kit_call(kit, CLIENT, 2, "session", "conv-1");
    assert_int_equal(kit->frames_count, 0);
    broker_kit_worker(kit, A, "session", "session-1", 4);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 2);
}

static void calls_of_a_key_that_waited_stay_together(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_expect_service(kit->broker, act_str("session"));
    for (uint64_t id = 1; id <= 3; id++)
        broker_kit_call(kit, CLIENT, id, "session", "conv-1");
    broker_kit_worker(kit, A, "session", "session-1", 1);
    broker_kit_worker(kit, B, "session", "session-2", 8);
    assert_int_equal(broker_kit_count(kit, B, ACT_KIND_CALL), 0);
    for (int i = 0; i < 3; i++)
        broker_kit_serve(kit, A);
}

static void calls_to_the_bus_are_answered_by_the_broker(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_kit_call(kit, CLIENT, 7, "bus", NULL);
    assert_int_equal(broker_open_count(kit->broker), 1);
    broker_answer(kit->broker, kit->bus_call_id, ACT_E_OK, act_str("status"));
    kit_frame_t reply = broker_kit_expect(kit, CLIENT, ACT_KIND_REPLY);
    assert_int_equal(reply.header.id, 7);
    assert_true(act_str_is(reply.body, "status"));
    broker_kit_call(kit, CLIENT, 8, "bus", NULL);
    broker_answer(kit->broker, kit->bus_call_id, ACT_E_UNKNOWN_METHOD, act_str(""));
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 8), ACT_E_UNKNOWN_METHOD);
    broker_answer(kit->broker, kit->bus_call_id, ACT_E_OK, act_str("again"));
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_REPLY), 0);
}

static void a_bus_call_outlives_its_caller(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_kit_call(kit, CLIENT, 7, "bus", NULL);
    broker_kit_send_kind(kit, CLIENT, ACT_KIND_BYE, 0);
    broker_kit_pass_ms(kit, 10000);
    broker_answer(kit->broker, kit->bus_call_id, ACT_E_OK, act_str("status"));
    assert_int_equal(kit->frames_count, 0);
    assert_int_equal(broker_open_count(kit->broker), 0);
}

static void kinds_that_only_the_broker_sends_are_counted_and_dropped(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    static const act_kind_t kinds[] = {ACT_KIND_WELCOME, ACT_KIND_REFUSED, ACT_KIND_HELLO_AGAIN,
                                       ACT_KIND_DRAIN};
    for (size_t i = 0; i < ACT_COUNT(kinds); i++) {
        broker_kit_send_kind(kit, CLIENT, kinds[i], 1);
        assert_int_equal(broker_counters(kit->broker)->malformed, i + 1);
    }
    broker_on_malformed(kit->broker, CLIENT);
    assert_int_equal(broker_counters(kit->broker)->malformed, ACT_COUNT(kinds) + 1);
    assert_int_equal(kit->frames_count, 0);
    assert_non_null(broker_kit_peer(kit, CLIENT));
}

// --- affinity ------------------------------------------------------------------------------------

#define KEYS_COUNT 1000

// Calls with every key; notes which worker got which, and answers.
static void route_keys(broker_kit_t *kit, uint64_t routes[KEYS_COUNT])
{
    for (uint32_t i = 0; i < KEYS_COUNT; i++) {
        char key[32];
        snprintf(key, sizeof key, "conv-%u", i);
        broker_kit_call(kit, CLIENT, i + 1, "session", key);
        routes[i] = 0;
        for (uint64_t route = A; route <= D; route++)
            if (broker_kit_count(kit, route, ACT_KIND_CALL) > 0) {
                routes[i] = route;
                broker_kit_serve(kit, route);
            }
        assert_int_not_equal(routes[i], 0);
        broker_kit_forget(kit);
    }
}

static void start_four(broker_kit_t *kit)
{
    broker_kit_client(kit, CLIENT);
    broker_kit_worker(kit, A, "session", "session-1", 4);
    broker_kit_worker(kit, B, "session", "session-2", 4);
    broker_kit_worker(kit, C, "session", "session-3", 4);
    broker_kit_worker(kit, D, "session", "session-4", 4);
}

static void keys_are_spread_evenly_and_stay(void **state)
{
    broker_kit_t *kit = *state;
    start_four(kit);
    uint64_t first[KEYS_COUNT], again[KEYS_COUNT];
    route_keys(kit, first);
    route_keys(kit, again);
    assert_memory_equal(first, again, sizeof first);
    uint32_t counts[4] = {0};
    for (uint32_t i = 0; i < KEYS_COUNT; i++)
        counts[first[i] - A]++;
    for (int i = 0; i < 4; i++)
        assert_in_range(counts[i], KEYS_COUNT / 5, KEYS_COUNT * 3 / 10); // 25 % +- 5
}

static void when_one_goes_only_its_keys_move(void **state)
{
    broker_kit_t *kit = *state;
    start_four(kit);
    uint64_t before[KEYS_COUNT], after[KEYS_COUNT];
    route_keys(kit, before);
    broker_on_death(kit->broker, act_str("session-3"), C, /* has_crashed= */ true);
    route_keys(kit, after);
    uint32_t moved_count = 0;
    for (uint32_t i = 0; i < KEYS_COUNT; i++) {
        assert_true(before[i] == C || after[i] == before[i]);
        moved_count += before[i] != after[i];
    }
    assert_in_range(moved_count, KEYS_COUNT / 5, KEYS_COUNT * 3 / 10);
    broker_kit_worker(kit, C, "session", "session-3", 4); // and its keys come home
    route_keys(kit, after);
    assert_memory_equal(before, after, sizeof before);
}

static void calls_without_a_key_go_where_most_credit_is_free(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_kit_worker(kit, A, "session", "session-1", 2);
    broker_kit_worker(kit, B, "session", "session-2", 6);
    for (uint64_t id = 1; id <= 8; id++)
        broker_kit_call(kit, CLIENT, id, "session", NULL);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 2);
    assert_int_equal(broker_kit_count(kit, B, ACT_KIND_CALL), 6);
}

// --- hints and events ----------------------------------------------------------------------------

static void a_hint_is_sent_once_and_leaves_nothing_behind(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    act_header_t cast = broker_kit_call_header(5, "session", NULL);
    cast.kind = ACT_KIND_CAST;
    broker_kit_send(kit, CLIENT, &cast, act_str("x")); // nobody is there: lost
    broker_kit_worker(kit, A, "session", "session-1", 1);
    for (int i = 0; i < 3; i++)
        broker_kit_send(kit, CLIENT, &cast, act_str("x")); // hints need no credit
    kit_frame_t frame = broker_kit_expect(kit, A, ACT_KIND_CAST);
    assert_true(act_str_is(frame.header.sender, "client-1"));
    assert_int_equal(frame.header.id, 0);
    assert_int_equal(broker_counters(kit->broker)->casts, 3);
    assert_int_equal(broker_counters(kit->broker)->accepted, 0);
    cast.hops = ACT_HEADER_MAX_HOPS + 1;
    broker_kit_send(kit, CLIENT, &cast, act_str("x"));
    assert_int_equal(broker_counters(kit->broker)->casts, 3);
}

static void send_topic(broker_kit_t *kit, uint64_t route, act_kind_t kind, const char *topic)
{
    act_header_t header = {.kind = (uint8_t)kind, .service = act_str(topic)};
    broker_kit_send(kit, route, &header, act_str("news"));
}

static void events_reach_all_who_subscribed(void **state)
{
    broker_kit_t *kit = *state;
    for (uint64_t route = 1; route <= 4; route++)
        broker_kit_client(kit, route);
    send_topic(kit, 1, ACT_KIND_SUBSCRIBE, "conv/1");
    send_topic(kit, 1, ACT_KIND_SUBSCRIBE, "conv/1"); // again is the same
    send_topic(kit, 2, ACT_KIND_SUBSCRIBE, "conv/1");
    send_topic(kit, 3, ACT_KIND_SUBSCRIBE, "conv/2");
    send_topic(kit, 4, ACT_KIND_EVENT, "conv/1");
    for (uint64_t route = 1; route <= 2; route++) {
        kit_frame_t event = broker_kit_expect(kit, route, ACT_KIND_EVENT);
        assert_true(act_str_is(event.header.service, "conv/1"));
        assert_true(act_str_is(event.header.sender, "client-4"));
        assert_true(act_str_is(event.body, "news"));
    }
    assert_int_equal(kit->frames_count, 0);
    send_topic(kit, 1, ACT_KIND_UNSUBSCRIBE, "conv/1");
    broker_kit_send_kind(kit, 2, ACT_KIND_BYE, 0);
    send_topic(kit, 4, ACT_KIND_EVENT, "conv/1");
    assert_int_equal(kit->frames_count, 0);
}

static void a_slow_reader_misses_events_and_nobody_waits(void **state)
{
    broker_kit_t *kit = *state;
    for (uint64_t route = 1; route <= 3; route++) {
        broker_kit_client(kit, route);
        send_topic(kit, route, ACT_KIND_SUBSCRIBE, "conv/1");
    }
    kit->is_gone[2] = true;
    send_topic(kit, 1, ACT_KIND_EVENT, "conv/1");
    assert_int_equal(broker_kit_count(kit, 1, ACT_KIND_EVENT), 1);
    assert_int_equal(broker_kit_count(kit, 3, ACT_KIND_EVENT), 1);
    assert_int_equal(broker_counters(kit->broker)->events, 2);
    assert_int_equal(broker_counters(kit->broker)->events_dropped, 1);
}

static void everyone_hears_when_the_broker_goes(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, CLIENT);
    broker_kit_worker(kit, A, "session", "session-1", 4);
    broker_say_bye(kit->broker);
    broker_kit_expect(kit, CLIENT, ACT_KIND_BYE);
    broker_kit_expect(kit, A, ACT_KIND_BYE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, broker_kit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hello_is_welcomed_with_the_epoch),
        TEST(unknown_peers_are_asked_for_their_hello),
        TEST(a_bad_hello_is_refused_and_counted),
        TEST(nobody_may_offer_the_bus_itself),
        TEST(the_same_process_on_a_new_connection_stays_itself),
        TEST(a_name_belongs_to_one_process_at_a_time),
        TEST(a_name_whose_connection_is_gone_is_free_at_once),
        TEST(a_connection_may_become_another_instance),
        TEST(ready_may_come_later_and_counts_once),
        TEST(a_call_goes_to_its_service_and_the_answer_back),
        TEST(errors_come_back_as_they_were_given),
        TEST(an_answer_counts_once_and_only_from_its_worker),
        TEST(a_call_that_still_waits_cannot_be_answered),
        TEST(calls_that_cannot_be_taken_are_refused_at_once),
        TEST(calls_wait_for_a_service_that_is_expected),
        TEST(calls_of_a_key_that_waited_stay_together),
        TEST(calls_to_the_bus_are_answered_by_the_broker),
        TEST(a_bus_call_outlives_its_caller),
        TEST(kinds_that_only_the_broker_sends_are_counted_and_dropped),
        TEST(keys_are_spread_evenly_and_stay),
        TEST(when_one_goes_only_its_keys_move),
        TEST(calls_without_a_key_go_where_most_credit_is_free),
        TEST(a_hint_is_sent_once_and_leaves_nothing_behind),
        TEST(events_reach_all_who_subscribed),
        TEST(a_slow_reader_misses_events_and_nobody_waits),
        TEST(everyone_hears_when_the_broker_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
