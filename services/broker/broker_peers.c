// broker: peers come (HELLO), are heard, fall silent, drain and go.
#include "broker_private.h"

#include "base/crash_point.h"
#include "proto/broker.h"

// An instance answers every CANCEL; one that does not gets its credit back all the same.
#define GHOST_MAX_MS 10000

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
void broker_lose_peer(broker_t *self, peer_t *peer, const char *reason)
{
    peer->state = PEER_LOST;
    ACT_CRASH_POINT("broker.peer.lost");
    broker_requeue_waiting(self, peer);
    for (entry_t *entry = pop_last(&peer->in_flight); entry; entry = pop_last(&peer->in_flight)) {
        peer_add_ghost(peer, entry); // should it come back, it may still work on it
        broker_retry_or_fail(self, entry, peer, reason);
    }
    if (!peer->service)
        return;
    broker_refuse_waiting(self, peer->service);
    broker_feed_later(self, peer->service);
}

static void tell_gone(broker_t *self, const peer_t *peer, bool is_dead)
{
    if (self->io.on_gone && peer->service)
        self->io.on_gone(self->io.context, peer, is_dead);
}

void broker_remove_peer(broker_t *self, peer_t *peer, const char *reason)
{
    broker_lose_peer(self, peer, reason);
    broker_drop_calls_of(self, peer);
    topics_forget(self->topics, peer);
    if (peer->service)
        service_leave(peer->service, peer);
    peers_remove(self->peers, &peer);
}

static peer_t *add_peer(broker_t *self, uint64_t route, const hello_t *hello)
{
    peer_t *peer = peers_add(self->peers, route, hello->actor, hello->instance);
    if (!peer)
        return NULL;
    peer->since_ms = broker_now_ms(self);
    service_t *service =
        act_str_empty(hello->service) ? NULL : services_put(self->services, hello->service);
    if (service)
        service_join(service, peer);
    return peer;
}

// Is the process behind this peer there? A connection that is gone says so at once.
static bool is_alive(broker_t *self, const peer_t *peer)
{
    return peer->state != PEER_LOST &&
           broker_now_ms(self) - peer->heard_ms < self->limits.lost_ms &&
           broker_send_control(self, peer->route, ACT_KIND_PING, 0);
}

// The peer of a HELLO: known by its connection, or by name when the same process comes back on a new
// connection. A name belongs to one process at a time: another one is refused while the first is
// heard, so that two never take each other's calls in turn.
static act_err_t peer_of_hello(broker_t *self, uint64_t route, const hello_t *hello,
                               peer_t **ret_peer)
{
    peer_t *peer = peers_find(self->peers, route);
    bool is_known = peer && act_str_is(hello->instance, peer->instance);
    peer_t *namesake = is_known ? peer : peers_find_instance(self->peers, hello->instance);
    bool is_same =
        namesake && namesake->pid == hello->pid && namesake->pid_start == hello->pid_start;
    if (namesake && !is_known && !is_same && is_alive(self, namesake))
        return ACT_E_CONFLICT;
    if (peer && !is_known)
        broker_remove_peer(self, peer, "became another");
    if (namesake && !is_known && is_same) {
        broker_lose_peer(self, namesake, "reconnected"); // what was on its way is gone
        peers_set_route(self->peers, namesake, route);
        namesake->hints = (hints_t){.dropped_count = namesake->hints.dropped_count};
    } else if (namesake && !is_known) {
        broker_remove_peer(self, namesake, "replaced");
        namesake = NULL;
    }
    *ret_peer = namesake ? namesake : add_peer(self, route, hello);
    return *ret_peer ? ACT_E_OK : ACT_E_OVERLOADED;
}

// It works on calls that others have now: it is told, and holds its credit until it has answered.
static void cancel_ghosts(broker_t *self, peer_t *peer)
{
    for (uint32_t i = 0; i < peer->ghosts_count; i++) {
        peer->ghosts[i].until_ms = broker_now_ms(self) + GHOST_MAX_MS;
        broker_send_control(self, peer->route, ACT_KIND_CANCEL, peer->ghosts[i].id);
    }
}

void broker_set_ready(broker_t *self, peer_t *peer)
{
    peer->was_ready = true;
    if (peer->state == PEER_READY || peer->state == PEER_DRAINING)
        return;
    peer->state = peer->is_draining ? PEER_DRAINING : PEER_READY;
    cancel_ghosts(self, peer);
    if (peer->is_draining)
        return;
    self->io.on_ready(self->io.context, peer);
    if (peer->service)
        broker_share_waiting(self, peer->service);
}

