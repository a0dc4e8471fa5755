// hands_private: between hands.c (the turn) and hands_job.c (one call).
#pragma once
#include "gate.h"
#include "hands.h"
#include "proto/tool.h"

#define HANDS_CALLS_MAX_COUNT 32

typedef struct {
    hands_t *hands;
    const tool_call_t *call;
    const tool_approval_heard_t *approval; // NULL: the model asks
    act_str_t step_key;
    act_str_t tool_key;          // what the tool knows the step by
    act_str_t request;           // packed ToolCallRequest
    const turn_step_t *recorded; // NULL: not done yet
    act_err_t look_err;
    gate_pass_t pass;
    tool_call_reply_t reply; // of the tool, as it is recorded
    const char *outcome, *why;
    uint64_t ask_id; // 0: nobody is asked
    int64_t started_ms;
    tool_result_t *result;
} hands_job_t;

struct hands {
    hands_opts_t opts;
    tool_turn_reply_t known;
    policy_facts_t facts;
    tool_set_t *set;
    gate_t *gate; // NULL: a replay
    bool is_waiting_for_set;
    uint64_t known_id; // 0: nobody is asked
    // The calls that run.
    hands_job_t jobs[HANDS_CALLS_MAX_COUNT];
    uint32_t jobs_count;
    uint32_t open_count;
    bool is_resuming; // they are those that were approved
    hands_outcome_t outcome;
    hands_fn *fn;
    void *context;
    // What is shown first.
    tool_call_t *past_calls;
    tool_result_t *past_results;
    uint32_t past_count;
    // The offer of this turn.
    tool_card_t *cards;
    bool *cards_are_safe;
    uint32_t cards_count;
    tool_card_t *offered;
};

// Options of a call to somebody else, with what is left of the budget at most.
act_call_opts_t hands_call_opts(const hands_t *self, uint32_t budget_ms);
act_err_t hands_unpack(hands_t *self, const act_model_t *model, act_str_t body, void *ret_message);

// First all calls are looked at, so that none profits from what another one of the same answer brings.
void hands_job_look(hands_job_t *self);
// Then each is done; hands_job_done when it is over.
void hands_job_start(hands_job_t *self);
void hands_job_cancel(hands_job_t *self);
void hands_job_done(hands_job_t *self, act_err_t err);
