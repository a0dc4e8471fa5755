// receipts: no receipt, no confirmation (architecture.md 6). What the agent says it has done must be an effect
// of this very turn; an answer that claims more is replaced by an honest one.
//
// Phrases are the texts "words.claim_*" of all languages: completed actions in the first person, and what
// follows from them ("your appointment is confirmed"). A quotation of the tenant's own FAQ claims nothing.
#pragma once
#include "proto/agent.h"
#include "turn/journal.h"

// The rpc whose receipt is missing for something the text claims; NULL: nothing is.
const char *receipts_missing(act_str_t text, act_steps_t steps);

// A receipt that obliges the answer: after escalate_to_human the turn ends with HUMAN_HANDOFF, whatever the
// model says. Tells whether it changed the reply.
bool receipts_oblige(act_steps_t steps, respond_reply_t *reply);

// Replaces the reply if it claims what `steps` do not show; tells whether it did.
bool receipts_guard(const respond_request_t *request, act_steps_t steps, act_arena_t *arena,
                    respond_reply_t *reply);
