// retry: what to do when a POST could not be stored (promises.md 3.1). Pure.
#pragma once
#include "base/err.h"

#include <stdint.h>

typedef enum {
    RETRY_AGAIN,     // ask again after delay_ms
    RETRY_SET_ASIDE, // never storable this way: keep the body as a dead letter, answer 200
    RETRY_GIVE_UP,   // answer 503: the channel delivers it again
} retry_action_t;

typedef struct {
    retry_action_t action;
    int64_t delay_ms;
} retry_t;

// attempts_count: calls that failed, this one included. left_ms: of the hold. retry_after_ms: as
// the callee said, 0 if it said nothing. random: for jitter.
retry_t retry_decide(act_err_t err, uint32_t attempts_count, int64_t left_ms,
                     uint32_t retry_after_ms, uint64_t random);
