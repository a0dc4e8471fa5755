// lanes: a chained hash table by service and key.
#include "lanes.h"

#include "base/assert.h"
#include "base/mem.h"

#include <string.h>

// There are never more lanes than entries in the ledger; chains stay short up to some thousands.
#define BUCKETS_COUNT 4096

struct lane {
    lane_t *next_in_bucket;
    service_t *service;
    uint64_t hash;
    char *key;
    size_t key_bytes;
    entry_t *holder;
    entry_list_t waiting;
};

struct lanes {
    lane_t *buckets[BUCKETS_COUNT];
    uint32_t count;
};

lanes_t *lanes_new(void)
{
    return act_alloc(sizeof(lanes_t));
}

static void free_lane(lane_t *lane)
{
    act_free(lane->key);
    act_free(lane);
}

void lanes_destroy(lanes_t **self_p)
{
    if (!*self_p)
        return;
    for (uint32_t i = 0; i < BUCKETS_COUNT; i++)
        while ((*self_p)->buckets[i]) {
            lane_t *lane = (*self_p)->buckets[i];
            (*self_p)->buckets[i] = lane->next_in_bucket;
            free_lane(lane);
        }
    act_free(act_take(self_p));
}

static lane_t *find(lanes_t *self, const service_t *service, act_str_t key, uint64_t hash)
{
    lane_t *lane = self->buckets[hash % BUCKETS_COUNT];
    while (lane && (lane->service != service || lane->hash != hash ||
                    !act_str_eq(act_str_of(lane->key, lane->key_bytes), key)))
        lane = lane->next_in_bucket;
    return lane;
}

static lane_t *add(lanes_t *self, entry_t *holder, uint64_t hash)
{
    lane_t *lane = act_alloc(sizeof *lane);
    act_str_t key = holder->header.key;
    lane->service = holder->service;
    lane->hash = hash;
    lane->key = act_alloc(key.len_bytes);
    memcpy(lane->key, key.ptr, key.len_bytes);
    lane->key_bytes = key.len_bytes;
    lane->holder = holder;
    lane->next_in_bucket = self->buckets[hash % BUCKETS_COUNT];
    self->buckets[hash % BUCKETS_COUNT] = lane;
    self->count++;
    holder->service->lanes_count++;
    return lane;
}

bool lanes_enter(lanes_t *self, entry_t *entry)
{
    uint64_t hash = act_str_hash(entry->header.key, act_str_hash(act_str(entry->service->name), 0));
    lane_t *lane = find(self, entry->service, entry->header.key, hash);
    if (!lane) {
        entry->lane = add(self, entry, hash);
        return true;
    }
    entry->lane = lane;
    entry->state = ENTRY_IN_LANE;
    entry->worker = NULL;
    entry_list_push(&lane->waiting, entry);
    service_count_in(entry->service, entry);
    return false;
}

static void stop_waiting(lane_t *lane, entry_t *entry)
{
    entry_list_remove(&lane->waiting, entry);
    service_count_out(entry->service, entry);
}

static void remove_lane(lanes_t *self, lane_t *lane)
{
    lane_t **at = &self->buckets[lane->hash % BUCKETS_COUNT];
    while (*at != lane)
        at = &(*at)->next_in_bucket;
    *at = lane->next_in_bucket;
    self->count--;
    lane->service->lanes_count--;
    free_lane(lane);
}

entry_t *lanes_leave(lanes_t *self, entry_t *entry)
{
    lane_t *lane = entry->lane;
    entry->lane = NULL;
    if (lane->holder != entry) {
        act_assert(entry->state == ENTRY_IN_LANE);
        stop_waiting(lane, entry);
        return NULL;
    }
    entry_t *next = lane->waiting.first;
    if (!next) {
        remove_lane(self, lane);
        return NULL;
    }
    stop_waiting(lane, next);
    lane->holder = next;
    return next;
}
