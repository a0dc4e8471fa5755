// dead_letters_test: row 4: calls that were given up reach the database with the causes of their
// attempts, wait for it within bounds, and are sent again when somebody says so.
#include "dead_letters.h"

#include "harness/broker_kit.h"
#include "proto/persistence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { CLIENT = 1, OPERATOR, STORE = 5, A = 10 };

typedef struct {
    broker_kit_t *kit;
    dead_letters_t *letters;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->kit = broker_kit_new(&broker_kit_limits);
    self->letters = dead_letters_new(self->kit->broker, NULL);
    self->kit->on_dead = dead_letters_on_dead;
    self->kit->dead_context = self->letters;
    broker_kit_client(self->kit, CLIENT);
    broker_kit_client(self->kit, OPERATOR);
    broker_expect_service(self->kit->broker, act_str("agent"));
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    broker_kit_assert_conserved(self->kit);
    broker_kit_destroy(&self->kit);
    dead_letters_destroy(&self->letters);
    act_free(self);
    return 0;
}

static void pass(fixture_t *self, int64_t by_ms)
{
    for (int64_t i = 0; i < by_ms; i += 10) {
        broker_kit_pass_ms(self->kit, 10);
        dead_letters_on_tick(self->letters);
    }
}

// The call kills three workers.
static void die(fixture_t *self, uint64_t id, const char *body)
{
    act_header_t header = broker_kit_call_header(id, "agent", "conv-1");
    header.flags |= ACT_FLAG_ORDERED;
    header.tenant = ACT_STR("acme");
    header.trace = (act_trace_t){0xabc, 0xdef, 1};
    broker_kit_send(self->kit, CLIENT, &header, act_str(body));
    for (uint64_t route = A; route < A + 3; route++) {
        char name[32];
        snprintf(name, sizeof name, "agent-%d", (int)route);
        broker_kit_worker(self->kit, route, "agent", name, 8);
        broker_kit_expect(self->kit, route, ACT_KIND_CALL);
        broker_on_death(self->kit->broker, act_str(name), route, /* has_crashed= */ true);
        broker_kit_pass_ms(self->kit, 10);
    }
}

static uint64_t expect_put(fixture_t *self, put_dead_call_request_t *ret_request)
{
    kit_frame_t call = broker_kit_expect(self->kit, STORE, ACT_KIND_CALL);
    assert_true(act_str_is(call.header.method, "put_dead_call"));
    assert_int_equal(call.header.class_, ACT_CLASS_CONTROL);
    assert_int_equal(put_dead_call_request_unpack(call.body, self->kit->arena, ret_request, NULL),
                     ACT_E_OK);
    return call.header.id;
}

static void row_4_the_whole_message_is_kept_with_its_causes(void **state)
{
    fixture_t *self = *state;
    broker_kit_worker(self->kit, STORE, "persistence", "persistence", 8);
    die(self, 1, "\x81\xa1n\x2a");
    pass(self, 20);
    put_dead_call_request_t letter;
    uint64_t id = expect_put(self, &letter);
    assert_true(act_str_is(letter.of_tenant, "acme"));
    assert_true(act_str_is(letter.service, "agent"));
    assert_true(act_str_is(letter.lane_key, "conv-1"));
    assert_true(act_str_is(letter.caller, "client-1"));
    assert_true(act_str_is(letter.last_worker, "agent-12"));
    assert_true(act_str_is(letter.trace, "0000000000000abc0000000000000def"));
    assert_true(act_str_is(letter.body, "81a16e2a"));
    assert_int_equal(letter.attempts, 3);
    assert_true(act_str_is(letter.reason, act_err_code(ACT_E_DEAD_LETTER)));
    assert_true(act_str_is(letter.causes, "20 ms before: agent-10 crashed\n"
                                          "10 ms before: agent-11 crashed\n"
                                          "0 ms before: agent-12 crashed\n"));
    broker_kit_send_kind(self->kit, STORE, ACT_KIND_REPLY, id);
    pass(self, 20);
    assert_int_equal(dead_letters_count(self->letters), 0);
}

