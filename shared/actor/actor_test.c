// actor_test: an actor that calls, end to end against a broker of the test's own making.
#include "actor/actor.h"

#include "actor/send.h"
#include "base/mp.h"
#include "harness/actor_kit.h"
#include "proto/broker.h"
#include "proto/common.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const act_method_t safe_method = {.name = "read", .flags = ACT_FLAG_RETRY_SAFE};
static const act_method_t once_method = {.name = "write"};
static const act_method_t methods[] = {{.name = "one"}, {.name = "two"}};
static const act_service_t service = {"test", methods, ACT_COUNT(methods), NULL};
static const act_spec_t spec = {
    .name = "tester", .service = &service, .credit_messages = 7, .credit_bytes = 7000};

typedef struct {
    actor_kit_t *kit;
    act_buf_t body;
    // Of the callbacks so far.
    int replies_count;
    act_err_t err;
    uint32_t retry_after_ms;
    char text[512];
    char reply_body[64];
    char sender[64];
    int events_count;
    int welcomes_count;
    int more_count; // calls to make from the next callback
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->kit = actor_kit_new(&spec, NULL);
    act_buf_init(&self->body, 1024);
    act_buf_add_str(&self->body, ACT_STR("question"));
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    actor_kit_destroy(&self->kit);
    act_buf_fini(&self->body);
    act_free(self);
    return 0;
}

static uint64_t call_method(fixture_t *self, const act_method_t *method,
                            const act_call_opts_t *opts);

static void on_reply(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    fixture_t *self = context;
    assert_null(fn);
    assert_non_null(act_arena_alloc(arena, 100));
    self->replies_count++;
    self->err = reply->err;
    self->retry_after_ms = reply->retry_after_ms;
    act_str_copy(reply->text, self->text, sizeof self->text);
    act_str_copy(reply->body, self->reply_body, sizeof self->reply_body);
    act_str_copy(reply->sender, self->sender, sizeof self->sender);
    int more_count = self->more_count;
    self->more_count = 0;
    for (int i = 0; i < more_count; i++)
        call_method(self, &once_method, &(act_call_opts_t){0});
}

static uint64_t call_method(fixture_t *self, const act_method_t *method,
                            const act_call_opts_t *opts)
{
    int before_count = self->replies_count;
    uint64_t id =
        act_actor_call(self->kit->actor, "other", method, opts, &self->body, on_reply, NULL, self);
    assert_int_equal(self->replies_count, before_count); // never before it returned
    return id;
}

static uint64_t call(fixture_t *self)
{
    return call_method(self, &safe_method, &(act_call_opts_t){0});
}

static void until_reply(fixture_t *self, int count)
{
    actor_kit_until(self->kit, &self->replies_count, count);
    assert_int_equal(self->replies_count, count);
}

static void reply_to(fixture_t *self, uint64_t id, const char *body)
{
    act_header_t header = {.kind = ACT_KIND_REPLY, .id = id, .sender = ACT_STR("other-1")};
    actor_kit_send(self->kit, &header, act_str(body));
}

// --- HELLO ---------------------------------------------------------------------------------------

static void hello_says_who_it_is_and_what_it_offers(void **state)
{
    fixture_t *self = *state;
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_HELLO);
    hello_t hello;
    assert_int_equal(hello_unpack(message->body, message->frame, &hello, NULL), ACT_E_OK);
    assert_true(act_str_is(hello.actor, "tester"));
    assert_true(act_str_is(hello.instance, "test-1"));
    assert_true(act_str_is(hello.service, "test"));
    assert_int_equal(hello.methods.count, 2);
    assert_true(act_str_is(hello.methods.items[1], "two"));
    assert_int_equal(hello.pid, getpid());
    assert_true(hello.pid_start > 0);
    assert_true(hello.is_ready);
    assert_int_equal(message->header.credit_messages, 7);
    assert_int_equal(message->header.credit_bytes, 7000);
    assert_false(act_actor_is_connected(self->kit->actor));
}

static void hello_is_repeated_until_welcomed(void **state)
{
    fixture_t *self = *state;
    actor_kit_expect(self->kit, ACT_KIND_HELLO);
    actor_kit_pass_ms(self->kit, 300);
    actor_kit_expect(self->kit, ACT_KIND_HELLO);
    actor_kit_pass_ms(self->kit, 300);
    actor_kit_welcome(self->kit, 1);
    uint32_t before_count = actor_kit_count(self->kit, ACT_KIND_HELLO);
    actor_kit_pass_ms(self->kit, 300);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_HELLO), before_count);
}

