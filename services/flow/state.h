// state: what a run remembers between two messages of the customer, as JSON in
// flow_run_reply.state. It names the flow, its revision and the waiting question, so that a changed
// flow is noticed.
//
//   {"v":1,"flow":"report_incident","revision":1,"node":"where","tries":0,"page":0,
//    "first":"...","vars":{"description":"..."},"rows_of":"projects","rows":[["id","name",...]]}
#pragma once
#include "call.h"
#include "flows.h"
#include "vars.h"

// Same as the field's limit in flow.proto.
#define STATE_MAX_BYTES 16384
// Longer first messages are not looked through for answers.
#define STATE_FIRST_MAX_BYTES 1000

typedef struct {
    const graph_t *graph;
    const node_t *node; // the question that waits
    uint32_t tries;     // answers to it that were not understood
    uint32_t page;      // of a list longer than ten rows
    act_str_t first;    // the message that began the flow, while it may still answer something
    vars_t vars;
    const node_t *rows_node; // the call the rows are of, or NULL
    rows_t rows;             // kept only while a `pick` question waits
} state_t;

// JSON in the arena. Long lists are cut until the state fits; ACT_E_TOO_LARGE when that is not
// enough.
ACT_MUST_CHECK act_err_t state_write(state_t *self, act_arena_t *arena, act_str_t *ret_json);

// The variables, for the flow that comes next; ACT_E_TOO_LARGE when they are too many.
ACT_MUST_CHECK act_err_t state_hand_on(const state_t *self, act_arena_t *arena,
                                       act_str_t *ret_json);
// Sets those that the flow of `vars` has too; what is no such text sets nothing.
void state_take_over(act_str_t json, act_arena_t *arena, vars_t *vars);

typedef enum {
    STATE_GOOD,
    STATE_OUTDATED, // of a flow we have, in another revision: only `graph` is set
    STATE_BAD,      // not a state of ours
} state_verdict_t;

// Nothing in the text is believed: sizes, types and names are checked.
state_verdict_t state_read(const flows_t *flows, act_str_t json, const flow_run_request_t *request,
                           act_arena_t *arena, state_t *ret_state);