static void row_4_a_poll_that_loses_its_worker_is_not_kept(void **state)
{
    fixture_t *self = *state;
    act_header_t header = broker_kit_call_header(7, "agent", NULL);
    header.flags = ACT_FLAG_POLL;
    broker_kit_worker(self->kit, A, "agent", "agent-10", 8);
    broker_kit_send(self->kit, CLIENT, &header, act_str(""));
    broker_kit_expect(self->kit, A, ACT_KIND_CALL);
    broker_on_death(self->kit->broker, act_str("agent-10"), A, /* has_crashed= */ true);
    assert_int_equal(broker_kit_expect_error(self->kit, CLIENT, 7), ACT_E_WORKER_LOST);
    assert_int_equal(dead_letters_count(self->letters), 0);
    const ledger_counters_t *counters = broker_counters(self->kit->broker);
    assert_int_equal(counters->failed, 1);
    assert_int_equal(counters->dead + counters->requeued, 0);
}

static void letters_wait_for_the_database(void **state)
{
    fixture_t *self = *state;
    die(self, 1, "");
    die(self, 2, "");
    pass(self, 3000);
    assert_int_equal(dead_letters_count(self->letters), 2);
    broker_kit_worker(self->kit, STORE, "persistence", "persistence", 8);
    pass(self, 20);
    put_dead_call_request_t letter;
    act_header_t away = {.kind = ACT_KIND_ERROR, .err = ACT_E_DATABASE};
    for (int i = 0; i < 2; i++) {
        away.id = expect_put(self, &letter);
        broker_kit_send(self->kit, STORE, &away, act_str(""));
    }
    pass(self, 500);
    assert_int_equal(broker_kit_count(self->kit, STORE, ACT_KIND_CALL), 0); // not at once again
    broker_kit_send_kind(self->kit, STORE, ACT_KIND_PONG, 0);
    pass(self, 1000);
    for (int i = 0; i < 2; i++)
        broker_kit_send_kind(self->kit, STORE, ACT_KIND_REPLY, expect_put(self, &letter));
    pass(self, 20);
    assert_int_equal(dead_letters_count(self->letters), 0);
    assert_int_equal(dead_letters_dropped_count(self->letters), 0);
}

static void what_waits_has_an_end_and_the_oldest_goes(void **state)
{
    fixture_t *self = *state;
    for (uint64_t id = 1; id <= DEAD_LETTERS_MAX_COUNT + 10; id++) {
        die(self, id, "");
        broker_kit_forget(self->kit);
    }
    assert_int_equal(dead_letters_count(self->letters), DEAD_LETTERS_MAX_COUNT);
    assert_int_equal(dead_letters_dropped_count(self->letters), 10);
}

// The step of a retry that asks persistence: takes the call, checks its method, answers.
static void answer_store(fixture_t *self, const char *method, const act_model_t *model,
                         const void *reply)
{
    pass(self, 20);
    kit_frame_t call = broker_kit_expect(self->kit, STORE, ACT_KIND_CALL);
    assert_true(act_str_is(call.header.method, method));
    act_buf_t body;
    act_buf_init(&body, 65536);
    act_model_pack(model, reply, &body);
    act_header_t header = {.kind = ACT_KIND_REPLY, .id = call.header.id};
    broker_kit_send(self->kit, STORE, &header, act_buf_str(&body));
    act_buf_fini(&body);
    pass(self, 20);
}

static const dead_letter_t stored = {
    .dead_letter_id = 7,
    .of_tenant = ACT_STR_INIT("acme"),
    .kind = ACT_STR_INIT("call"),
    .service = ACT_STR_INIT("agent"),
    .method = ACT_STR_INIT("work"),
    .lane_key = ACT_STR_INIT("conv-1"),
    .class = ACT_CLASS_INTERACTIVE,
    .flags = ACT_FLAG_RETRY_SAFE | ACT_FLAG_ORDERED,
    .attempts = 3,
    .body = ACT_STR_INIT("81a16e2a"),
};