static void ready_may_be_said_later(void **state)
{
    fixture_t *self = *state;
    act_actor_defer_ready(self->kit->actor);
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_HELLO);
    hello_t hello;
    assert_int_equal(hello_unpack(message->body, message->frame, &hello, NULL), ACT_E_OK);
    assert_false(hello.is_ready);
    act_actor_set_ready(self->kit->actor);
    message = actor_kit_expect(self->kit, ACT_KIND_PING);
    stats_t stats;
    assert_int_equal(stats_unpack(message->body, message->frame, &stats, NULL), ACT_E_OK);
    assert_true(stats.is_ready);
}

static void who_is_paused_is_not_ready_yet(void **state)
{
    fixture_t *self = *state;
    act_actor_set_paused(self->kit->actor, true);
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_HELLO);
    hello_t hello;
    assert_int_equal(hello_unpack(message->body, message->frame, &hello, NULL), ACT_E_OK);
    assert_false(hello.is_ready);
}

static void goodbye_is_said(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    act_actor_destroy(&self->kit->actor);
    actor_kit_expect(self->kit, ACT_KIND_BYE);
}

// --- calls ---------------------------------------------------------------------------------------

static void a_call_is_sent_as_asked(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    act_call_opts_t opts = {.tenant = ACT_STR("t1"),
                            .key = ACT_STR("conv-1"),
                            .budget_ms = 700,
                            .class_ = ACT_CLASS_BULK,
                            .trace = &(act_trace_t){1, 2, 3},
                            .idempotency_key = ACT_STR("once")};
    uint64_t id = call_method(self, &safe_method, &opts);
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_CALL);
    assert_true(message->header.id == id);
    assert_true(act_str_is(message->header.service, "other"));
    assert_true(act_str_is(message->header.method, "read"));
    assert_true(act_str_is(message->header.tenant, "t1"));
    assert_true(act_str_is(message->header.key, "conv-1"));
    assert_true(act_str_is(message->header.idempotency_key, "once"));
    assert_int_equal(message->header.class_, ACT_CLASS_BULK);
    assert_int_equal(message->header.flags, ACT_FLAG_RETRY_SAFE);
    assert_int_equal(message->header.attempt, 1);
    assert_int_equal(message->header.hops, 0);
    assert_int_equal(message->header.trace.span, 3);
    assert_in_range(message->header.budget_ms, 600, 700);
    assert_true(act_str_is(message->body, "question"));
}

static void a_call_without_wishes_is_interactive_for_five_seconds(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    call_method(self, &once_method, &(act_call_opts_t){0});
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_CALL);
    assert_int_equal(message->header.class_, ACT_CLASS_INTERACTIVE);
    assert_in_range(message->header.budget_ms, 4900, 5000);
    assert_int_equal(message->header.flags, 0);
    assert_true(message->header.trace.trace_high != 0 || message->header.trace.trace_low != 0);
    call_method(self, &once_method, &(act_call_opts_t){.is_control = true});
    message = actor_kit_expect(self->kit, ACT_KIND_CALL);
    assert_int_equal(message->header.class_, ACT_CLASS_CONTROL);
}

static void a_reply_comes_once(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    uint64_t id = call(self);
    actor_kit_expect(self->kit, ACT_KIND_CALL);
    reply_to(self, id, "answer");
    reply_to(self, id, "again");
    reply_to(self, id + 1, "to nobody");
    reply_to(self, 0, "to nobody");
    until_reply(self, 1);
    actor_kit_settle(self->kit);
    assert_int_equal(self->replies_count, 1);
    assert_int_equal(self->err, ACT_E_OK);
    assert_string_equal(self->reply_body, "answer");
    assert_string_equal(self->sender, "other-1");
}

static void answer_with_error(fixture_t *self, uint32_t err, act_str_t body)
{
    uint64_t id = call(self);
    act_header_t header = {.kind = ACT_KIND_ERROR, .id = id, .err = err};
    actor_kit_send(self->kit, &header, body);
    until_reply(self, self->replies_count + 1);
}

