// call: what the runtime itself needs to know of incoming calls; services use actor.h.
#pragma once
#include "actor/actor.h"
#include "actor/bus.h"

// The incoming calls an actor holds: found by the broker's id for CANCEL, and looked through for
// budgets that ran out. Ended calls and their arenas are kept for reuse.
typedef struct act_calls act_calls_t;

act_calls_t *act_calls_new(act_actor_t *actor);
// Open calls are dropped without an answer (the broker answers for the dead).
void act_calls_destroy(act_calls_t **self_p);

// Takes the message's frames. The call is open until it is replied to or failed.
act_call_t *act_calls_open(act_calls_t *self, act_message_t *message, const act_method_t *method);
// False: there is no such call.
bool act_calls_cancel(act_calls_t *self, uint64_t id);
// The caller takes this many parts in all.
void act_calls_add_room(act_calls_t *self, uint64_t id, uint32_t parts_count);
// Marks every call whose budget ran out as cancelled.
void act_calls_expire(act_calls_t *self);
// The body of an open call, borrowed until it ends.
act_str_t act_call_body(const act_call_t *self);
uint32_t act_calls_count(const act_calls_t *self);
