// flows: all flows of the process by name: those built in, and those of a folder, which take the
// place of built-in ones of the same name. Loaded once at the start.
#pragma once
#include "graph.h"

typedef struct flows flows_t;

// Most flows at a time.
#define FLOWS_MAX_COUNT 128

// `dir` may be NULL or empty: only the built-in ones. A file that is not sound ends the whole:
// ACT_E_CONFIG, and one line in `error` (initialised by the caller) with file, node and field.
ACT_MUST_CHECK act_err_t flows_load(const char *dir, flows_t **ret_flows, act_buf_t *error);
void flows_destroy(flows_t **self_p);

const graph_t *flows_find(const flows_t *self, act_str_t name); // or NULL
uint32_t flows_count(const flows_t *self);
// Which text the flow was made of: the same for the same file.
const char *flows_version(const flows_t *self, const graph_t *graph);
const graph_t *flows_at(const flows_t *self, uint32_t index);
