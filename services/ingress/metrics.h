// metrics: what ingress counts. The broker collects the numbers; once a minute they are also
// written to the log, if they changed.
#pragma once
#include "base/log.h"
#include "base/metric.h"

#include <stdbool.h>

#define INGRESS_METRICS(X)                                                                         \
    X(WEBHOOKS, "webhooks_total", COUNTER, "POSTs to a webhook")                                   \
    X(STORED, "webhooks_stored_total", COUNTER, "answered 200, after the commit")                  \
    X(NOT_STORED, "webhooks_not_stored_total", COUNTER, "answered 503: the hold ran out")          \
    X(HELD_FULL, "webhooks_held_full_total", COUNTER, "answered 503 at once: too many are held")   \
    X(BAD_SIGNATURE, "webhooks_bad_signature_total", COUNTER, "unsigned or wrongly signed")        \
    X(BAD_BODY, "webhooks_bad_body_total", COUNTER, "signed, but not in the channel's encoding")   \
    X(SHED, "webhooks_shed_total", COUNTER, "answered 503: more come than can be answered")        \
    X(BACKLOG, "backlog_count", GAUGE, "messages and sends that wait")                             \
    X(RATE_LIMITED, "requests_rate_limited_total", COUNTER, "answered 429")                        \
    X(HELD, "webhooks_held_count", GAUGE, "waiting for their commit")                              \
    X(MESSAGES, "messages_total", COUNTER, "new messages of customers")                            \
    X(DUPLICATES, "messages_duplicate_total", COUNTER, "messages that were there already")         \
    X(STATUSES, "statuses_total", COUNTER, "statuses of our messages")                             \
    X(GROUPS, "messages_group_total", COUNTER, "messages in group chats, ignored")                 \
    X(OTHERS, "updates_other_total", COUNTER, "updates of kinds we do not use")                    \
    X(UNKNOWN_ACCOUNT, "updates_unknown_account_total", COUNTER,                                   \
      "updates for accounts nobody has told us of")                                                \
    X(DEAD_LETTERS, "dead_letters_total", COUNTER, "bodies set aside")                             \
    X(RETRIES, "store_retries_total", COUNTER, "calls to persistence that were asked again")

typedef enum {
#define X(id, name, type, help) METRIC_##id,
    INGRESS_METRICS(X)
#undef X
        METRICS_COUNT
} ingress_metric_t;

extern const act_metric_row_t ingress_metrics[]; // ends with a row without name

// One line with all of them, if they differ from `logged`, which becomes equal.
void metrics_log(const act_metrics_t *self, uint64_t logged[METRICS_COUNT], act_log_t *log);

// Lets an event into the log once a second, with how often it came. Zeroed at first.
typedef struct {
    int64_t opens_at_ms;
    uint32_t count; // since it last let through
} log_gate_t;

// Counts `count` events. True: log now; *ret_count is how many came since the last time.
bool log_gate_pass(log_gate_t *self, int64_t now_ms, uint32_t count, uint32_t *ret_count);
