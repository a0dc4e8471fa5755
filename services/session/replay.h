// replay: a recorded turn runs again through the same pipeline, with what it was given and the answers that
// its journal holds, and what it comes to is compared with what was stored. Nothing is written or sent.
#pragma once
#include "proto/session.h"
#include "turn.h"

// For the `replay` call, which is consumed.
void replay_start(session_t *session, act_call_t **call_p, const replay_request_t *request);
// The pipeline of a replayed turn has reached its end: compares, answers, ends the turn.
void replay_end(turn_t *turn);
