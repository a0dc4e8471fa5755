// eyes: what the question is, and what becomes of its answer.
#include "eyes.h"

#include "base/mem.h"
#include "classify_prompt.h"
#include "io/json.h"
#include "opinion.h"
#include "proto/intent_service.h"
#include "turn/question.h"

#define ANSWER_MAX_TOKENS 1500
// What is longer has said by then what it wants.
#define TEXT_MAX_LETTERS 4000

typedef struct {
    act_actor_t *actor;
    act_call_t *call;
    const classify_request_t *request;
    classify_reply_t reply;
    understanding_t understanding;
    act_question_t *question;
    act_journal_t *journal; // NULL: nobody is asked
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
    act_question_cancel(self->question);
    act_call_fail(&self->call, ACT_E_CANCELLED, NULL);
    act_free(self);
}

// --- the answer ----------------------------------------------------------------------------------

static act_err_t read_opinion(void *context, const json_t *said, act_buf_t *error)
{
    look_t *self = context;
    return opinion_read(said, self->request->text, arena_of(self), &self->understanding, error);
}

static void on_answer(void *context, const act_answer_t *said)
{
    static const char *const outcomes[] = {
        [ACT_ANSWER_GOOD] = "answered",
        [ACT_ANSWER_REPAIRED] = "repaired",
        [ACT_ANSWER_INVALID] = "invalid",
        [ACT_ANSWER_FAILED] = "failed",
    };
    look_t *self = context;
    self->understanding.outcome = act_str(outcomes[said->kind]);
    self->understanding.model = said->model;
    if (said->kind == ACT_ANSWER_GOOD || said->kind == ACT_ANSWER_REPAIRED) {
        opinion_merge(&self->understanding, arena_of(self), &self->reply);
    } else {
        if (said->err != ACT_E_OK)
            self->understanding.error_code = act_str(act_err_code(said->err));
        act_log_info(act_actor_log(self->actor), "model_not_used",
                     "turn=%" ACT_STR_FMT ",why=%s,code=%s", ACT_STR_ARG(self->request->turn_id),
                     outcomes[said->kind], act_err_code(said->err));
    }
    answer(self);
}

// --- the question --------------------------------------------------------------------------------

// The customer's words as a JSON string: nothing in them ends it.
static act_str_t question_text(const look_t *self)
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

static void on_open(void *context, act_err_t err, act_journal_t *journal)
{
    look_t *self = context;
    const classify_reply_t *found = &self->reply;
    if (err != ACT_E_OK || !journal) {
        answer(self);
        return;
    }
    self->journal = journal;
    self->understanding = (understanding_t){
        .builtin_intent = found->intent,
        .builtin_confidence = found->confidence,
        .builtin_sentiment = found->sentiment,
        .builtin_risk = {found->risk.items, found->risk.count},
        .threshold = found->threshold,
    };
    const act_question_ask_t ask = {
        .system = ACT_STR(classify_prompt),
        .text = question_text(self),
        .schema = opinion_schema(),
        .max_output_tokens = ANSWER_MAX_TOKENS,
        .read = read_opinion,
        .fn = on_answer,
        .context = self,
    };
    act_question_ask(self->question, &ask);
}

void eyes_look(eyes_t *eyes, act_call_t **call_p, const classify_request_t *request,
               const classify_reply_t *reply)
{
    look_t *self = act_alloc(sizeof *self);
    *self = (look_t){
        .actor = eyes->actor, .call = act_take(call_p), .request = request, .reply = *reply};
    const act_question_opts_t opts = {
        .call = self->call,
        .models = eyes->models,
        .role = "classify",
        .steps = ACT_STR("intent"),
        .conversation_id = request->conversation_id,
        .turn_id = request->turn_id,
        .recorded = {request->journal.items, request->journal.count},
        .is_replay = request->is_replay,
    };
    self->question = act_question_new(&opts);
    act_call_on_cancel(self->call, on_cancel, self);
    act_question_open(self->question, on_open, self);
}
