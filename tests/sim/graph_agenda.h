// graph_agenda: what the simulator has to do later, in order of time; things due at the same
// millisecond keep the order in which they were added.
#pragma once
#include "io/loop.h"

typedef struct graph_agenda graph_agenda_t;

// is_due is false when the agenda is destroyed first: release the context, do nothing else.
typedef void graph_agenda_fn(void *context, bool is_due);

// Holds at most max_count things.
graph_agenda_t *graph_agenda_new(act_loop_t *loop, uint32_t max_count);
void graph_agenda_destroy(graph_agenda_t **self_p);

// Calls fn after delay_ms, never inside this call. False when the agenda is full: fn is not called.
bool graph_agenda_add(graph_agenda_t *self, int64_t delay_ms, graph_agenda_fn *fn, void *context);

uint32_t graph_agenda_count(const graph_agenda_t *self);
