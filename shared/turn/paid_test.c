// paid_test: a paid step, with the test in the place of the model and of persistence.
#include "turn/paid.h"

#include "harness/actor_kit.h"
#include "proto/agent_service.h"
#include "proto/model_service.h"
#include "proto/persistence_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct {
    actor_kit_t *kit;
    act_call_t *call; // held
    act_journal_t *journal;
    act_paid_t *paid;
    int done_count;
    act_reply_t reply;
    const char *clock; // NULL: it is not looked at
    act_str_t told;
} stage_t;

static void on_paid(void *context, const act_reply_t *reply)
{
    stage_t *self = context;
    self->paid = NULL;
    self->reply = *reply;
    self->done_count++;
}

static void hold(void *context, act_call_t *call, const respond_request_t *request)
{
    stage_t *self = context;
    self->call = call;
    self->journal = act_journal_new(
        act_call_arena(call), &(act_journal_opts_t){
                                  .prefix = ACT_STR("agent/large"),
                                  .recorded = {request->journal.items, request->journal.count},
                                  .is_replay = request->is_replay,
                              });
    if (self->clock)
        self->told = act_journal_value(self->journal, "clock", act_str(self->clock));
    const act_paid_turn_t turn = {.actor = act_call_actor(call),
                                  .call = call,
                                  .journal = self->journal,
                                  .conversation_id = request->conversation_id,
                                  .turn_id = request->turn_id};
    const chat_message_t message = {.role = ACT_STR("user"), .text = request->text};
    const chat_request_t chat = {.role = ACT_STR("agent"), .messages = {&message, 1}};
    const act_paid_ask_t ask = {.service = "model",
                                .method = &model_service.methods[0],
                                .request = &chat,
                                .step_key = act_journal_key(self->journal, "chat")};
    self->paid = act_paid_ask(&turn, &ask, on_paid, self);
    assert_int_equal(self->done_count, 0); // never before it returned
}

static const agent_server_t server = {.respond = hold};
static const act_spec_t spec = {.name = "agent", .service = &agent_service, .server = &server};

static int set_up(void **state)
{
    stage_t *self = act_alloc(sizeof *self);
    self->kit = actor_kit_new(&spec, self);
    actor_kit_welcome(self->kit, 1);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    stage_t *self = *state;
    act_paid_cancel(&self->paid);
    if (self->call)
        act_call_fail(&self->call, ACT_E_CANCELLED, NULL);
    actor_kit_settle(self->kit);
    actor_kit_destroy(&self->kit);
    act_free(self);
    return 0;
}

static void respond(stage_t *self, const char *text, act_steps_t recorded, bool is_replay)
{
    const respond_request_t request = {.text = act_str(text),
                                       .language = ACT_STR("en"),
                                       .conversation_id = ACT_STR("c-1"),
                                       .turn_id = ACT_STR("t-1"),
                                       .journal = {recorded.items, recorded.count},
                                       .is_replay = is_replay};
    const act_header_t header = {.kind = ACT_KIND_CALL,
                                 .class_ = ACT_CLASS_INTERACTIVE,
                                 .id = 7,
                                 .service = ACT_STR("agent"),
                                 .method = ACT_STR("respond"),
                                 .tenant = ACT_STR("demo"),
                                 .sender = ACT_STR("session-1"),
                                 .budget_ms = 20000,
                                 .attempt = 1};
    act_buf_t body;
    act_buf_init(&body, 65536);
    respond_request_pack(&request, &body);
    actor_kit_send(self->kit, &header, act_buf_str(&body));
    act_buf_fini(&body);
    actor_kit_settle(self->kit);
}

static const kit_message_t *expect(stage_t *self, const char *method)
{
    const kit_message_t *asked = actor_kit_expect(self->kit, ACT_KIND_CALL);
    assert_true(act_str_is(asked->header.method, method));
    return asked;
}

static void answer(stage_t *self, const kit_message_t *asked, const act_model_t *model,
                   const void *reply)
{
    const act_header_t header = {.kind = ACT_KIND_REPLY, .id = asked->header.id};
    act_buf_t body;
    act_buf_init(&body, 1u << 20);
    act_model_pack(model, reply, &body);
    actor_kit_send(self->kit, &header, act_buf_str(&body));
    act_buf_fini(&body);
    actor_kit_settle(self->kit);
}

