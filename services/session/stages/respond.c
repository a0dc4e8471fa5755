// Stage 8: the answer. Asks the flow that the route chose, or the ladder: agent with the large model, with
// the smaller one, the flow of the intent, an entry of the FAQ, and at last a polite text with a person
// alerted. Whatever fails or takes more than its share of the time that is left, the next one answers; the
// first reason is kept in the turn.
#include "base/assert.h"
#include "channels/channel.h"
#include "faq.h"
#include "metrics.h"
#include "outgoing.h"
#include "pipeline.h"
#include "proto/agent_service.h"
#include "proto/flow_service.h"
#include "proto/persistence_service.h"
#include "texts/texts.h"

// A flow may hand on to another one; more often in one turn is a loop in somebody's drawing.
#define FLOW_HOPS_MAX_COUNT 4

#define FLOW_MS 10000
#define HISTORY_MS 5000
#define AGENT_MS 60000
// Of what is left, for each rung: there is always something left for the next.
#define RUNG_PCT 50
// An intent this sure takes its flow when nobody else answers.
#define UNSURE_CONFIDENCE 0.5
#define WAIT_DEFAULT_MS (15 * 60 * 1000)
#define WAIT_MAX_MS (7 * 24 * 3600 * 1000u)

static void ask_ladder(turn_t *turn);

// This rung gave no answer.
static void next_rung(turn_t *turn, act_err_t err)
{
    if (err == ACT_E_CANCELLED) // not by us: its time was over, and it noticed first
        err = ACT_E_DEADLINE;
    if (turn->fallback_err == ACT_E_OK)
        turn->fallback_err = err;
    act_metrics_add(act_actor_metrics(turn->session->actor), METRIC_FALLBACKS, 1);
    // The database is what all need, a step that is not what was recorded is for a person to look at, and
    // who has no time left has a polite text.
    if (err == ACT_E_DATABASE || err == ACT_E_STEP_MISMATCH || turn_left_ms(turn) <= 0)
        pipeline_go_on(turn, pipeline_last_resort(turn, turn->fallback_err, "fallback"));
    else
        ask_ladder(turn);
}

static void take_messages(turn_t *turn, const outbound_content_t *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!pipeline_add_message(turn, &items[i]))
            act_log_warn(act_actor_log(turn->session->actor), "messages_dropped",
                         "turn=%s,count=%u", turn->turn_id, count - i);
}

// --- agent ---------------------------------------------------------------------------------------

// A decision to WAIT has an end and somebody it is for.
static void plan_wait(turn_t *turn, const respond_reply_t *answer)
{
    uint32_t wait_ms = answer->wait_ms > 0 ? answer->wait_ms : WAIT_DEFAULT_MS;
    turn->wait_ms = wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS;
    turn->wait_for = act_str_empty(answer->wait_for) ? ACT_STR("customer") : answer->wait_for;
}

static void on_responded(void *context, const act_reply_t *reply, const respond_reply_t *body)
{
    turn_t *turn = context;
    if (reply->err != ACT_E_OK || !body) {
        next_rung(turn, reply->err);
        return;
    }
    bool is_wait = act_str_is(body->decision, "WAIT");
    if (is_wait && turn->begin.is_wait_over) { // it had its time
        next_rung(turn, ACT_E_DEADLINE);
        return;
    }
    if (is_wait)
        plan_wait(turn, body);
    turn->decision = body->decision;
    turn->handoff_reason = body->handoff_reason;
    turn_steps_take(turn, body->steps.items, body->steps.count);
    take_messages(turn, body->messages.items, body->messages.count);
    outgoing_translate(turn, body->language);
}

// NULL: no channel that is known.
static const channel_limits_t *limits_of(const turn_t *turn)
{
    const act_channel_t *channel = act_channel_find(turn->begin.channel);
    if (!channel)
        return NULL;
    channel_limits_t *limits = act_arena_alloc(turn->arena, sizeof *limits);
    *limits = (channel_limits_t){.text_max_chars = channel->limits.text_max_chars,
                                 .answer_max_chars = channel->limits.answer_max_chars,
                                 .buttons_max_count = channel->limits.buttons_max_count};
    return limits;
}

static void on_history(void *context, const act_reply_t *reply, const turn_history_reply_t *body)
{
    turn_t *turn = context;
    if (reply->err != ACT_E_OK || !body) {
        next_rung(turn, reply->err);
        return;
    }
    respond_request_t request = {
        .text = turn->text,
        .language = turn->language,
        .conversation_id = turn->conversation_id,
        .turn_id = act_str(turn->turn_id),
        .intent = turn->understood.intent,
        .confidence = turn->understood.confidence,
        .sentiment = turn->understood.sentiment,
        .risk = {turn->understood.risk.items, turn->understood.risk.count},
        .history = {body->history.items, body->history.count},
        .type = turn->type,
        .business_name = turn->begin.tenant_name,
        .choice_id = turn->choice_id,
        .tier = turn->tier,
        .is_wait_over = turn->begin.is_wait_over,
        .translation = act_str_eq(turn->translation, turn->text) ? act_str("") : turn->translation,
        .internal_language = turn->begin.internal_language,
        .journal = {turn->steps.recorded.items, turn->steps.recorded.count},
        .is_replay = turn->replay != NULL,
        .limits = limits_of(turn),
    };
    act_call_opts_t opts = turn_share(turn_pure_opts(turn), RUNG_PCT, AGENT_MS);
    turn->call_id = agent_respond(turn->session->actor, &opts, &request, on_responded, turn);
}

