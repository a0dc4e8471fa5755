// broker_flow_test: credit is never exceeded, queues have an end, and no class starves another.
#include "broker.h"

#include "harness/broker_kit.h"
#include "proto/common.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENT = 1, A = 10, B };

static int set_up(void **state)
{
    broker_kit_t *kit = broker_kit_new(&broker_kit_limits);
    broker_kit_client(kit, CLIENT);
    *state = kit;
    return 0;
}

static void call_class(broker_kit_t *kit, uint64_t id, act_class_t class_)
{
    act_header_t header = broker_kit_call_header(id, "session", NULL);
    header.class_ = (uint8_t)class_;
    broker_kit_send(kit, CLIENT, &header, act_str(""));
}

static void call_bytes(broker_kit_t *kit, uint64_t id, size_t size_bytes)
{
    ACT_AUTO_FREE char *body = act_alloc(size_bytes);
    act_header_t header = broker_kit_call_header(id, "session", NULL);
    broker_kit_send(kit, CLIENT, &header, act_str_of(body, size_bytes));
}

// The caller's ids of the calls that reached a worker, answered one by one, as text: "1 2 3 ".
static const char *served_order(broker_kit_t *kit, uint64_t worker)
{
    act_buf_t order;
    act_buf_init(&order, 65536);
    kit_frame_t call, reply;
    while (broker_kit_take(kit, worker, ACT_KIND_CALL, &call)) {
        broker_kit_send_kind(kit, worker, ACT_KIND_REPLY, call.header.id);
        assert_true(broker_kit_take(kit, CLIENT, ACT_KIND_REPLY, &reply));
        act_buf_printf(&order, "%d ", (int)reply.header.id);
    }
    const char *text = act_arena_str(kit->arena, act_buf_str(&order)).ptr;
    act_buf_fini(&order);
    return text;
}

// --- credit --------------------------------------------------------------------------------------

static void a_worker_gets_no_more_calls_than_its_credit(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 3);
    for (uint64_t id = 1; id <= 10; id++)
        broker_kit_call(kit, CLIENT, id, "session", NULL);
    for (int answered = 0; answered < 10; answered++) {
        uint32_t waiting = broker_kit_count(kit, A, ACT_KIND_CALL);
        assert_int_equal(waiting, answered <= 7 ? 3 : 10 - answered);
        assert_int_equal(broker_kit_peer(kit, A)->in_flight.count, waiting);
        broker_kit_serve(kit, A);
    }
    assert_int_equal(broker_counters(kit->broker)->replied, 10);
}

static void a_worker_gets_no_more_bytes_than_its_credit(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_hello(kit, A, "session", "session-1", /* is_ready= */ true, 64, 1000);
    for (uint64_t id = 1; id <= 5; id++)
        call_bytes(kit, id, 400);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 2);
    call_bytes(kit, 6, 0); // waits its turn though it would fit
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 2);
    assert_string_equal(served_order(kit, A), "1 2 3 4 5 6 ");
}

// It would wait for ever otherwise.
static void a_call_larger_than_all_credit_goes_alone(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_hello(kit, A, "session", "session-1", /* is_ready= */ true, 64, 1000);
    call_bytes(kit, 1, 10);
    call_bytes(kit, 2, 5000);
    call_bytes(kit, 3, 10);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 1);
    broker_kit_serve(kit, A);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 1);
    broker_kit_serve(kit, A);
    broker_kit_serve(kit, A);
    assert_int_equal(broker_counters(kit->broker)->replied, 3);
}

static void a_worker_without_credit_gets_nothing(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 0);
    broker_kit_call(kit, CLIENT, 1, "session", NULL);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0);
    broker_kit_worker(kit, A, "session", "session-1", 5); // says HELLO again with more
    broker_kit_pass_ms(kit, 10);
    broker_kit_call(kit, CLIENT, 2, "session", NULL);
    assert_string_equal(served_order(kit, A), "1 2 ");
}

static void an_abandoned_call_holds_its_credit_until_answered(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 1);
    broker_kit_call(kit, CLIENT, 1, "session", NULL);
    uint64_t id = broker_kit_expect(kit, A, ACT_KIND_CALL).header.id;
    broker_kit_send_kind(kit, CLIENT, ACT_KIND_CANCEL, 1);
    broker_kit_call(kit, CLIENT, 2, "session", NULL);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 0);
    assert_int_equal(broker_open_count(kit->broker), 1);
    broker_kit_send_kind(kit, A, ACT_KIND_REPLY, id);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_REPLY), 0);
    assert_int_equal(broker_kit_count(kit, A, ACT_KIND_CALL), 1);
}

static void keyed_calls_wait_for_their_instance_and_others_do_not(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 1);
    broker_kit_worker(kit, B, "session", "session-2", 1);
    broker_kit_call(kit, CLIENT, 1, "session", "conv-1");
    uint64_t home = broker_kit_count(kit, A, ACT_KIND_CALL) ? A : B;
    uint64_t other = home == A ? B : A;
    broker_kit_call(kit, CLIENT, 2, "session", "conv-1");
    broker_kit_call(kit, CLIENT, 3, "session", NULL);
    assert_string_equal(served_order(kit, other), "3 ");
    assert_string_equal(served_order(kit, home), "1 2 ");
}

static void one_queue_keeps_the_order_of_arrival(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 1);
    for (uint64_t id = 1; id <= 9; id++)
        broker_kit_call(kit, CLIENT, id, "session", id % 3 == 0 ? NULL : id % 3 == 1 ? "x" : "y");
    assert_string_equal(served_order(kit, A), "1 2 3 4 5 6 7 8 9 ");
}

// --- queue bounds --------------------------------------------------------------------------------