static void answer_chat(stage_t *self, const kit_message_t *asked, const char *text)
{
    const chat_message_t message = {.role = ACT_STR("assistant"), .text = act_str(text)};
    answer(self, asked, &chat_reply_model, &(chat_reply_t){.message = &message});
}

static void assert_reply(stage_t *self, const char *text)
{
    chat_reply_t reply;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    actor_kit_until(self->kit, &self->done_count, 1);
    assert_int_equal(self->reply.err, ACT_E_OK);
    assert_int_equal(chat_reply_unpack(self->reply.body, arena, &reply, NULL), ACT_E_OK);
    assert_true(act_str_is(reply.message->text, text));
}

static void commits_before_it_uses(void **state)
{
    stage_t *self = *state;
    respond(self, "hello", (act_steps_t){0}, false);
    const kit_message_t *asked = expect(self, "chat");
    assert_true(act_str_is(asked->header.idempotency_key, "t-1/agent/large/0/chat"));
    assert_true(act_str_is(asked->header.tenant, "demo"));
    answer_chat(self, asked, "mine");
    assert_int_equal(self->done_count, 0); // paid, not committed
    const kit_message_t *put = expect(self, "put_turn_step");
    put_turn_step_request_t step;
    assert_int_equal(put_turn_step_request_unpack(put->body, put->frame, &step, NULL), ACT_E_OK);
    assert_true(act_str_is(step.step_key, "agent/large/0/chat"));
    assert_true(act_str_is(step.kind, "paid") && act_str_is(step.turn_id, "t-1"));
    // Somebody else was first: that is what counts.
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const chat_message_t message = {.role = ACT_STR("assistant"), .text = ACT_STR("theirs")};
    act_buf_t first;
    act_buf_init(&first, 65536);
    chat_reply_pack(&(chat_reply_t){.message = &message}, &first);
    answer(self, put, &put_turn_step_reply_model,
           &(put_turn_step_reply_t){.result = act_buf_str(&first)});
    act_buf_fini(&first);
    assert_reply(self, "theirs");
    act_steps_t steps = act_journal_steps(self->journal);
    assert_int_equal(steps.count, 1);
    assert_true(act_str_is(steps.items[0].kind, "paid"));
    assert_true(act_str_eq(steps.items[0].request_hash, step.request_hash));
    assert_true(act_str_eq(steps.items[0].result, self->reply.body));
}

// What a first run leaves, for a second one.
static act_steps_t record(stage_t *self, act_arena_t *arena, const char *text)
{
    respond(self, text, (act_steps_t){0}, false);
    answer_chat(self, expect(self, "chat"), "once");
    const kit_message_t *put = expect(self, "put_turn_step");
    put_turn_step_request_t request;
    assert_int_equal(put_turn_step_request_unpack(put->body, put->frame, &request, NULL), ACT_E_OK);
    answer(self, put, &put_turn_step_reply_model,
           &(put_turn_step_reply_t){.result = request.result});
    turn_step_t *step = act_arena_alloc(arena, sizeof *step);
    *step = (turn_step_t){.step_key = act_arena_str(arena, request.step_key),
                          .kind = ACT_STR("paid"),
                          .request_hash = act_arena_str(arena, request.request_hash),
                          .result = act_arena_str(arena, request.result)};
    act_call_fail(&self->call, ACT_E_CANCELLED, NULL);
    self->done_count = 0;
    return (act_steps_t){step, 1};
}

static void is_not_asked_again(void **state)
{
    stage_t *self = *state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_steps_t recorded = record(self, arena, "hello");
    respond(self, "hello", recorded, false);
    assert_reply(self, "once");
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
    assert_int_equal(act_journal_steps(self->journal).count, 1);
}

