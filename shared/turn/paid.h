// paid: a step of a turn that costs money or goes outside: a model, a tool (turn/journal.h). Whoever dies,
// and whenever, what was committed is never asked for again:
//
//   in the journal already     its result, and nobody is asked
//   otherwise                  the call, with act_paid_key as idempotency key; its answer is committed by
//                              persistence.put_turn_step; what that gives back is the result, because
//                              somebody else may have been here first
//   in a replay, not recorded  STEP_MISSING; nobody is asked
//   recorded for another ask   STEP_MISMATCH
//
// What the turn read since its last paid step is committed with it; act_paid_recorded gives it to the
// journal of a turn that runs again, so that it comes to the same questions.
//
// An answer that is an error is no paid step: it is noted in the journal, so that a replay fails the same way.
#pragma once
#include "actor/actor.h"
#include "turn/journal.h"

// Who asks. All of it lives as long as `call`, which is the call that is being served for the turn; with it
// what is open here ends as CANCELLED.
typedef struct {
    act_actor_t *actor;
    act_call_t *call;
    act_journal_t *journal;
    act_str_t conversation_id;
    act_str_t turn_id;
} act_paid_turn_t;

typedef struct {
    const char *service; // "model", "tool.pricing"
    const act_method_t *method;
    const void *request;
    act_str_t step_key; // act_journal_key, taken in the order in which steps are decided on
    uint32_t budget_ms; // 0: what is left of the call's
} act_paid_ask_t;

typedef struct act_paid act_paid_t;

// The reply's body is packed as the method's reply, and lives as long as the call.
typedef void act_paid_fn(void *context, const act_reply_t *reply);

// Exactly one callback follows, never before this returned, unless it is cancelled. Several may be open at a
// time. The handle is good until the callback or act_paid_cancel.
act_paid_t *act_paid_ask(const act_paid_turn_t *turn, const act_paid_ask_t *ask, act_paid_fn *fn,
                         void *context);
// Is somebody asked? False: the journal knows how it ends.
bool act_paid_is_asked(const act_paid_t *self);
// The callback will not come; the callee is told. Accepts NULL inside.
void act_paid_cancel(act_paid_t **self_p);

// Recorded steps, as act_journal_opts_t wants them, with what was read among them.
act_steps_t act_paid_recorded(act_arena_t *arena, act_steps_t recorded);

// The step's name over all turns, for who is asked: "<turn>/<step key>".
act_str_t act_paid_key(const act_paid_turn_t *turn, act_str_t step_key);
