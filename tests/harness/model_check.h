// model_check: what every message has to stand, driven by its table: round trips, limits, hostile
// bytes, truncation, mutation. The checks are cmocka assertions. Nothing here is generated: a new
// message in proto/ is checked because it is in parley_models.
#pragma once
#include "base/arena.h"
#include "base/model.h"

// A repeatable source of numbers (SplitMix64).
typedef struct {
    uint64_t state;
} model_random_t;

uint64_t model_random_next(model_random_t *self);
// 0 <= result < limit; 0 when limit is 0.
uint32_t model_random_below(model_random_t *self, uint32_t limit);

// A message with every field filled within its limits, lists with 1 to 3 items; lives in the arena.
void *model_sample(const act_model_t *model, model_random_t *random, act_arena_t *arena);

// A copy of the bytes after one flip, insert, cut or doubling.
act_str_t model_mutate(act_str_t bytes, model_random_t *random, act_arena_t *arena);

// Unpacks; when that succeeds, packs, unpacks again and compares, and shows the message as JSON:
// what was accepted once must stay the same. Used by tests and fuzzers; never fails, may crash.
void model_exercise(const act_model_t *model, act_str_t body);

// The checks, each for one message.
void model_check_round_trip(const act_model_t *model);
void model_check_truncated(const act_model_t *model);
void model_check_mutated(const act_model_t *model);
void model_check_hostile(const act_model_t *model);
void model_check_fields(const act_model_t *model);
