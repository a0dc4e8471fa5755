// brain: plans what is done with a message: asks the model, runs the tools that it wants, gives it the
// results, until it decides. Every question is a paid step of the turn (turn/paid.h); what is asked depends
// on the answers before it and on nothing else, so that a turn that runs again finds its steps.
//
// A call that a person must approve ends it with WAIT for person (and is_parked): when somebody has decided,
// the turn's messages are pending again, and the next turn begins with what came of it.
//
// Caps: BRAIN_STEPS_MAX_COUNT questions, of which the last allows nothing but a decision; the time of the
// call; the money by the gateway. A decision that cannot be read is repaired once.
#pragma once
#include "decision.h"
#include "hands.h"
#include "turn/paid.h"

#define BRAIN_STEPS_MAX_COUNT 8

typedef struct brain brain_t;

// Borrowed, for as long as the call lives.
typedef struct {
    act_paid_turn_t turn;
    hands_t *hands;   // prepared
    const char *role; // of the model
    act_str_t system;
    act_str_t context;      // the first message
    int64_t results_tokens; // of results of tools that are shown to the model at a time
    bool may_wait;
} brain_opts_t;

typedef struct {
    decision_t decision;
    struct {
        const tool_result_t *items;
        uint32_t count;
    } results; // of all tools, in order
    bool is_parked;
} brain_result_t;

// One callback follows, never before brain_start returned, unless it is cancelled. On an error `why` is for
// developers.
typedef void brain_fn(void *context, act_err_t err, const char *why, const brain_result_t *result);

brain_t *brain_start(const brain_opts_t *opts, brain_fn *fn, void *context);
void brain_cancel(brain_t **self_p);
