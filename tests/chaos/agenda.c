// A binary heap.

#include "agenda.h"

#include <stdlib.h>

struct agenda {
    uint64_t count;
    uint64_t max_count;
    agenda_item_t *items;
};

agenda_t *agenda_new(uint64_t max_count)
{
    agenda_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        abort();
    self->max_count = max_count;
    self->items = calloc(max_count, sizeof *self->items);
    if (self->items == NULL)
        abort();
    return self;
}

void agenda_destroy(agenda_t **self_p)
{
    if (*self_p == NULL)
        return;
    free((*self_p)->items);
    free(*self_p);
    *self_p = NULL;
}

void agenda_add(agenda_t *self, int64_t due_us, uint64_t tag)
{
    if (self->count == self->max_count)
        abort();
    uint64_t at = self->count++;
    while (at > 0 && self->items[(at - 1) / 2].due_us > due_us) {
        self->items[at] = self->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    self->items[at] = (agenda_item_t){due_us, tag};
}

int64_t agenda_due_us(const agenda_t *self)
{
    return self->count > 0 ? self->items[0].due_us : INT64_MAX;
}

static void sink(agenda_t *self, agenda_item_t item)
{
    uint64_t at = 0;
    for (;;) {
        uint64_t child = 2 * at + 1;
        if (child + 1 < self->count && self->items[child + 1].due_us < self->items[child].due_us)
            child++;
        if (child >= self->count || self->items[child].due_us >= item.due_us)
            break;
        self->items[at] = self->items[child];
        at = child;
    }
    self->items[at] = item;
}

bool agenda_take(agenda_t *self, int64_t now_us, uint64_t *ret_tag)
{
    if (agenda_due_us(self) > now_us)
        return false;
    *ret_tag = self->items[0].tag;
    agenda_item_t last = self->items[--self->count];
    if (self->count > 0)
        sink(self, last);
    return true;
}

uint64_t agenda_count(const agenda_t *self)
{
    return self->count;
}
