// answer: one respond call that no rule answers: what the tenant knows (FAQ), then a model if the tenant has a
// real one (brain, mouth), else the FAQ's entry or the offer of a person. Owns the call until its reply.
//
// In a replay nobody is asked: what was read and paid for comes from the journal, also whether there was a model.
#pragma once
#include "agent_private.h"

// Takes the call over; `request` lives in its arena.
void answer_start(agent_t *agent, act_call_t *call, const respond_request_t *request);

// The last look at whatever was decided, by rules or by a model; ends the call.
void answer_finish(agent_t *agent, act_call_t **call_p, const respond_request_t *request,
                   act_steps_t steps, respond_reply_t *reply);
