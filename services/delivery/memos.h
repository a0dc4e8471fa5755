// memos: what this process remembers of a message between two claims, because the row does not say
// it. A table of fixed size; what does not fit is forgotten, and then a message is at worst tried
// once more than it should be. Rows are kept for messages with something to remember only.
#pragma once
#include "base/mem.h"
#include "base/str.h"

typedef struct {
    uint32_t parts_count;           // parts of a long message that the channel has already
    uint32_t unknown_account_count; // claims given back because the account is not known
} memo_t;

typedef struct memos memos_t;

memos_t *memos_new(void);
void memos_destroy(memos_t **self_p);

// All zero when nothing is remembered.
memo_t memos_get(const memos_t *self, act_str_t outbox_id);
// All zero forgets it.
void memos_put(memos_t *self, act_str_t outbox_id, const memo_t *memo);
