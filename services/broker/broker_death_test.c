// broker_death_test: what becomes of calls when workers die, fall silent, drain or crash too often.
#include "broker.h"

#include "harness/broker_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENT = 1, OTHER_CLIENT, A = 10, B, C };

static int set_up(void **state)
{
    broker_kit_t *kit = broker_kit_new(&broker_kit_limits);
    broker_kit_client(kit, CLIENT);
    broker_expect_service(kit->broker, act_str("session"));
    *state = kit;
    return 0;
}

static void start(broker_kit_t *kit, uint64_t route, uint32_t credit_messages)
{
    char name[32];
    snprintf(name, sizeof name, "session-%d", (int)route);
    broker_kit_worker(kit, route, "session", name, credit_messages);
}

static void kill_worker(broker_kit_t *kit, uint64_t route)
{
    char name[32];
    snprintf(name, sizeof name, "session-%d", (int)route);
    broker_on_death(kit->broker, act_str(name), route, /* has_crashed= */ true);
}

static void call(broker_kit_t *kit, uint64_t id, const char *key)
{
    broker_kit_call(kit, CLIENT, id, "session", key);
}

static void call_once(broker_kit_t *kit, uint64_t id)
{
    act_header_t header = broker_kit_call_header(id, "session", NULL);
    header.flags = 0;
    broker_kit_send(kit, CLIENT, &header, act_str(""));
}

// The caller's ids of the calls a worker has, in the order they came, and their attempts: "1.2 2.2 ".
// The ids are found by answering.
static const char *held_by(broker_kit_t *kit, uint64_t worker)
{
    char *text = act_arena_alloc(kit->arena, 512);
    size_t len = 0;
    kit_frame_t frame, reply;
    for (uint32_t left = broker_kit_count(kit, worker, ACT_KIND_CALL); left > 0; left--) {
        assert_true(broker_kit_take(kit, worker, ACT_KIND_CALL, &frame));
        broker_kit_send_kind(kit, worker, ACT_KIND_REPLY, frame.header.id);
        assert_true(broker_kit_take(kit, CLIENT, ACT_KIND_REPLY, &reply));
        len += (size_t)snprintf(text + len, 512 - len, "%d.%d ", (int)reply.header.id,
                                frame.header.attempt);
    }
    return text;
}

// --- death ---------------------------------------------------------------------------------------

static void calls_of_the_dead_wait_at_the_head_for_the_next(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 3);
    for (uint64_t id = 1; id <= 6; id++)
        call(kit, id, NULL);
    kill_worker(kit, A);
    broker_kit_forget(kit);
    assert_int_equal(broker_counters(kit->broker)->requeued, 3);
    start(kit, B, 64);
    assert_string_equal(held_by(kit, B), "1.2 2.2 3.2 4.1 5.1 6.1 ");
}

static void calls_of_the_dead_keep_their_order_with_the_living(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 3);
    for (uint64_t id = 1; id <= 6; id++)
        call(kit, id, "conv-1");
    broker_kit_forget(kit);
    start(kit, B, 64); // too late for these: they are A's
    kill_worker(kit, A);
    assert_string_equal(held_by(kit, B), "1.2 2.2 3.2 4.1 5.1 6.1 ");
}

static void what_may_not_run_twice_ends_worker_lost(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 1);
    start(kit, B, 1);
    call_once(kit, 1);
    call_once(kit, 2);
    uint64_t first = broker_kit_count(kit, A, ACT_KIND_CALL) ? A : B;
    call_once(kit, 3); // waits, was nowhere yet
    kill_worker(kit, first);
    act_err_t err = act_err_from_number(broker_kit_expect(kit, CLIENT, ACT_KIND_ERROR).header.err);
    assert_int_equal(err, ACT_E_WORKER_LOST);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 0);
    assert_int_equal(broker_counters(kit->broker)->requeued, 0);
    assert_int_equal(broker_open_count(kit->broker), 2);
}

// Call 1 loses so many workers, one after the other.
static void lose_workers(broker_kit_t *kit, int count, bool has_crashed)
{
    call(kit, 1, NULL);
    for (int attempt = 1; attempt <= count; attempt++) {
        assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 0);
        start(kit, A, 1);
        assert_int_equal(broker_kit_expect(kit, A, ACT_KIND_CALL).header.attempt, attempt);
        broker_on_death(kit->broker, act_str("session-10"), A, has_crashed);
    }
}

static void a_call_that_kills_three_workers_is_a_dead_letter(void **state)
{
    broker_kit_t *kit = *state;
    lose_workers(kit, 3, /* has_crashed= */ true);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 1), ACT_E_DEAD_LETTER);
    assert_int_equal(broker_counters(kit->broker)->requeued, 2);
    start(kit, A, 1);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0);
}

