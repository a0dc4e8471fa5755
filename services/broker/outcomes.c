// outcomes: a chained hash table; the finished ones are also a list by age.
#include "outcomes.h"

#include "base/assert.h"
#include "base/mem.h"

#include <string.h>

#define BUCKETS_COUNT 4096

struct outcomes {
    outcome_t *buckets[BUCKETS_COUNT];
    outcome_t *oldest, *newest;
    uint32_t count;
    uint32_t max_count;
    size_t size_bytes; // of kept answers
    size_t max_bytes;
    int64_t dedupe_ms;
};

outcomes_t *outcomes_new(uint32_t max_count, size_t max_bytes, int64_t dedupe_ms)
{
    outcomes_t *self = act_alloc(sizeof *self);
    self->max_count = max_count;
    self->max_bytes = max_bytes;
    self->dedupe_ms = dedupe_ms;
    return self;
}

static void free_outcome(outcome_t *outcome)
{
    if (outcome->body)
        payload_unref(&outcome->body);
    act_free(outcome->scope);
    act_free(outcome);
}

void outcomes_destroy(outcomes_t **self_p)
{
    if (!*self_p)
        return;
    for (uint32_t i = 0; i < BUCKETS_COUNT; i++)
        while ((*self_p)->buckets[i]) {
            outcome_t *outcome = (*self_p)->buckets[i];
            (*self_p)->buckets[i] = outcome->next_in_bucket;
            free_outcome(outcome);
        }
    act_free(act_take(self_p));
}

#define SCOPE_MAX_BYTES (3 * (ACT_HEADER_NAME_MAX_BYTES + 1) + 2 * (ACT_HEADER_KEY_MAX_BYTES + 1))

// Names hold no NUL, so it separates them.
static size_t write_scope(const act_header_t *header, char *ret_scope)
{
    const act_str_t parts[] = {header->service, header->method, header->tenant,
                               header->idempotency_key};
    size_t size_bytes = 0;
    for (size_t i = 0; i < ACT_COUNT(parts); i++) {
        if (parts[i].len_bytes > 0)
            memcpy(ret_scope + size_bytes, parts[i].ptr, parts[i].len_bytes);
        size_bytes += parts[i].len_bytes;
        ret_scope[size_bytes++] = '\0';
    }
    return size_bytes;
}

static void unlink_finished(outcomes_t *self, outcome_t *outcome)
{
    *(outcome->older ? &outcome->older->newer : &self->oldest) = outcome->newer;
    *(outcome->newer ? &outcome->newer->older : &self->newest) = outcome->older;
    self->size_bytes -= outcome->body->bytes.len_bytes;
}

void outcomes_forget(outcomes_t *self, outcome_t *outcome)
{
    act_assert(outcome->followers.count == 0);
    if (outcome->body)
        unlink_finished(self, outcome);
    outcome_t **at = &self->buckets[outcome->hash % BUCKETS_COUNT];
    while (*at != outcome)
        at = &(*at)->next_in_bucket;
    *at = outcome->next_in_bucket;
    self->count--;
    free_outcome(outcome);
}

outcome_t *outcomes_find(outcomes_t *self, const act_header_t *header, int64_t now_ms)
{
    while (self->oldest && self->oldest->expires_ms <= now_ms)
        outcomes_forget(self, self->oldest);
    char scope[SCOPE_MAX_BYTES];
    size_t size_bytes = write_scope(header, scope);
    uint64_t hash = act_str_hash(act_str_of(scope, size_bytes), 0);
    outcome_t *outcome = self->buckets[hash % BUCKETS_COUNT];
    while (outcome && (outcome->hash != hash || outcome->scope_bytes != size_bytes ||
                       memcmp(outcome->scope, scope, size_bytes) != 0))
        outcome = outcome->next_in_bucket;
    return outcome;
}

outcome_t *outcomes_lead(outcomes_t *self, entry_t *leader)
{
    if (self->count == self->max_count && self->oldest)
        outcomes_forget(self, self->oldest);
    if (self->count == self->max_count)
        return NULL;
    char scope[SCOPE_MAX_BYTES];
    outcome_t *outcome = act_alloc(sizeof *outcome);
    outcome->scope_bytes = write_scope(&leader->header, scope);
    outcome->scope = act_alloc(outcome->scope_bytes);
    memcpy(outcome->scope, scope, outcome->scope_bytes);
    outcome->hash = act_str_hash(act_str_of(scope, outcome->scope_bytes), 0);
    outcome->leader = leader;
    outcome->next_in_bucket = self->buckets[outcome->hash % BUCKETS_COUNT];
    self->buckets[outcome->hash % BUCKETS_COUNT] = outcome;
    self->count++;
    return outcome;
}

void outcomes_finish(outcomes_t *self, outcome_t *outcome, const act_header_t *answer,
                     payload_t *body, int64_t now_ms)
{
    outcome->leader = NULL;
    outcome->kind = answer->kind;
    outcome->err = answer->err;
    outcome->body = payload_ref(body);
    outcome->expires_ms = now_ms + self->dedupe_ms;
    outcome->older = self->newest;
    *(self->newest ? &self->newest->newer : &self->oldest) = outcome;
    self->newest = outcome;
    self->size_bytes += body->bytes.len_bytes;
    while (self->size_bytes > self->max_bytes)
        outcomes_forget(self, self->oldest);
}
