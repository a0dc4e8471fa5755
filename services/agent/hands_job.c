// hands_job: one call, from the model's wish to the result that it is shown. Each step is a function that
// asks and one that hears; whatever goes wrong outside the tool ends the whole turn, which runs again.
#include "base/assert.h"
#include "base/crash_point.h"
#include "hands_private.h"
#include "io/json.h"
#include "marks.h"
#include "proto/persistence_service.h"
#include "proto/tool_service.h"
#include "tool/json_schema.h"

#include <stdlib.h>
#include <string.h>

// What is kept and shown of a result.
#define RESULT_MAX_BYTES (24u << 10)
#define BEGINNING_MAX_CHARS 4000
#define SHOWN_MAX_BYTES 8192
// What is left of the turn for recording the answer, and the least a tool gets.
#define RECORD_MS 500
#define CALL_MIN_MS 200

static act_arena_t *arena_of(const hands_job_t *self)
{
    return self->hands->opts.arena;
}

static void ask(hands_job_t *self, uint32_t method, const void *request, hands_answer_fn *fn)
{
    const hands_t *hands = self->hands;
    act_call_opts_t opts = hands_call_opts(hands, 0);
    self->ask_id =
        hands->opts.io->ask(hands->opts.io->self, persistence_service.name,
                            &persistence_service.methods[method], &opts, request, fn, self);
}

void hands_job_cancel(hands_job_t *self)
{
    if (self->ask_id != 0)
        self->hands->opts.io->cancel(self->hands->opts.io->self, self->ask_id);
    self->ask_id = 0;
}

static act_str_t parked_key(const hands_job_t *self)
{
    return act_arena_printf(arena_of(self), "%" ACT_STR_FMT "/parked", ACT_STR_ARG(self->step_key));
}

// --- the end ---------------------------------------------------------------------------------------

// What the gate learns from it, and what the model is shown.
static void show(hands_job_t *self)
{
    const tool_call_reply_t *reply = &self->reply;
    json_t *result = NULL;
    if (!reply->is_error && act_json_parse(reply->result, &result, NULL, NULL) != ACT_E_OK)
        result = NULL;
    if (self->hands->gate && self->pass.tool)
        (void)gate_learn(self->hands->gate, self->pass.tool, result, !act_str_empty(reply->text));
    json_decref(result);
    act_str_t content = reply->result;
    if (reply->is_error || act_str_empty(content))
        content = reply->text;
    else if (!act_str_empty(reply->text))
        content = act_arena_printf(arena_of(self), "%" ACT_STR_FMT "\n%" ACT_STR_FMT,
                                   ACT_STR_ARG(reply->result), ACT_STR_ARG(reply->text));
    self->result->content = content;
    self->result->is_error = reply->is_error;
    hands_job_done(self, ACT_E_OK);
}

// A result that is no paid step: nothing was called.
static void answer(hands_job_t *self, const char *text, bool is_error)
{
    self->reply = (tool_call_reply_t){.text = act_str(text), .is_error = is_error};
    act_journal_put(self->hands->opts.journal, ACT_STEP_READ, self->step_key, self->request,
                    act_model_packed(&tool_call_reply_model, &self->reply, arena_of(self)));
    self->pass.tool = NULL; // nothing is learned from it
    show(self);
}

static void count(const hands_job_t *self, agent_metric_t metric)
{
    const hands_io_t *io = self->hands->opts.io;
    io->count(io->self, metric);
}

// What the policy, a limit of a day or of approvals says no to.
static void answer_refused(hands_job_t *self, const char *text)
{
    count(self, METRIC_TOOL_CALLS_REFUSED);
    answer(self, text, /* is_error= */ true);
}

static void hear(hands_job_t *self, const act_reply_t *reply, const act_model_t *model,
                 void *ret_message, act_err_t *ret_err)
{
    self->ask_id = 0;
    *ret_err = reply->err;
    if (reply->err == ACT_E_OK && model)
        *ret_err = hands_unpack(self->hands, model, reply->body, ret_message);
}