// The attempt that a call is at which a worker was sent, and the broker's id of it.
static uint32_t taken_by(broker_kit_t *kit, uint64_t worker, uint64_t *ret_id)
{
    kit_frame_t frame;
    assert_true(broker_kit_take(kit, worker, ACT_KIND_CALL, &frame));
    *ret_id = frame.header.id;
    return frame.header.attempt;
}

static void only_the_poison_of_many_is_a_dead_letter(void **state)
{
    broker_kit_t *kit = *state;
    for (uint64_t id = 1; id <= 3; id++)
        call(kit, id, NULL);
    for (int i = 0; i < 2; i++) {
        start(kit, A, 8);
        assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 3);
        kill_worker(kit, A);
        broker_kit_forget(kit);
    }
    call(kit, 4, NULL); // has done nothing yet
    start(kit, A, 8);
    uint64_t suspect, other;
    assert_int_equal(taken_by(kit, A, &suspect), 3);
    assert_int_equal(taken_by(kit, A, &other), 1);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0); // one suspect at a time
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, suspect);
    assert_int_equal(broker_kit_expect(kit, CLIENT, ACT_KIND_REPLY).header.id, 1);
    assert_int_equal(taken_by(kit, A, &suspect), 3);
    kill_worker(kit, A);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 2), ACT_E_DEAD_LETTER);
    start(kit, B, 8);
    assert_string_equal(held_by(kit, B), "3.3 4.2 ");
}

static void who_was_only_killed_gets_twice_as_many(void **state)
{
    broker_kit_t *kit = *state;
    lose_workers(kit, 6, /* has_crashed= */ false);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 1), ACT_E_DEAD_LETTER);
}

static void a_death_is_of_one_process_only(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 1);
    broker_on_death(kit->broker, act_str("session-10"), A + 1,
                    /* has_crashed= */ true); // an older process of that name
    broker_on_death(kit->broker, act_str("session-99"), A, /* has_crashed= */ true);
    assert_non_null(broker_kit_peer(kit, A));
}

// --- workers that cannot be reached --------------------------------------------------------------

// Nothing was sent, so nothing was tried: it is no attempt, and what may not run twice may still run.
static void a_send_that_fails_is_no_attempt(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 8);
    start(kit, B, 2);
    kit->is_gone[A] = true; // most free credit, but dead
    call(kit, 1, NULL);
    call_once(kit, 2);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 0);
    assert_string_equal(held_by(kit, B), "1.1 2.1 ");
    assert_int_equal(broker_kit_peer(kit, A)->state, PEER_LOST);
}

static void when_none_can_be_reached_calls_wait(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 8);
    start(kit, B, 8);
    kit->is_gone[A] = kit->is_gone[B] = true;
    call(kit, 1, "conv-1");
    call(kit, 2, NULL);
    assert_int_equal(kit->frames_count, 0);
    assert_int_equal(broker_open_count(kit->broker), 2);
    start(kit, C, 8);
    assert_string_equal(held_by(kit, C), "1.1 2.1 ");
}

static void silence_is_pinged_and_then_work_moves_on(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 8);
    call(kit, 1, NULL);
    act_header_t header = broker_kit_call_header(2, "session", NULL);
    header.budget_ms = 60000;
    broker_kit_send(kit, CLIENT, &header, act_str(""));
    broker_kit_expect(kit, A, ACT_KIND_CALL);
    broker_kit_expect(kit, A, ACT_KIND_CALL);
    broker_kit_pass_ms(kit, 990);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_PING), 0);
    broker_kit_pass_ms(kit, 3500);
    assert_in_range(broker_kit_count(kit, A, ACT_KIND_PING), 3, 5);
    start(kit, B, 8);
    broker_kit_pass_ms(kit, 600);
    assert_int_equal(broker_kit_peer(kit, A)->state, PEER_LOST);
    assert_int_equal(broker_kit_expect(kit, B, ACT_KIND_CALL).header.attempt, 2);
}

static void a_lost_worker_that_is_heard_again_goes_on(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 8);
    broker_kit_pass_ms(kit, 6000);
    call(kit, 1, NULL);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0);
    broker_kit_send_kind(kit, A, ACT_KIND_PONG, 0);
    assert_int_equal(broker_kit_peer(kit, A)->state, PEER_READY);
    assert_string_equal(held_by(kit, A), "1.1 ");
}

