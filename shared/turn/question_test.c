// question_test: a turn's question, with the test in the place of model and persistence: nobody there, a good
// answer, a repair, two bad answers, a failure, a cancel, what was paid for before, a replay.
#include "turn/question.h"

#include "harness/model_talk.h"
#include "io/json.h"
#include "proto/agent_service.h"
#include "proto/persistence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"word\"],"                 \
    "\"properties\":{\"word\":{\"type\":\"string\"}}}"
#define YES "{\"word\":\"yes\"}"
#define NO "{\"word\":\"no\"}"

typedef struct {
    actor_kit_t *kit;
    act_model_roles_t *models;
    act_call_t *call; // held
    act_question_t *question;
    act_journal_t *journal;
    act_err_t open_err;
    int opened_count, answered_count;
    act_answer_t answer;
    act_str_t word;
} stage_t;

// It wants to hear no "no".
static act_err_t read_word(void *context, const json_t *answer, act_buf_t *error)
{
    stage_t *self = context;
    act_str_t word = act_json_str(answer, "word");
    if (act_str_is(word, "no")) {
        act_buf_printf(error, "answer.word: must be pleasant");
        return ACT_E_INVALID_ARGUMENT;
    }
    self->word = act_arena_str(act_call_arena(self->call), word);
    return ACT_E_OK;
}

static void on_answer(void *context, const act_answer_t *answer)
{
    stage_t *self = context;
    self->answer = *answer;
    self->answered_count++;
}

static void on_open(void *context, act_err_t err, act_journal_t *journal)
{
    stage_t *self = context;
    self->opened_count++;
    self->open_err = err;
    self->journal = journal;
    if (!journal)
        return;
    act_question_ask(self->question, &(act_question_ask_t){.system = ACT_STR("Be brief."),
                                                           .text = ACT_STR("which word?"),
                                                           .schema = SCHEMA,
                                                           .max_output_tokens = 10,
                                                           .read = read_word,
                                                           .fn = on_answer,
                                                           .context = self});
    assert_int_equal(self->answered_count, 0); // never before it returned
}

static void hold(void *context, act_call_t *call, const respond_request_t *request)
{
    stage_t *self = context;
    self->call = call;
    self->question = act_question_new(&(act_question_opts_t){
        .call = call,
        .models = self->models,
        .role = "classify",
        .steps = ACT_STR("word"),
        .conversation_id = request->conversation_id,
        .turn_id = request->turn_id,
        .recorded = {request->journal.items, request->journal.count},
        .is_replay = request->is_replay,
    });
    act_question_open(self->question, on_open, self);
}

static const agent_server_t server = {.respond = hold};
static const act_spec_t spec = {.name = "agent", .service = &agent_service, .server = &server};

static int set_up(void **state)
{
    stage_t *self = act_alloc(sizeof *self);
    self->kit = actor_kit_new(&spec, self);
    self->models = act_model_roles_new(self->kit->actor);
    actor_kit_welcome(self->kit, 1);
    *state = self;
    return 0;
}

static void end_call(stage_t *self)
{
    act_question_cancel(self->question);
    self->question = NULL;
    if (self->call)
        act_call_fail(&self->call, ACT_E_CANCELLED, NULL);
    actor_kit_settle(self->kit);
}

static int tear_down(void **state)
{
    stage_t *self = *state;
    end_call(self);
    act_model_roles_destroy(&self->models);
    actor_kit_destroy(&self->kit);
    act_free(self);
    return 0;
}

static void begin(stage_t *self, act_steps_t recorded, bool is_replay, uint8_t attempt)
{
    const respond_request_t request = {.text = ACT_STR("hello"),
                                       .language = ACT_STR("en"),
                                       .conversation_id = ACT_STR("c-1"),
                                       .turn_id = ACT_STR("t-1"),
                                       .journal = {recorded.items, recorded.count},
                                       .is_replay = is_replay};
    self->answered_count = self->opened_count = 0;
    model_talk_call(self->kit, "agent", "respond", &respond_request_model, &request, attempt);
    actor_kit_settle(self->kit);
}

