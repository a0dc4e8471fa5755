// answer: steps in a row; whatever is open is in the job, so that a cancel ends it.
#include "answer.h"

#include "brain.h"
#include "context.h"
#include "decide.h"
#include "mouth.h"
#include "prompts.h"
#include "proto/agent_service.h"
#include "proto/model_service.h"
#include "proto/persistence_service.h"
#include "receipts.h"
#include "speech.h"
#include "texts/texts.h"
#include "turn/paid.h"

#include <inttypes.h>

// Hits that are looked at; the query gives the best first.
#define FAQ_MAX_HITS 5
// Of the context's budget.
#define RESULTS_PCT 30
#define SHORT_PCT 40
#define SOURCES_MAX_COUNT 96

typedef struct {
    agent_t *agent;
    act_call_t *call;
    const respond_request_t *request;
    act_steps_t recorded;
    act_journal_t *journal;
    uint64_t call_id; // the one open call of a read; 0: none
    hands_t *hands;   // of the model's turn
    brain_t *brain;
    mouth_t *mouth;
    search_faq_reply_t hits;
    list_prompts_reply_t prompts;
    get_memory_reply_t memory;
    act_str_t canary;
    struct {
        int64_t faq_min_score_pct, context_tokens, answer_max_chars;
    } settings;
    struct {
        const tool_result_t *items;
        uint32_t count;
    } results;
} job_t;

static act_arena_t *arena_of(const job_t *self)
{
    return act_call_arena(self->call);
}

// --- the end -------------------------------------------------------------------------------------

void answer_finish(agent_t *agent, act_call_t **call_p, const respond_request_t *request,
                   act_steps_t steps, respond_reply_t *reply)
{
    if (receipts_guard(request, steps, act_call_arena(*call_p), reply))
        act_log_warn(act_actor_log(agent->actor), "claim_without_receipt", "turn=%" ACT_STR_FMT,
                     ACT_STR_ARG(request->turn_id));
    reply->steps.items = steps.items;
    reply->steps.count = steps.count;
    agent_respond_reply(call_p, reply);
}

static void finish(job_t *self, respond_reply_t *reply)
{
    answer_finish(self->agent, &self->call, self->request, act_journal_steps(self->journal), reply);
    hands_destroy(&self->hands);
    act_free(self);
}

static void fail(job_t *self, act_err_t err, const char *why)
{
    if (err != ACT_E_CANCELLED)
        act_log_warn(act_actor_log(self->agent->actor), "no_answer",
                     "turn=%" ACT_STR_FMT ",code=%s,why=%s", ACT_STR_ARG(self->request->turn_id),
                     act_err_code(err), why);
    hands_destroy(&self->hands);
    act_call_fail(&self->call, err, why);
    act_free(self);
}

static void on_cancel(void *context)
{
    job_t *self = context;
    act_actor_cancel(self->agent->actor, self->call_id);
    brain_cancel(&self->brain);
    mouth_cancel(&self->mouth);
    hands_destroy(&self->hands);
    act_call_fail(&self->call, ACT_E_CANCELLED, NULL);
    act_free(self);
}

// --- what a model wrote --------------------------------------------------------------------------

static void say(job_t *self, act_str_t text, respond_reply_t *reply)
{
    outbound_content_t *message = act_arena_alloc(arena_of(self), sizeof *message);
    message->type = ACT_STR("text");
    message->text = text;
    reply->messages.items = message;
    reply->messages.count = 1;
}

static void on_alerted(void *context, const act_reply_t *reply, const empty_t *body)
{
    (void)context;
    (void)reply;
    (void)body;
}

// Only a hint to people: nobody waits for it, and a replay gives none.
static void alert_leak(job_t *self)
{
    if (self->request->is_replay)
        return;
    const raise_alert_request_t alert = {
        .conversation_id = self->request->conversation_id,
        .kind = ACT_STR("prompt_leak"),
        .body = ACT_STR("the answer held the canary of the prompt and was not sent"),
    };
    const act_call_opts_t opts = {.tenant = act_call_header(self->call)->tenant};
    act_log_error(act_actor_log(self->agent->actor), "prompt_leak", "turn=%" ACT_STR_FMT,
                  ACT_STR_ARG(self->request->turn_id));
    persistence_raise_alert(self->agent->actor, &opts, &alert, on_alerted, NULL);
}