// Its last word must not fetch it calls that die with it.
static void a_lost_worker_that_says_bye_gets_nothing(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 8);
    broker_kit_pass_ms(kit, 6000);
    call_once(kit, 1);
    broker_kit_send_kind(kit, A, ACT_KIND_BYE, 0);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 0);
    start(kit, B, 8);
    assert_string_equal(held_by(kit, B), "1.1 ");
}

static void a_client_that_is_gone_is_forgotten(void **state)
{
    broker_kit_t *kit = *state;
    kit->is_gone[CLIENT] = true;
    broker_kit_pass_ms(kit, 10000);
    assert_null(broker_kit_peer(kit, CLIENT));
    kit->is_gone[CLIENT] = false;
}

static void answers_to_a_caller_that_is_gone_are_dropped(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 1);
    call(kit, 1, NULL);
    call(kit, 2, NULL);
    uint64_t id = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    broker_kit_send_kind(kit, CLIENT, ACT_KIND_BYE, 0);
    assert_int_equal(broker_kit_expect(kit, A, ACT_KIND_CANCEL).header.id, id);
    assert_int_equal(broker_counters(kit->broker)->cancelled, 2);
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, id);
    assert_int_equal(kit->frames_count, 0);
    assert_int_equal(broker_open_count(kit->broker), 0);
    assert_int_equal(broker_kit_peer(kit, A)->in_flight.count, 0);
}

// --- drain ---------------------------------------------------------------------------------------

static void a_draining_worker_finishes_and_gets_nothing_new(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 2);
    call(kit, 1, NULL);
    assert_true(broker_drain(kit->broker, act_str("session-10")));
    broker_kit_expect(kit, A, ACT_KIND_DRAIN);
    call(kit, 2, NULL);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 1);
    assert_string_equal(held_by(kit, A), "1.1 ");
    broker_kit_send_kind(kit, A, ACT_KIND_BYE, 0);
    start(kit, B, 2);
    assert_string_equal(held_by(kit, B), "2.1 ");
    assert_false(broker_drain(kit->broker, act_str("none")));
}

static void calls_that_wait_for_a_draining_worker_go_to_others_at_once(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 1);
    for (uint64_t id = 1; id <= 3; id++)
        call(kit, id, "conv-1");
    start(kit, B, 8);
    assert_int_equal(broker_kit_count(kit, B, ACT_KIND_CALL), 0);
    broker_drain(kit->broker, act_str("session-10"));
    assert_string_equal(held_by(kit, B), "2.1 3.1 ");
    assert_string_equal(held_by(kit, A), "1.1 ");
}

// What was on its way between process and broker went with the old connection. The process may still
// work on what it had: it is told, and its credit is held until it has answered.
static void a_worker_on_a_new_connection_starts_with_empty_hands(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 2);
    call(kit, 1, NULL);
    call_once(kit, 2);
    uint64_t first = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    uint64_t second = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    peer_t *peer = broker_kit_peer(kit, A);
    peer->pid = B; // the next HELLO comes from the same process
    peer->pid_start = B;
    broker_kit_worker(kit, B, "session", "session-10", 2);
    assert_ptr_equal(broker_kit_peer(kit, B), peer);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 2), ACT_E_WORKER_LOST);
    assert_int_equal(broker_kit_count(kit, B, ACT_KIND_CANCEL), 2);
    assert_int_equal(broker_kit_count(kit, B, ACT_KIND_CALL), 0);
    broker_kit_send_kind(kit, B, ACT_KIND_REPLY, first); // late: it was taken away
    assert_int_equal(broker_counters(kit->broker)->late, 1);
    broker_kit_send_kind(kit, B, ACT_KIND_ERROR, second);
    assert_string_equal(held_by(kit, B), "1.2 ");
    assert_int_equal(peer->in_flight.count, 0);
}

// Row 1: a worker that was silent and is heard again never has more than its credit.
static void a_lost_worker_holds_credit_for_what_it_still_works_on(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 2);
    call(kit, 1, NULL);
    call(kit, 2, NULL);
    uint64_t first = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    broker_kit_expect(kit, A, ACT_KIND_CALL);
    act_header_t header = broker_kit_call_header(3, "session", NULL);
    header.budget_ms = 20000;
    broker_kit_pass_ms(kit, 4000);
    broker_kit_send(kit, CLIENT, &header, act_str(""));
    broker_kit_pass_ms(kit, 1000); // calls 1 and 2 expire, the worker is lost
    broker_kit_send_kind(kit, A, ACT_KIND_PONG, 0);
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, first);
    assert_true(broker_kit_count(kit, A, ACT_KIND_CALL) <= 1);
    broker_kit_pass_ms(kit, 100);
    assert_string_equal(held_by(kit, A), "3.1 ");
}

