// Stage 9: everything is decided; the driver commits it in one transaction.
#include "pipeline.h"

stage_result_t stage_persist(turn_t *turn)
{
    if (turn->session_id[0] == '\0')
        act_str_copy(turn->begin.session_id, turn->session_id, sizeof turn->session_id);
    if (turn->session_id[0] == '\0')
        act_str_copy(act_str(turn->turn_id), turn->session_id, sizeof turn->session_id);
    return STAGE_NEXT;
}
