// trace_views: the part of the bus service that looks inside: edges, traces, taps, and what is told to
// them. Rows of the table in views.c.
#pragma once
#include "proto/broker.h"
#include "views.h"

typedef void trace_views_fn(views_t *self, const act_header_t *header, act_str_t body,
                            uint64_t call_id);
trace_views_fn trace_views_edges;
trace_views_fn trace_views_traces;
trace_views_fn trace_views_trace;
trace_views_fn trace_views_set_tracing;
trace_views_fn trace_views_tap;
trace_views_fn trace_views_stages;

// The counters of `status` that are about traces.
void trace_views_fill_status(const traces_t *traces, status_reply_t *ret_reply);
