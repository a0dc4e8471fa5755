// eyes: has the tenant a model, ask it, ask it once more, answer.
#include "eyes.h"

#include "base/mem.h"
#include "classify_prompt.h"
#include "io/json.h"
#include "opinion.h"
#include "proto/intent_service.h"
#include "proto/model_service.h"
#include "turn/journal.h"
#include "turn/paid.h"
#include "turn/recorded.h"

// Of what the caller gives us: the rest is for the way back.
#define MODEL_PCT 85
#define ANSWER_MAX_TOKENS 1500
#define LOOKS_MAX_COUNT 2 // the question, and one repair
// What is longer has said by then what it wants.
#define TEXT_MAX_LETTERS 4000
#define STEPS "intent"

typedef struct {
    eyes_t *eyes;
    act_call_t *call;
    const classify_request_t *request;
    classify_reply_t reply;
    understanding_t understanding;
    act_journal_t *journal;
    act_paid_t *paid;     // NULL: nothing is on its way
    act_steps_t recorded; // of the turn
    uint64_t steps_id;    // 0: they are not asked for
    uint32_t looks_count;
    chat_message_t messages[1 + 2 * (LOOKS_MAX_COUNT - 1)];
    uint32_t messages_count;
} look_t;

static act_arena_t *arena_of(const look_t *self)
{
    return act_call_arena(self->call);
}

static void answer(look_t *self)
{
    act_call_on_cancel(self->call, NULL, NULL);
    if (self->journal) {
        act_steps_t steps = act_journal_steps(self->journal);
        self->reply.steps.items = steps.items;
        self->reply.steps.count = steps.count;
        self->reply.understanding = &self->understanding;
    }
    act_call_t *call = self->call;
    intent_classify_reply(&call, &self->reply);
    act_free(self);
}

static void on_cancel(void *context)
{
    look_t *self = context;
    act_model_roles_forget(self->eyes->models, self);
    act_actor_cancel(self->eyes->actor, self->steps_id);
    act_paid_cancel(&self->paid);
    act_call_fail(&self->call, ACT_E_CANCELLED, NULL);
    act_free(self);
}

// --- the model -----------------------------------------------------------------------------------

static void ask(look_t *self);

static void give_up(look_t *self, const char *outcome, act_err_t err)
{
    self->understanding.outcome = act_str(outcome);
    if (err != ACT_E_OK)
        self->understanding.error_code = act_str(act_err_code(err));
    act_log_info(act_actor_log(self->eyes->actor), "model_not_used",
                 "turn=%" ACT_STR_FMT ",why=%s,code=%s", ACT_STR_ARG(self->request->turn_id),
                 outcome, act_err_code(err));
    answer(self);
}

static void use(look_t *self)
{
    self->understanding.outcome = self->looks_count > 1 ? ACT_STR("repaired") : ACT_STR("answered");
    opinion_merge(&self->understanding, arena_of(self), &self->reply);
    answer(self);
}

static void add_message(look_t *self, const char *role, act_str_t text)
{
    self->messages[self->messages_count++] = (chat_message_t){.role = act_str(role), .text = text};
}

static void repair(look_t *self, const chat_message_t *said, act_str_t error)
{
    if (self->looks_count == LOOKS_MAX_COUNT) {
        give_up(self, "invalid", ACT_E_OK);
        return;
    }
    self->messages[self->messages_count++] = *said;
    add_message(self, "user",
                act_arena_printf(arena_of(self),
                                 "That cannot be used: %" ACT_STR_FMT
                                 ". Answer again, with the one JSON object alone.",
                                 ACT_STR_ARG(error)));
    ask(self);
}

static void read_answer(look_t *self, const chat_reply_t *body)
{
    act_buf_t error;
    act_buf_init(&error, 1024);
    const chat_message_t nothing = {.role = ACT_STR("assistant")};
    const chat_message_t *said = body->message ? body->message : &nothing;
    self->understanding.model =
        act_arena_printf(arena_of(self), "%" ACT_STR_FMT " %" ACT_STR_FMT,
                         ACT_STR_ARG(body->provider), ACT_STR_ARG(body->model));
    act_err_t err =
        opinion_read(said->text, self->request->text, arena_of(self), &self->understanding, &error);
    if (err == ACT_E_OK)
        use(self);
    else
        repair(self, said, act_arena_str(arena_of(self), act_buf_str(&error)));
    act_buf_fini(&error);
}

