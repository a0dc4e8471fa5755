// vars: the variables of one run: those that the nodes of the flow set, and a few that every run
// has (business_name, contact_name, contact_phone, taken from the request). All values are texts.
#pragma once
#include "graph.h"
#include "proto/flow.h"
#include "rows.h"

typedef struct {
    const graph_t *graph;
    const flow_run_request_t *request;
    act_str_t phone;   // contact_phone
    act_str_t *values; // in the order of graph->variables
} vars_t;

vars_t vars_new(act_arena_t *arena, const graph_t *graph, const flow_run_request_t *request);

// Empty when it was not set, or is not known.
act_str_t vars_get(const vars_t *self, act_str_t name);

// The text is borrowed and must live as long as the run. Names the flow does not know are ignored:
// a call may bring more than a flow uses.
void vars_set(vars_t *self, act_str_t name, act_str_t value);

// Sets one variable a column.
void vars_set_row(vars_t *self, const rows_t *rows, uint32_t row);