// What links may come from.
static uint32_t sources_of(const job_t *self, act_str_t *ret_sources)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->hits.hits.count && count + 1 < SOURCES_MAX_COUNT; i++) {
        ret_sources[count++] = self->hits.hits.items[i].answer;
        ret_sources[count++] = self->hits.hits.items[i].source;
    }
    for (uint32_t i = 0; i < self->results.count && count < SOURCES_MAX_COUNT; i++)
        ret_sources[count++] = self->results.items[i].content;
    return count;
}

static void on_said(void *context, act_err_t err, act_str_t text)
{
    job_t *self = context;
    self->mouth = NULL;
    if (err != ACT_E_OK) {
        fail(self, err, "nothing was written");
        return;
    }
    act_str_t sources[SOURCES_MAX_COUNT], version;
    respond_reply_t reply = {.decision = ACT_STR("RESPOND")};
    const speech_rules_t rules = {
        .hosts = prompts_choose(&self->prompts, "links", arena_of(self), &version),
        .sources = sources,
        .sources_count = sources_of(self, sources),
        .max_chars = (size_t)self->settings.answer_max_chars,
    };
    act_str_t clean = speech_clean(arena_of(self), text, &rules);
    if (prompts_tells_canary(text, self->canary)) {
        alert_leak(self);
        decide_offer_person(self->request->language, "agent.no_answer", arena_of(self), &reply);
    } else if (act_str_empty(clean)) {
        fail(self, ACT_E_MODEL_PROVIDER, "nothing that may be said was written");
        return;
    } else
        say(self, clean, &reply);
    finish(self, &reply);
}

// --- prompts -------------------------------------------------------------------------------------

static act_str_t system_prompt(job_t *self, const char *name)
{
    act_arena_t *arena = arena_of(self);
    act_str_t version, tone_version;
    act_str_t text = prompts_choose(&self->prompts, name, arena, &version);
    act_str_t tone = prompts_choose(&self->prompts, "tone", arena, &tone_version);
    const prompt_value_t values[] = {
        {"business_name", self->request->business_name},
        {"language", self->request->language},
        {"tone", act_str_trim(tone)},
        {"max_chars", act_arena_printf(arena, "%" PRId64, self->settings.answer_max_chars)},
    };
    act_str_t mark = act_arena_printf(arena, "%s:%" ACT_STR_FMT ",tone:%" ACT_STR_FMT, name,
                                      ACT_STR_ARG(version), ACT_STR_ARG(tone_version));
    (void)act_journal_value(self->journal, "prompt", mark);
    return prompts_with_canary(arena, prompts_fill(arena, text, values, ACT_COUNT(values)),
                               self->canary);
}

static act_paid_turn_t paid_turn(job_t *self)
{
    return (act_paid_turn_t){.actor = self->agent->actor,
                             .call = self->call,
                             .journal = self->journal,
                             .conversation_id = self->request->conversation_id,
                             .turn_id = self->request->turn_id};
}

static bool is_small(const job_t *self)
{
    return act_str_is(self->request->tier, "small");
}

static context_input_t context_of(const job_t *self)
{
    const get_memory_reply_t *memory = &self->memory;
    uint32_t count = memory->facts.count;
    context_fact_t *facts = act_arena_alloc_array(arena_of(self), count + 1, sizeof *facts);
    for (uint32_t i = 0; i < count; i++)
        facts[i] = (context_fact_t){memory->facts.items[i].type, memory->facts.items[i].value};
    return (context_input_t){.request = self->request,
                             .hits = &self->hits,
                             .summary = memory->summary,
                             .facts = facts,
                             .facts_count = count};
}

// --- mouth ---------------------------------------------------------------------------------------

static void write_answer(job_t *self, const brain_result_t *planned)
{
    const context_input_t input = context_of(self);
    const mouth_opts_t opts = {
        .turn = paid_turn(self),
        .role = is_small(self) ? MODELS_SMALL : MODELS_LARGE,
        .system = system_prompt(self, "mouth"),
        .context = context_write_short(arena_of(self), &input,
                                       self->settings.context_tokens * SHORT_PCT / 100),
        .plan = planned->decision.plan,
        .results = {planned->results.items, planned->results.count},
        .results_tokens = self->settings.context_tokens * RESULTS_PCT / 100,
    };
    self->mouth = mouth_start(&opts, on_said, self);
}

// --- brain ---------------------------------------------------------------------------------------

static void hand_off(job_t *self, const decision_t *decision)
{
    act_arena_t *arena = arena_of(self);
    respond_reply_t reply = {.decision = act_str(decision_name(decision->kind))};
    bool has_reason = !act_str_empty(decision->reason);
    reply.handoff_reason =
        act_arena_printf(arena, "agent: %" ACT_STR_FMT,
                         ACT_STR_ARG(has_reason ? decision->reason : ACT_STR("no reason given")));
    say(self, act_text("handover.announced", self->request->language), &reply);
    finish(self, &reply);
}

