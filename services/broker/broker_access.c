// broker: who may do what. A peer is who its transport proved it to be (its key, or the folder of the
// socket), never who a frame says; what that actor may do is its row in the table of rights.
#include "broker_private.h"

#include "proto/broker.h"

#include <stdio.h>
#include <string.h>

void broker_set_sender(broker_t *self, act_str_t actor)
{
    self->sender = actor;
}

static void note(broker_t *self, act_str_t actor, act_str_t instance, const char *what,
                 act_str_t name, act_str_t method)
{
    self->counters.denied++;
    if (self->denials_count == BROKER_DENIALS_MAX_COUNT)
        return; // counted all the same
    denial_t *row = &self->denials[self->denials_count++];
    row->what = what;
    act_str_copy(actor, row->actor, sizeof row->actor);
    act_str_copy(instance, row->instance, sizeof row->instance);
    act_str_copy(name, row->name, sizeof row->name);
    act_str_copy(method, row->method, sizeof row->method);
}

uint32_t broker_take_denials(broker_t *self, denial_t ret_denials[BROKER_DENIALS_MAX_COUNT])
{
    uint32_t count = self->denials_count;
    for (uint32_t i = 0; i < count; i++)
        ret_denials[i] = self->denials[i];
    self->denials_count = 0;
    return count;
}

static bool is_remote(const broker_t *self)
{
    return !act_str_empty(self->sender);
}

// Would this HELLO take the place of somebody else? A process may replace one of its own kind and
// place only: a container may not take the name of a local child, nor the other way round.
static bool is_taken(broker_t *self, const hello_t *hello)
{
    const peer_t *peer = peers_find_instance(self->peers, hello->instance);
    if (!peer)
        return false;
    return !act_str_is(hello->actor, peer->actor) ||
           (peer->is_remote != is_remote(self) && peer->state != PEER_LOST);
}

const acl_actor_t *broker_admit(broker_t *self, const hello_t *hello)
{
    const acl_actor_t *rights = self->limits.acl ? acl_find(self->limits.acl, hello->actor) : NULL;
    act_str_t who = is_remote(self) ? self->sender : hello->actor;
    const char *what = NULL;
    if (is_remote(self) && !act_str_eq(self->sender, hello->actor))
        what = "name of another actor";
    else if (!rights)
        what = "unknown actor";
    else if (!act_str_empty(hello->service) && !acl_may_offer(rights, hello->service))
        what = "offer";
    else if (is_taken(self, hello))
        what = "instance of another";
    if (!what)
        return rights;
    note(self, who, hello->instance, what,
         act_str_empty(hello->service) ? hello->actor : hello->service, act_str(""));
    return NULL;
}

// A routing id proves nothing: whoever got hold of one still has its own key.
static bool is_sender(const broker_t *self, const peer_t *peer)
{
    return is_remote(self) ? peer->is_remote && act_str_is(self->sender, peer->actor)
                           : !peer->is_remote;
}

// A tool works for whoever called it: it may name the tenant of a call that it has in hand, and no other.
static bool is_own_tenant(const peer_t *peer, act_str_t tenant)
{
    if (strncmp(peer->actor, "tool.", 5) != 0)
        return true;
    for (const entry_t *entry = peer->in_flight.first; entry; entry = entry->next)
        if (act_str_eq(entry->header.tenant, tenant))
            return true;
    return false;
}

static bool has_right(const peer_t *peer, const act_header_t *header, const char **ret_what)
{
    switch ((act_kind_t)header->kind) {
    case ACT_KIND_CALL:
    case ACT_KIND_CAST:
        *ret_what = "call";
        if (!acl_may_call(peer->rights, header->service, header->method))
            return false;
        *ret_what = "tenant";
        return is_own_tenant(peer, header->tenant);
    case ACT_KIND_EVENT:
        *ret_what = "publish";
        return acl_may_publish(peer->rights, header->service);
    case ACT_KIND_SUBSCRIBE:
        *ret_what = "subscribe";
        return acl_may_subscribe(peer->rights, header->service);
    case ACT_KIND_HELLO:
    case ACT_KIND_WELCOME:
    case ACT_KIND_REFUSED:
    case ACT_KIND_HELLO_AGAIN:
    case ACT_KIND_REPLY:
    case ACT_KIND_ERROR:
    case ACT_KIND_CANCEL:
    case ACT_KIND_UNSUBSCRIBE:
    case ACT_KIND_PING:
    case ACT_KIND_PONG:
    case ACT_KIND_DRAIN:
    case ACT_KIND_BYE:
    case ACT_KIND_PARTIAL:
    case ACT_KIND_CREDIT:
    default:
        return true; // about its own calls and itself; what only the broker may send is malformed
    }
}

bool broker_is_allowed(broker_t *self, peer_t *peer, const act_header_t *header)
{
    const char *what = "frame of another";
    if (!is_sender(self, peer)) {
        note(self, is_remote(self) ? self->sender : act_str("(folder)"), act_str(peer->instance),
             what, header->service, header->method);
        return false;
    }
    if (has_right(peer, header, &what))
        return true;
    note(self, act_str(peer->actor), act_str(peer->instance), what, header->service,
         header->method);
    if (header->kind == ACT_KIND_CALL)
        broker_send_error(self, peer->route, header->id, ACT_E_FORBIDDEN, NULL);
    return false;
}

void broker_on_revoked(broker_t *self, act_str_t actor)
{
    uint32_t index = 0;
    for (peer_t *peer = peers_next(self->peers, &index); peer;
         peer = peers_next(self->peers, &index)) {
        if (peer->is_remote && act_str_is(actor, peer->actor))
            broker_remove_peer(self, peer, "key removed");
    }
    broker_settle(self);
}

void broker_on_revoked_frame(broker_t *self, uint64_t route, act_str_t actor)
{
    note(self, actor, act_str(""), "key was removed", act_str(""), act_str(""));
    act_header_t header = {.kind = ACT_KIND_REFUSED, .err = ACT_E_FORBIDDEN};
    broker_send_bytes(self, route, &header, act_str(""));
}

void broker_on_bad_key(broker_t *self, act_str_t address)
{
    note(self, act_str("(unknown key)"), address, "connect", act_str(""), act_str(""));
}
