// answer: is what the customer wrote an answer to the question that waits, a change of subject, a
// wish to stop, or not understood? Pure: the same input gives the same verdict.
//
// A button of this question is always an answer. Else, in this order: a word to stop, something
// that can be read as an answer (to the question that this one corrects, or to itself), another intent with ANSWER_SURE_CONFIDENCE or more, not
// understood. A question for free text takes anything but a wish to stop and a wish for a person.
#pragma once
#include "state.h"

// From here on an intent is believed (the fast path's threshold, architecture.md 6).
#define ANSWER_SURE_CONFIDENCE 0.90
// Free text without a max_chars of its own.
#define ANSWER_MAX_CHARS 500

typedef enum {
    ANSWER_UNCLEAR,
    ANSWER_TOO_LONG,
    ANSWER_STALE,     // a button of an earlier question
    ANSWER_TAKEN,     // value; for a pick also index
    ANSWER_MORE,      // the next page of a long list
    ANSWER_STOP,      // the customer wants to end this
    ANSWER_CORRECTED, // it answers the question that this one corrects
    ANSWER_FLOW,      // a choice of the menu: value is the flow's name
    ANSWER_OTHER,     // another subject
} answer_kind_t;

typedef struct {
    answer_kind_t kind;
    act_str_t value; // what the variable becomes; "yes" or "no" of a yes_no
    uint32_t index;  // of the option or the row
} answer_t;

// Ids of buttons and rows: "<flow>.<node>:<value>", and "menu:<flow>" for those that start a flow.
act_str_t answer_id(act_arena_t *arena, const graph_t *graph, const node_t *node, act_str_t value);
act_str_t answer_menu_id(act_arena_t *arena, act_str_t flow);
// The flow of a menu id; empty when it is none.
act_str_t answer_menu_flow(act_str_t choice_id);

// `state` tells the question, the rows and the page. Texts are the request's or the arena's.
answer_t answer_read(const flows_t *flows, const state_t *state, const flow_run_request_t *request,
                     act_arena_t *arena);

// Does the message that began the flow answer a question with `told`? TAKEN or UNCLEAR.
answer_t answer_told(const state_t *state, act_str_t language, act_arena_t *arena);