static void on_planned(void *context, act_err_t err, const char *why, const brain_result_t *planned)
{
    job_t *self = context;
    self->brain = NULL;
    if (err != ACT_E_OK) {
        fail(self, err, why);
        return;
    }
    const decision_t *decision = &planned->decision;
    respond_reply_t reply = {.decision = act_str(decision_name(decision->kind))};
    self->results.items = planned->results.items;
    self->results.count = planned->results.count;
    switch (decision->kind) {
    case DECISION_RESPOND:
        write_answer(self, planned);
        break;
    case DECISION_HANDOFF:
        hand_off(self, decision);
        break;
    case DECISION_WAIT:
        if (planned->is_parked)
            say(self, act_text("agent.asks_colleague", self->request->language), &reply);
        reply.wait_ms = decision->wait_ms;
        reply.wait_for = decision->wait_for;
        finish(self, &reply);
        break;
    case DECISION_IGNORE:
        finish(self, &reply);
        break;
    }
}

static void think(job_t *self)
{
    const context_input_t input = context_of(self);
    act_str_t tenant = act_call_header(self->call)->tenant;
    self->canary = prompts_canary(arena_of(self), tenant);
    act_str_t system = system_prompt(self, "brain");
    int64_t results_tokens = self->settings.context_tokens * RESULTS_PCT / 100;
    int64_t budget_tokens = self->settings.context_tokens - results_tokens - context_tokens(system);
    const brain_opts_t opts = {
        .turn = paid_turn(self),
        .hands = self->hands,
        .role = is_small(self) ? MODELS_SMALL : MODELS_LARGE,
        .system = system,
        .context = context_write(arena_of(self), &input, budget_tokens),
        .results_tokens = results_tokens,
        .may_wait = !self->request->is_wait_over,
    };
    self->brain = brain_start(&opts, on_planned, self);
}

static act_call_opts_t read_opts(const job_t *self)
{
    return (act_call_opts_t){.parent = self->call, .tape = act_journal_tape(self->journal)};
}

static void on_prepared(void *context, const hands_outcome_t *outcome)
{
    job_t *self = context;
    if (outcome->err == ACT_E_OK)
        think(self);
    else
        fail(self, outcome->err, "the tools cannot be prepared");
}

static void prepare_hands(job_t *self)
{
    const hands_opts_t opts = {
        .call = self->call,
        .arena = arena_of(self),
        .journal = self->journal,
        .recorded = self->recorded,
        .is_replay = self->request->is_replay,
        .conversation_id = self->request->conversation_id,
        .turn_id = self->request->turn_id,
        .language = self->request->language,
        .shelf = self->agent->shelf,
        .io = &self->agent->io,
    };
    self->hands = hands_new(&opts);
    hands_prepare(self->hands, on_prepared, self);
}

static void on_memory(void *context, const act_reply_t *reply, const get_memory_reply_t *body)
{
    job_t *self = context;
    (void)body;
    self->call_id = 0;
    if (reply->err != ACT_E_OK ||
        get_memory_reply_unpack(act_arena_str(arena_of(self), reply->body), arena_of(self),
                                &self->memory, NULL) != ACT_E_OK)
        fail(self, reply->err, "persistence.get_memory failed");
    else
        prepare_hands(self);
}

static void on_prompts(void *context, const act_reply_t *reply, const list_prompts_reply_t *body)
{
    job_t *self = context;
    (void)body;
    self->call_id = 0;
    if (reply->err != ACT_E_OK ||
        list_prompts_reply_unpack(act_arena_str(arena_of(self), reply->body), arena_of(self),
                                  &self->prompts, NULL) != ACT_E_OK) {
        fail(self, reply->err, "persistence.list_prompts failed");
        return;
    }
    const get_memory_request_t request = {.conversation_id = self->request->conversation_id};
    const act_call_opts_t opts = read_opts(self);
    self->call_id = persistence_get_memory(self->agent->actor, &opts, &request, on_memory, self);
}

static void read_prompts(job_t *self)
{
    const act_call_opts_t opts = read_opts(self);
    self->call_id =
        persistence_list_prompts(self->agent->actor, &opts, &(empty_t){0}, on_prompts, self);
}

// --- who answers ---------------------------------------------------------------------------------

static void answer_from_faq(job_t *self)
{
    respond_reply_t reply;
    decide_from_faq(self->request, &self->hits, (double)self->settings.faq_min_score_pct / 100.0,
                    arena_of(self), &reply);
    finish(self, &reply);
}

