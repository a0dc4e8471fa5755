// decide: from the channel's verdict on a send to what is recorded of it. Pure.
#pragma once
#include "channels/channel.h"

typedef enum {
    OUTCOME_SENT,
    OUTCOME_RETRY,
    OUTCOME_RETURNED, // later: there was no request
    OUTCOME_FAILED,
    OUTCOME_REFUSED, // by our own policy
    OUTCOME_PARKED,  // a person decides
} outcome_t;

// A request whose outcome nobody knows is repeated so often; every further one may be a message that
// the customer gets again.
#define DECIDE_UNKNOWN_MAX_COUNT 1
extern const char decide_gave_up_unknown[]; // the reason then
extern const char decide_parked_unknown[];  // the reason where not even one is repeated

// SendResult.outcome.
const char *outcome_name(outcome_t outcome);

typedef struct {
    uint32_t attempts_count;     // requests made for this message, the one of the verdict included
    uint32_t attempts_max_count; // then it is given up
    int64_t reconcile_ms;        // wait for a status before an unknown outcome is repeated
    uint64_t random;             // for jitter
} circumstances_t;

typedef struct {
    outcome_t outcome;
    int64_t retry_after_ms; // of RETRY
    int64_t pause_ms;       // keep the whole account still so long; 0: no
    bool is_stopped;        // the pause needs a person: say so
    bool is_unknown;        // the outcome of this request
    const char *reason;     // why it was given up, when the channel did not refuse it; else ""
} decision_t;

// What became of an unknown outcome is asked of the statuses first (promises.md D6): the message
// waits for reconcile_ms. What happens then is decided when it is claimed again: it is sent once more,
// or, after a second unknown outcome or where the account parks them, not again by itself.
decision_t decide(const act_channel_verdict_t *verdict, const circumstances_t *circumstances);

// What a person reads beside a message that was not sent: reason, the channel's words, advice. At
// most what SendResult.error_text takes.
act_str_t decision_text(const decision_t *self, const act_channel_verdict_t *verdict,
                        act_arena_t *arena);