static void a_taken_call_that_comes_back_has_another_id(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 2);
    act_header_t header = broker_kit_call_header(1, "session", NULL);
    header.budget_ms = 20000;
    broker_kit_send(kit, CLIENT, &header, act_str(""));
    uint64_t first = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    broker_kit_pass_ms(kit, 6000);
    broker_kit_send_kind(kit, A, ACT_KIND_PONG, 0);
    assert_int_equal(broker_kit_expect(kit, A, ACT_KIND_CANCEL).header.id, first);
    kit_frame_t again = broker_kit_expect(kit, A, ACT_KIND_CALL);
    assert_int_equal(again.header.attempt, 2);
    assert_true(again.header.id != first);
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, first);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_REPLY), 0);
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, again.header.id);
    broker_kit_expect(kit, CLIENT, ACT_KIND_REPLY);
}

// The client's runtime asks again after it reconnected; while the broker lives, the first is enough.
static void a_call_asked_again_while_it_is_open_runs_once(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 2);
    call(kit, 1, NULL);
    call(kit, 1, NULL);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 1);
    assert_int_equal(broker_counters(kit->broker)->repeated, 1);
    assert_string_equal(held_by(kit, A), "1.1 ");
}

// It was told to stop: silence in between does not make it ready again.
static void a_draining_worker_stays_draining(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 2);
    broker_drain(kit->broker, act_str("session-10"));
    broker_kit_pass_ms(kit, 6000);
    broker_kit_send_kind(kit, A, ACT_KIND_PONG, 0);
    call(kit, 1, NULL);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0);
    assert_int_not_equal(broker_kit_peer(kit, A)->state, PEER_READY);
}

// --- parking -------------------------------------------------------------------------------------

static void a_parked_service_refuses_at_once(void **state)
{
    broker_kit_t *kit = *state;
    call(kit, 1, NULL);
    call(kit, 2, "conv-1");
    broker_park_service(kit->broker, act_str("session"), /* is_parked= */ true);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 1), ACT_E_UNAVAILABLE);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 2), ACT_E_UNAVAILABLE);
    call(kit, 3, NULL);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 3), ACT_E_UNAVAILABLE);
    broker_park_service(kit->broker, act_str("session"), /* is_parked= */ false);
    call(kit, 4, NULL);
    assert_int_equal(kit->frames_count, 0);
}

// One of several children crashes in a loop: "the rest lives on" (broker.md row 13).
static void a_parked_child_stops_no_other_instance(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 8);
    broker_park_service(kit->broker, act_str("session"), /* is_parked= */ true);
    call(kit, 1, NULL);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 0);
    assert_string_equal(held_by(kit, A), "1.1 ");
    kill_worker(kit, A);
    call(kit, 2, NULL);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 2), ACT_E_UNAVAILABLE);
}

static void calls_of_the_last_one_do_not_wait_for_a_parked_child(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 1);
    call(kit, 1, NULL);
    call(kit, 2, NULL);
    call(kit, 3, "conv-1");
    broker_park_service(kit->broker, act_str("session"), /* is_parked= */ true);
    kill_worker(kit, A);
    for (uint64_t id = 1; id <= 3; id++)
        assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 3);
    assert_int_equal(broker_open_count(kit->broker), 0);
}

// --- time ----------------------------------------------------------------------------------------

static void call_for(broker_kit_t *kit, uint64_t id, uint32_t budget_ms)
{
    act_header_t header = broker_kit_call_header(id, "session", NULL);
    header.budget_ms = budget_ms;
    broker_kit_send(kit, CLIENT, &header, act_str(""));
}

static void a_deadline_ends_a_call_that_waits(void **state)
{
    broker_kit_t *kit = *state;
    call_for(kit, 1, 200);
    broker_kit_pass_ms(kit, 190);
    assert_int_equal(kit->frames_count, 0);
    broker_kit_pass_ms(kit, 20);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 1), ACT_E_DEADLINE);
    start(kit, A, 1);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0); // refused before dispatch
}

static void a_deadline_in_flight_cancels_the_work(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 1);
    call_for(kit, 1, 200);
    uint64_t id = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    broker_kit_pass_ms(kit, 210);
    assert_int_equal(broker_kit_expect_error(kit, CLIENT, 1), ACT_E_DEADLINE);
    assert_int_equal(broker_kit_expect(kit, A, ACT_KIND_CANCEL).header.id, id);
    assert_int_equal(broker_open_count(kit->broker), 0);
    broker_kit_pass_ms(kit, 500);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CANCEL), 0); // told once
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, id);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_REPLY), 0);
    call_for(kit, 2, 200);
    broker_kit_expect(kit, A, ACT_KIND_CALL); // the credit is back
}

