// gate: what one turn has done with tools, and what it may still do. Every call that the model wants passes
// here before anything happens: its name, its arguments as JSON and against the card's schema, the policy,
// and the counts of the turn. No I/O; the process that asks is hands.
#pragma once
#include "base/arena.h"
#include "policy.h"
#include "proto/model.h"
#include "tool_set.h"

typedef struct gate gate_t;

typedef struct {
    policy_t policy;
    const tool_entry_t *tool; // NULL: unknown
    const json_t *arguments;  // NULL: they are no object; the gate's
    act_str_t text;           // the same, written by us: what the tool gets is what was checked
    act_str_t shown;          // without secrets, for people
} gate_pass_t;

// `facts` and `tools` are borrowed for as long as the gate lives. Texts live in the arena.
gate_t *gate_new(act_arena_t *arena, const policy_facts_t *facts, const tool_set_t *tools);
void gate_destroy(gate_t **self_p);

// The model has answered once more; the calls of its answer follow.
void gate_next_round(gate_t *self);
// Counts the call, whatever comes of it.
gate_pass_t gate_check(gate_t *self, const tool_call_t *call);
// The same for a call that a person approved; card_hash: the tool as they saw it.
gate_pass_t gate_check_approved(gate_t *self, const tool_call_t *call, act_str_t card_hash);

// What a tool answered (NULL: no result), and whether it said a sentence besides, or an error's: of a tool that
// reads what others wrote that may be theirs. Tells whether it is text of third parties; then the context is
// tainted from now on.
bool gate_learn(gate_t *self, const tool_entry_t *tool, const json_t *result, bool has_text);
// The same question of a result of another turn; nothing is learned from it.
bool gate_is_foreign(gate_t *self, const tool_entry_t *tool, const json_t *result, bool has_text);
// Text of third parties came into the context by another way: a document, a transcript.
void gate_taint(gate_t *self);
bool gate_is_tainted(const gate_t *self);

// URLs that are set or that tools gave, one a line.
act_str_t gate_urls(const gate_t *self, act_arena_t *arena);