static void on_answer(void *context, const act_reply_t *reply)
{
    look_t *self = context;
    chat_reply_t body;
    self->paid = NULL;
    act_err_t err = reply->err;
    if (err == ACT_E_OK)
        err = chat_reply_unpack(reply->body, arena_of(self), &body, NULL);
    if (err == ACT_E_OK)
        read_answer(self, &body);
    else
        give_up(self, "failed", err);
}

static uint32_t budget_ms(const look_t *self)
{
    int64_t left_ms = act_call_left_ms(self->call) * MODEL_PCT / 100;
    return left_ms > 1 ? (uint32_t)left_ms : 1;
}

static void ask(look_t *self)
{
    const chat_request_t chat = {
        .role = ACT_STR("classify"),
        .conversation_id = self->request->conversation_id,
        .system = ACT_STR(classify_prompt),
        .messages = {self->messages, self->messages_count},
        .output_schema = opinion_schema(),
        .max_output_tokens = ANSWER_MAX_TOKENS,
        .effort = ACT_STR("none"),
        .has_temperature = true, // 0
    };
    const act_paid_turn_t turn = {
        .actor = self->eyes->actor,
        .call = self->call,
        .journal = self->journal,
        .conversation_id = self->request->conversation_id,
        .turn_id = self->request->turn_id,
    };
    const act_paid_ask_t what = {
        .service = "model",
        .method = &model_service.methods[MODEL_CHAT],
        .request = &chat,
        .step_key = act_journal_key(self->journal, "model.chat"),
        .budget_ms = budget_ms(self),
    };
    self->looks_count++;
    self->paid = act_paid_ask(&turn, &what, on_answer, self);
}

// --- the beginning -------------------------------------------------------------------------------

// The customer's words as a JSON string: nothing in them ends it.
static act_str_t question(const look_t *self)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    act_buf_add_str(&out, ACT_STR("{\"language\":"));
    act_json_quote(self->request->language, &out);
    act_buf_add_str(&out, ACT_STR(",\"message\":"));
    act_json_quote(act_utf8_prefix(self->request->text, TEXT_MAX_LETTERS), &out);
    act_buf_add_char(&out, '}');
    act_str_t text = act_arena_str(arena_of(self), act_buf_str(&out));
    act_buf_fini(&out);
    return text;
}

static void start(look_t *self)
{
    const classify_request_t *request = self->request;
    const classify_reply_t *found = &self->reply;
    self->journal = act_journal_new(arena_of(self), &(act_journal_opts_t){
                                                        .prefix = ACT_STR(STEPS),
                                                        .recorded = self->recorded,
                                                        .is_replay = request->is_replay,
                                                    });
    self->understanding = (understanding_t){
        .builtin_intent = found->intent,
        .builtin_confidence = found->confidence,
        .builtin_sentiment = found->sentiment,
        .builtin_risk = {found->risk.items, found->risk.count},
        .threshold = found->threshold,
    };
    add_message(self, "user", question(self));
    ask(self);
}

static void on_steps(void *context, act_err_t err, act_steps_t steps)
{
    look_t *self = context;
    self->steps_id = 0;
    self->recorded = act_paid_recorded(arena_of(self), steps);
    if (err == ACT_E_OK)
        start(self);
    else
        answer(self);
}

static void on_models(void *context, bool has_model)
{
    look_t *self = context;
    const classify_request_t *request = self->request;
    if (!has_model)
        answer(self);
    else if (act_recorded_is_needed(self->call, request->is_replay))
        self->steps_id = act_recorded_find(self->call, request->conversation_id, request->turn_id,
                                           on_steps, self);
    else
        start(self);
}

// In a replay a model is asked when one was: its steps, or their failures, are there.
static bool was_asked(const classify_request_t *request)
{
    for (uint32_t i = 0; i < request->journal.count; i++)
        if (act_str_starts_with(request->journal.items[i].step_key, STEPS "/"))
            return true;
    return false;
}

void eyes_look(eyes_t *eyes, act_call_t **call_p, const classify_request_t *request,
               const classify_reply_t *reply)
{
    look_t *self = act_alloc(sizeof *self);
    *self = (look_t){.eyes = eyes, .call = act_take(call_p), .request = request, .reply = *reply};
    self->recorded = act_paid_recorded(
        arena_of(self), (act_steps_t){request->journal.items, request->journal.count});
    act_call_on_cancel(self->call, on_cancel, self);
    if (request->is_replay)
        on_models(self, was_asked(request));
    else
        act_model_roles_ask(eyes->models, act_call_header(self->call)->tenant, ACT_STR("classify"),
                            on_models, self);
}
