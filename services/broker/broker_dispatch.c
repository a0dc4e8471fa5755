// broker: which call goes to which instance, and when.
#include "broker_private.h"

// Sends an entry that is in no list. False when the worker turned out to be gone: then nothing was
// sent, and the entry is still in no list.
static bool dispatch(broker_t *self, entry_t *entry, peer_t *worker)
{
    int64_t left_ms = entry->deadline_ms - broker_now_ms(self);
    act_header_t header = entry->header;
    header.id = entry->id;
    header.budget_ms = left_ms > 0 ? (uint32_t)left_ms : 1;
    if (!self->io.send(self->io.context, worker->route, &header, entry->body))
        return false;
    entry->state = ENTRY_IN_FLIGHT;
    entry->worker = worker;
    entry->dispatched_us = self->now_us;
    entry_list_push(&worker->in_flight, entry);
    worker->calls++;
    traces_on_sent(self->traces, entry);
    return true;
}

// Gives an instance what waits for it, as far as its credit goes.
void broker_feed(broker_t *self, peer_t *peer)
{
    service_t *service = peer->service;
    while (service && peer->state == PEER_READY) {
        entry_t *entry = service_pick(service, peer);
        if (!entry)
            return;
        service_dequeue(service, entry);
        if (!dispatch(self, entry, peer)) {
            service_enqueue(service, entry, peer, /* at_front= */ true); // it was no attempt
            broker_lose_peer(self, peer);
            return;
        }
    }
}

void broker_feed_all(broker_t *self, service_t *service)
{
    for (peer_t *peer = service->instances; peer; peer = peer->next_in_service)
        broker_feed(self, peer);
}

// Queues an entry for whoever should get it, whom it returns; NULL: nobody is there.
peer_t *broker_enqueue(entry_t *entry, bool at_front)
{
    peer_t *peer = service_choose(entry->service, entry->header.key);
    bool has_key = !act_str_empty(entry->header.key);
    service_enqueue(entry->service, entry, has_key ? peer : NULL, at_front);
    return peer;
}

void broker_route(broker_t *self, entry_t *entry)
{
    peer_t *peer = broker_enqueue(entry, /* at_front= */ false);
    if (peer)
        broker_feed(self, peer);
}

// What waits for this instance waits for others now. Newest first, so that pushing to the front
// restores the order.
void broker_requeue_waiting(peer_t *peer)
{
    for (int i = 0; i < ACT_CLASS_COUNT; i++)
        while (peer->queue[i].last) {
            entry_t *entry = peer->queue[i].last;
            service_dequeue(entry->service, entry);
            broker_enqueue(entry, /* at_front= */ true);
        }
}