static void retry(fixture_t *self)
{
    act_header_t header = broker_kit_call_header(50, "bus", NULL);
    broker_kit_send(self->kit, OPERATOR, &header, act_str(""));
    assert_true(dead_letters_retry(self->letters, 7, self->kit->bus_call_id));
}

static void row_4_a_retry_goes_in_its_lane_and_marks_the_letter(void **state)
{
    fixture_t *self = *state;
    broker_kit_worker(self->kit, STORE, "persistence", "persistence", 8);
    broker_kit_worker(self->kit, A, "agent", "agent-10", 8);
    act_header_t before = broker_kit_call_header(1, "agent", "conv-1");
    before.flags |= ACT_FLAG_ORDERED;
    broker_kit_send(self->kit, CLIENT, &before, act_str("first"));
    uint64_t first = broker_kit_expect(self->kit, A, ACT_KIND_CALL).header.id;
    retry(self);
    answer_store(self, "get_dead_letter", &dead_letter_model, &stored);
    assert_int_equal(broker_kit_count(self->kit, A, ACT_KIND_CALL), 0); // its lane is taken
    broker_kit_send_kind(self->kit, A, ACT_KIND_REPLY, first);
    kit_frame_t again = broker_kit_expect(self->kit, A, ACT_KIND_CALL);
    assert_true(act_str_is(again.body, "\x81\xa1n\x2a"));
    assert_true(act_str_is(again.header.tenant, "acme"));
    assert_int_equal(again.header.attempt, 4);
    broker_kit_send_kind(self->kit, A, ACT_KIND_REPLY, again.header.id);
    answer_store(self, "resolve_dead_letter", &dead_letter_request_model,
                 &(dead_letter_request_t){.dead_letter_id = 7});
    assert_int_equal(broker_kit_expect(self->kit, OPERATOR, ACT_KIND_REPLY).header.id, 50);
}

static void a_retry_that_fails_leaves_the_letter_open(void **state)
{
    fixture_t *self = *state;
    broker_kit_worker(self->kit, STORE, "persistence", "persistence", 8);
    broker_kit_worker(self->kit, A, "agent", "agent-10", 8);
    retry(self);
    answer_store(self, "get_dead_letter", &dead_letter_model, &stored);
    act_header_t error = {.kind = ACT_KIND_ERROR, .err = ACT_E_INTERNAL};
    error.id = broker_kit_expect(self->kit, A, ACT_KIND_CALL).header.id;
    broker_kit_send(self->kit, A, &error, act_str(""));
    pass(self, 20);
    assert_int_equal(broker_kit_expect_error(self->kit, OPERATOR, 50), ACT_E_INTERNAL);
    assert_int_equal(broker_kit_count(self->kit, STORE, ACT_KIND_CALL), 0);
}

static void a_letter_that_is_no_call_or_not_open_is_not_sent(void **state)
{
    fixture_t *self = *state;
    broker_kit_worker(self->kit, STORE, "persistence", "persistence", 8);
    dead_letter_t resolved = stored, edited = stored;
    resolved.resolved_at_ms = 1;
    edited.body = ACT_STR("{\"n\": 42}");
    retry(self);
    answer_store(self, "get_dead_letter", &dead_letter_model, &resolved);
    assert_int_equal(broker_kit_expect_error(self->kit, OPERATOR, 50), ACT_E_CONFLICT);
    retry(self);
    answer_store(self, "get_dead_letter", &dead_letter_model, &edited);
    assert_int_equal(broker_kit_expect_error(self->kit, OPERATOR, 50), ACT_E_INVALID_ARGUMENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(row_4_the_whole_message_is_kept_with_its_causes),
        TEST(row_4_a_poll_that_loses_its_worker_is_not_kept),
        TEST(letters_wait_for_the_database),
        TEST(what_waits_has_an_end_and_the_oldest_goes),
        TEST(row_4_a_retry_goes_in_its_lane_and_marks_the_letter),
        TEST(a_retry_that_fails_leaves_the_letter_open),
        TEST(a_letter_that_is_no_call_or_not_open_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
