// Stage 7: who answers. A flow that waits for an answer goes on; a menu choice starts its flow; an
// intent that is sure enough (its threshold, usually 0.90) takes its flow (the fast path); everything else is
// the agent's. What the agent or flow then decides (RESPOND, WAIT, IGNORE, HUMAN_HANDOFF) comes out of stage 8.
#include "base/mem.h"
#include "io/json.h"
#include "pipeline.h"

// Intents with a flow of their own. The others are the agent's whatever their confidence.
static const char *const flows[] = {
    "greeting",           "list_projects",   "view_tasks",        "view_documents",
    "report_incident",    "update_progress", "escalate_to_human", "book_appointment",
    "cancel_appointment", "ask_price",       "leave_contact",
};

static bool is_flow(act_str_t name)
{
    for (size_t i = 0; i < ACT_COUNT(flows); i++)
        if (act_str_is(name, flows[i]))
            return true;
    return false;
}

// The name of the flow that waits; "unknown" when its state cannot be read (flow starts it anew).
static act_str_t waiting_flow(turn_t *turn)
{
    json_t *state = NULL;
    if (act_json_parse(turn->begin.flow_state, &state, NULL, turn->arena) != ACT_E_OK)
        return ACT_STR("unknown");
    act_str_t name = act_arena_str(turn->arena, act_json_str(state, "flow"));
    json_decref(state);
    return name;
}

static void take_flow(turn_t *turn, act_str_t name)
{
    turn->path = act_arena_printf(turn->arena, "flow:%" ACT_STR_FMT, ACT_STR_ARG(name));
}

bool pipeline_take_flow(turn_t *turn, act_str_t intent)
{
    if (!is_flow(intent))
        return false;
    turn->flow = intent;
    take_flow(turn, intent);
    return true;
}

stage_result_t stage_route(turn_t *turn)
{
    act_str_t prefix = ACT_STR("menu:");
    if (act_str_starts_with(turn->choice_id, "menu:")) {
        act_str_t name = act_str_of(turn->choice_id.ptr + prefix.len_bytes,
                                    turn->choice_id.len_bytes - prefix.len_bytes);
        turn->is_in_flow = false;
        turn->flow = name;
        take_flow(turn, name);
    } else if (turn->is_in_flow) {
        take_flow(turn, waiting_flow(turn));
    } else if (is_flow(turn->understood.intent) &&
               turn->understood.confidence >= turn->understood.threshold) {
        turn->flow = turn->understood.intent;
        take_flow(turn, turn->flow);
    } else {
        turn->path = ACT_STR("agent");
    }
    return STAGE_NEXT;
}
