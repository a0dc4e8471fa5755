// metrics: what session counts; the broker collects the numbers.
#pragma once
#include "base/metric.h"

#define SESSION_METRICS(X)                                                                         \
    X(SUPERSEDED, "turns_superseded_total", COUNTER,                                               \
      "plans dropped because the customer had written more")                                       \
    X(CANCELLED, "turn_calls_cancelled_total", COUNTER,                                            \
      "calls of a plan cancelled because the customer had written more")                           \
    X(FENCED, "turns_fenced_total", COUNTER, "commits refused: somebody else has the conversation") \
    X(FALLBACKS, "turn_rungs_failed_total", COUNTER,                                               \
      "flows, agents, searches that gave no answer; the next rung of the ladder was asked")        \
    X(POISON, "turns_poison_total", COUNTER, "turns that were begun too often and given up")       \
    X(LOOPS, "turns_loop_total", COUNTER, "turns that said nothing because two bots seem to talk")   \
    X(UNANSWERED, "turns_unanswered_count", GAUGE,                                                 \
      "customers of all tenants that wait longer for an answer than their tenant allows")

typedef enum {
#define X(id, name, type, help) METRIC_##id,
    SESSION_METRICS(X)
#undef X
        METRICS_COUNT
} session_metric_t;

extern const act_metric_row_t session_metrics[]; // ends with a row without name
