// Stage 2: continue the conversation session or open a new one. The database decides (idle over 7 h,
// or the tenant's working day began or ended since); a new session has the name of
// its first turn, and forgets a half-done flow.
#include "pipeline.h"

stage_result_t stage_session(turn_t *turn)
{
    if (act_str_empty(turn->begin.session_id)) {
        act_str_copy(act_str(turn->turn_id), turn->session_id, sizeof turn->session_id);
        return STAGE_NEXT;
    }
    act_str_copy(turn->begin.session_id, turn->session_id, sizeof turn->session_id);
    turn->flow_state = turn->begin.flow_state;
    turn->is_in_flow = !act_str_empty(turn->flow_state);
    return STAGE_NEXT;
}