static void errors_come_with_text_and_retry_after(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    error_body_t error = {.text = ACT_STR("queue full"), .retry_after_ms = 250};
    act_buf_t body;
    act_buf_init(&body, 1024);
    error_body_pack(&error, &body);
    answer_with_error(self, ACT_E_OVERLOADED, act_buf_str(&body));
    act_buf_fini(&body);
    assert_int_equal(self->err, ACT_E_OVERLOADED);
    assert_int_equal(self->retry_after_ms, 250);
    assert_string_equal(self->text, "queue full");
}

static void odd_errors_are_errors_all_the_same(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    answer_with_error(self, 0, act_str(""));
    assert_int_equal(self->err, ACT_E_INTERNAL);
    answer_with_error(self, 4711, ACT_STR("\xdf\x29\xff\xff\x29"));
    assert_int_equal(self->err, ACT_E_INTERNAL);
    assert_string_equal(self->text, "");
}

static void a_call_nobody_answers_ends_at_its_deadline(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    uint64_t id = call_method(self, &safe_method, &(act_call_opts_t){.budget_ms = 700});
    actor_kit_pass_ms(self->kit, 600);
    assert_int_equal(self->replies_count, 0);
    actor_kit_pass_ms(self->kit, 110);
    until_reply(self, 1);
    assert_int_equal(self->err, ACT_E_DEADLINE);
    reply_to(self, id, "late");
    actor_kit_settle(self->kit);
    assert_int_equal(self->replies_count, 1);
}

static void a_call_without_a_broker_ends_at_its_deadline_too(void **state)
{
    fixture_t *self = *state;
    call_method(self, &safe_method, &(act_call_opts_t){.budget_ms = 700});
    actor_kit_pass_ms(self->kit, 710);
    until_reply(self, 1);
    assert_int_equal(self->err, ACT_E_DEADLINE);
}

static void a_cancelled_call_has_no_callback_and_the_callee_is_told(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    uint64_t id = call(self);
    actor_kit_expect(self->kit, ACT_KIND_CALL);
    act_actor_cancel(self->kit->actor, id);
    act_actor_cancel(self->kit->actor, id); // again is nothing
    act_actor_cancel(self->kit->actor, 12345);
    assert_true(actor_kit_expect(self->kit, ACT_KIND_CANCEL)->header.id == id);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CANCEL), 0);
    reply_to(self, id, "late");
    actor_kit_settle(self->kit);
    actor_kit_pass_ms(self->kit, 6000);
    assert_int_equal(self->replies_count, 0);
}

static void what_is_too_large_or_too_much_is_refused_later(void **state)
{
    fixture_t *self = *state;
    self->body.is_overflowed = true;
    call(self);
    until_reply(self, 1);
    assert_int_equal(self->err, ACT_E_TOO_LARGE);
    self->body.is_overflowed = false;
    for (int i = 0; i < 16384; i++)
        call(self);
    call(self);
    until_reply(self, 2);
    assert_int_equal(self->err, ACT_E_OVERLOADED);
}

static void a_hint_is_sent_or_lost(void **state)
{
    fixture_t *self = *state;
    act_actor_cast(self->kit->actor, "other", &once_method, &(act_call_opts_t){0}, &self->body);
    actor_kit_welcome(self->kit, 1);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CAST), 0);
    act_actor_cast(self->kit->actor, "other", &once_method,
                   &(act_call_opts_t){.key = ACT_STR("conv-1")}, &self->body);
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_CAST);
    assert_true(act_str_is(message->header.key, "conv-1"));
    assert_true(act_str_is(message->body, "question"));
}

// --- another broker ------------------------------------------------------------------------------

static void calls_made_before_the_welcome_are_sent_with_it(void **state)
{
    fixture_t *self = *state;
    uint64_t id = call_method(self, &once_method, &(act_call_opts_t){0});
    actor_kit_welcome(self->kit, 1);
    assert_true(actor_kit_expect(self->kit, ACT_KIND_CALL)->header.id == id);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
}

static void restart_broker(fixture_t *self, uint64_t epoch)
{
    actor_kit_kill_broker(self->kit);
    actor_kit_start_broker(self->kit);
    actor_kit_welcome(self->kit, epoch);
}

static void a_new_broker_is_asked_again_what_may_run_again(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    uint64_t id = call(self);
    actor_kit_expect(self->kit, ACT_KIND_CALL);
    restart_broker(self, 2);
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_CALL);
    assert_true(message->header.id == id);
    assert_true(act_str_is(message->body, "question"));
    assert_int_equal(self->replies_count, 0);
    reply_to(self, id, "answer");
    until_reply(self, 1);
    assert_int_equal(self->err, ACT_E_OK);
}

