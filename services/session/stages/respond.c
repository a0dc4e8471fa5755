// Stage 8: the answer. Asks the flow or the agent; when one does not answer the next rung of the
// ladder is tried: flow, agent, and at last a polite text with the reason kept in the turn.
#include "base/assert.h"
#include "pipeline.h"
#include "proto/agent_service.h"
#include "proto/flow_service.h"
#include "proto/persistence_service.h"
#include "texts/texts.h"

// A flow may hand on to another one; more often in one turn is a loop in somebody's drawing.
#define FLOW_HOPS_MAX_COUNT 4

static void ask_agent(turn_t *turn);

static void give_up(turn_t *turn, act_err_t err)
{
    turn->fallback_err = err;
    turn->messages_count = 0;
    act_str_t text = act_text("system.technical_problem", turn->language);
    pipeline_go_on(turn, pipeline_say(turn, text, "fallback"));
}

static void take_messages(turn_t *turn, const outbound_content_t *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!pipeline_add_message(turn, &items[i]))
            act_log_warn(act_actor_log(turn->session->actor), "messages_dropped",
                         "turn=%s,count=%u", turn->turn_id, count - i);
}

// --- agent ---------------------------------------------------------------------------------------

static void on_responded(void *context, const act_reply_t *reply, const respond_reply_t *body)
{
    turn_t *turn = context;
    if (reply->err != ACT_E_OK || !body) {
        give_up(turn, reply->err);
        return;
    }
    respond_reply_t answer;
    act_str_t kept = act_arena_str(turn->arena, reply->body);
    act_assert(respond_reply_unpack(kept, turn->arena, &answer, NULL) == ACT_E_OK);
    turn->decision = answer.decision;
    turn->handoff_reason = answer.handoff_reason;
    turn_steps_take(turn, answer.steps.items, answer.steps.count);
    take_messages(turn, answer.messages.items, answer.messages.count);
    pipeline_go_on(turn, STAGE_NEXT);
}

static void on_history(void *context, const act_reply_t *reply, const turn_history_reply_t *body)
{
    turn_t *turn = context;
    if (reply->err != ACT_E_OK || !body) {
        give_up(turn, reply->err);
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
        .journal = {turn->steps.recorded.items, turn->steps.recorded.count},
        .is_replay = turn->replay != NULL,
    };
    act_call_opts_t opts = turn_pure_opts(turn);
    turn->call_id = agent_respond(turn->session->actor, &opts, &request, on_responded, turn);
}

static void ask_agent(turn_t *turn)
{
    turn->flow_state = act_str("");
    turn->path = ACT_STR("agent");
    turn_history_request_t request = {.conversation_id = turn->conversation_id};
    act_call_opts_t opts = turn_step_opts(turn);
    turn->call_id =
        persistence_turn_history(turn->session->actor, &opts, &request, on_history, turn);
}

// --- flow ----------------------------------------------------------------------------------------

static void ask_flow(turn_t *turn);

// The customer changed the subject: the flow is left, and the message routed as if it had not been.
static void leave_flow(turn_t *turn)
{
    turn->is_in_flow = false;
    turn->flow_state = act_str("");
    turn->flow = act_str("");
    stage_route(turn);
    if (act_str_empty(turn->flow))
        ask_agent(turn);
    else
        ask_flow(turn);
}

static void on_flow_ran(void *context, const act_reply_t *reply, const flow_run_reply_t *body)
{
    turn_t *turn = context;
    turn->is_acting = false;
    if (reply->err != ACT_E_OK || !body) {
        turn->fallback_err = reply->err;
        // The database is what flows need most, and the agent needs it too. A step that is not what was
        // recorded is for a person to look at.
        if (reply->err == ACT_E_DATABASE || reply->err == ACT_E_STEP_MISMATCH)
            give_up(turn, reply->err);
        else
            ask_agent(turn);
        return;
    }
    flow_run_reply_t answer;
    act_str_t kept = act_arena_str(turn->arena, reply->body);
    act_assert(flow_run_reply_unpack(kept, turn->arena, &answer, NULL) == ACT_E_OK);
    turn_steps_take(turn, answer.steps.items, answer.steps.count);
    if (answer.is_abandoned && turn->is_in_flow) {
        leave_flow(turn);
        return;
    }
    take_messages(turn, answer.messages.items, answer.messages.count);
    turn->flow_state = answer.state;
    if (!act_str_empty(answer.next_flow) && ++turn->flow_hops_count < FLOW_HOPS_MAX_COUNT) {
        turn->is_in_flow = false;
        turn->flow = answer.next_flow;
        ask_flow(turn);
        return;
    }
    if (!act_str_empty(answer.decision))
        turn->decision = answer.decision;
    turn->handoff_reason = answer.handoff_reason;
    pipeline_go_on(turn, STAGE_NEXT);
}

static void ask_flow(turn_t *turn)
{
    flow_run_request_t request = {
        .flow = turn->is_in_flow ? act_str("") : turn->flow,
        .state = turn->is_in_flow ? turn->flow_state : act_str(""),
        .text = turn->text,
        .choice_id = turn->choice_id,
        .language = turn->language,
        .conversation_id = turn->conversation_id,
        .contact_id = turn->begin.contact_id,
        .turn_id = act_str(turn->turn_id),
        .contact_name = turn->begin.contact_name,
        .business_name = turn->begin.tenant_name,
        .intent = turn->understood.intent,
        .confidence = turn->understood.confidence,
        .journal = {turn->steps.recorded.items, turn->steps.recorded.count},
        .is_replay = turn->replay != NULL,
        .run = turn->steps.flow_runs_count++,
    };
    act_call_opts_t opts = turn_pure_opts(turn);
    turn->is_acting = true;
    turn->call_id = flow_run(turn->session->actor, &opts, &request, on_flow_ran, turn);
}

stage_result_t stage_respond(turn_t *turn)
{
    if (turn->is_in_flow || !act_str_empty(turn->flow))
        ask_flow(turn);
    else
        ask_agent(turn);
    return STAGE_WAIT;
}