static void what_was_read_is_committed_with_it_and_read_again(void **state)
{
    stage_t *self = *state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    self->clock = "noon";
    respond(self, "hello", (act_steps_t){0}, false);
    answer_chat(self, expect(self, "chat"), "once");
    const kit_message_t *put = expect(self, "put_turn_step");
    put_turn_step_request_t request;
    assert_int_equal(put_turn_step_request_unpack(put->body, put->frame, &request, NULL), ACT_E_OK);
    const turn_step_t row = {.step_key = ACT_STR("agent/large/1/chat/seen"),
                             .kind = ACT_STR("seen"),
                             .result = act_arena_str(arena, request.seen)};
    act_steps_t steps = act_paid_recorded(arena, (act_steps_t){&row, 1});
    assert_int_equal(steps.count, 2);
    assert_true(act_str_is(steps.items[1].step_key, "agent/large/0/clock"));
    act_paid_cancel(&self->paid);
    act_call_fail(&self->call, ACT_E_CANCELLED, NULL);
    self->clock = "midnight";
    respond(self, "hello", steps, false);
    assert_true(act_str_is(self->told, "noon"));
}

static void another_request_is_a_mismatch(void **state)
{
    stage_t *self = *state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_steps_t recorded = record(self, arena, "hello");
    respond(self, "good bye", recorded, false);
    actor_kit_until(self->kit, &self->done_count, 1);
    assert_int_equal(self->reply.err, ACT_E_STEP_MISMATCH);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
}

static void a_replay_asks_nobody(void **state)
{
    stage_t *self = *state;
    respond(self, "hello", (act_steps_t){0}, true);
    actor_kit_until(self->kit, &self->done_count, 1);
    assert_int_equal(self->reply.err, ACT_E_STEP_MISSING);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
}

static void fail_answer(stage_t *self, const kit_message_t *asked, act_err_t err)
{
    const act_header_t header = {.kind = ACT_KIND_ERROR, .id = asked->header.id, .err = err};
    actor_kit_send(self->kit, &header, act_str(""));
    actor_kit_settle(self->kit);
}

static void a_failure_is_noted_and_fails_again(void **state)
{
    stage_t *self = *state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    respond(self, "hello", (act_steps_t){0}, false);
    fail_answer(self, expect(self, "chat"), ACT_E_MODEL_PROVIDER);
    actor_kit_until(self->kit, &self->done_count, 1);
    assert_int_equal(self->reply.err, ACT_E_MODEL_PROVIDER);
    act_steps_t steps = act_journal_steps(self->journal);
    assert_int_equal(steps.count, 1);
    assert_false(act_str_is(steps.items[0].kind, "paid"));
    turn_step_t step = steps.items[0];
    step.step_key = act_arena_str(arena, step.step_key);
    step.request_hash = act_arena_str(arena, step.request_hash);
    act_call_fail(&self->call, ACT_E_CANCELLED, NULL);
    self->done_count = 0;
    respond(self, "hello", (act_steps_t){&step, 1}, true);
    actor_kit_until(self->kit, &self->done_count, 1);
    assert_int_equal(self->reply.err, ACT_E_MODEL_PROVIDER);
}

static void what_cannot_be_committed_is_not_used(void **state)
{
    stage_t *self = *state;
    respond(self, "hello", (act_steps_t){0}, false);
    answer_chat(self, expect(self, "chat"), "mine");
    fail_answer(self, expect(self, "put_turn_step"), ACT_E_LEASE_LOST);
    actor_kit_until(self->kit, &self->done_count, 1);
    assert_int_equal(self->reply.err, ACT_E_LEASE_LOST);
    assert_int_equal(act_journal_steps(self->journal).count, 0);
}

static void a_cancel_tells_whoever_is_asked(void **state)
{
    stage_t *self = *state;
    respond(self, "hello", (act_steps_t){0}, false);
    const kit_message_t *asked = expect(self, "chat");
    act_paid_cancel(&self->paid);
    act_paid_cancel(&self->paid); // twice is allowed
    const kit_message_t *cancel = actor_kit_expect(self->kit, ACT_KIND_CANCEL);
    assert_true(cancel->header.id == asked->header.id);
    answer_chat(self, asked, "late");
    assert_int_equal(self->done_count, 0);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(commits_before_it_uses),
        TEST(is_not_asked_again),
        TEST(what_was_read_is_committed_with_it_and_read_again),
        TEST(another_request_is_a_mismatch),
        TEST(a_replay_asks_nobody),
        TEST(a_failure_is_noted_and_fails_again),
        TEST(what_cannot_be_committed_is_not_used),
        TEST(a_cancel_tells_whoever_is_asked),
    };
#undef TEST
    return cmocka_run_group_tests_name("paid", tests, NULL, NULL);
}
