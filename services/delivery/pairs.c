// pairs: sets of four rows, as caches have them. A row is a debt that shrinks with time: each message
// adds one interval to it, and more than a burst's worth must wait.
#include "pairs.h"

#include "base/mem.h"

#define SETS_COUNT 4096u // a power of two; 16384 customers, 24 bytes each
#define WAYS_COUNT 4u

typedef struct {
    uint64_t key;    // 0: free
    int64_t free_ms; // when the debt is paid
} row_t;

struct pairs {
    int64_t interval_ms;
    row_t rows[SETS_COUNT][WAYS_COUNT];
};

pairs_t *pairs_new(int64_t interval_ms)
{
    pairs_t *self = act_alloc(sizeof *self);
    self->interval_ms = interval_ms;
    return self;
}

void pairs_destroy(pairs_t **self_p)
{
    act_free(act_take(self_p));
}

static uint64_t key_of(act_str_t account_id, act_str_t address)
{
    uint64_t key = act_str_hash(address, act_str_hash(account_id, /* seed= */ 0));
    return key ? key : 1;
}

static row_t *find(const pairs_t *self, uint64_t key)
{
    const row_t *set = self->rows[key % SETS_COUNT];
    for (uint32_t i = 0; i < WAYS_COUNT; i++)
        if (set[i].key == key)
            return (row_t *)&set[i];
    return NULL;
}

int64_t pairs_wait_ms(const pairs_t *self, const act_channel_t *channel, act_str_t account_id,
                      act_str_t address, int64_t now_ms)
{
    const row_t *row = find(self, key_of(account_id, address));
    if (channel->pair_burst_count == 0 || self->interval_ms == 0 || !row)
        return 0;
    int64_t most_ms = self->interval_ms * (channel->pair_burst_count - 1);
    int64_t wait_ms = row->free_ms - now_ms - most_ms;
    return wait_ms > 0 ? wait_ms : 0;
}

// Its own row, else the one whose debt is paid first.
static row_t *choose(pairs_t *self, uint64_t key)
{
    row_t *set = self->rows[key % SETS_COUNT];
    row_t *row = &set[0];
    for (uint32_t i = 0; i < WAYS_COUNT; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].free_ms < row->free_ms)
            row = &set[i];
    }
    *row = (row_t){.key = key};
    return row;
}

void pairs_take(pairs_t *self, const act_channel_t *channel, act_str_t account_id,
                act_str_t address, int64_t now_ms)
{
    if (channel->pair_burst_count == 0 || self->interval_ms == 0)
        return;
    row_t *row = choose(self, key_of(account_id, address));
    if (row->free_ms < now_ms)
        row->free_ms = now_ms;
    row->free_ms += self->interval_ms;
}
