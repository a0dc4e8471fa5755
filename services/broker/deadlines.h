// deadlines: which calls run out of time next. A wheel of lists, so that adding, removing and finding
// what is due cost the same however many calls are open.
#pragma once
#include "ledger.h"

#define DEADLINES_SLOT_MS 8
#define DEADLINES_SLOTS_COUNT 1024

typedef struct {
    entry_t *slots[DEADLINES_SLOTS_COUNT]; // by deadline, modulo the wheel
    int64_t swept_ms;                      // nothing due before this is left
} deadlines_t;

void deadlines_add(deadlines_t *self, entry_t *entry);
// Entries that are not there are ignored.
void deadlines_remove(entry_t *entry);
// An entry whose deadline has passed, taken out; NULL when there is none.
entry_t *deadlines_take_due(deadlines_t *self, int64_t now_ms);
