// call_test: an actor that serves: requests in, answers out, parts, cancelled work.
#include "actor/call.h"

#include "actor/send.h"
#include "harness/actor_kit.h"
#include "proto/broker.h"
#include "proto/common.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define CALLS_MAX_COUNT 256

typedef struct {
    actor_kit_t *kit;
    act_call_t *calls[CALLS_MAX_COUNT]; // open, in the order they came
    int calls_count;
    char body[64]; // of the last
    int cancels_count;
    int replies_count;
    act_err_t reply_err;
} fixture_t;

static void on_call(const void *server, void *self_, act_call_t *call, act_str_t body)
{
    fixture_t *self = self_;
    assert_null(server);
    act_str_copy(body, self->body, sizeof self->body);
    self->calls[self->calls_count++] = call;
}

static act_err_t check_nothing(act_arena_t *arena, act_str_t body, const char **ret_field)
{
    (void)arena;
    *ret_field = "work.name";
    return act_str_is(body, "bad") ? ACT_E_MALFORMED : ACT_E_OK;
}

static const act_method_t methods[] = {
    {.name = "work", .dispatch = on_call, .check = check_nothing},
    {.name = "hint", .is_cast = true, .dispatch = on_call, .check = check_nothing},
};
static const act_service_t service = {"test", methods, ACT_COUNT(methods), NULL};
static const act_spec_t spec = {.name = "tester", .service = &service};

static int set_up_with(void **state, const act_spec_t *with)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->kit = actor_kit_new(with, self);
    actor_kit_welcome(self->kit, 1);
    *state = self;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, &spec);
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    actor_kit_destroy(&self->kit);
    act_free(self);
    return 0;
}

static act_header_t header_of(uint64_t id)
{
    return (act_header_t){.kind = ACT_KIND_CALL,
                          .class_ = ACT_CLASS_BULK,
                          .id = id,
                          .service = ACT_STR("test"),
                          .method = ACT_STR("work"),
                          .sender = ACT_STR("asker-1"),
                          .tenant = ACT_STR("t1"),
                          .trace = {1, 2, 3},
                          .budget_ms = 5000,
                          .attempt = 1,
                          .hops = 2};
}

static void send_call(fixture_t *self, const act_header_t *header, const char *body)
{
    actor_kit_send(self->kit, header, act_str(body));
}

// A call that has arrived and is open.
static act_call_t *take_call(fixture_t *self, uint64_t id)
{
    act_header_t header = header_of(id);
    send_call(self, &header, "question");
    actor_kit_until(self->kit, &self->calls_count, self->calls_count + 1);
    return self->calls[self->calls_count - 1];
}

static void reply(act_call_t *call, const char *text)
{
    act_buf_t body;
    act_buf_init(&body, 1024);
    act_buf_add_str(&body, act_str(text));
    act_call_reply(&call, &body);
    assert_null(call);
    act_buf_fini(&body);
}

static void assert_error(fixture_t *self, uint64_t id, act_err_t err, const char *text)
{
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_ERROR);
    assert_true(message->header.id == id);
    assert_int_equal(message->header.err, err);
    error_body_t body;
    assert_int_equal(error_body_unpack(message->body, message->frame, &body, NULL), ACT_E_OK);
    assert_true(act_str_is(body.text, text));
}

// --- requests and answers ------------------------------------------------------------------------

static void a_request_is_dispatched_and_the_answer_goes_back(void **state)
{
    fixture_t *self = *state;
    act_call_t *call = take_call(self, 42);
    assert_string_equal(self->body, "question");
    assert_ptr_equal(act_call_actor(call), self->kit->actor);
    assert_ptr_equal(act_call_method(call), &methods[0]);
    assert_true(act_str_is(act_call_header(call)->sender, "asker-1"));
    assert_in_range(act_call_left_ms(call), 4000, 5000);
    assert_false(act_call_is_cancelled(call));
    assert_non_null(act_arena_alloc(act_call_arena(call), 100000));
    reply(call, "answer");
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_REPLY);
    assert_int_equal(message->header.id, 42);
    assert_int_equal(message->header.class_, ACT_CLASS_BULK);
    assert_int_equal(message->header.trace.span, 3);
    assert_true(act_str_is(message->body, "answer"));
}

