// rate_limit: a table in sets of four rows. A key lives in one set; time is only looked at when a
// key is: what it has gained since then is added first.
#include "rate_limit.h"

#include "base/assert.h"

#include <sodium.h>

#define WAYS_COUNT 4u
#define MILLI 1000 // a token is 1000 parts, so that slow rates add up in milliseconds

typedef struct {
    uint64_t key; // 0: free
    int64_t updated_ms;
    int64_t tokens_milli;
} row_t;

struct rate_limit {
    row_t *rows;
    uint64_t set_mask;
    int64_t rate_per_s; // also parts per millisecond
    int64_t burst_milli;
    unsigned char seed[crypto_shorthash_KEYBYTES];
};

_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "a hash is a key");

rate_limit_t *rate_limit_new(uint32_t rate_per_s, uint32_t burst_count, uint32_t rows_count)
{
    act_assert(sodium_init() >= 0);
    uint64_t sets_count = 1;
    while (sets_count * WAYS_COUNT < rows_count)
        sets_count *= 2;
    rate_limit_t *self = act_alloc(sizeof *self);
    self->rows = act_alloc_array(sets_count * WAYS_COUNT, sizeof *self->rows);
    self->set_mask = sets_count - 1;
    self->rate_per_s = rate_per_s > 0 ? rate_per_s : 1;
    self->burst_milli = (int64_t)(burst_count > 0 ? burst_count : 1) * MILLI;
    crypto_shorthash_keygen(self->seed);
    return self;
}

void rate_limit_destroy(rate_limit_t **self_p)
{
    rate_limit_t *self = *self_p;
    if (!self)
        return;
    act_free(self->rows);
    act_free(act_take(self_p));
}

static uint64_t hash_of(const rate_limit_t *self, act_str_t key)
{
    uint64_t hash = 0;
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)(key.ptr ? key.ptr : ""),
                     key.len_bytes, self->seed);
    return hash ? hash : 1;
}

static row_t *set_of(const rate_limit_t *self, uint64_t hash)
{
    return &self->rows[(hash & self->set_mask) * WAYS_COUNT];
}

static row_t *find(const rate_limit_t *self, uint64_t hash)
{
    row_t *set = set_of(self, hash);
    for (uint32_t i = 0; i < WAYS_COUNT; i++)
        if (set[i].key == hash)
            return &set[i];
    return NULL;
}

// A free row of the set, else the one that was idle longest.
static row_t *replace(const rate_limit_t *self, uint64_t hash, int64_t now_ms)
{
    row_t *set = set_of(self, hash);
    row_t *row = &set[0];
    for (uint32_t i = 0; i < WAYS_COUNT && row->key != 0; i++)
        if (set[i].key == 0 || set[i].updated_ms < row->updated_ms)
            row = &set[i];
    *row = (row_t){.key = hash, .updated_ms = now_ms, .tokens_milli = self->burst_milli};
    return row;
}

static int64_t tokens_now(const rate_limit_t *self, const row_t *row, int64_t now_ms)
{
    // Capped before it is multiplied: a row may have been idle for months.
    int64_t full_after_ms = self->burst_milli / self->rate_per_s + 1;
    int64_t idle_ms = now_ms - row->updated_ms;
    if (idle_ms >= full_after_ms)
        return self->burst_milli;
    int64_t tokens_milli = row->tokens_milli + (idle_ms > 0 ? idle_ms : 0) * self->rate_per_s;
    return tokens_milli < self->burst_milli ? tokens_milli : self->burst_milli;
}

static uint32_t retry_after_s(const rate_limit_t *self, int64_t tokens_milli)
{
    int64_t wait_ms = (MILLI - tokens_milli) / self->rate_per_s + 1;
    return (uint32_t)((wait_ms + 999) / 1000);
}

bool rate_limit_take(rate_limit_t *self, act_str_t key, int64_t now_ms, uint32_t *ret_retry_after_s)
{
    uint64_t hash = hash_of(self, key);
    row_t *row = find(self, hash);
    if (!row)
        row = replace(self, hash, now_ms);
    row->tokens_milli = tokens_now(self, row, now_ms);
    row->updated_ms = now_ms;
    if (row->tokens_milli >= MILLI) {
        row->tokens_milli -= MILLI;
        return true;
    }
    if (ret_retry_after_s)
        *ret_retry_after_s = retry_after_s(self, row->tokens_milli);
    return false;
}

int64_t rate_limit_idle_ms(const rate_limit_t *self, act_str_t key, int64_t now_ms)
{
    const row_t *row = find(self, hash_of(self, key));
    return row ? now_ms - row->updated_ms : -1;
}

bool rate_limit_has(const rate_limit_t *self, act_str_t key, int64_t now_ms)
{
    const row_t *row = find(self, hash_of(self, key));
    return !row || tokens_now(self, row, now_ms) >= MILLI;
}