// --- refused, or for a person ----------------------------------------------------------------------

static void on_refused(void *context, const act_reply_t *reply)
{
    hands_job_t *self = context;
    act_err_t err;
    hear(self, reply, NULL, NULL, &err);
    ACT_CRASH_POINT("agent.tool.refused");
    if (err == ACT_E_OK)
        answer_refused(self, self->pass.policy.text);
    else
        hands_job_done(self, err);
}

static void refuse(hands_job_t *self)
{
    const hands_opts_t *opts = &self->hands->opts;
    const refuse_tool_call_request_t request = {
        .conversation_id = opts->conversation_id,
        .turn_id = opts->turn_id,
        .step_key = self->step_key,
        .tool = self->pass.tool ? act_str(self->pass.tool->card->name)
                                : act_utf8_prefix(self->call->name, ACT_TOOL_NAME_MAX_BYTES / 4),
        .arguments = self->pass.shown,
        .reason = act_str(self->pass.policy.reason),
    };
    ask(self, PERSISTENCE_REFUSE_TOOL_CALL, &request, on_refused);
}

static void on_asked(void *context, const act_reply_t *reply)
{
    hands_job_t *self = context;
    ask_tool_call_reply_t asked = {0};
    act_err_t err;
    hear(self, reply, &ask_tool_call_reply_model, &asked, &err);
    if (err != ACT_E_OK) {
        hands_job_done(self, err);
        return;
    }
    ACT_CRASH_POINT("agent.tool.parked");
    if (act_str_empty(asked.refused_by)) {
        act_journal_put(self->hands->opts.journal, ACT_STEP_READ, parked_key(self), self->request,
                        asked.approval_id);
        self->hands->outcome.is_parked = true;
        count(self, METRIC_TOOL_CALLS_WAITING);
        answer(self, self->pass.policy.text, /* is_error= */ false);
    } else {
        answer_refused(self, policy_refusal("approvals").text);
    }
}

static void ask_person(hands_job_t *self)
{
    const hands_opts_t *opts = &self->hands->opts;
    const ask_tool_call_request_t request = {
        .conversation_id = opts->conversation_id,
        .turn_id = opts->turn_id,
        .step_key = self->step_key,
        .tool = self->call->name,
        .arguments = self->pass.text,
        .shown_arguments = self->pass.shown,
        .card_hash = act_str(self->pass.tool->hash),
        .reason = act_str(self->pass.policy.reason),
        .ttl_ms = hands_wait_ms(self->hands),
    };
    ask(self, PERSISTENCE_ASK_TOOL_CALL, &request, on_asked);
}

// --- recording -------------------------------------------------------------------------------------

// The receipt of a tool on our own tables is an effect of the turn, under the name of its rpc, also when the
// turn runs again before the broker has told which tools there are.
static void put_receipt(hands_job_t *self)
{
    const tool_call_reply_t *reply = &self->reply;
    if (reply->is_error || act_str_empty(reply->receipt) || act_str_empty(reply->rpc))
        return;
    act_str_t key = act_arena_printf(arena_of(self), "%" ACT_STR_FMT "/%" ACT_STR_FMT,
                                     ACT_STR_ARG(self->step_key), ACT_STR_ARG(reply->rpc));
    act_journal_put(self->hands->opts.journal, ACT_STEP_EFFECT, key, self->request,
                    self->reply.receipt);
}

static void use(hands_job_t *self, act_str_t result)
{
    act_err_t err = hands_unpack(self->hands, &tool_call_reply_model, result, &self->reply);
    if (err != ACT_E_OK) {
        hands_job_done(self, err);
        return;
    }
    act_journal_put(self->hands->opts.journal, ACT_STEP_PAID, self->step_key, self->request,
                    result);
    put_receipt(self);
    show(self);
}