static void what_may_not_run_again_has_an_unknown_outcome(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    call_method(self, &once_method, &(act_call_opts_t){0});
    actor_kit_expect(self->kit, ACT_KIND_CALL);
    restart_broker(self, 2);
    until_reply(self, 1);
    assert_int_equal(self->err, ACT_E_WORKER_LOST);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
}

static void calls_made_while_no_broker_is_there_go_to_the_next(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    actor_kit_kill_broker(self->kit);
    uint64_t id = call_method(self, &once_method, &(act_call_opts_t){0});
    actor_kit_start_broker(self->kit);
    actor_kit_welcome(self->kit, 2);
    assert_true(actor_kit_expect(self->kit, ACT_KIND_CALL)->header.id == id);
    assert_int_equal(self->replies_count, 0);
}

// Whoever hears WORKER_LOST asks again at once: those calls are new, the new broker has them.
static void calls_made_on_worker_lost_are_not_lost_themselves(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    call_method(self, &once_method, &(act_call_opts_t){0});
    actor_kit_expect(self->kit, ACT_KIND_CALL);
    self->more_count = 3;
    restart_broker(self, 2);
    until_reply(self, 1);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 3);
    assert_int_equal(self->replies_count, 1);
}

static void calls_made_on_welcome_are_sent_once(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    call_method(self, &once_method, &(act_call_opts_t){0});
    uint64_t id = call(self);
    actor_kit_expect(self->kit, ACT_KIND_CALL);
    actor_kit_expect(self->kit, ACT_KIND_CALL);
    restart_broker(self, 2);
    assert_true(actor_kit_expect(self->kit, ACT_KIND_CALL)->header.id == id);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
    assert_int_equal(self->replies_count, 1);
}

// The broker forgot this connection (it was silent too long), with its calls and subscriptions.
static void hello_again_starts_over(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    act_actor_subscribe(self->kit->actor, ACT_STR("conv/1"), NULL, self);
    actor_kit_expect(self->kit, ACT_KIND_SUBSCRIBE);
    uint64_t id = call(self);
    actor_kit_expect(self->kit, ACT_KIND_CALL);
    actor_kit_send_kind(self->kit, ACT_KIND_HELLO_AGAIN, 0);
    actor_kit_welcome(self->kit, 1); // the same broker, the same epoch
    actor_kit_expect(self->kit, ACT_KIND_SUBSCRIBE);
    assert_true(actor_kit_expect(self->kit, ACT_KIND_CALL)->header.id == id);
}

static void on_welcome(void *context)
{
    ((fixture_t *)context)->welcomes_count++;
}

static void every_broker_is_announced_once(void **state)
{
    fixture_t *self = *state;
    act_actor_on_welcome(self->kit->actor, on_welcome, self);
    actor_kit_welcome(self->kit, 1);
    assert_int_equal(self->welcomes_count, 1);
    restart_broker(self, 2);
    assert_int_equal(self->welcomes_count, 2);
}

static void a_silent_broker_is_taken_for_dead(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    actor_kit_pass_ms(self->kit, 4000);
    assert_true(act_actor_is_connected(self->kit->actor));
    actor_kit_pass_ms(self->kit, 1500);
    assert_false(act_actor_is_connected(self->kit->actor));
    actor_kit_expect(self->kit, ACT_KIND_HELLO);
}

static void a_bye_of_the_broker_ends_the_welcome(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    actor_kit_send_kind(self->kit, ACT_KIND_BYE, 0);
    actor_kit_settle(self->kit);
    assert_false(act_actor_is_connected(self->kit->actor));
}

// --- events --------------------------------------------------------------------------------------

static void on_event(void *context, act_str_t topic, act_str_t body)
{
    fixture_t *self = context;
    self->events_count++;
    assert_true(act_str_is(topic, "conv/1"));
    assert_true(act_str_is(body, "news"));
}

