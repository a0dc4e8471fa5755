// service: choosing instances and queueing.
#include "service.h"

#include "base/assert.h"
#include "base/mem.h"

#define SERVICES_MAX_COUNT 512
// Bulk is never starved: it gets every eighth dispatch while it waits.
#define BULK_EVERY 8
// Interactive calls are taken to go on for this long after the last one.
#define INTERACTIVE_RECENT_MS 1000

struct services {
    service_t *list[SERVICES_MAX_COUNT];
    uint32_t count;
};

services_t *services_new(void)
{
    return act_alloc(sizeof(services_t));
}

void services_destroy(services_t **self_p)
{
    if (!*self_p)
        return;
    for (uint32_t i = 0; i < (*self_p)->count; i++)
        act_free((*self_p)->list[i]);
    act_free(act_take(self_p));
}

service_t *services_find(services_t *self, act_str_t name)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (act_str_is(name, self->list[i]->name))
            return self->list[i];
    return NULL;
}

service_t *services_put(services_t *self, act_str_t name)
{
    service_t *service = services_find(self, name);
    if (service || self->count == SERVICES_MAX_COUNT)
        return service;
    service = act_alloc(sizeof *service);
    act_str_copy(name, service->name, sizeof service->name);
    self->list[self->count++] = service;
    return service;
}

service_t *services_next(services_t *self, uint32_t *index)
{
    return *index < self->count ? self->list[(*index)++] : NULL;
}

void service_join(service_t *self, peer_t *peer)
{
    peer->service = self;
    peer->next_in_service = self->instances;
    self->instances = peer;
}

void service_leave(service_t *self, peer_t *peer)
{
    peer_t **at = &self->instances;
    while (*at != peer)
        at = &(*at)->next_in_service;
    *at = peer->next_in_service;
    peer->next_in_service = NULL;
}

static uint64_t key_weight(act_str_t key, const peer_t *peer)
{
    return act_str_hash(key, peer->name_hash);
}

static uint64_t free_weight(const peer_t *peer)
{
    return peer->credit_messages > peer->in_flight.count
               ? peer->credit_messages - peer->in_flight.count + 1
               : 1;
}

peer_t *service_choose(const service_t *self, act_str_t key)
{
    peer_t *best = NULL;
    uint64_t best_weight = 0;
    for (peer_t *peer = self->instances; peer; peer = peer->next_in_service) {
        if (!peer_takes_calls(peer))
            continue;
        uint64_t weight = act_str_empty(key) ? free_weight(peer) : key_weight(key, peer);
        if (!best || weight > best_weight) {
            best = peer;
            best_weight = weight;
        }
    }
    return best;
}

static entry_list_t *queue_of(service_t *self, const entry_t *entry)
{
    int place = entry->is_suspect ? ENTRY_QUEUE_SUSPECTS : entry->header.class_;
    return entry->worker ? &entry->worker->queue[place] : &self->queue[place];
}

void service_count_in(service_t *self, const entry_t *entry)
{
    self->queued_count++;
    self->queued_by_class[entry->header.class_]++;
    self->queued_bytes += entry->body->bytes.len_bytes;
}

void service_count_out(service_t *self, const entry_t *entry)
{
    self->queued_count--;
    self->queued_by_class[entry->header.class_]--;
    self->queued_bytes -= entry->body->bytes.len_bytes;
}

static int64_t older(int64_t oldest_us, const entry_t *entry)
{
    return entry && entry->queued_us < oldest_us ? entry->queued_us : oldest_us;
}

int64_t service_oldest_wait_ms(const service_t *self, int64_t now_ms)
{
    int64_t oldest_us = INT64_MAX;
    for (int i = 0; i < ENTRY_QUEUES_COUNT; i++) {
        oldest_us = older(oldest_us, self->queue[i].first);
        for (const peer_t *peer = self->instances; peer; peer = peer->next_in_service)
            oldest_us = older(oldest_us, peer->queue[i].first);
    }
    return oldest_us == INT64_MAX ? 0 : now_ms - oldest_us / 1000;
}

bool service_is_paused(const service_t *self)
{
    bool is_paused = false;
    for (const peer_t *peer = self->instances; peer; peer = peer->next_in_service) {
        if (peer_takes_calls(peer))
            return false;
        is_paused |= peer->state == PEER_READY;
    }
    return is_paused;
}

void service_enqueue(service_t *self, entry_t *entry, peer_t *peer, bool at_front)
{
    entry->state = ENTRY_QUEUED;
    entry->worker = peer;
    if (at_front)
        entry_list_push_front(queue_of(self, entry), entry);
    else
        entry_list_push(queue_of(self, entry), entry);
    service_count_in(self, entry);
}

void service_dequeue(service_t *self, entry_t *entry)
{
    act_assert(entry->state == ENTRY_QUEUED);
    entry_list_remove(queue_of(self, entry), entry);
    service_count_out(self, entry);
}

// The older of two heads: of the instance's own queue and of the service's.
static entry_t *head_of(const service_t *self, const peer_t *peer, int place)
{
    entry_t *own = peer->queue[place].first;
    entry_t *any = self->queue[place].first;
    if (!own || !any)
        return own ? own : any;
    return own->sequence < any->sequence ? own : any;
}

// May this instance have one more bulk call?
static bool has_bulk_share(const service_t *self, const peer_t *peer, int64_t now_ms)
{
    if (now_ms - self->interactive_ms > INTERACTIVE_RECENT_MS)
        return true;
    uint32_t share = peer->credit_messages / BULK_EVERY;
    return peer->in_flight.bulk_count < (share > 0 ? share : 1);
}

entry_t *service_pick(service_t *self, peer_t *peer, int64_t now_ms)
{
    entry_t *control = head_of(self, peer, ACT_CLASS_CONTROL);
    entry_t *suspect =
        peer->in_flight.suspects_count == 0 ? head_of(self, peer, ENTRY_QUEUE_SUSPECTS) : NULL;
    entry_t *interactive = head_of(self, peer, ACT_CLASS_INTERACTIVE);
    entry_t *bulk = head_of(self, peer, ACT_CLASS_BULK);
    if (bulk && !has_bulk_share(self, peer, now_ms))
        bulk = NULL;
    bool is_bulk_turn = bulk && (!interactive || self->bulk_turns >= BULK_EVERY - 1);
    entry_t *entry = control ? control : suspect ? suspect : is_bulk_turn ? bulk : interactive;
    if (!entry || !peer_has_credit(peer, entry->body->bytes.len_bytes))
        return NULL;
    self->bulk_turns = entry == bulk ? 0 : self->bulk_turns + 1;
    return entry;
}