static void on_recorded(void *context, const act_reply_t *reply)
{
    hands_job_t *self = context;
    put_turn_step_reply_t recorded = {0};
    act_err_t err;
    hear(self, reply, &put_turn_step_reply_model, &recorded, &err);
    ACT_CRASH_POINT("agent.tool.recorded");
    if (err == ACT_E_OK)
        use(self, recorded.result);
    else
        hands_job_done(self, err);
}

static act_str_t shown_result(hands_job_t *self)
{
    json_t *result = NULL;
    if (self->reply.is_error || act_json_parse(self->reply.result, &result, NULL, NULL) != ACT_E_OK)
        return act_utf8_prefix(self->reply.text, SHOWN_MAX_BYTES / 4);
    json_t *kept = marks_redact(self->pass.tool->card->output, result);
    char *text = json_dumps(kept, JSON_COMPACT);
    act_str_t shown =
        act_arena_str(arena_of(self), act_utf8_prefix(act_str(text), SHOWN_MAX_BYTES / 4));
    free(text);
    json_decref(kept);
    json_decref(result);
    return shown;
}

static void record(hands_job_t *self)
{
    const hands_t *hands = self->hands;
    uint8_t hash[ACT_STEP_HASH_BYTES];
    act_step_hash(self->request, hash);
    const end_tool_call_request_t request = {
        .conversation_id = hands->opts.conversation_id,
        .turn_id = hands->opts.turn_id,
        .step_key = self->step_key,
        .request_hash = act_str_of((const char *)hash, sizeof hash),
        .result = act_model_packed(&tool_call_reply_model, &self->reply, arena_of(self)),
        .outcome = act_str(self->outcome),
        .reason = act_str(self->why),
        .shown_result = shown_result(self),
        .duration_ms = hands->opts.io->now_ms(hands->opts.io->self) - self->started_ms,
        .approval_id = self->approval ? self->approval->approval_id : (act_str_t){0},
    };
    ask(self, PERSISTENCE_END_TOOL_CALL, &request, on_recorded);
}

// --- the tool --------------------------------------------------------------------------------------

static void fail_tool(hands_job_t *self, const char *why, const char *text)
{
    self->outcome = "failed";
    self->why = why;
    self->reply = (tool_call_reply_t){.text = act_str(text), .is_error = true};
}

static bool fits_schema(const hands_job_t *self, act_str_t result)
{
    json_t *value = NULL;
    act_buf_t why;
    act_buf_init(&why, 1024);
    bool is_good =
        act_json_parse(result, &value, NULL, NULL) == ACT_E_OK &&
        act_json_schema_validate(self->pass.tool->card->output, value, "result", &why) == ACT_E_OK;
    json_decref(value);
    act_buf_fini(&why);
    return is_good;
}

// Held to the card, and to what a turn can carry.
static void take_reply(hands_job_t *self, const tool_call_reply_t *reply)
{
    self->outcome = reply->is_error ? "error" : "ok";
    self->why = "";
    self->reply = *reply;
    self->reply.rpc = act_str(self->pass.tool->card->rpc);
    self->reply.text = act_utf8_prefix(reply->text, 2000);
    if (reply->is_error)
        self->reply.result = (act_str_t){0};
    else if (!fits_schema(self, reply->result))
        fail_tool(self, "result_schema",
                  "The tool gave an answer that does not fit its description. It may have been "
                  "done; do not repeat it.");
    else if (reply->result.len_bytes > RESULT_MAX_BYTES) {
        self->reply.result = (act_str_t){0};
        self->reply.text =
            act_arena_printf(arena_of(self), "Too long to be shown whole; it begins: %" ACT_STR_FMT,
                             ACT_STR_ARG(act_utf8_prefix(reply->result, BEGINNING_MAX_CHARS)));
    }
}

static agent_metric_t metric_of(const char *outcome)
{
    return strcmp(outcome, "ok") == 0      ? METRIC_TOOL_CALLS_OK
           : strcmp(outcome, "error") == 0 ? METRIC_TOOL_CALLS_ERROR
                                           : METRIC_TOOL_CALLS_FAILED;
}