static uint32_t retry_after_of(broker_kit_t *kit, uint64_t id)
{
    kit_frame_t frame = broker_kit_expect(kit, CLIENT, ACT_KIND_ERROR);
    assert_int_equal(frame.header.id, id);
    assert_int_equal(frame.header.err, ACT_E_OVERLOADED);
    error_body_t error;
    assert_int_equal(error_body_unpack(frame.body, kit->arena, &error, NULL), ACT_E_OK);
    return error.retry_after_ms;
}

static void a_full_queue_refuses_and_says_when_to_come_back(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 1);
    for (uint64_t id = 1; id <= 101; id++) // one in flight, 100 wait
        broker_kit_call(kit, CLIENT, id, "session", id % 2 ? NULL : "conv-1");
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 0);
    broker_kit_call(kit, CLIENT, 102, "session", NULL);
    assert_in_range(retry_after_of(kit, 102), 1, 10000);
    broker_kit_call(kit, CLIENT, 103, "session", "conv-1");
    assert_in_range(retry_after_of(kit, 103), 1, 10000);
    assert_int_equal(broker_counters(kit->broker)->refused, 2);
    broker_kit_serve(kit, A);
    broker_kit_call(kit, CLIENT, 104, "session", NULL);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 0);
}

static void a_queue_has_an_end_in_bytes_too(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 1);
    call_bytes(kit, 1, 60000); // in flight: not in the queue
    call_bytes(kit, 2, 60000);
    call_bytes(kit, 3, 5536);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 0);
    call_bytes(kit, 4, 1);
    retry_after_of(kit, 4);
    broker_kit_serve(kit, A);
    call_bytes(kit, 5, 60000);
    assert_int_equal(broker_kit_count(kit, CLIENT, ACT_KIND_ERROR), 0);
}

static void a_full_queue_of_one_service_stops_no_other(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 1);
    broker_kit_worker(kit, B, "delivery", "delivery-1", 1);
    for (uint64_t id = 1; id <= 150; id++)
        broker_kit_call(kit, CLIENT, id, "session", NULL);
    broker_kit_call(kit, CLIENT, 200, "delivery", NULL);
    broker_kit_serve(kit, B);
    assert_int_equal(broker_kit_expect(kit, CLIENT, ACT_KIND_REPLY).header.id, 200);
}

// --- classes -------------------------------------------------------------------------------------

static void control_goes_before_everything(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 1);
    call_class(kit, 1, ACT_CLASS_BULK);
    call_class(kit, 2, ACT_CLASS_BULK);
    call_class(kit, 3, ACT_CLASS_INTERACTIVE);
    call_class(kit, 4, ACT_CLASS_CONTROL);
    call_class(kit, 5, ACT_CLASS_CONTROL);
    const char *order = served_order(kit, A);
    assert_true(strncmp(order, "1 4 5 ", 6) == 0);
}

static void bulk_gets_its_share_behind_interactive_work(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 1);
    broker_kit_call(kit, CLIENT, 1000, "session", NULL);
    for (uint64_t id = 0; id < 20; id++)
        call_class(kit, 100 + id, ACT_CLASS_BULK);
    for (uint64_t id = 0; id < 80; id++)
        call_class(kit, 200 + id, ACT_CLASS_INTERACTIVE);
    broker_kit_serve(kit, A);
    broker_kit_expect(kit, CLIENT, ACT_KIND_REPLY);
    uint32_t bulk_count = 0, longest_run = 0, run = 0;
    for (int i = 0; i < 40; i++) { // both kinds wait all the time
        broker_kit_serve(kit, A);
        bool is_bulk = broker_kit_expect(kit, CLIENT, ACT_KIND_REPLY).header.id < 200;
        bulk_count += is_bulk;
        run = is_bulk ? 0 : run + 1;
        longest_run = run > longest_run ? run : longest_run;
    }
    assert_in_range(bulk_count, 4, 8); // at least 10 %, and far from half
    assert_in_range(longest_run, 1, 8);
}

static void bulk_alone_has_everything(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 1);
    for (uint64_t id = 1; id <= 20; id++)
        call_class(kit, id, ACT_CLASS_BULK);
    assert_string_equal(served_order(kit, A),
                        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 ");
}

static void the_class_survives_the_death_of_a_worker(void **state)
{
    broker_kit_t *kit = *state;
    broker_kit_worker(kit, A, "session", "session-1", 1);
    call_class(kit, 1, ACT_CLASS_BULK);
    call_class(kit, 2, ACT_CLASS_INTERACTIVE);
    call_class(kit, 3, ACT_CLASS_CONTROL);
    broker_on_death(kit->broker, act_str("session-1"), A, /* has_crashed= */ true);
    broker_kit_forget(kit);
    broker_expect_service(kit->broker, act_str("session"));
    broker_kit_worker(kit, B, "session", "session-2", 1);
    assert_string_equal(served_order(kit, B), "3 2 1 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, broker_kit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_worker_gets_no_more_calls_than_its_credit),
        TEST(a_worker_gets_no_more_bytes_than_its_credit),
        TEST(a_call_larger_than_all_credit_goes_alone),
        TEST(a_worker_without_credit_gets_nothing),
        TEST(an_abandoned_call_holds_its_credit_until_answered),
        TEST(keyed_calls_wait_for_their_instance_and_others_do_not),
        TEST(one_queue_keeps_the_order_of_arrival),
        TEST(a_full_queue_refuses_and_says_when_to_come_back),
        TEST(a_queue_has_an_end_in_bytes_too),
        TEST(a_full_queue_of_one_service_stops_no_other),
        TEST(control_goes_before_everything),
        TEST(bulk_gets_its_share_behind_interactive_work),
        TEST(bulk_alone_has_everything),
        TEST(the_class_survives_the_death_of_a_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
