// agent: between the bus and the decisions.
#include "agent.h"

#include "decide.h"
#include "proto/agent_service.h"
#include "proto/persistence_service.h"
#include "receipts.h"
#include "turn/journal.h"

// Hits that are looked at; the query gives the best first.
#define FAQ_MAX_HITS 5

typedef struct {
    act_actor_t *actor;
    double faq_min_score;
} agent_t;

const size_t agent_size_bytes = sizeof(agent_t);

const act_config_row_t agent_config[] = {
    {.name = "faq_min_score_pct",
     .env = "PARLEY_FAQ_MIN_SCORE_PCT",
     .type = ACT_CONFIG_INT,
     .default_text = "35",
     .min = 0,
     .max = 100,
     .example = "35",
     .help = "how well an entry of the FAQ must fit a question to be its answer, in percent"},
    {0},
};

// --- one call ------------------------------------------------------------------------------------

// A call that waits for the FAQ.
typedef struct {
    agent_t *agent;
    act_call_t *call;
    const respond_request_t *request;
    act_journal_t *journal;
    double faq_min_score;
    uint64_t search_id;
} job_t;

// The last look at whatever was decided, by rules or by a model.
static void finish(agent_t *self, act_call_t **call_p, const respond_request_t *request,
                   act_steps_t steps, respond_reply_t *answer)
{
    if (receipts_guard(request, steps, act_call_arena(*call_p), answer))
        act_log_warn(act_actor_log(self->actor), "claim_without_receipt", "turn=%" ACT_STR_FMT,
                     ACT_STR_ARG(request->turn_id));
    answer->steps.items = steps.items;
    answer->steps.count = steps.count;
    agent_respond_reply(call_p, answer);
}

static void on_hits(void *context, const act_reply_t *reply, const search_faq_reply_t *hits)
{
    job_t *job = context;
    if (reply->err == ACT_E_OK) {
        respond_reply_t answer;
        decide_from_faq(job->request, hits, job->faq_min_score, act_call_arena(job->call), &answer);
        act_steps_t steps = act_journal_steps(job->journal);
        finish(job->agent, &job->call, job->request, steps, &answer);
    } else {
        act_log_warn(act_actor_log(job->agent->actor), "faq_failed", "code=%s",
                     act_err_code(reply->err));
        act_call_fail(&job->call, reply->err, "persistence.search_faq failed");
    }
    act_free(job);
}

static void on_cancel(void *context)
{
    job_t *job = context;
    act_actor_cancel(job->agent->actor, job->search_id);
    act_call_fail(&job->call, ACT_E_CANCELLED, NULL);
    act_free(job);
}

// What the agent is set to, as it was when the turn was recorded.
static double min_score(const agent_t *self, act_journal_t *journal, act_arena_t *arena)
{
    int64_t now_pct = (int64_t)(self->faq_min_score * 100.0 + 0.5), pct = 0;
    act_str_t now = act_arena_printf(arena, "%d", (int)now_pct);
    act_str_t value = act_journal_value(journal, "faq_min_score_pct", now);
    return act_str_to_int(value, &pct) ? (double)pct / 100.0 : self->faq_min_score;
}

static void search(agent_t *self, act_call_t *call, const respond_request_t *request)
{
    job_t *job = act_alloc(sizeof *job);
    *job = (job_t){.agent = self, .call = call, .request = request};
    job->journal = act_journal_new(act_call_arena(call),
                                   &(act_journal_opts_t){
                                       .prefix = ACT_STR("agent"),
                                       .recorded = {request->journal.items, request->journal.count},
                                       .is_replay = request->is_replay,
                                   });
    job->faq_min_score = min_score(self, job->journal, act_call_arena(call));
    const search_faq_request_t query = {
        .text = request->text,
        .language = request->language,
        .max_rows = FAQ_MAX_HITS,
    };
    const act_call_opts_t opts = {.parent = call, .tape = act_journal_tape(job->journal)};
    act_call_on_cancel(call, on_cancel, job);
    job->search_id = persistence_search_faq(self->actor, &opts, &query, on_hits, job);
}

static void respond(void *context, act_call_t *call, const respond_request_t *request)
{
    respond_reply_t answer;
    if (decide_at_once(request, act_call_arena(call), &answer))
        finish(context, &call, request, (act_steps_t){0}, &answer);
    else
        search(context, call, request);
}

const agent_server_t agent_methods = {.respond = respond};

// --- the process ---------------------------------------------------------------------------------

act_err_t agent_open(void *context, act_actor_t *actor)
{
    agent_t *self = context;
    self->actor = actor;
    self->faq_min_score =
        (double)act_config_int(act_actor_config(actor), "faq_min_score_pct") / 100.0;
    return ACT_E_OK;
}
