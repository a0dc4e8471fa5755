// model_answer: steps in a row; whatever is open is in the job.
#include "model_answer.h"

#include "context.h"
#include "decide.h"
#include "metrics.h"
#include "prompts.h"
#include "proto/persistence_service.h"
#include "speech.h"
#include "texts/texts.h"
#include "turn/paid.h"

#include <inttypes.h>

// Of the context's budget.
#define RESULTS_PCT 30
#define SHORT_PCT 40
#define SOURCES_MAX_COUNT 24 // hits, and the addresses

static act_arena_t *arena_of(const answer_job_t *self)
{
    return act_call_arena(self->call);
}

// --- what a model wrote --------------------------------------------------------------------------

static void say(answer_job_t *self, act_str_t text, respond_reply_t *reply)
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
static void alert_leak(answer_job_t *self)
{
    if (self->request->is_replay)
        return;
    act_metrics_add(act_actor_metrics(self->agent->actor), METRIC_ANSWERS_LEAKED, 1);
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

// Where links may come from: entries that the business wrote, and addresses of its own that tools gave.
static uint32_t sources_of(answer_job_t *self, act_str_t *ret_sources)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->hits.hits.count && count + 1 < SOURCES_MAX_COUNT; i++)
        if (!self->hits.hits.items[i].is_foreign)
            ret_sources[count++] = self->hits.hits.items[i].answer;
    ret_sources[count++] =
        act_journal_value(self->journal, "urls", hands_urls(self->hands, arena_of(self)));
    return count;
}

static void on_said(void *context, act_err_t err, act_str_t text)
{
    answer_job_t *self = context;
    self->mouth = NULL;
    if (err != ACT_E_OK) {
        answer_fail(self, err, "nothing was written");
        return;
    }
    act_str_t sources[SOURCES_MAX_COUNT], version;
    respond_reply_t reply = {.decision = ACT_STR("RESPOND")};
    const speech_rules_t rules = {
        .links = {.hosts = prompts_choose(&self->prompts, "links", arena_of(self), &version),
                  .sources = sources,
                  .sources_count = sources_of(self, sources)},
        .max_chars = (size_t)self->settings.answer_max_chars,
    };
    act_str_t clean = speech_clean(arena_of(self), text, &rules);
    if (prompts_tells_canary(text, self->canary)) {
        alert_leak(self);
        decide_offer_person(self->request->language, "agent.no_answer", arena_of(self), &reply);
    } else if (act_str_empty(clean)) {
        answer_fail(self, ACT_E_MODEL_PROVIDER, "nothing that may be said was written");
        return;
    } else
        say(self, clean, &reply);
    answer_end(self, &reply);
}

// --- prompts -------------------------------------------------------------------------------------

static act_str_t system_prompt(answer_job_t *self, const char *name)
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

static act_paid_turn_t paid_turn(answer_job_t *self)
{
    return (act_paid_turn_t){.actor = self->agent->actor,
                             .call = self->call,
                             .journal = self->journal,
                             .conversation_id = self->request->conversation_id,
                             .turn_id = self->request->turn_id};
}

static context_input_t context_of(const answer_job_t *self)
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

static void write_answer(answer_job_t *self, const brain_result_t *planned)
{
    const context_input_t input = context_of(self);
    const mouth_opts_t opts = {
        .turn = paid_turn(self),
        .role = answer_is_small(self) ? MODELS_SMALL : MODELS_LARGE,
        .system = system_prompt(self, "mouth"),
        .context = context_write_short(arena_of(self), &input,
                                       self->settings.context_tokens * SHORT_PCT / 100),
        .plan = planned->decision.plan,
        .results = {planned->results.items, planned->results.count},
        .results_tokens = self->settings.context_tokens * RESULTS_PCT / 100,
        .max_chars = self->settings.answer_max_chars,
    };
    self->mouth = mouth_start(&opts, on_said, self);
}

// --- brain ---------------------------------------------------------------------------------------

static void hand_off(answer_job_t *self, const decision_t *decision)
{
    act_arena_t *arena = arena_of(self);
    respond_reply_t reply = {.decision = act_str(decision_name(decision->kind))};
    bool has_reason = !act_str_empty(decision->reason);
    reply.handoff_reason =
        act_arena_printf(arena, "agent: %" ACT_STR_FMT,
                         ACT_STR_ARG(has_reason ? decision->reason : ACT_STR("no reason given")));
    say(self, act_text("handover.announced", self->request->language), &reply);
    answer_end(self, &reply);
}

static void on_planned(void *context, act_err_t err, const char *why, const brain_result_t *planned)
{
    answer_job_t *self = context;
    self->brain = NULL;
    if (err != ACT_E_OK) {
        answer_fail(self, err, why);
        return;
    }
    const decision_t *decision = &planned->decision;
    respond_reply_t reply = {.decision = act_str(decision_name(decision->kind))};
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
        answer_end(self, &reply);
        break;
    case DECISION_IGNORE:
        answer_end(self, &reply);
        break;
    }
}

static void think(answer_job_t *self)
{
    if (context_is_foreign(&self->hits))
        hands_taint(self->hands);
    const context_input_t input = context_of(self);
    act_str_t tenant = act_call_header(self->call)->tenant;
    self->canary = prompts_canary(arena_of(self), tenant);
    act_str_t system = system_prompt(self, "brain");
    int64_t results_tokens = self->settings.context_tokens * RESULTS_PCT / 100;
    int64_t budget_tokens = self->settings.context_tokens - results_tokens - context_tokens(system);
    const brain_opts_t opts = {
        .turn = paid_turn(self),
        .hands = self->hands,
        .role = answer_is_small(self) ? MODELS_SMALL : MODELS_LARGE,
        .system = system,
        .context = context_write(arena_of(self), &input, budget_tokens),
        .results_tokens = results_tokens,
        .may_wait = !self->request->is_wait_over,
    };
    self->brain = brain_start(&opts, on_planned, self);
}

static void on_prepared(void *context, const hands_outcome_t *outcome)
{
    answer_job_t *self = context;
    if (outcome->err == ACT_E_OK)
        think(self);
    else
        answer_fail(self, outcome->err, "the tools cannot be prepared");
}

static void prepare_hands(answer_job_t *self)
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
    answer_job_t *self = context;
    self->call_id = 0;
    if (reply->err != ACT_E_OK) {
        answer_fail(self, reply->err, "persistence.get_memory failed");
        return;
    }
    self->memory = *body;
    prepare_hands(self);
}

static void on_prompts(void *context, const act_reply_t *reply, const list_prompts_reply_t *body)
{
    answer_job_t *self = context;
    self->call_id = 0;
    if (reply->err != ACT_E_OK) {
        answer_fail(self, reply->err, "persistence.list_prompts failed");
        return;
    }
    self->prompts = *body;
    const get_memory_request_t request = {.conversation_id = self->request->conversation_id};
    const act_call_opts_t opts = answer_read_opts(self);
    self->call_id = persistence_get_memory(self->agent->actor, &opts, &request, on_memory, self);
}

void model_answer_start(answer_job_t *self)
{
    const act_call_opts_t opts = answer_read_opts(self);
    self->call_id =
        persistence_list_prompts(self->agent->actor, &opts, &(empty_t){0}, on_prompts, self);
}

void model_answer_stop(answer_job_t *self)
{
    brain_cancel(&self->brain);
    mouth_cancel(&self->mouth);
    hands_destroy(&self->hands);
}
