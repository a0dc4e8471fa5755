// gather: what comes while a call is on its way goes together with the next one (group commit): a busy
// actor pays a call, a transaction and a flush for many items, and a quiet one waits for nobody.
// Items of different keys never share a call; each key has one call at a time. Knows nothing of calls:
// the owner makes them. Items belong to the owner.
#pragma once
#include "base/mem.h"
#include "base/str.h"

typedef struct act_gather_item {
    struct act_gather_item *next;
} act_gather_item_t;

typedef struct act_gather act_gather_t;

// Makes one call for count items, a list that is the owner's from here on. key lives as long as the
// call.
typedef void act_gather_call_fn(void *context, act_str_t key, act_gather_item_t *first,
                                uint32_t count);

act_gather_t *act_gather_new(uint32_t items_max_count, act_gather_call_fn *call, void *context);
// Items that wait are forgotten.
void act_gather_destroy(act_gather_t **self_p);

// Waits for the next flush, or for the end of the call that is on its way.
void act_gather_put(act_gather_t *self, act_str_t key, act_gather_item_t *item);

// Makes the calls that may be made now. Comes after the puts of one event, so that they go together.
void act_gather_flush(act_gather_t *self);

// The call of this key ended; what waited is called for by the next flush.
void act_gather_done(act_gather_t *self, act_str_t key);

uint32_t act_gather_waiting_count(const act_gather_t *self);
