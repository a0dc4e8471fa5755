// metrics: what delivery counts; the broker collects the numbers.
#pragma once
#include "base/metric.h"

#define DELIVERY_METRICS(X)                                                                        \
    X(CLAIMED, "outbox_claimed_total", COUNTER, "messages taken from the outbox")                  \
    X(SENT, "messages_sent_total", COUNTER, "accepted by their channel")                           \
    X(RETRIED, "messages_retried_total", COUNTER, "not accepted now, to be sent again")            \
    X(FAILED, "messages_failed_total", COUNTER, "given up, with a recorded reason")                \
    X(AMBIGUOUS, "sends_ambiguous_total", COUNTER, "requests with an unknown outcome")             \
    X(DEFERRED, "messages_deferred_total", COUNTER,                                                \
      "given back without a request: account paused, unknown, or busy")                            \
    X(NOT_INTENDED, "sends_not_intended_total", COUNTER,                                           \
      "claimed, and then somebody else's: the conversation changed hands, or another claim was "   \
      "faster")                                                                                    \
    X(REFUSED, "messages_refused_total", COUNTER, "not sent: the channel policy says why")         \
    X(PARKED, "messages_parked_total", COUNTER, "outcome unknown: a person decides")               \
    X(TYPING, "typing_shown_total", COUNTER, "typing indicators asked for")                        \
    X(TYPING_DROPPED, "typing_dropped_total", COUNTER, "typing indicators left out while busy")    \
    X(RESULTS_LOST, "results_unrecorded_total", COUNTER, "results that could not be recorded")     \
    X(OPEN, "sends_open_count", GAUGE, "claimed and not yet recorded")                             \
    X(REQUESTS, "requests_open_count", GAUGE, "HTTP requests in flight")

typedef enum {
#define X(id, name, type, help) METRIC_##id,
    DELIVERY_METRICS(X)
#undef X
        METRICS_COUNT
} delivery_metric_t;

extern const act_metric_row_t delivery_metrics[]; // ends with a row without name
