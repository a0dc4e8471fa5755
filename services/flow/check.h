// check: everything that can be said about a flow file before it runs. Finds the nodes that names
// point to, collects the variables, and refuses what could fail later: unknown or superfluous
// fields, links to nowhere, missing texts, variables nobody sets, confirmations without a stored
// row, nodes nobody reaches, ways that go round without asking anything.
#pragma once
#include "graph.h"

// `name` is the flow's file name without ".yaml". On ACT_E_INVALID_ARGUMENT `error` has one line
// with file, node and field, and the graph is of no use.
ACT_MUST_CHECK act_err_t check_graph(graph_t *graph, act_str_t name, act_buf_t *error);
