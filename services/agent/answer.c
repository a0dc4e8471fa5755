// answer: steps in a row; whatever is open is in the job, so that a cancel ends it.
#include "answer.h"

#include "answer_private.h"
#include "base/crash_point.h"
#include "decide.h"
#include "metrics.h"
#include "model_answer.h"
#include "proto/agent_service.h"
#include "proto/model_service.h"
#include "proto/persistence_service.h"
#include "receipts.h"
#include "turn/paid.h"
#include "turn/recorded.h"

#include <inttypes.h>

// Hits that are looked at; the query gives the best first.
#define FAQ_MAX_HITS 5

static act_arena_t *arena_of(const answer_job_t *self)
{
    return act_call_arena(self->call);
}

// --- the end -------------------------------------------------------------------------------------

static void count(const agent_t *agent, const respond_request_t *request, agent_metric_t metric)
{
    if (!request->is_replay)
        act_metrics_add(act_actor_metrics(agent->actor), metric, 1);
}

static void count_answer(const agent_t *agent, const respond_request_t *request, act_str_t decision)
{
    static const struct {
        const char *decision;
        agent_metric_t metric;
    } rows[] = {
        {"RESPOND", METRIC_ANSWERS_RESPOND},
        {"WAIT", METRIC_ANSWERS_WAIT},
        {"IGNORE", METRIC_ANSWERS_IGNORE},
        {"HUMAN_HANDOFF", METRIC_ANSWERS_HANDOFF},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (act_str_is(decision, rows[i].decision))
            count(agent, request, rows[i].metric);
}

void answer_finish(agent_t *agent, act_call_t **call_p, const respond_request_t *request,
                   act_steps_t steps, respond_reply_t *reply)
{
    if (receipts_guard(request, steps, act_call_arena(*call_p), reply)) {
        act_log_warn(act_actor_log(agent->actor), "claim_without_receipt", "turn=%" ACT_STR_FMT,
                     ACT_STR_ARG(request->turn_id));
        count(agent, request, METRIC_ANSWERS_UNPROVEN);
    }
    (void)receipts_oblige(steps, reply);
    decide_fit_buttons(request->limits, reply);
    count_answer(agent, request, reply->decision);
    reply->steps.items = steps.items;
    reply->steps.count = steps.count;
    agent_respond_reply(call_p, reply);
}

void answer_end(answer_job_t *self, respond_reply_t *reply)
{
    ACT_CRASH_POINT("agent.turn.answering");
    answer_finish(self->agent, &self->call, self->request, act_journal_steps(self->journal), reply);
    model_answer_stop(self);
    act_free(self);
}

static void on_steps(void *context, act_err_t err, act_steps_t steps);

// Two lives of a turn went on side by side, and the other one paid first: what that one had read holds, so this one
// begins again with it. Once: who asks otherwise even then must say so.
static bool begin_again(answer_job_t *self, act_err_t err)
{
    const respond_request_t *request = self->request;
    if (err != ACT_E_STEP_MISMATCH || request->is_replay || self->is_again)
        return false;
    self->is_again = true;
    act_log_info(act_actor_log(self->agent->actor), "turn_begins_again", "turn=%" ACT_STR_FMT,
                 ACT_STR_ARG(request->turn_id));
    model_answer_stop(self);
    self->call_id =
        act_recorded_find(self->call, request->conversation_id, request->turn_id, on_steps, self);
    return true;
}

void answer_fail(answer_job_t *self, act_err_t err, const char *why)
{
    if (begin_again(self, err))
        return;
    if (err != ACT_E_CANCELLED)
        act_log_warn(act_actor_log(self->agent->actor), "no_answer",
                     "turn=%" ACT_STR_FMT ",code=%s,why=%s", ACT_STR_ARG(self->request->turn_id),
                     act_err_code(err), why);
    count(self->agent, self->request,
          err == ACT_E_CANCELLED ? METRIC_ANSWERS_CANCELLED : METRIC_ANSWERS_FAILED);
    model_answer_stop(self);
    act_call_fail(&self->call, err, why);
    act_free(self);
}

act_call_opts_t answer_read_opts(const answer_job_t *self)
{
    return (act_call_opts_t){
        .parent = self->call, .arena = arena_of(self), .tape = act_journal_tape(self->journal)};
}

bool answer_is_small(const answer_job_t *self)
{
    return act_str_is(self->request->tier, "small");
}

static void on_cancel(void *context)
{
    answer_job_t *self = context;
    act_actor_cancel(self->agent->actor, self->call_id);
    count(self->agent, self->request, METRIC_ANSWERS_CANCELLED);
    model_answer_stop(self);
    act_call_fail(&self->call, ACT_E_CANCELLED, NULL);
    act_free(self);
}

// --- who answers ---------------------------------------------------------------------------------

static void answer_from_faq(answer_job_t *self)
{
    respond_reply_t reply;
    decide_from_faq(self->request, &self->hits, (double)self->settings.faq_min_score_pct / 100.0,
                    arena_of(self), &reply);
    answer_end(self, &reply);
}

// As it is now, or was when the turn was recorded.
static void choose(answer_job_t *self, models_have_t have)
{
    const char *now = !have.has_large ? "none" : have.has_small ? "large,small" : "large";
    act_str_t models = act_journal_value(self->journal, "models", act_str(now));
    if (act_str_is(models, "none"))
        answer_from_faq(self);
    else if (answer_is_small(self) && !act_str_is(models, "large,small"))
        answer_fail(self, ACT_E_NOT_CONFIGURED, "no model has the role " MODELS_SMALL);
    else
        model_answer_start(self);
}

static void on_models(void *context, const act_reply_t *reply, const list_models_reply_t *body)
{
    answer_job_t *self = context;
    models_have_t have = {false, false};
    self->call_id = 0;
    if (reply->err == ACT_E_CANCELLED) {
        answer_fail(self, reply->err, NULL);
        return;
    }
    if (reply->err == ACT_E_OK) // else: whom nobody can ask answers nothing
        have = models_note(self->agent->models, act_call_header(self->call)->tenant,
                           act_loop_now_ms(act_actor_loop(self->agent->actor)), body);
    choose(self, have);
}

static void find_models(answer_job_t *self)
{
    models_have_t have = {false, false};
    act_str_t tenant = act_call_header(self->call)->tenant;
    int64_t now_ms = act_loop_now_ms(act_actor_loop(self->agent->actor));
    if (self->request->is_replay || models_known(self->agent->models, tenant, now_ms, &have)) {
        choose(self, have);
        return;
    }
    const act_call_opts_t opts = {.parent = self->call};
    self->call_id = model_list_models(self->agent->actor, &opts, &(empty_t){0}, on_models, self);
}

// --- what the tenant knows -----------------------------------------------------------------------

static void on_hits(void *context, const act_reply_t *reply, const search_faq_reply_t *body)
{
    answer_job_t *self = context;
    self->call_id = 0;
    if (reply->err != ACT_E_OK) {
        answer_fail(self, reply->err, "persistence.search_faq failed");
        return;
    }
    self->hits = *body;
    find_models(self);
}

// What the agent is set to, as it was when the turn was recorded.
static int64_t setting(answer_job_t *self, const char *name, int64_t now)
{
    int64_t value = now;
    act_str_t text = act_arena_printf(arena_of(self), "%" PRId64, now);
    (void)act_str_to_int(act_journal_value(self->journal, name, text), &value);
    return value;
}

static act_str_t packed_history(answer_job_t *self)
{
    const respond_request_t *request = self->request;
    const turn_history_reply_t history = {
        .history = {request->history.items, request->history.count}};
    return act_model_packed(&turn_history_reply_model, &history, arena_of(self));
}

// What was said before, as the life of the turn saw it that paid for something: a message may have failed since.
static void keep_history(answer_job_t *self)
{
    act_str_t now = packed_history(self);
    act_str_t then = act_journal_value(self->journal, "history", now);
    turn_history_reply_t history;
    if (act_str_eq(then, now) ||
        turn_history_reply_unpack(then, arena_of(self), &history, NULL) != ACT_E_OK)
        return;
    respond_request_t *request = act_arena_alloc(arena_of(self), sizeof *request);
    *request = *self->request;
    request->history.items = history.history.items;
    request->history.count = history.history.count;
    self->request = request;
}

static void start(answer_job_t *self)
{
    const agent_t *agent = self->agent;
    const respond_request_t *request = self->request;
    self->recorded = act_paid_recorded(arena_of(self), self->recorded);
    const act_journal_opts_t journal = {
        .prefix = answer_is_small(self) ? ACT_STR("agent_small") : ACT_STR("agent"),
        .recorded = self->recorded,
        .is_replay = request->is_replay,
    };
    self->journal = act_journal_new(arena_of(self), &journal);
    self->settings.faq_min_score_pct = setting(self, "faq_min_score_pct", agent->faq_min_score_pct);
    self->settings.context_tokens = setting(self, "context_tokens", agent->context_tokens);
    self->settings.answer_max_chars = setting(
        self, "answer_max_chars", decide_max_chars(request->limits, agent->answer_max_chars));
    keep_history(self);
    const search_faq_request_t query = {
        .text = request->text,
        .language = request->language,
        .max_rows = FAQ_MAX_HITS,
        .translation = request->translation,
        .translation_language = request->internal_language,
    };
    const act_call_opts_t opts = answer_read_opts(self);
    self->call_id = persistence_search_faq(self->agent->actor, &opts, &query, on_hits, self);
}

// --- what was paid for by somebody who died ------------------------------------------------------

static void on_steps(void *context, act_err_t err, act_steps_t steps)
{
    answer_job_t *self = context;
    self->call_id = 0;
    if (err != ACT_E_OK) {
        answer_fail(self, err, "persistence.list_turn_steps failed");
        return;
    }
    self->recorded = steps;
    ACT_CRASH_POINT("agent.turn.resumed");
    start(self);
}

void answer_start(agent_t *agent, act_call_t *call, const respond_request_t *request)
{
    ACT_CRASH_POINT("agent.turn.taken");
    answer_job_t *self = act_alloc(sizeof *self);
    *self = (answer_job_t){.agent = agent, .call = call, .request = request};
    self->recorded = (act_steps_t){request->journal.items, request->journal.count};
    act_call_on_cancel(call, on_cancel, self);
    if (act_recorded_is_needed(call, request->is_replay))
        self->call_id =
            act_recorded_find(call, request->conversation_id, request->turn_id, on_steps, self);
    else
        start(self);
}
