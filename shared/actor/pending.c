// pending: a slot map. The low 16 bits of an id are the slot, the rest counts its uses.
#include "actor/pending.h"

#include "base/assert.h"
#include "base/mem.h"

#define SLOT_BITS 16
#define SLOT_MASK ((UINT64_C(1) << SLOT_BITS) - 1)
_Static_assert(ACT_PENDING_MAX_COUNT <= SLOT_MASK, "a slot number fits its bits");

struct act_pending {
    act_pending_row_t **rows; // grown on demand, so that an idle actor stays small
    uint64_t *uses;
    uint32_t *free_slots;
    uint32_t free_count;
    uint32_t slots_count;
    uint32_t open_count;
};

act_pending_t *act_pending_new(void)
{
    return act_alloc(sizeof(act_pending_t));
}

void act_pending_destroy(act_pending_t **self_p)
{
    act_pending_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->slots_count; i++) {
        if (self->rows[i]->id)
            zmq_msg_close(&self->rows[i]->body);
        act_free(self->rows[i]);
    }
    act_free(self->rows);
    act_free(self->uses);
    act_free(self->free_slots);
    act_free(act_take(self_p));
}

static void add_slot(act_pending_t *self)
{
    uint32_t slot = self->slots_count++;
    if ((slot & (slot - 1)) == 0) { // full at every power of two
        size_t room_count = slot ? 2 * (size_t)slot : 1;
        self->rows = act_realloc(self->rows, room_count * sizeof *self->rows);
        self->uses = act_realloc(self->uses, room_count * sizeof *self->uses);
        self->free_slots = act_realloc(self->free_slots, room_count * sizeof *self->free_slots);
    }
    self->rows[slot] = act_alloc(sizeof **self->rows);
    self->uses[slot] = 0;
    self->free_slots[self->free_count++] = slot;
}

act_pending_row_t *act_pending_add(act_pending_t *self)
{
    if (self->free_count == 0) {
        if (self->slots_count == ACT_PENDING_MAX_COUNT)
            return NULL;
        add_slot(self);
    }
    uint32_t slot = self->free_slots[--self->free_count];
    act_pending_row_t *row = self->rows[slot];
    *row = (act_pending_row_t){.id = ++self->uses[slot] << SLOT_BITS | slot};
    zmq_msg_init(&row->body);
    self->open_count++;
    return row;
}

act_pending_row_t *act_pending_find(act_pending_t *self, uint64_t id)
{
    uint64_t slot = id & SLOT_MASK;
    if (id == 0 || slot >= self->slots_count || self->rows[slot]->id != id)
        return NULL;
    return self->rows[slot];
}

void act_pending_remove(act_pending_t *self, uint64_t id)
{
    act_pending_row_t *row = act_pending_find(self, id);
    if (!row)
        return;
    zmq_msg_close(&row->body);
    row->id = 0;
    self->free_slots[self->free_count++] = (uint32_t)(id & SLOT_MASK);
    self->open_count--;
}

uint32_t act_pending_count(const act_pending_t *self)
{
    return self->open_count;
}

act_pending_row_t *act_pending_next(act_pending_t *self, uint32_t *index)
{
    while (*index < self->slots_count) {
        act_pending_row_t *row = self->rows[(*index)++];
        if (row->id)
            return row;
    }
    return NULL;
}
