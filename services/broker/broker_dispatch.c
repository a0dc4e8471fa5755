// broker: which call goes to which instance, and when.
#include "broker_private.h"

#include "base/crash_point.h"

// Sends an entry that is in no list. False when the worker turned out to be gone: then nothing was
// sent, and the entry is still in no list.
static bool dispatch(broker_t *self, entry_t *entry, peer_t *worker)
{
    act_header_t header = entry->header;
    header.id = entry->id;
    header.budget_ms = (uint32_t)(entry->deadline_ms - broker_now_ms(self));
    header.credit_messages = entry->parts_credit;
    ACT_CRASH_POINT("broker.call.granting");
    if (!self->io.send(self->io.context, worker->route, &header, entry->body))
        return false;
    entry->state = ENTRY_IN_FLIGHT;
    entry->worker = worker;
    entry->dispatched_us = self->now_us;
    entry_list_push(&worker->in_flight, entry);
    worker->calls++;
    traces_on_sent(self->traces, entry);
    ACT_CRASH_POINT("broker.call.granted");
    return true;
}

// Sends the next call this instance should get. False: there is none, or it turned out to be gone.
static bool feed_one(broker_t *self, peer_t *peer)
{
    service_t *service = peer->service;
    if (!service || !peer_takes_calls(peer))
        return false;
    entry_t *entry = service_pick(service, peer, broker_now_ms(self));
    if (!entry)
        return false;
    if (entry->deadline_ms <= broker_now_ms(self)) {
        broker_expire(self, entry); // work that nobody waits for is never begun
        return true;
    }
    service_dequeue(service, entry);
    if (dispatch(self, entry, peer))
        return true;
    service_enqueue(service, entry, peer, /* at_front= */ true); // it was no attempt
    broker_lose_peer(self, peer, "unreachable");
    return false;
}

void broker_feed(broker_t *self, peer_t *peer)
{
    while (feed_one(self, peer))
        ;
}

void broker_feed_later(broker_t *self, service_t *service)
{
    if (service->needs_feed)
        return;
    service->needs_feed = true;
    service->next_to_feed = self->to_feed;
    self->to_feed = service;
}

// Feeding may find a worker gone and so give other services something to do.
void broker_settle(broker_t *self)
{
    while (self->to_feed) {
        service_t *service = self->to_feed;
        self->to_feed = service->next_to_feed;
        service->needs_feed = false;
        // Calls that anyone may take go to who has most credit left, one by one.
        for (peer_t *peer = service_choose(service, act_str("")); peer && feed_one(self, peer);)
            peer = service_choose(service, act_str(""));
        for (peer_t *peer = service->instances; peer; peer = peer->next_in_service)
            broker_feed(self, peer);
    }
}

peer_t *broker_choose(broker_t *self, const service_t *service, const act_header_t *header)
{
    if (!(header->flags & ACT_FLAG_DIRECT))
        return service_choose(service, header->key);
    peer_t *peer = peers_find_instance(self->peers, header->key);
    bool is_there = peer && peer->service == service &&
                    (peer->state == PEER_READY || peer->state == PEER_GREETED);
    return is_there ? peer : NULL;
}

// Queues an entry for whoever should get it.
static void enqueue(broker_t *self, entry_t *entry, bool at_front)
{
    bool has_key = !act_str_empty(entry->header.key);
    peer_t *peer = has_key ? broker_choose(self, entry->service, &entry->header) : NULL;
    service_enqueue(entry->service, entry, peer, at_front);
}

void broker_enqueue_later(broker_t *self, entry_t *entry, bool at_front)
{
    enqueue(self, entry, at_front);
    broker_feed_later(self, entry->service);
}

void broker_begin(broker_t *self, entry_t *entry)
{
    const uint32_t order_flags = entry->header.flags & (ACT_FLAG_ORDERED | ACT_FLAG_DIRECT);
    bool is_ordered = order_flags == ACT_FLAG_ORDERED && !act_str_empty(entry->header.key);
    if (is_ordered && !lanes_enter(self->lanes, entry))
        return;
    broker_enqueue_later(self, entry, /* at_front= */ false);
}

void broker_requeue_waiting(broker_t *self, peer_t *peer)
{
    // Newest first, so that pushing to the front restores the order.
    for (int i = 0; i < ENTRY_QUEUES_COUNT; i++)
        for (entry_t *entry = peer->queue[i].last, *previous = NULL; entry; entry = previous) {
            previous = entry->previous;
            bool is_direct = entry->header.flags & ACT_FLAG_DIRECT;
            if (is_direct && peer->state == PEER_READY)
                continue; // it is only paused
            service_dequeue(entry->service, entry);
            if (is_direct)
                broker_close_failed(self, entry, ACT_E_UNAVAILABLE, "the instance is gone");
            else
                broker_enqueue_later(self, entry, /* at_front= */ true);
        }
}

void broker_share_waiting(broker_t *self, service_t *service)
{
    if (!service_choose(service, act_str("")))
        return;
    for (int i = 0; i < ENTRY_QUEUES_COUNT; i++)
        for (entry_t *entry = service->queue[i].first, *next = NULL; entry; entry = next) {
            next = entry->next;
            if (act_str_empty(entry->header.key))
                continue;
            service_dequeue(service, entry);
            enqueue(self, entry, /* at_front= */ false);
        }
    broker_feed_later(self, service);
}
