// memos: sets of four rows, as caches have them.
#include "memos.h"

#define SETS_COUNT 1024u // a power of two; 4096 messages that wait for a retry, 32 bytes each
#define WAYS_COUNT 4u

typedef struct {
    uint64_t key;  // 0: free
    uint64_t used; // when, in puts
    memo_t memo;
} row_t;

struct memos {
    row_t rows[SETS_COUNT][WAYS_COUNT];
    uint64_t puts_count;
};

memos_t *memos_new(void)
{
    return act_alloc(sizeof(memos_t));
}

void memos_destroy(memos_t **self_p)
{
    act_free(act_take(self_p));
}

// Outbox ids are ours and random, so a plain hash spreads them.
static uint64_t key_of(act_str_t outbox_id)
{
    uint64_t key = act_str_hash(outbox_id, /* seed= */ 0);
    return key ? key : 1;
}

memo_t memos_get(const memos_t *self, act_str_t outbox_id)
{
    uint64_t key = key_of(outbox_id);
    const row_t *set = self->rows[key % SETS_COUNT];
    for (uint32_t i = 0; i < WAYS_COUNT; i++)
        if (set[i].key == key)
            return set[i].memo;
    return (memo_t){0};
}

// The message's own row, else a free one, else the one that was put longest ago.
static row_t *choose(memos_t *self, uint64_t key)
{
    row_t *set = self->rows[key % SETS_COUNT];
    row_t *row = &set[0];
    for (uint32_t i = 0; i < WAYS_COUNT; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].used < row->used)
            row = &set[i];
    }
    return row;
}

void memos_put(memos_t *self, act_str_t outbox_id, const memo_t *memo)
{
    uint64_t key = key_of(outbox_id);
    bool is_empty = memo->parts_count == 0 && memo->unknown_account_count == 0;
    row_t *row = choose(self, key);
    if (!is_empty)
        *row = (row_t){.key = key, .used = ++self->puts_count, .memo = *memo};
    else if (row->key == key)
        *row = (row_t){0};
}
