// cache: answers of roles that ask the same again and again (classify, translate, embed), by a digest of
// tenant, model and request. Bounded in entries and bytes; the least used goes first; what is old is not
// given any more.
#pragma once
#include "base/buf.h"

#define CACHE_KEY_BYTES 32

typedef struct cache cache_t;

typedef struct {
    uint8_t bytes[CACHE_KEY_BYTES];
} cache_key_t;

// max_count 0: keeps nothing.
cache_t *cache_new(uint32_t max_count, size_t max_bytes, int64_t keep_ms);
void cache_destroy(cache_t **self_p);

// The tenant comes first: no answer crosses tenants.
cache_key_t cache_key(act_str_t tenant, act_str_t kind, act_str_t identity, act_str_t request);

// Empty: there is none. Borrowed until the next put.
act_str_t cache_get(cache_t *self, const cache_key_t *key, int64_t now_ms);
void cache_put(cache_t *self, const cache_key_t *key, act_str_t value, int64_t now_ms);
size_t cache_bytes(const cache_t *self);