static void a_worker_is_told_what_is_left_of_the_budget(void **state)
{
    broker_kit_t *kit = *state;
    call_for(kit, 1, 500);
    broker_kit_pass_ms(kit, 300);
    start(kit, A, 1);
    assert_int_equal(broker_kit_expect(kit, A, ACT_KIND_CALL).header.budget_ms, 200);
    broker_kit_pass_ms(kit, 100);
    kill_worker(kit, A);
    start(kit, B, 1);
    assert_int_equal(broker_kit_expect(kit, B, ACT_KIND_CALL).header.budget_ms, 100);
}

static void an_abandoned_call_dies_quietly_with_its_worker(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 1);
    call_for(kit, 1, 200);
    broker_kit_pass_ms(kit, 300);
    broker_kit_forget(kit);
    kill_worker(kit, A);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 0);
    assert_int_equal(broker_open_count(kit->broker), 0);
}

// --- cancel --------------------------------------------------------------------------------------

static void cancel_ends_a_call_wherever_it_is(void **state)
{
    broker_kit_t *kit = *state;
    start(kit, A, 1);
    call(kit, 1, NULL);
    call(kit, 2, NULL);
    uint64_t id = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    for (int i = 0; i < 2; i++) { // a second time finds nothing
        broker_kit_send_kind(kit, CLIENT, ACT_KIND_CANCEL, 2);
        broker_kit_send_kind(kit, CLIENT, ACT_KIND_CANCEL, 1);
    }
    assert_int_equal(broker_counters(kit->broker)->cancelled, 2);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CANCEL), 1);
    assert_int_equal(broker_kit_expect(kit, A, ACT_KIND_CANCEL).header.id, id);
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, id);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_REPLY), 0);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0);
}

static void nobody_can_cancel_the_call_of_another(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_client(kit, OTHER_CLIENT);
    start(kit, A, 1);
    call(kit, 1, NULL);
    broker_kit_send_kind(kit, OTHER_CLIENT, ACT_KIND_CANCEL, 1);
    broker_kit_send_kind(kit, CLIENT, ACT_KIND_CANCEL, 0);
    broker_kit_send_kind(kit, CLIENT, ACT_KIND_CANCEL, 99);
    assert_int_equal(broker_counters(kit->broker)->cancelled, 0);
    assert_int_equal(broker_open_count(kit->broker), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, broker_kit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_of_the_dead_wait_at_the_head_for_the_next),
        TEST(calls_of_the_dead_keep_their_order_with_the_living),
        TEST(what_may_not_run_twice_ends_worker_lost),
        TEST(a_call_that_kills_three_workers_is_a_dead_letter),
        TEST(only_the_poison_of_many_is_a_dead_letter),
        TEST(who_was_only_killed_gets_twice_as_many),
        TEST(a_death_is_of_one_process_only),
        TEST(a_send_that_fails_is_no_attempt),
        TEST(when_none_can_be_reached_calls_wait),
        TEST(silence_is_pinged_and_then_work_moves_on),
        TEST(a_lost_worker_that_is_heard_again_goes_on),
        TEST(a_lost_worker_that_says_bye_gets_nothing),
        TEST(a_client_that_is_gone_is_forgotten),
        TEST(answers_to_a_caller_that_is_gone_are_dropped),
        TEST(a_draining_worker_finishes_and_gets_nothing_new),
        TEST(calls_that_wait_for_a_draining_worker_go_to_others_at_once),
        TEST(a_worker_on_a_new_connection_starts_with_empty_hands),
        TEST(a_lost_worker_holds_credit_for_what_it_still_works_on),
        TEST(a_taken_call_that_comes_back_has_another_id),
        TEST(a_call_asked_again_while_it_is_open_runs_once),
        TEST(a_draining_worker_stays_draining),
        TEST(a_parked_service_refuses_at_once),
        TEST(a_parked_child_stops_no_other_instance),
        TEST(calls_of_the_last_one_do_not_wait_for_a_parked_child),
        TEST(a_deadline_ends_a_call_that_waits),
        TEST(a_deadline_in_flight_cancels_the_work),
        TEST(a_worker_is_told_what_is_left_of_the_budget),
        TEST(an_abandoned_call_dies_quietly_with_its_worker),
        TEST(cancel_ends_a_call_wherever_it_is),
        TEST(nobody_can_cancel_the_call_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