static void ask_agent(turn_t *turn, const char *tier, const char *path)
{
    turn->flow_state = act_str("");
    turn->path = act_str(path);
    turn->tier = act_str(tier);
    turn_history_request_t request = {.conversation_id = turn->conversation_id};
    act_call_opts_t opts = turn_share(turn_step_opts(turn), RUNG_PCT, HISTORY_MS);
    turn->call_id =
        persistence_turn_history(turn->session->actor, &opts, &request, on_history, turn);
}

// --- flow ----------------------------------------------------------------------------------------

static void ask_flow(turn_t *turn);

// The customer changed the subject: the flow is left, and the message routed as if it had not been. A flow
// that just began and has nothing to say leaves the message to the agent.
static void leave_flow(turn_t *turn)
{
    bool was_waiting = turn->is_in_flow;
    turn->is_in_flow = false;
    turn->flow_state = act_str("");
    if (was_waiting) {
        turn->flow = act_str("");
        stage_route(turn);
    }
    if (!was_waiting || act_str_empty(turn->flow))
        ask_ladder(turn);
    else
        ask_flow(turn);
}

static void on_flow_ran(void *context, const act_reply_t *reply, const flow_run_reply_t *body)
{
    turn_t *turn = context;
    turn->is_acting = false;
    if (reply->err != ACT_E_OK || !body) {
        next_rung(turn, reply->err);
        return;
    }
    turn_steps_take(turn, body->steps.items, body->steps.count);
    if (body->is_abandoned) {
        leave_flow(turn);
        return;
    }
    take_messages(turn, body->messages.items, body->messages.count);
    turn->flow_state = body->state;
    if (!act_str_empty(body->next_flow) && ++turn->flow_hops_count < FLOW_HOPS_MAX_COUNT) {
        turn->is_in_flow = false;
        turn->flow = body->next_flow;
        ask_flow(turn);
        return;
    }
    if (!act_str_empty(body->next_flow)) // what was to go along with it is no state of a flow
        turn->flow_state = act_str("");
    if (!act_str_empty(body->decision))
        turn->decision = body->decision;
    turn->handoff_reason = body->handoff_reason;
    pipeline_go_on(turn, STAGE_NEXT);
}

static void ask_flow(turn_t *turn)
{
    flow_run_request_t request = {
        .flow = turn->is_in_flow ? act_str("") : turn->flow,
        .state = turn->is_in_flow || turn->flow_hops_count > 0 ? turn->flow_state : act_str(""),
        .text = turn->text,
        .choice_id = turn->choice_id,
        .language = turn->language,
        .conversation_id = turn->conversation_id,
        .contact_id = turn->begin.contact_id,
        .turn_id = act_str(turn->turn_id),
        .contact_name = turn->begin.contact_name,
        .contact_phone = turn->begin.contact_phone,
        .business_name = turn->begin.tenant_name,
        .intent = turn->understood.intent,
        .confidence = turn->understood.confidence,
        .journal = {turn->steps.recorded.items, turn->steps.recorded.count},
        .is_replay = turn->replay != NULL,
        .run = turn->steps.flow_runs_count++,
    };
    act_call_opts_t opts = turn_share(turn_pure_opts(turn), RUNG_PCT, FLOW_MS);
    turn->is_acting = true;
    turn->call_id = flow_run(turn->session->actor, &opts, &request, on_flow_ran, turn);
}

// --- the ladder ----------------------------------------------------------------------------------

static void ask_large(turn_t *turn)
{
    ask_agent(turn, "large", "agent");
}

static void ask_small(turn_t *turn)
{
    ask_agent(turn, "small", "agent:small");
}

// The flow of an intent that was not sure enough for the fast path, unless a flow failed already.
static void ask_fast_path(turn_t *turn)
{
    if (turn->is_in_flow || !act_str_empty(turn->flow) ||
        turn->understood.confidence < UNSURE_CONFIDENCE ||
        !pipeline_take_flow(turn, turn->understood.intent))
        ask_ladder(turn);
    else
        ask_flow(turn);
}

static void ask_faq(turn_t *turn)
{
    if (act_str_empty(act_str_trim(turn->text)))
        ask_ladder(turn);
    else
        faq_ask(turn, next_rung);
}

static void say_polite_text(turn_t *turn)
{
    pipeline_go_on(turn, pipeline_last_resort(turn, turn->fallback_err, "fallback"));
}

static void (*const rungs[])(turn_t *turn) = {
    ask_large, ask_small, ask_fast_path, ask_faq, say_polite_text,
};

static void ask_ladder(turn_t *turn)
{
    act_assert(turn->rung < ACT_COUNT(rungs)); // the last one always answers
    rungs[turn->rung++](turn);
}

stage_result_t stage_respond(turn_t *turn)
{
    if (turn->is_in_flow || !act_str_empty(turn->flow))
        ask_flow(turn);
    else
        ask_ladder(turn);
    return STAGE_WAIT;
}