static void views_of_a_request_live_as_long_as_the_call(void **state)
{
    fixture_t *self = *state;
    for (int i = 0; i < 100; i++)
        take_call(self, (uint64_t)i + 1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(act_call_header(self->calls[i])->id, i + 1);
        assert_true(act_str_is(act_call_header(self->calls[i])->tenant, "t1"));
        assert_true(act_str_is(act_call_body(self->calls[i]), "question"));
        act_arena_alloc(act_call_arena(self->calls[i]), 20000);
    }
    for (int i = 0; i < 100; i++)
        reply(self->calls[(i * 37) % 100], "answer"); // in any order
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_REPLY), 100);
    act_call_t *again = take_call(self, 101); // ended calls are used again, as if they were new
    assert_int_equal(act_arena_used_bytes(act_call_arena(again)), 0);
    assert_false(act_call_is_cancelled(again));
}

static void a_failure_says_why(void **state)
{
    fixture_t *self = *state;
    act_call_t *call = take_call(self, 1);
    act_call_fail(&call, ACT_E_CONFLICT, "already there");
    assert_null(call);
    assert_error(self, 1, ACT_E_CONFLICT, "already there");
    call = take_call(self, 2);
    act_call_fail(&call, ACT_E_CONFLICT, NULL);
    assert_error(self, 2, ACT_E_CONFLICT, act_err_text(ACT_E_CONFLICT));
}

static void a_long_or_broken_text_is_made_to_fit(void **state)
{
    fixture_t *self = *state;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    act_call_t *call = take_call(self, 1);
    act_call_fail(&call, ACT_E_INTERNAL, text);
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_ERROR);
    error_body_t body;
    assert_int_equal(error_body_unpack(message->body, message->frame, &body, NULL), ACT_E_OK);
    assert_in_range(body.text.len_bytes, 100, 256);
    for (size_t i = 0; i + 4 < sizeof text; i += 4)
        memcpy(text + i, "\xf0\x9f\x98\x80", 4);
    call = take_call(self, 2);
    act_call_fail(&call, ACT_E_INTERNAL, text);
    message = actor_kit_expect(self->kit, ACT_KIND_ERROR);
    assert_int_equal(error_body_unpack(message->body, message->frame, &body, NULL), ACT_E_OK);
    call = take_call(self, 3);
    act_call_fail(&call, ACT_E_INTERNAL, "\xff\xfe");
    message = actor_kit_expect(self->kit, ACT_KIND_ERROR);
    assert_int_equal(error_body_unpack(message->body, message->frame, &body, NULL), ACT_E_OK);
}

static void a_reply_over_the_limit_becomes_an_error(void **state)
{
    fixture_t *self = *state;
    act_call_t *call = take_call(self, 1);
    act_buf_t body;
    act_buf_init(&body, 4);
    act_buf_add_str(&body, ACT_STR("12345"));
    act_call_reply(&call, &body);
    act_buf_fini(&body);
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_ERROR);
    assert_int_equal(message->header.err, ACT_E_TOO_LARGE);
}

static void unknown_methods_are_answered(void **state)
{
    fixture_t *self = *state;
    act_header_t header = header_of(9);
    header.method = ACT_STR("wor");
    send_call(self, &header, "");
    assert_error(self, 9, ACT_E_UNKNOWN_METHOD, "no such method");
    header.method = ACT_STR("work\0x");
    assert_int_equal(self->calls_count, 0);
}

static void a_hint_is_ended_without_an_answer(void **state)
{
    fixture_t *self = *state;
    act_header_t header = header_of(0);
    header.kind = ACT_KIND_CAST;
    header.method = ACT_STR("hint");
    header.budget_ms = 0;
    for (int i = 0; i < 2; i++)
        send_call(self, &header, "x");
    actor_kit_until(self->kit, &self->calls_count, 2);
    assert_true(act_call_left_ms(self->calls[0]) > 0); // no budget, no hurry
    reply(self->calls[0], "nobody hears");
    act_call_fail(&self->calls[1], ACT_E_INTERNAL, "nobody hears");
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_REPLY), 0);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_ERROR), 0);
}

static void open_calls_are_counted_in_the_heartbeat(void **state)
{
    fixture_t *self = *state;
    take_call(self, 1);
    take_call(self, 2);
    actor_kit_send_kind(self->kit, ACT_KIND_PING, 0);
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_PONG);
    stats_t stats;
    assert_int_equal(stats_unpack(message->body, message->frame, &stats, NULL), ACT_E_OK);
    assert_int_equal(stats.open_calls, 2);
}