static void begin_with_model(stage_t *self)
{
    begin(self, (act_steps_t){0}, /* is_replay= */ false, /* attempt= */ 1);
    model_talk_tell_models(self->kit, "classify", "anthropic");
}

static void assert_answer(stage_t *self, act_answer_kind_t kind)
{
    actor_kit_until(self->kit, &self->answered_count, 1);
    assert_int_equal(self->answer.kind, kind);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
}

static void without_a_model_nobody_is_asked(void **state)
{
    stage_t *self = *state;
    begin(self, (act_steps_t){0}, false, 1);
    model_talk_tell_models(self->kit, "classify", "builtin");
    actor_kit_until(self->kit, &self->opened_count, 1);
    assert_null(self->journal);
    assert_int_equal(self->open_err, ACT_E_OK);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
}

static void a_good_answer_is_read_and_a_step(void **state)
{
    stage_t *self = *state;
    begin_with_model(self);
    chat_request_t asked = model_talk_say(self->kit, "Sure: " YES);
    assert_true(act_str_is(asked.role, "classify"));
    assert_true(act_str_is(asked.conversation_id, "c-1"));
    assert_true(act_str_is(asked.system, "Be brief."));
    assert_true(act_str_is(asked.output_schema, SCHEMA));
    assert_true(act_str_is(asked.messages.items[0].text, "which word?"));
    assert_answer(self, ACT_ANSWER_GOOD);
    assert_true(act_str_is(self->word, "yes"));
    assert_true(act_str_is(self->answer.model, "main small-1"));
    act_steps_t steps = act_journal_steps(self->journal);
    assert_int_equal(steps.count, 1);
    assert_true(act_str_is(steps.items[0].kind, "paid"));
    assert_true(act_str_is(steps.items[0].step_key, "word/0/model.chat"));
}

// By the schema, and by whoever asks.
static void what_cannot_be_used_is_repaired_once(void **state)
{
    static const struct {
        const char *bad, *error;
    } rows[] = {{"{}", "word"}, {NO, "must be pleasant"}};
    stage_t *self = *state;
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        begin(self, (act_steps_t){0}, false, 1);
        if (i == 0)
            model_talk_tell_models(self->kit, "classify", "anthropic");
        model_talk_say(self->kit, rows[i].bad);
        chat_request_t again = model_talk_say(self->kit, YES);
        assert_int_equal(again.messages.count, 3);
        act_str_t why = again.messages.items[2].text;
        assert_non_null(memmem(why.ptr, why.len_bytes, rows[i].error, strlen(rows[i].error)));
        assert_answer(self, ACT_ANSWER_REPAIRED);
        assert_int_equal(act_journal_steps(self->journal).count, 2);
        end_call(self);
    }
}

static void two_bad_answers_are_the_end(void **state)
{
    stage_t *self = *state;
    begin_with_model(self);
    model_talk_say(self->kit, "");
    chat_request_t again = model_talk_say(self->kit, NO);
    assert_int_equal(again.messages.count, 1); // nothing was said
    assert_answer(self, ACT_ANSWER_INVALID);
    assert_int_equal(self->answer.err, ACT_E_OK);
}

static void a_failure_is_the_end(void **state)
{
    stage_t *self = *state;
    begin_with_model(self);
    const kit_message_t *asked = model_talk_expect(self->kit, "chat");
    assert_in_range(asked->header.budget_ms, 1, 4500); // something is left for the way back
    model_talk_refuse(self->kit, asked, ACT_E_MODEL_PROVIDER);
    assert_answer(self, ACT_ANSWER_FAILED);
    assert_int_equal(self->answer.err, ACT_E_MODEL_PROVIDER);
    assert_true(act_str_empty(self->answer.model));
}

