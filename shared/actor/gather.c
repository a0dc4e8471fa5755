// gather: a table of the keys that wait or have a call.
#include "actor/gather.h"

#include <string.h>

#define BUCKETS_COUNT 64u

typedef struct group {
    struct group *next; // in its bucket
    act_str_t key;      // owned
    act_gather_item_t *first;
    act_gather_item_t **last_p;
    bool is_calling;
} group_t;

struct act_gather {
    group_t *buckets[BUCKETS_COUNT];
    uint32_t items_max_count;
    act_gather_call_fn *call;
    void *context;
    uint32_t waiting_count;
};

act_gather_t *act_gather_new(uint32_t items_max_count, act_gather_call_fn *call, void *context)
{
    act_gather_t *self = act_alloc(sizeof *self);
    *self = (act_gather_t){.items_max_count = items_max_count, .call = call, .context = context};
    return self;
}

static group_t **place_of(act_gather_t *self, act_str_t key)
{
    group_t **place = &self->buckets[act_str_hash(key, /* seed= */ 0) % BUCKETS_COUNT];
    while (*place && !act_str_eq((*place)->key, key))
        place = &(*place)->next;
    return place;
}

static group_t *group_of(act_gather_t *self, act_str_t key)
{
    group_t **place = place_of(self, key);
    if (*place)
        return *place;
    char *room = act_alloc(key.len_bytes + 1);
    if (key.len_bytes > 0)
        memcpy(room, key.ptr, key.len_bytes);
    group_t *group = act_alloc(sizeof *group);
    *group = (group_t){.key = act_str_of(room, key.len_bytes)};
    group->last_p = &group->first;
    *place = group;
    return group;
}

static void remove_at(group_t **place)
{
    group_t *group = *place;
    *place = group->next;
    act_free((char *)group->key.ptr);
    act_free(group);
}

void act_gather_destroy(act_gather_t **self_p)
{
    act_gather_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < BUCKETS_COUNT; i++)
        while (self->buckets[i])
            remove_at(&self->buckets[i]);
    act_free(act_take(self_p));
}

void act_gather_put(act_gather_t *self, act_str_t key, act_gather_item_t *item)
{
    group_t *group = group_of(self, key);
    item->next = NULL;
    *group->last_p = item;
    group->last_p = &item->next;
    self->waiting_count++;
}

// Takes what fits into one call out of the list.
static act_gather_item_t *take(act_gather_t *self, group_t *group, uint32_t *ret_count)
{
    act_gather_item_t *first = group->first;
    act_gather_item_t **end = &group->first;
    uint32_t count = 0;
    while (*end && count < self->items_max_count) {
        end = &(*end)->next;
        count++;
    }
    act_gather_item_t *rest = *end;
    *end = NULL;
    group->first = rest;
    if (!rest)
        group->last_p = &group->first;
    self->waiting_count -= count;
    *ret_count = count;
    return first;
}

void act_gather_flush(act_gather_t *self)
{
    for (uint32_t i = 0; i < BUCKETS_COUNT && self->waiting_count > 0; i++) {
        for (group_t *group = self->buckets[i]; group; group = group->next) {
            if (group->is_calling || !group->first)
                continue;
            uint32_t count = 0;
            act_gather_item_t *first = take(self, group, &count);
            group->is_calling = true;
            self->call(self->context, group->key, first, count);
        }
    }
}

void act_gather_done(act_gather_t *self, act_str_t key)
{
    group_t **place = place_of(self, key);
    if (!*place)
        return;
    (*place)->is_calling = false;
    if (!(*place)->first)
        remove_at(place);
}

uint32_t act_gather_waiting_count(const act_gather_t *self)
{
    return self->waiting_count;
}