static void open_calls_go_with_the_actor(void **state)
{
    fixture_t *self = *state;
    for (uint64_t id = 1; id <= 3; id++)
        take_call(self, id);
    reply(self->calls[1], "x"); // the leak check sees the other two
}

// --- raw dispatch --------------------------------------------------------------------------------

static void on_raw(void *self_, act_call_t *call, act_str_t body)
{
    on_call(NULL, self_, call, body);
}

static int set_up_raw(void **state)
{
    static const act_spec_t raw = {.name = "tester", .service = &service, .dispatch = on_raw};
    return set_up_with(state, &raw);
}

static void raw_bodies_are_checked_first(void **state)
{
    fixture_t *self = *state;
    act_header_t header = header_of(5);
    send_call(self, &header, "bad");
    assert_error(self, 5, ACT_E_MALFORMED, "work.name");
    assert_int_equal(self->calls_count, 0);
    act_call_t *call = take_call(self, 6);
    assert_string_equal(self->body, "question");
    reply(call, "answer");
    assert_int_equal(actor_kit_expect(self->kit, ACT_KIND_REPLY)->header.id, 6);
}

// --- cancelled work ------------------------------------------------------------------------------

static void on_cancel(void *context)
{
    ((fixture_t *)context)->cancels_count++;
}

static void a_cancelled_call_is_told_once(void **state)
{
    fixture_t *self = *state;
    act_call_t *call = take_call(self, 1);
    act_call_t *other = take_call(self, 2);
    act_call_on_cancel(call, on_cancel, self);
    act_call_on_cancel(other, on_cancel, self);
    act_call_on_cancel(other, NULL, NULL);
    for (int i = 0; i < 2; i++) {
        actor_kit_send_kind(self->kit, ACT_KIND_CANCEL, 1);
        actor_kit_send_kind(self->kit, ACT_KIND_CANCEL, 2);
        actor_kit_send_kind(self->kit, ACT_KIND_CANCEL, 77);
    }
    actor_kit_settle(self->kit);
    assert_int_equal(self->cancels_count, 1);
    assert_true(act_call_is_cancelled(call));
    assert_true(act_call_is_cancelled(other));
    reply(call, "for the record");
}

static void work_whose_budget_ran_out_is_cancelled(void **state)
{
    fixture_t *self = *state;
    act_header_t header = header_of(1);
    header.budget_ms = 300;
    send_call(self, &header, "");
    actor_kit_until(self->kit, &self->calls_count, 1);
    act_call_on_cancel(self->calls[0], on_cancel, self);
    actor_kit_pass_ms(self->kit, 200);
    assert_int_equal(self->cancels_count, 0);
    actor_kit_pass_ms(self->kit, 110);
    actor_kit_until(self->kit, &self->cancels_count, 1);
    assert_true(act_call_is_cancelled(self->calls[0]));
    assert_int_equal(act_call_left_ms(self->calls[0]), 0);
    actor_kit_pass_ms(self->kit, 300);
    assert_int_equal(self->cancels_count, 1);
}

// In any order of budgets, and one that came after the first had ended.
static void each_call_has_its_own_end(void **state)
{
    fixture_t *self = *state;
    static const uint32_t budgets_ms[] = {900, 300, 600};
    act_header_t header = header_of(1);
    for (; header.id <= 3; header.id++) {
        header.budget_ms = budgets_ms[header.id - 1];
        send_call(self, &header, "");
    }
    actor_kit_until(self->kit, &self->calls_count, 3);
    for (int i = 0; i < 3; i++)
        act_call_on_cancel(self->calls[i], on_cancel, self);
    actor_kit_pass_ms(self->kit, 310);
    actor_kit_until(self->kit, &self->cancels_count, 1);
    assert_true(act_call_is_cancelled(self->calls[1]));
    header.budget_ms = 100;
    send_call(self, &header, "");
    actor_kit_until(self->kit, &self->calls_count, 4);
    act_call_on_cancel(self->calls[3], on_cancel, self);
    for (int wanted = 2; wanted <= 4; wanted++) {
        actor_kit_pass_ms(self->kit, wanted == 2 ? 110 : 310);
        actor_kit_until(self->kit, &self->cancels_count, wanted);
    }
    assert_true(act_call_is_cancelled(self->calls[0]));
}

static void end_all(void *context)
{
    fixture_t *self = context;
    self->cancels_count++;
    for (int i = 0; i < self->calls_count; i++)
        if (self->calls[i])
            act_call_fail(&self->calls[i], ACT_E_CANCELLED, NULL);
}