static void on_called(void *context, const act_reply_t *reply)
{
    hands_job_t *self = context;
    tool_call_reply_t body = {0};
    act_err_t err;
    hear(self, reply, &tool_call_reply_model, &body, &err);
    ACT_CRASH_POINT("agent.tool.called");
    if (err == ACT_E_CANCELLED) {
        hands_job_done(self, err);
        return;
    }
    if (err == ACT_E_OK)
        take_reply(self, &body);
    else if (err == ACT_E_DEADLINE || err == ACT_E_WORKER_LOST)
        fail_tool(
            self, act_err_code(err),
            "The tool did not answer in time. Nobody knows whether it was done: do not repeat "
            "it, and do not say that it was done.");
    else
        fail_tool(self, act_err_code(err),
                  "The tool does not work at the moment. Go on without it.");
    count(self, metric_of(self->outcome));
    record(self);
}

static void call_tool(hands_job_t *self)
{
    const hands_t *hands = self->hands;
    const act_tool_card_t *card = self->pass.tool->card;
    uint32_t budget_ms = card->timeout_ms;
    if (hands->opts.call) {
        int64_t left_ms = act_call_left_ms(hands->opts.call) - RECORD_MS;
        if (left_ms < CALL_MIN_MS) {
            hands_job_done(self, ACT_E_DEADLINE);
            return;
        }
        budget_ms = left_ms < budget_ms ? (uint32_t)left_ms : budget_ms;
    }
    act_call_opts_t opts = hands_call_opts(hands, budget_ms);
    opts.idempotency_key = self->tool_key;
    const act_method_t *method = &tool_service.methods[TOOL_CALL];
    tool_call_request_t request;
    act_assert(act_model_unpack(method->request, self->request, arena_of(self), &request, NULL) ==
               ACT_E_OK);
    request.arguments = self->pass.text; // not the model's own: what was checked, as we write it
    self->started_ms = hands->opts.io->now_ms(hands->opts.io->self);
    self->ask_id = hands->opts.io->ask(hands->opts.io->self, self->pass.tool->service, method,
                                       &opts, &request, on_called, self);
}

static void on_begun(void *context, const act_reply_t *reply)
{
    hands_job_t *self = context;
    begin_tool_call_reply_t begun = {0};
    act_err_t err;
    hear(self, reply, &begin_tool_call_reply_model, &begun, &err);
    ACT_CRASH_POINT("agent.tool.begun");
    if (err != ACT_E_OK) {
        hands_job_done(self, err);
    } else if (!act_str_empty(begun.refused_by)) {
        act_str_t reason = act_arena_str(arena_of(self), begun.refused_by);
        self->pass.policy = policy_refusal(reason.ptr);
        answer_refused(self, self->pass.policy.text);
    } else if (!act_str_empty(begun.result)) { // an approved call that an earlier turn made
        self->outcome = "ok";
        self->why = "";
        err = hands_unpack(self->hands, &tool_call_reply_model, begun.result, &self->reply);
        if (err == ACT_E_OK)
            record(self);
        else
            hands_job_done(self, err);
    } else {
        call_tool(self);
    }
}

static void begin(hands_job_t *self)
{
    const hands_t *hands = self->hands;
    const begin_tool_call_request_t request = {
        .conversation_id = hands->opts.conversation_id,
        .turn_id = hands->opts.turn_id,
        .step_key = self->step_key,
        .tool = self->call->name,
        .contact_id = hands->known.contact_id,
        .arguments = self->pass.shown,
        .contact_day_max_count = self->pass.policy.contact_day_max_count,
        .tenant_day_max_count = self->pass.policy.tenant_day_max_count,
        .approval_id = self->approval ? self->approval->approval_id : (act_str_t){0},
        .cost_micro_usd = self->pass.tool->card->cost_micro_usd,
    };
    ask(self, PERSISTENCE_BEGIN_TOOL_CALL, &request, on_begun);
}

