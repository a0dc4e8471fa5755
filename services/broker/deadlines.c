// deadlines: an entry due later than one turn of the wheel stays in its slot until its turn.
#include "deadlines.h"

void deadlines_add(deadlines_t *self, entry_t *entry)
{
    int64_t due_ms = entry->deadline_ms > self->swept_ms ? entry->deadline_ms : self->swept_ms;
    entry_t **slot = &self->slots[due_ms / DEADLINES_SLOT_MS % DEADLINES_SLOTS_COUNT];
    entry->due_next = *slot;
    entry->due_p = slot;
    if (*slot)
        (*slot)->due_p = &entry->due_next;
    *slot = entry;
}

void deadlines_remove(entry_t *entry)
{
    if (!entry->due_p)
        return;
    *entry->due_p = entry->due_next;
    if (entry->due_next)
        entry->due_next->due_p = entry->due_p;
    entry->due_p = NULL;
}

entry_t *deadlines_take_due(deadlines_t *self, int64_t now_ms)
{
    int64_t number = self->swept_ms / DEADLINES_SLOT_MS;
    int64_t last = now_ms / DEADLINES_SLOT_MS;
    if (last - number >= DEADLINES_SLOTS_COUNT)
        number = last - DEADLINES_SLOTS_COUNT + 1; // one turn sees every slot
    for (; number <= last; number++) {
        entry_t *entry = self->slots[number % DEADLINES_SLOTS_COUNT];
        for (; entry; entry = entry->due_next)
            if (entry->deadline_ms <= now_ms) {
                deadlines_remove(entry);
                return entry;
            }
        self->swept_ms = number * DEADLINES_SLOT_MS;
    }
    return NULL;
}