// Many calls expire in one tick; the first callback ends them all.
static void a_cancel_callback_may_end_any_call(void **state)
{
    fixture_t *self = *state;
    act_header_t header = header_of(1);
    header.budget_ms = 300;
    for (; header.id <= 20; header.id++)
        send_call(self, &header, "");
    actor_kit_until(self->kit, &self->calls_count, 20);
    for (int i = 0; i < 20; i++)
        act_call_on_cancel(self->calls[i], end_all, self);
    actor_kit_pass_ms(self->kit, 400);
    actor_kit_until(self->kit, &self->cancels_count, 1);
    actor_kit_settle(self->kit);
    assert_int_equal(self->cancels_count, 1);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_ERROR), 20);
}

// --- calls made while serving --------------------------------------------------------------------

static void on_reply(const act_reply_t *answer, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    fixture_t *self = context;
    self->replies_count++;
    self->reply_err = answer->err;
}

static void call_other(fixture_t *self, const act_call_opts_t *opts)
{
    static const act_method_t method = {.name = "read"};
    act_buf_t body;
    act_buf_init(&body, 16);
    act_actor_call(self->kit->actor, "other", &method, opts, &body, on_reply, NULL, self);
    act_buf_fini(&body);
}

static void a_nested_call_continues_its_parent(void **state)
{
    fixture_t *self = *state;
    act_call_t *parent = take_call(self, 1);
    call_other(self, &(act_call_opts_t){.parent = parent});
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_CALL);
    assert_int_equal(message->header.hops, 3);
    assert_int_equal(message->header.trace.trace_low, 2);
    assert_true(act_str_is(message->header.tenant, "t1"));
    assert_in_range(message->header.budget_ms, 4000, 5000);
    call_other(self,
               &(act_call_opts_t){.parent = parent, .tenant = ACT_STR("t2"), .budget_ms = 60000});
    message = actor_kit_expect(self->kit, ACT_KIND_CALL);
    assert_true(act_str_is(message->header.tenant, "t2"));
    assert_true(message->header.budget_ms <= 5000); // never more than the parent has
    call_other(self, &(act_call_opts_t){.parent = parent, .budget_ms = 100});
    assert_true(actor_kit_expect(self->kit, ACT_KIND_CALL)->header.budget_ms <= 100);
}

static void a_nested_call_of_an_expired_parent_is_not_made(void **state)
{
    fixture_t *self = *state;
    act_header_t header = header_of(1);
    header.budget_ms = 300;
    send_call(self, &header, "");
    actor_kit_until(self->kit, &self->calls_count, 1);
    actor_kit_pass_ms(self->kit, 310);
    call_other(self, &(act_call_opts_t){.parent = self->calls[0]});
    actor_kit_until(self->kit, &self->replies_count, 1);
    assert_int_equal(self->reply_err, ACT_E_DEADLINE);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
}

// --- without a broker ------------------------------------------------------------------------------

static void an_answer_without_a_broker_is_dropped(void **state)
{
    fixture_t *self = *state;
    act_call_t *call = take_call(self, 1);
    actor_kit_kill_broker(self->kit);
    reply(call, "nobody hears");
    actor_kit_start_broker(self->kit);
    actor_kit_welcome(self->kit, 2);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_REPLY), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

// --- row 17: partial replies; row 3: cancel follows the chain; row 19: pause -----------------------

static act_err_t send_part(act_call_t *call, const char *text)
{
    act_buf_t body;
    act_buf_init(&body, 1024);
    act_buf_add_str(&body, act_str(text));
    act_err_t err = act_call_partial(call, &body);
    act_buf_fini(&body);
    return err;
}

static void on_room(void *context)
{
    ((fixture_t *)context)->cancels_count++; // any counter
}

static void row_17_parts_go_out_within_what_the_caller_takes(void **state)
{
    fixture_t *self = *state;
    act_header_t header = header_of(42);
    header.credit_messages = 2;
    send_call(self, &header, "question");
    actor_kit_until(self->kit, &self->calls_count, 1);
    act_call_t *call = self->calls[0];
    act_call_on_room(call, on_room, self);
    assert_int_equal(send_part(call, "a"), ACT_E_OK);
    assert_int_equal(send_part(call, "b"), ACT_E_OK);
    assert_int_equal(send_part(call, "c"), ACT_E_OVERLOADED);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(actor_kit_expect(self->kit, ACT_KIND_PARTIAL)->header.sequence, i);
    act_header_t credit = {.kind = ACT_KIND_CREDIT, .id = 42, .credit_messages = 3};
    actor_kit_send(self->kit, &credit, act_str(""));
    actor_kit_until(self->kit, &self->cancels_count, 1);
    assert_int_equal(send_part(call, "c"), ACT_E_OK);
    actor_kit_send_kind(self->kit, ACT_KIND_CANCEL, 42);
    actor_kit_settle(self->kit);
    assert_int_equal(send_part(call, "d"), ACT_E_CANCELLED);
    reply(call, "end");
}