// As it is now, or was when the turn was recorded.
static void choose(job_t *self, models_have_t have)
{
    const char *now = !have.has_large ? "none" : have.has_small ? "large,small" : "large";
    act_str_t models = act_journal_value(self->journal, "models", act_str(now));
    if (act_str_is(models, "none"))
        answer_from_faq(self);
    else if (is_small(self) && !act_str_is(models, "large,small"))
        fail(self, ACT_E_NOT_CONFIGURED, "no model has the role " MODELS_SMALL);
    else
        read_prompts(self);
}

static void on_models(void *context, const act_reply_t *reply, const list_models_reply_t *body)
{
    job_t *self = context;
    models_have_t have = {false, false};
    self->call_id = 0;
    if (reply->err == ACT_E_CANCELLED) {
        fail(self, reply->err, NULL);
        return;
    }
    if (reply->err == ACT_E_OK) // else: whom nobody can ask answers nothing
        have = models_note(self->agent->models, act_call_header(self->call)->tenant,
                           act_loop_now_ms(act_actor_loop(self->agent->actor)), body);
    choose(self, have);
}

static void find_models(job_t *self)
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
    job_t *self = context;
    (void)body;
    self->call_id = 0;
    if (reply->err != ACT_E_OK ||
        search_faq_reply_unpack(act_arena_str(arena_of(self), reply->body), arena_of(self),
                                &self->hits, NULL) != ACT_E_OK)
        fail(self, reply->err, "persistence.search_faq failed");
    else
        find_models(self);
}

// What the agent is set to, as it was when the turn was recorded.
static int64_t setting(job_t *self, const char *name, int64_t now)
{
    int64_t value = now;
    act_str_t text = act_arena_printf(arena_of(self), "%" PRId64, now);
    (void)act_str_to_int(act_journal_value(self->journal, name, text), &value);
    return value;
}

static void start(job_t *self)
{
    const agent_t *agent = self->agent;
    const respond_request_t *request = self->request;
    self->recorded = act_paid_recorded(arena_of(self), self->recorded);
    const act_journal_opts_t journal = {
        .prefix = is_small(self) ? ACT_STR("agent_small") : ACT_STR("agent"),
        .recorded = self->recorded,
        .is_replay = request->is_replay,
    };
    self->journal = act_journal_new(arena_of(self), &journal);
    self->settings.faq_min_score_pct = setting(self, "faq_min_score_pct", agent->faq_min_score_pct);
    self->settings.context_tokens = setting(self, "context_tokens", agent->context_tokens);
    self->settings.answer_max_chars = setting(self, "answer_max_chars", agent->answer_max_chars);
    const search_faq_request_t query = {
        .text = request->text,
        .language = request->language,
        .max_rows = FAQ_MAX_HITS,
        .translation = request->translation,
        .translation_language = request->internal_language,
    };
    const act_call_opts_t opts = read_opts(self);
    self->call_id = persistence_search_faq(self->agent->actor, &opts, &query, on_hits, self);
}

// --- what was paid for by somebody who died ------------------------------------------------------

static void on_steps(void *context, const act_reply_t *reply, const list_turn_steps_reply_t *body)
{
    job_t *self = context;
    list_turn_steps_reply_t steps;
    (void)body;
    self->call_id = 0;
    if (reply->err != ACT_E_OK ||
        list_turn_steps_reply_unpack(act_arena_str(arena_of(self), reply->body), arena_of(self),
                                     &steps, NULL) != ACT_E_OK) {
        fail(self, reply->err, "persistence.list_turn_steps failed");
        return;
    }
    self->recorded = (act_steps_t){steps.steps.items, steps.steps.count};
    start(self);
}

// The call was given to another instance before, which may have paid for steps that session knows nothing of.
static void find_steps(job_t *self)
{
    const turn_request_t request = {.conversation_id = self->request->conversation_id,
                                    .turn_id = self->request->turn_id};
    const act_call_opts_t opts = {.parent = self->call};
    self->call_id =
        persistence_list_turn_steps(self->agent->actor, &opts, &request, on_steps, self);
}

void answer_start(agent_t *agent, act_call_t *call, const respond_request_t *request)
{
    job_t *self = act_alloc(sizeof *self);
    *self = (job_t){.agent = agent, .call = call, .request = request};
    self->recorded = (act_steps_t){request->journal.items, request->journal.count};
    act_call_on_cancel(call, on_cancel, self);
    if (act_call_header(call)->attempt > 1 && !request->is_replay)
        find_steps(self);
    else
        start(self);
}
