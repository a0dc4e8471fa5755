// broker_world: a heap of events.
#include "broker_world_private.h"

#include "base/mem.h"

static bool is_before(const event_t *a, const event_t *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(event_t *a, event_t *b)
{
    event_t keep = *a;
    *a = *b;
    *b = keep;
}

void world_push(world_t *self, const event_t *event)
{
    if (self->heap_count == self->heap_capacity) {
        self->heap_capacity = self->heap_capacity ? 2 * self->heap_capacity : 1024;
        self->heap = act_realloc(self->heap, self->heap_capacity * sizeof *self->heap);
    }
    uint32_t at = self->heap_count++;
    self->heap[at] = *event;
    if (event->order == 0) // else it was put off, and keeps its place among its like
        self->heap[at].order = ++self->order;
    for (; at > 0 && is_before(&self->heap[at], &self->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&self->heap[at], &self->heap[(at - 1) / 2]);
}

event_t world_pop(world_t *self)
{
    event_t first = self->heap[0];
    self->heap[0] = self->heap[--self->heap_count];
    for (uint32_t at = 0;;) {
        uint32_t least = at, left = 2 * at + 1;
        for (uint32_t child = left; child < left + 2 && child < self->heap_count; child++)
            if (is_before(&self->heap[child], &self->heap[least]))
                least = child;
        if (least == at)
            return first;
        swap(&self->heap[at], &self->heap[least]);
        at = least;
    }
}

uint32_t world_below(world_t *self, uint32_t limit)
{
    return model_random_below(&self->random, limit);
}

void world_after(world_t *self, int64_t delay_us, event_kind_t kind, uint32_t actor)
{
    event_t event = {.at_us = self->now_us + delay_us, .kind = kind, .actor = actor};
    event.connection = self->actors[actor].connection;
    event.start = self->actors[actor].start;
    world_push(self, &event);
}
