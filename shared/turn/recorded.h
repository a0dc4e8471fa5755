// recorded: what a turn has paid for by now. A call that was given to another instance before (it died) may have
// steps in the database of which its caller, who asked before they were made, knew nothing.
#pragma once
#include "actor/actor.h"
#include "turn/journal.h"

bool act_recorded_is_needed(const act_call_t *call, bool is_replay);

// The steps live as long as the call.
typedef void act_recorded_fn(void *context, act_err_t err, act_steps_t steps);

// Returns the id of its call, for act_actor_cancel.
uint64_t act_recorded_find(act_call_t *call, act_str_t conversation_id, act_str_t turn_id,
                           act_recorded_fn *fn, void *context);