static void a_caller_that_asked_for_no_parts_gets_none(void **state)
{
    fixture_t *self = *state;
    act_call_t *call = take_call(self, 42);
    assert_int_equal(send_part(call, "a"), ACT_E_INVALID_ARGUMENT);
    reply(call, "end");
}

static void a_cancel_of_a_call_it_does_not_have_is_answered(void **state)
{
    fixture_t *self = *state;
    actor_kit_send_kind(self->kit, ACT_KIND_CANCEL, 77);
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_ERROR);
    assert_true(message->header.id == 77);
    assert_int_equal(message->header.err, ACT_E_CANCELLED);
}

static void on_child(const act_reply_t *reply_, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    fixture_t *self = context;
    self->replies_count++;
    self->reply_err = reply_->err;
}

static void row_3_cancel_follows_the_chain(void **state)
{
    fixture_t *self = *state;
    act_call_t *call = take_call(self, 42);
    act_buf_t body;
    act_buf_init(&body, 16);
    uint64_t child =
        act_actor_call(self->kit->actor, "other", &methods[0], &(act_call_opts_t){.parent = call},
                       &body, on_child, NULL, self);
    act_buf_fini(&body);
    const kit_message_t *asked = actor_kit_expect(self->kit, ACT_KIND_CALL);
    assert_true(asked->header.id == child);
    assert_int_equal(asked->header.hops, 3);
    assert_in_range(asked->header.budget_ms, 4000, 5000); // what is left of its parent's
    actor_kit_send_kind(self->kit, ACT_KIND_CANCEL, 42);
    assert_true(actor_kit_expect(self->kit, ACT_KIND_CANCEL)->header.id == child);
    assert_int_equal(self->replies_count, 1);
    assert_int_equal(self->reply_err, ACT_E_CANCELLED);
    reply(call, "late");
}

static void row_19_pause_and_credit_are_told(void **state)
{
    fixture_t *self = *state;
    act_actor_set_credit(self->kit->actor, 3, 1000);
    act_actor_set_paused(self->kit->actor, true);
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_PING);
    stats_t stats;
    assert_int_equal(stats_unpack(message->body, message->frame, &stats, NULL), ACT_E_OK);
    assert_true(stats.is_paused);
    assert_int_equal(message->header.credit_messages, 3);
    reply(take_call(self, 42), "x");
    message = actor_kit_expect(self->kit, ACT_KIND_REPLY);
    assert_int_equal(message->header.credit_messages, 3); // with every answer
    assert_int_equal(message->header.credit_bytes, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(row_17_parts_go_out_within_what_the_caller_takes),
        TEST(a_caller_that_asked_for_no_parts_gets_none),
        TEST(a_cancel_of_a_call_it_does_not_have_is_answered),
        TEST(row_3_cancel_follows_the_chain),
        TEST(row_19_pause_and_credit_are_told),
        TEST(a_request_is_dispatched_and_the_answer_goes_back),
        TEST(views_of_a_request_live_as_long_as_the_call),
        TEST(a_failure_says_why),
        TEST(a_long_or_broken_text_is_made_to_fit),
        TEST(a_reply_over_the_limit_becomes_an_error),
        TEST(unknown_methods_are_answered),
        TEST(a_hint_is_ended_without_an_answer),
        TEST(open_calls_are_counted_in_the_heartbeat),
        TEST(open_calls_go_with_the_actor),
        cmocka_unit_test_setup_teardown(raw_bodies_are_checked_first, set_up_raw, tear_down),
        TEST(a_cancelled_call_is_told_once),
        TEST(each_call_has_its_own_end),
        TEST(work_whose_budget_ran_out_is_cancelled),
        TEST(a_cancel_callback_may_end_any_call),
        TEST(a_nested_call_continues_its_parent),
        TEST(a_nested_call_of_an_expired_parent_is_not_made),
        TEST(an_answer_without_a_broker_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