static void events_are_heard_also_after_a_restart_of_the_broker(void **state)
{
    fixture_t *self = *state;
    act_header_t event = {.kind = ACT_KIND_EVENT, .service = ACT_STR("conv/1")};
    act_actor_subscribe(self->kit->actor, ACT_STR("conv/1"), on_event, self);
    actor_kit_welcome(self->kit, 1);
    assert_true(
        act_str_is(actor_kit_expect(self->kit, ACT_KIND_SUBSCRIBE)->header.service, "conv/1"));
    actor_kit_send(self->kit, &event, act_str("news"));
    actor_kit_settle(self->kit);
    assert_int_equal(self->events_count, 1);
    restart_broker(self, 2);
    assert_true(
        act_str_is(actor_kit_expect(self->kit, ACT_KIND_SUBSCRIBE)->header.service, "conv/1"));
    actor_kit_send(self->kit, &event, act_str("news"));
    actor_kit_settle(self->kit);
    assert_int_equal(self->events_count, 2);
    act_actor_unsubscribe(self->kit->actor, ACT_STR("conv/1"));
    actor_kit_expect(self->kit, ACT_KIND_UNSUBSCRIBE);
    actor_kit_send(self->kit, &event, act_str("news"));
    actor_kit_settle(self->kit);
    assert_int_equal(self->events_count, 2);
}

static void events_are_published_with_their_topic(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    act_actor_publish(self->kit->actor, ACT_STR("conv/1"), &self->body);
    const kit_message_t *message = actor_kit_expect(self->kit, ACT_KIND_EVENT);
    assert_true(act_str_is(message->header.service, "conv/1"));
    assert_true(act_str_is(message->body, "question"));
}

// --- bad frames ----------------------------------------------------------------------------------

static void malformed_messages_are_passed_over(void **state)
{
    fixture_t *self = *state;
    actor_kit_welcome(self->kit, 1);
    uint64_t id = call(self);
    act_buf_t good;
    act_buf_init(&good, 1024);
    act_header_pack(&(act_header_t){.kind = ACT_KIND_REPLY, .id = id}, &good);
    const act_str_t rows[][4] = {
        {ACT_STR("")},
        {ACT_STR("garbage"), ACT_STR("body")},
        {ACT_STR("\xdf\x29\xff\xff\x29"), ACT_STR("body")},
        {act_buf_str(&good)},
        {act_buf_str(&good), ACT_STR("a"), ACT_STR("b")},
        {act_buf_str(&good), ACT_STR("a"), ACT_STR("b"), ACT_STR("c")},
    };
    static const size_t counts[] = {1, 2, 2, 1, 3, 4};
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        actor_kit_send_raw(self->kit, rows[i], counts[i]);
    act_buf_fini(&good);
    for (int kind = ACT_KIND_HELLO; kind <= ACT_KIND_LAST; kind++) {
        act_header_t header = {.kind = (uint8_t)kind, .id = 99, .service = ACT_STR("none")};
        if (kind != ACT_KIND_BYE && kind != ACT_KIND_HELLO_AGAIN)
            actor_kit_send(self->kit, &header, ACT_STR("\xc1garbage"));
    }
    actor_kit_settle(self->kit);
    assert_int_equal(self->replies_count, 0);
    reply_to(self, id, "answer");
    until_reply(self, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hello_says_who_it_is_and_what_it_offers),
        TEST(hello_is_repeated_until_welcomed),
        TEST(ready_may_be_said_later),
        TEST(who_is_paused_is_not_ready_yet),
        TEST(goodbye_is_said),
        TEST(a_call_is_sent_as_asked),
        TEST(a_call_without_wishes_is_interactive_for_five_seconds),
        TEST(a_reply_comes_once),
        TEST(errors_come_with_text_and_retry_after),
        TEST(odd_errors_are_errors_all_the_same),
        TEST(a_call_nobody_answers_ends_at_its_deadline),
        TEST(a_call_without_a_broker_ends_at_its_deadline_too),
        TEST(a_cancelled_call_has_no_callback_and_the_callee_is_told),
        TEST(what_is_too_large_or_too_much_is_refused_later),
        TEST(a_hint_is_sent_or_lost),
        TEST(calls_made_before_the_welcome_are_sent_with_it),
        TEST(a_new_broker_is_asked_again_what_may_run_again),
        TEST(what_may_not_run_again_has_an_unknown_outcome),
        TEST(calls_made_while_no_broker_is_there_go_to_the_next),
        TEST(calls_made_on_worker_lost_are_not_lost_themselves),
        TEST(calls_made_on_welcome_are_sent_once),
        TEST(hello_again_starts_over),
        TEST(every_broker_is_announced_once),
        TEST(a_silent_broker_is_taken_for_dead),
        TEST(a_bye_of_the_broker_ends_the_welcome),
        TEST(events_are_heard_also_after_a_restart_of_the_broker),
        TEST(events_are_published_with_their_topic),
        TEST(malformed_messages_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
