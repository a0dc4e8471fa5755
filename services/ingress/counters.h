// counters: what ingress has seen since it started, written to the log once a minute if it changed.
#pragma once
#include "base/log.h"

#define COUNTERS(X)                                                                                \
    X(webhooks)        /* POSTs to a webhook */                                                    \
    X(stored)          /* answered 200 after the commit */                                         \
    X(not_stored)      /* answered 503: the hold ran out */                                        \
    X(held_full)       /* answered 503 at once: too many are held */                               \
    X(messages)        /* new messages */                                                          \
    X(duplicates)      /* messages that were there already */                                      \
    X(statuses)                                                                                    \
    X(dead_letters)    /* bodies set aside */                                                      \
    X(unknown_account) /* updates for an account nobody has told us of */                          \
    X(groups)          /* messages in group chats, ignored */                                      \
    X(others)          /* updates of kinds we do not use */                                        \
    X(bad_signature)                                                                               \
    X(bad_body)        /* signed, but not the encoding of the channel */                           \
    X(rate_limited)                                                                                \
    X(retries)         /* calls asked again */

typedef struct {
#define X(name) uint64_t name;
    COUNTERS(X)
#undef X
} counters_t;

// One line with all of them, if they differ from *logged, which becomes equal.
void counters_log(const counters_t *self, counters_t *logged, act_log_t *log);