static void set_paused(broker_t *self, peer_t *peer, bool is_paused, bool is_held)
{
    bool took_calls = peer_takes_calls(peer);
    peer->is_paused = is_paused;
    peer->is_held = is_held;
    if (!peer->service || took_calls == peer_takes_calls(peer))
        return;
    if (took_calls)
        broker_requeue_waiting(self, peer);
    else
        broker_share_waiting(self, peer->service);
    broker_feed_later(self, peer->service);
}

bool broker_pause(broker_t *self, act_str_t instance, bool is_held)
{
    peer_t *peer = peers_find_instance(self->peers, instance);
    if (!peer)
        return false;
    set_paused(self, peer, peer->is_paused, is_held);
    broker_settle(self);
    return true;
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
    peer_t *peer = NULL;
    act_err_t err = peer_of_hello(self, route, &hello, &peer);
    if (err != ACT_E_OK) {
        refuse(self, route, err);
        return;
    }
    peer->rights = rights;
    peer->is_remote = !act_str_empty(self->sender);
    peer->pid = hello.pid;
    peer->pid_start = hello.pid_start;
    peer->credit_messages = header->credit_messages;
    peer->credit_bytes = header->credit_bytes;
    peer->heard_ms = broker_now_ms(self);
    ACT_CRASH_POINT("broker.hello.taken");
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
    if (header->kind == ACT_KIND_PONG && header->id > 0 && header->id == peer->hints.probe_count) {
        peer->hints.read_count = peer->hints.probe_count;
        peer->hints.read_bytes = peer->hints.probe_bytes;
        peer->hints.probe_count = 0;
    }
    if (header->kind == ACT_KIND_PING)
        broker_send_control(self, peer->route, ACT_KIND_PONG, 0);
    if (stats_unpack(body->bytes, self->arena, &stats, NULL) != ACT_E_OK)
        return;
    act_buf_reset(&peer->stats);
    act_buf_add_str(&peer->stats, body->bytes);
    broker_take_credit(peer, header);
    if (stats.is_ready)
        broker_set_ready(self, peer);
    set_paused(self, peer, stats.is_paused, peer->is_held);
    broker_feed(self, peer);
}

void broker_on_bye(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    (void)header;
    (void)body;
    tell_gone(self, peer, /* is_dead= */ true);
    broker_remove_peer(self, peer, "said bye");
}

void broker_look_after_peer(broker_t *self, peer_t *peer)
{
    if (peer->ghosts_count > 0 && peer->service) {
        peer_expire_ghosts(peer, broker_now_ms(self));
        broker_feed_later(self, peer->service);
    }
    int64_t silent_ms = broker_now_ms(self) - peer->heard_ms;
    if (silent_ms >= self->limits.lost_ms && peer->state != PEER_LOST) {
        tell_gone(self, peer, /* is_dead= */ false);
        broker_lose_peer(self, peer, "silent");
        return;
    }
    uint32_t ping_ms = peer->ping_ms ? peer->ping_ms : self->limits.ping_ms;
    if (silent_ms < ping_ms || broker_now_ms(self) - peer->pinged_ms < ping_ms)
        return;
    peer->pinged_ms = broker_now_ms(self);
    if (!broker_send_control(self, peer->route, ACT_KIND_PING, 0) &&
        silent_ms >= self->limits.lost_ms)
        broker_remove_peer(self, peer, "silent");
}

void broker_set_ping(broker_t *self, act_str_t instance, uint32_t ping_ms)
{
    peer_t *peer = peers_find_instance(self->peers, instance);
    if (peer)
        peer->ping_ms = ping_ms;
}

void broker_on_death(broker_t *self, act_str_t instance, uint64_t pid_start, bool has_crashed)
{
    peer_t *peer = peers_find_instance(self->peers, instance);
    // In a jail a process does not know its start; nobody else speaks for its name there.
    if (peer && (peer->pid_start == pid_start || (peer->is_remote && peer->pid_start == 0))) {
        tell_gone(self, peer, /* is_dead= */ true);
        peer->has_crashed = has_crashed;
        broker_remove_peer(self, peer, has_crashed ? "crashed" : "died");
    }
    broker_settle(self);
}

bool broker_drain(broker_t *self, act_str_t instance)
{
    peer_t *peer = peers_find_instance(self->peers, instance);
    if (!peer)
        return false;
    peer->state = PEER_DRAINING;
    peer->is_draining = true;
    broker_requeue_waiting(self, peer);
    broker_settle(self);
    return broker_send_control(self, peer->route, ACT_KIND_DRAIN, 0);
}
