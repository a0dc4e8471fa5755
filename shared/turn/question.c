// question: one thing is open at a time: the roles, the recorded steps, or the model.
#include "turn/question.h"

#include "proto/model_service.h"
#include "turn/json_answer.h"
#include "turn/paid.h"
#include "turn/recorded.h"

// Of what the caller gives us: the rest is for the way back.
#define MODEL_PCT 85
#define ASKED_MAX_COUNT 2 // the question, and one repair
#define ERROR_MAX_BYTES 4096

struct act_question {
    act_question_opts_t opts;
    act_question_open_fn *open_fn;
    void *open_context;
    act_question_ask_t ask;
    act_journal_t *journal; // NULL: not open
    uint64_t call_id;       // of the recorded steps; 0: not on its way
    act_paid_t *paid;       // NULL: not on its way
    chat_request_t chat;
    uint32_t asked_count;
    act_answer_t answer;
};

static act_arena_t *arena_of(const act_question_t *self)
{
    return act_call_arena(self->opts.call);
}

// --- is there anybody? ---------------------------------------------------------------------------

static void open_with(act_question_t *self, act_steps_t recorded)
{
    const act_journal_opts_t opts = {
        .prefix = self->opts.steps,
        .recorded = act_paid_recorded(arena_of(self), recorded),
        .is_replay = self->opts.is_replay,
    };
    self->journal = act_journal_new(arena_of(self), &opts);
    self->open_fn(self->open_context, ACT_E_OK, self->journal);
}

static void on_steps(void *context, act_err_t err, act_steps_t steps)
{
    act_question_t *self = context;
    self->call_id = 0;
    if (err == ACT_E_OK)
        open_with(self, steps);
    else
        self->open_fn(self->open_context, err, NULL);
}

static void on_models(void *context, bool has_model)
{
    act_question_t *self = context;
    const act_question_opts_t *opts = &self->opts;
    if (!has_model)
        self->open_fn(self->open_context, ACT_E_OK, NULL);
    else if (act_recorded_is_needed(opts->call, opts->is_replay))
        self->call_id =
            act_recorded_find(opts->call, opts->conversation_id, opts->turn_id, on_steps, self);
    else
        open_with(self, opts->recorded);
}

// In a replay a model is asked when one was: its steps, or their failures, are there.
static bool was_asked(const act_question_opts_t *opts)
{
    for (uint32_t i = 0; i < opts->recorded.count; i++) {
        act_str_t key = opts->recorded.items[i].step_key;
        size_t prefix_bytes = opts->steps.len_bytes;
        if (key.len_bytes > prefix_bytes && key.ptr[prefix_bytes] == '/' &&
            act_str_eq(act_str_of(key.ptr, prefix_bytes), opts->steps))
            return true;
    }
    return false;
}

void act_question_open(act_question_t *self, act_question_open_fn *fn, void *context)
{
    const act_question_opts_t *opts = &self->opts;
    self->open_fn = fn;
    self->open_context = context;
    if (opts->is_replay)
        on_models(self, was_asked(opts));
    else
        act_model_roles_ask(opts->models, act_call_header(opts->call)->tenant, act_str(opts->role),
                            on_models, self);
}

// --- the model -----------------------------------------------------------------------------------

static void ask_model(act_question_t *self);

static void end(act_question_t *self, act_answer_kind_t kind, act_err_t err)
{
    self->answer.kind = kind;
    self->answer.err = err;
    self->ask.fn(self->ask.context, &self->answer);
}

static bool can_use(act_question_t *self, act_str_t said, act_buf_t *error)
{
    json_t *root = NULL;
    act_err_t err = act_json_answer_read(said, self->ask.schema, &root, error);
    if (err == ACT_E_OK)
        err = self->ask.read(self->ask.context, root, error);
    json_decref(root);
    return err == ACT_E_OK;
}

static void repair(act_question_t *self, const chat_message_t *said, act_str_t error)
{
    if (self->asked_count == ASKED_MAX_COUNT) {
        end(self, ACT_ANSWER_INVALID, ACT_E_OK);
        return;
    }
    self->chat = act_json_answer_dispute(&self->chat, said, error, arena_of(self));
    ask_model(self);
}

static void read_answer(act_question_t *self, const chat_reply_t *body)
{
    const chat_message_t nothing = {.role = ACT_STR("assistant")};
    const chat_message_t *said = body->message ? body->message : &nothing;
    self->answer.model = act_arena_printf(arena_of(self), "%" ACT_STR_FMT " %" ACT_STR_FMT,
                                          ACT_STR_ARG(body->provider), ACT_STR_ARG(body->model));
    act_buf_t error;
    act_buf_init(&error, ERROR_MAX_BYTES);
    if (can_use(self, said->text, &error))
        end(self, self->asked_count > 1 ? ACT_ANSWER_REPAIRED : ACT_ANSWER_GOOD, ACT_E_OK);
    else
        repair(self, said, act_buf_str(&error));
    act_buf_fini(&error);
}

static void on_chat(void *context, const act_reply_t *reply)
{
    act_question_t *self = context;
    chat_reply_t body;
    self->paid = NULL;
    act_err_t err = reply->err;
    if (err == ACT_E_OK)
        err = chat_reply_unpack(reply->body, arena_of(self), &body, NULL);
    if (err == ACT_E_OK)
        read_answer(self, &body);
    else
        end(self, ACT_ANSWER_FAILED, err);
}

static uint32_t budget_ms(const act_question_t *self)
{
    int64_t left_ms = act_call_left_ms(self->opts.call) * MODEL_PCT / 100;
    return left_ms > 1 ? (uint32_t)left_ms : 1;
}

static void ask_model(act_question_t *self)
{
    const act_paid_turn_t turn = {
        .actor = act_call_actor(self->opts.call),
        .call = self->opts.call,
        .journal = self->journal,
        .conversation_id = self->opts.conversation_id,
        .turn_id = self->opts.turn_id,
    };
    const act_paid_ask_t what = {
        .service = model_service.name,
        .method = &model_service.methods[MODEL_CHAT],
        .request = &self->chat,
        .step_key = act_journal_key(self->journal, "model.chat"),
        .budget_ms = budget_ms(self),
    };
    self->asked_count++;
    self->paid = act_paid_ask(&turn, &what, on_chat, self);
}

void act_question_ask(act_question_t *self, const act_question_ask_t *ask)
{
    chat_message_t *message = act_arena_alloc(arena_of(self), sizeof *message);
    *message = (chat_message_t){.role = ACT_STR("user"), .text = ask->text};
    self->ask = *ask;
    self->chat = (chat_request_t){
        .role = act_str(self->opts.role),
        .conversation_id = self->opts.conversation_id,
        .system = ask->system,
        .messages = {message, 1},
        .output_schema = act_str(ask->schema),
        .max_output_tokens = ask->max_output_tokens,
        .effort = ACT_STR("none"),
        .has_temperature = true, // 0
    };
    ask_model(self);
}

// --- life ----------------------------------------------------------------------------------------

act_question_t *act_question_new(const act_question_opts_t *opts)
{
    act_question_t *self = act_arena_alloc(act_call_arena(opts->call), sizeof *self);
    *self = (act_question_t){.opts = *opts};
    return self;
}

void act_question_cancel(act_question_t *self)
{
    if (!self)
        return;
    act_model_roles_forget(self->opts.models, self);
    act_actor_cancel(act_call_actor(self->opts.call), self->call_id);
    act_paid_cancel(&self->paid);
}
