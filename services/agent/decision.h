// decision: what the model decided, as it says it by calling the function `decide`. Pure.
#pragma once
#include "base/arena.h"
#include "proto/model.h"

#define DECISION_TOOL "decide"

typedef enum { DECISION_RESPOND, DECISION_WAIT, DECISION_IGNORE, DECISION_HANDOFF } decision_kind_t;

typedef struct {
    decision_kind_t kind;
    act_str_t plan;     // RESPOND: never empty
    act_str_t reason;   // for the record, never for the customer
    uint32_t wait_ms;   // WAIT; 0: the usual time
    act_str_t wait_for; // WAIT: customer, person
} decision_t;

// As RespondReply has it.
const char *decision_name(decision_kind_t kind);

// The card of the function. A turn that has waited already may not do so again.
tool_card_t decision_card(bool may_wait);

// From the arguments of the call. False: they cannot be used, and *ret_problem is a sentence for the model.
// Texts live in the arena.
bool decision_read(act_str_t arguments, bool may_wait, act_arena_t *arena, decision_t *ret_decision,
                   const char **ret_problem);

// A model that answers instead of deciding: its text is the plan. False: it said nothing.
bool decision_of_text(act_str_t text, decision_t *ret_decision);