// --- the start -------------------------------------------------------------------------------------

// A name that is nobody's tool does not get into keys.
static const char *safe_name(const hands_job_t *self)
{
    return act_tool_name_is_good(self->call->name)
               ? act_arena_str(arena_of(self), self->call->name).ptr
               : "unknown";
}

static void name(hands_job_t *self)
{
    const hands_t *hands = self->hands;
    self->step_key = act_journal_key(hands->opts.journal, safe_name(self));
    self->tool_key =
        self->approval
            ? act_arena_printf(arena_of(self), "approval/%" ACT_STR_FMT,
                               ACT_STR_ARG(self->approval->approval_id))
            : act_arena_printf(arena_of(self), "%" ACT_STR_FMT "/%" ACT_STR_FMT,
                               ACT_STR_ARG(hands->opts.turn_id), ACT_STR_ARG(self->step_key));
    const tool_call_request_t request = {
        .tool = self->call->name,
        .arguments = act_str_empty(self->call->arguments) ? ACT_STR("{}") : self->call->arguments,
        .step_key = self->tool_key,
        .conversation_id = hands->opts.conversation_id,
        .contact_id = hands->known.contact_id,
        .language = hands->opts.language,
        .turn_id = hands->opts.turn_id,
    };
    self->request = act_model_packed(&tool_call_request_model, &request, arena_of(self));
}

// Steps that were recorded below this one: the receipt of an effect.
static void take_recorded_receipts(hands_job_t *self)
{
    act_steps_t recorded = self->hands->opts.recorded;
    const char *prefix =
        act_arena_printf(arena_of(self), "%" ACT_STR_FMT "/", ACT_STR_ARG(self->step_key)).ptr;
    for (uint32_t i = 0; i < recorded.count; i++) {
        const turn_step_t *step = &recorded.items[i];
        if (act_str_is(step->kind, "effect") && act_str_starts_with(step->step_key, prefix))
            act_journal_put(self->hands->opts.journal, ACT_STEP_EFFECT, step->step_key,
                            self->request, step->result);
    }
}

static void take_recorded(hands_job_t *self)
{
    ACT_CRASH_POINT("agent.tool.known");
    act_journal_t *journal = self->hands->opts.journal;
    const turn_step_t *step = self->recorded, *parked = NULL;
    act_err_t err = hands_unpack(self->hands, &tool_call_reply_model, step->result, &self->reply);
    if (err != ACT_E_OK) {
        hands_job_done(self, err);
        return;
    }
    if (act_journal_find(journal, parked_key(self), self->request, &parked) == ACT_E_OK) {
        act_journal_put(journal, ACT_STEP_READ, parked_key(self), self->request, parked->result);
        self->hands->outcome.is_parked = true;
    }
    bool is_paid = act_str_is(step->kind, "paid");
    act_journal_put(journal, is_paid ? ACT_STEP_PAID : ACT_STEP_READ, self->step_key, self->request,
                    step->result);
    if (self->hands->gate)
        put_receipt(self);
    else
        take_recorded_receipts(self);
    show(self);
}

// Also of what is recorded: it counts, though it is not decided again.
void hands_job_look(hands_job_t *self)
{
    gate_t *gate = self->hands->gate;
    name(self);
    self->look_err =
        act_journal_find(self->hands->opts.journal, self->step_key, self->request, &self->recorded);
    if (gate)
        self->pass = self->approval
                         ? gate_check_approved(gate, self->call, self->approval->card_hash)
                         : gate_check(gate, self->call);
}

void hands_job_start(hands_job_t *self)
{
    if (self->look_err == ACT_E_OK)
        take_recorded(self);
    else if (self->look_err != ACT_E_NOT_FOUND)
        hands_job_done(self, self->look_err);
    else if (self->pass.policy.verdict == POLICY_ALLOW)
        begin(self);
    else if (self->pass.policy.verdict == POLICY_NEEDS_APPROVAL)
        ask_person(self);
    else
        refuse(self);
}
