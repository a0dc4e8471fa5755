// metrics: what the gateway counts; the broker collects the numbers.
#pragma once
#include "base/metric.h"

#define GATEWAY_METRICS(X)                                                                         \
    X(CALLS, "model_calls_total", COUNTER, "calls for a model, of all roles")                      \
    X(ANSWERED, "model_answered_total", COUNTER, "calls that got an answer")                       \
    X(FAILED, "model_failed_total", COUNTER, "calls that failed")                                  \
    X(CANCELLED, "model_cancelled_total", COUNTER, "calls whose caller left or ran out of time")   \
    X(CACHED, "model_cached_total", COUNTER, "answers from the cache")                             \
    X(REFUSED, "model_refused_total", COUNTER, "calls over a spend limit")                         \
    X(REQUESTS, "model_requests_total", COUNTER, "requests to providers")                          \
    X(RETRIES, "model_retries_total", COUNTER, "requests made again at the same provider")         \
    X(FALLBACKS, "model_fallbacks_total", COUNTER, "calls that went on to the next model")         \
    X(INPUT, "model_input_tokens_total", COUNTER, "tokens sent, cached ones too")                  \
    X(OUTPUT, "model_output_tokens_total", COUNTER, "tokens received")                             \
    X(COST, "model_cost_micro_usd_total", COUNTER, "known cost, millionths of a US dollar")        \
    X(UNSETTLED, "model_usage_lost_total", COUNTER, "calls whose usage could not be recorded")     \
    X(OPEN, "model_calls_open_count", GAUGE, "calls in hand")                                      \
    X(WAITING, "model_calls_waiting_count", GAUGE, "calls that wait for their turn")               \
    X(CACHE_BYTES, "model_cache_bytes", GAUGE, "answers kept")

typedef enum {
#define X(id, name, type, help) METRIC_##id,
    GATEWAY_METRICS(X)
#undef X
        METRICS_COUNT
} gateway_metric_t;

extern const act_metric_row_t gateway_metrics[]; // ends with a row without name
