// outcomes: what became of calls that carry an idempotency key, for some time. A call that repeats one
// under way follows it (ENTRY_FOLLOWING) and gets its outcome; one that repeats a finished call is
// answered at once. Scope: service, method, tenant and key. Bounded in count and bytes: the oldest
// finished ones go first, and when there is no room a call simply runs.
#pragma once
#include "ledger.h"

struct outcome {
    outcome_t *next_in_bucket;
    outcome_t *newer, *older; // finished ones, by age
    uint64_t hash;
    char *scope;
    size_t scope_bytes;
    entry_t *leader; // the call that runs; NULL when it has finished
    entry_list_t followers;
    uint8_t kind; // ACT_KIND_REPLY or ACT_KIND_ERROR
    uint32_t err;
    payload_t *body;
    int64_t expires_ms;
};

typedef struct outcomes outcomes_t;

outcomes_t *outcomes_new(uint32_t max_count, size_t max_bytes, int64_t dedupe_ms);
void outcomes_destroy(outcomes_t **self_p);

outcome_t *outcomes_find(outcomes_t *self, const act_header_t *header, int64_t now_ms);
// A new one, led by the entry; NULL when there is no room. It must not be there yet.
outcome_t *outcomes_lead(outcomes_t *self, entry_t *leader);
// Keeps the answer; the followers must be gone.
void outcomes_finish(outcomes_t *self, outcome_t *outcome, const act_header_t *answer,
                     payload_t *body, int64_t now_ms);
// Forgets it; leader and followers must be gone.
void outcomes_forget(outcomes_t *self, outcome_t *outcome);
