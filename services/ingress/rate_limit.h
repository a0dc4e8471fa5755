// rate_limit: token buckets for many keys (addresses, senders) in a table of fixed size. A key has
// `burst` tokens at first and gains `rate` a second. When its place is taken, the key that was idle
// longest gives way, so memory never grows and a forgotten key only starts again with a full
// bucket. Keys are hashed with a random seed: nobody outside can choose keys that meet in one
// place.
#pragma once
#include "base/mem.h"
#include "base/str.h"

typedef struct rate_limit rate_limit_t;

// rows_count is rounded up to a power of two; a row has 24 bytes.
rate_limit_t *rate_limit_new(uint32_t rate_per_s, uint32_t burst_count, uint32_t rows_count);
void rate_limit_destroy(rate_limit_t **self_p);

// Takes a token. False when there is none: *ret_retry_after_s (may be NULL) is then when there will
// be one, at least 1. now_ms is monotonic.
bool rate_limit_take(rate_limit_t *self, act_str_t key, int64_t now_ms,
                     uint32_t *ret_retry_after_s);

// How long ago a token was asked for this key; -1: never, or too long ago. Changes nothing.
int64_t rate_limit_idle_ms(const rate_limit_t *self, act_str_t key, int64_t now_ms);

// Would take succeed? Changes nothing.
bool rate_limit_has(const rate_limit_t *self, act_str_t key, int64_t now_ms);