static void after_a_cancel_nobody_is_called(void **state)
{
    stage_t *self = *state;
    begin(self, (act_steps_t){0}, false, 1);
    const kit_message_t *asked = model_talk_expect(self->kit, "list_models");
    act_question_cancel(self->question);
    model_talk_refuse(self->kit, asked, ACT_E_UNAVAILABLE);
    actor_kit_settle(self->kit);
    assert_int_equal(self->opened_count, 0);
    end_call(self);
    begin(self, (act_steps_t){0}, false, 1);
    end_call(self);
    actor_kit_settle(self->kit);
    assert_int_equal(self->answered_count, 0);
}

// What a first run paid for.
static act_steps_t record(stage_t *self, act_arena_t *arena, const char *said)
{
    begin_with_model(self);
    if (said)
        model_talk_say(self->kit, said);
    else
        model_talk_refuse(self->kit, model_talk_expect(self->kit, "chat"), ACT_E_MODEL_PROVIDER);
    actor_kit_until(self->kit, &self->answered_count, 1);
    act_steps_t steps = act_journal_steps(self->journal);
    turn_step_t *kept = act_arena_alloc(arena, sizeof *kept);
    assert_int_equal(steps.count, 1);
    *kept = steps.items[0];
    kept->step_key = act_arena_str(arena, kept->step_key);
    kept->kind = act_arena_str(arena, kept->kind);
    kept->request_hash = act_arena_str(arena, kept->request_hash);
    kept->result = act_arena_str(arena, kept->result);
    end_call(self);
    return (act_steps_t){kept, 1};
}

static void what_was_paid_for_is_not_asked_again(void **state)
{
    stage_t *self = *state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_steps_t recorded = record(self, arena, YES);
    begin(self, recorded, /* is_replay= */ false, 1);
    assert_answer(self, ACT_ANSWER_GOOD);
    end_call(self);
    begin(self, recorded, /* is_replay= */ true, 1);
    assert_answer(self, ACT_ANSWER_GOOD);
    end_call(self);
    begin(self, (act_steps_t){0}, false, /* attempt= */ 2); // another instance had it
    const list_turn_steps_reply_t steps = {.steps = {recorded.items, recorded.count}};
    model_talk_answer(self->kit, model_talk_expect(self->kit, "list_turn_steps"),
                      &list_turn_steps_reply_model, &steps);
    assert_answer(self, ACT_ANSWER_GOOD);
    assert_true(act_str_is(self->word, "yes"));
    end_call(self);
    begin(self, (act_steps_t){0}, false, /* attempt= */ 2);
    model_talk_refuse(self->kit, model_talk_expect(self->kit, "list_turn_steps"),
                      ACT_E_UNAVAILABLE);
    actor_kit_until(self->kit, &self->opened_count, 1);
    assert_int_equal(self->open_err, ACT_E_UNAVAILABLE);
    assert_null(self->journal);
}

static void a_replay_asks_nobody_whatever_the_configuration_is_now(void **state)
{
    stage_t *self = *state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_steps_t failed = record(self, arena, NULL);
    begin(self, failed, /* is_replay= */ true, 1);
    assert_answer(self, ACT_ANSWER_FAILED);
    end_call(self);
    turn_step_t other = failed.items[0];
    other.step_key = ACT_STR("words/0/model.chat");
    begin(self, (act_steps_t){&other, 1}, /* is_replay= */ true, 1); // somebody else was asked
    assert_int_equal(self->opened_count, 1);
    assert_null(self->journal);
    assert_int_equal(actor_kit_count(self->kit, ACT_KIND_CALL), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_a_model_nobody_is_asked),
        TEST(a_good_answer_is_read_and_a_step),
        TEST(what_cannot_be_used_is_repaired_once),
        TEST(two_bad_answers_are_the_end),
        TEST(a_failure_is_the_end),
        TEST(after_a_cancel_nobody_is_called),
        TEST(what_was_paid_for_is_not_asked_again),
        TEST(a_replay_asks_nobody_whatever_the_configuration_is_now),
    };
#undef TEST
    return cmocka_run_group_tests_name("question", tests, NULL, NULL);
}
