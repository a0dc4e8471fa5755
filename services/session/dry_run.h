// dry_run: stages 3 to 7 on a text, for the `understand` call: nothing is written or sent.
#pragma once
#include "turn.h"

// The call is consumed.
void dry_run_start(session_t *session, act_call_t **call_p, const understand_request_t *request);
// The pipeline has reached its end.
void dry_run_answer(turn_t *turn);
