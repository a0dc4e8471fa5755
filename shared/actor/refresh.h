// refresh: keeps a copy of what another actor owns up to date. Asks at the start, once a minute, and
// when told to; after a failure again soon, then less and less soon. One call at a time.
//
// The owner makes the call when it is asked to and says how it ended; the copy is its own. All
// functions may be called from anywhere but from inside the ask function, except that its call may
// fail at once.
#pragma once
#include "actor/actor.h"

typedef struct act_refresh act_refresh_t;

// Makes the call; its id is returned, so that it can be cancelled.
typedef uint64_t act_refresh_ask_fn(void *context);

// The first call is made in the next turn of the loop.
act_refresh_t *act_refresh_new(act_actor_t *actor, act_refresh_ask_fn *ask, void *context);

// Cancels a call that is open.
void act_refresh_destroy(act_refresh_t **self_p);

// How the call ended. Decides when the next one is made.
void act_refresh_done(act_refresh_t *self, act_err_t err);

// Did the last call that ended fail? Then the next one is on its way without being told to.
bool act_refresh_is_failing(const act_refresh_t *self);

// Something has changed: an answer that is on its way may be too old, then it is asked for again.
void act_refresh_again(act_refresh_t *self);

// The copy may be too old: asks now, but not within gap_ms of the last time, not while an answer is on
// its way, and not while calls fail.
void act_refresh_soon(act_refresh_t *self, int64_t gap_ms);
