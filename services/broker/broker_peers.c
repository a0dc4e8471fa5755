// broker: peers come (HELLO), are heard, fall silent, drain and go.
#include "broker_private.h"

#include "proto/broker.h"

static void send_welcome(broker_t *self, uint64_t route)
{
    welcome_t welcome = {.epoch = self->limits.epoch, .ping_ms = self->limits.ping_ms};
    act_buf_reset(&self->scratch);
    welcome_pack(&welcome, &self->scratch);
    act_header_t header = {.kind = ACT_KIND_WELCOME};
    broker_send_bytes(self, route, &header, act_buf_str(&self->scratch));
}

static void refuse(broker_t *self, uint64_t route, act_err_t err)
{
    act_header_t header = {.kind = ACT_KIND_REFUSED, .err = (uint32_t)err};
    self->counters.refused++;
    broker_send_bytes(self, route, &header, act_str(""));
}

// Moves an entry list out of its owner, so that handling it may fill the owner's list again.
static entry_t *pop_last(entry_list_t *list)
{
    entry_t *entry = list->last;
    if (entry)
        entry_list_remove(list, entry);
    return entry;
}

// The instance gets nothing any more; what it had goes elsewhere. All is queued before anything is
// sent, so that it leaves in its order.
void broker_lose_peer(broker_t *self, peer_t *peer)
{
    peer->state = PEER_LOST;
    broker_requeue_waiting(peer);
    for (entry_t *entry = pop_last(&peer->in_flight); entry; entry = pop_last(&peer->in_flight))
        broker_retry_or_fail(self, entry);
    if (!peer->service)
        return;
    broker_refuse_waiting(self, peer->service);
    broker_feed_all(self, peer->service);
}

void broker_remove_peer(broker_t *self, peer_t *peer)
{
    broker_lose_peer(self, peer);
    broker_drop_calls_of(self, peer);
    topics_forget(self->topics, peer);
    if (peer->service)
        service_leave(peer->service, peer);
    peers_remove(self->peers, &peer);
}

// The peer of a HELLO: known by its connection, or by name when the same process comes back on a new
// connection. Another process under a name that is taken replaces it: the old one is dead or will be.
static peer_t *peer_of_hello(broker_t *self, uint64_t route, const hello_t *hello)
{
    peer_t *peer = peers_find(self->peers, route);
    if (peer && act_str_is(hello->instance, peer->instance))
        return peer;
    if (peer)
        broker_remove_peer(self, peer);
    peer = peers_find_instance(self->peers, hello->instance);
    if (peer && peer->pid == hello->pid && peer->pid_start == hello->pid_start) {
        broker_lose_peer(self, peer); // calls and answers on their way went with the old connection
        peers_set_route(self->peers, peer, route);
        return peer;
    }
    if (peer)
        broker_remove_peer(self, peer);
    peer = peers_add(self->peers, route, hello->actor, hello->instance);
    if (!peer)
        return NULL;
    peer->since_ms = broker_now_ms(self);
    if (!act_str_empty(hello->service)) {
        service_t *service = services_put(self->services, hello->service);
        if (service)
            service_join(service, peer);
    }
    return peer;
}

void broker_set_ready(broker_t *self, peer_t *peer)
{
    peer->was_ready = true;
    if (peer->state == PEER_READY || peer->state == PEER_DRAINING)
        return;
    peer->state = peer->is_draining ? PEER_DRAINING : PEER_READY;
    if (peer->is_draining)
        return;
    self->io.on_ready(self->io.context, peer);
    if (!peer->service)
        return;
    // Calls that waited while nobody was there belong to instances now: queue keyed ones anew.
    for (int i = 0; i < ACT_CLASS_COUNT; i++) {
        entry_list_t waiting = peer->service->queue[i];
        for (entry_t *entry = waiting.first, *next = NULL; entry; entry = next) {
            next = entry->next;
            if (act_str_empty(entry->header.key))
                continue;
            service_dequeue(peer->service, entry);
            service_enqueue(peer->service, entry, service_choose(peer->service, entry->header.key),
                            /* at_front= */ false);
        }
    }
    broker_feed_all(self, peer->service);
}

void broker_on_hello(broker_t *self, uint64_t route, const act_header_t *header, payload_t *body)
{
    hello_t hello = {0};
    const char *field = NULL;
    act_arena_reset(self->arena);
    if (hello_unpack(body->bytes, self->arena, &hello, &field) != ACT_E_OK ||
        hello.instance.len_bytes > ACT_HEADER_NAME_MAX_BYTES ||
        act_str_is(hello.service, BROKER_BUS_SERVICE)) {
        self->counters.malformed++;
        refuse(self, route, ACT_E_MALFORMED);
        return;
    }
    const acl_actor_t *rights = broker_admit(self, &hello);
    if (!rights) {
        refuse(self, route, ACT_E_FORBIDDEN);
        return;
    }
    peer_t *peer = peer_of_hello(self, route, &hello);
    if (!peer) {
        refuse(self, route, ACT_E_OVERLOADED);
        return;
    }
    peer->rights = rights;
    peer->is_remote = !act_str_empty(self->sender);
    peer->pid = hello.pid;
    peer->pid_start = hello.pid_start;
    peer->credit_messages = header->credit_messages;
    peer->credit_bytes = header->credit_bytes;
    peer->heard_ms = broker_now_ms(self);
    send_welcome(self, route);
    self->io.on_hello(self->io.context, peer);
    if (hello.is_ready)
        broker_set_ready(self, peer);
    broker_feed(self, peer); // its credit may have grown
}

void broker_on_stats(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    stats_t stats = {0};
    act_arena_reset(self->arena);
    if (header->kind == ACT_KIND_PING)
        broker_send_control(self, peer->route, ACT_KIND_PONG, 0);
    if (stats_unpack(body->bytes, self->arena, &stats, NULL) != ACT_E_OK)
        return;
    act_buf_reset(&peer->stats);
    act_buf_add_str(&peer->stats, body->bytes);
    if (stats.is_ready)
        broker_set_ready(self, peer);
}

void broker_on_bye(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    (void)header;
    (void)body;
    broker_remove_peer(self, peer);
}

void broker_look_after_peer(broker_t *self, peer_t *peer)
{
    int64_t silent_ms = broker_now_ms(self) - peer->heard_ms;
    if (silent_ms >= self->limits.lost_ms && peer->state != PEER_LOST) {
        broker_lose_peer(self, peer);
        return;
    }
    if (silent_ms < self->limits.ping_ms ||
        broker_now_ms(self) - peer->pinged_ms < self->limits.ping_ms)
        return;
    peer->pinged_ms = broker_now_ms(self);
    if (!broker_send_control(self, peer->route, ACT_KIND_PING, 0) &&
        silent_ms >= self->limits.lost_ms)
        broker_remove_peer(self, peer);
}

void broker_on_death(broker_t *self, act_str_t instance, uint64_t pid_start)
{
    peer_t *peer = peers_find_instance(self->peers, instance);
    if (peer && peer->pid_start == pid_start)
        broker_remove_peer(self, peer);
}

bool broker_drain(broker_t *self, act_str_t instance)
{
    peer_t *peer = peers_find_instance(self->peers, instance);
    if (!peer)
        return false;
    peer->state = PEER_DRAINING;
    peer->is_draining = true;
    broker_requeue_waiting(peer);
    if (peer->service)
        broker_feed_all(self, peer->service);
    return broker_send_control(self, peer->route, ACT_KIND_DRAIN, 0);
}
