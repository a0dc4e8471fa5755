// peer: an array of peers with a hash index by route. A broker has tens of peers; the index keeps the
// look-up of each frame at constant cost all the same.
#include "peer.h"

#include "base/assert.h"
#include "base/mem.h"

#include <string.h>

// Power of two, at most half full.
#define INDEX_SIZE 8192
// A heartbeat with the most metrics an actor may have.
#define STATS_MAX_BYTES 65536
#define PEERS_MAX_COUNT (INDEX_SIZE / 2)

struct peers {
    peer_t *list[PEERS_MAX_COUNT]; // NULL: free
    uint32_t high_count;           // slots used so far
    uint32_t count;
    uint16_t index[INDEX_SIZE]; // slot + 1; 0: empty
};

peers_t *peers_new(void)
{
    return act_alloc(sizeof(peers_t));
}

static void free_peer(peer_t *peer)
{
    if (!peer)
        return;
    act_buf_fini(&peer->stats);
    act_free(peer->ghosts);
    act_free(peer);
}

void peers_destroy(peers_t **self_p)
{
    if (!*self_p)
        return;
    for (uint32_t i = 0; i < (*self_p)->high_count; i++)
        free_peer((*self_p)->list[i]);
    act_free(act_take(self_p));
}

static uint32_t home_of(uint64_t route)
{
    return (uint32_t)(act_str_hash(act_str_of(&route, sizeof route), 0) % INDEX_SIZE);
}

static void index_put(peers_t *self, uint32_t slot)
{
    uint32_t at = home_of(self->list[slot]->route);
    while (self->index[at])
        at = (at + 1) % INDEX_SIZE;
    self->index[at] = (uint16_t)(slot + 1);
}

// Connections come and go rarely; rebuilding the index then keeps it free of tombstones.
static void index_rebuild(peers_t *self)
{
    memset(self->index, 0, sizeof self->index);
    for (uint32_t i = 0; i < self->high_count; i++)
        if (self->list[i])
            index_put(self, i);
}

peer_t *peers_add(peers_t *self, uint64_t route, act_str_t actor, act_str_t instance)
{
    uint32_t slot = 0;
    while (slot < self->high_count && self->list[slot])
        slot++;
    if (slot == PEERS_MAX_COUNT)
        return NULL;
    if (slot == self->high_count)
        self->high_count++;
    peer_t *peer = act_alloc(sizeof *peer);
    peer->route = route;
    act_str_copy(actor, peer->actor, sizeof peer->actor);
    act_str_copy(instance, peer->instance, sizeof peer->instance);
    act_buf_init(&peer->stats, STATS_MAX_BYTES);
    peer->name_hash = act_str_hash(instance, 0);
    self->list[slot] = peer;
    self->count++;
    index_put(self, slot);
    return peer;
}

peer_t *peers_find(peers_t *self, uint64_t route)
{
    for (uint32_t at = home_of(route); self->index[at]; at = (at + 1) % INDEX_SIZE) {
        peer_t *peer = self->list[self->index[at] - 1];
        if (peer && peer->route == route)
            return peer;
    }
    return NULL;
}

peer_t *peers_find_instance(peers_t *self, act_str_t instance)
{
    for (uint32_t i = 0; i < self->high_count; i++)
        if (self->list[i] && act_str_is(instance, self->list[i]->instance))
            return self->list[i];
    return NULL;
}

void peers_set_route(peers_t *self, peer_t *peer, uint64_t route)
{
    peer->route = route;
    index_rebuild(self);
}

void peers_remove(peers_t *self, peer_t **peer_p)
{
    peer_t *peer = act_take(peer_p);
    act_assert(peer->in_flight.count == 0 && peer_queued_count(peer) == 0);
    for (uint32_t i = 0; i < self->high_count; i++)
        if (self->list[i] == peer)
            self->list[i] = NULL;
    self->count--;
    index_rebuild(self);
    free_peer(peer);
}

uint32_t peers_count(const peers_t *self)
{
    return self->count;
}

peer_t *peers_next(peers_t *self, uint32_t *index)
{
    while (*index < self->high_count) {
        peer_t *peer = self->list[(*index)++];
        if (peer)
            return peer;
    }
    return NULL;
}

const char *peer_state_name(peer_state_t state)
{
    static const char *const names[] = {
#define X(name, text) [PEER_##name] = (text),
        PEER_STATES(X)
#undef X
    };
    return names[state];
}

uint32_t peer_queued_count(const peer_t *self)
{
    uint32_t count = 0;
    for (int i = 0; i < ENTRY_QUEUES_COUNT; i++)
        count += self->queue[i].count;
    return count;
}

bool peer_takes_calls(const peer_t *self)
{
    return self->state == PEER_READY && !self->is_paused && !self->is_held;
}

bool peer_has_credit(const peer_t *self, size_t size_bytes)
{
    uint32_t count = self->in_flight.count + self->ghosts_count;
    if (count == 0)
        return self->credit_messages > 0;
    return count < self->credit_messages &&
           self->in_flight.size_bytes + self->ghosts_bytes + size_bytes <= self->credit_bytes;
}

void peer_add_ghost(peer_t *self, const entry_t *entry)
{
    // As many as its credit was, and those of before: sizes are powers of two.
    if ((self->ghosts_count & (self->ghosts_count - 1)) == 0)
        self->ghosts = act_realloc(self->ghosts, (self->ghosts_count ? 2 * self->ghosts_count : 1) *
                                                     sizeof *self->ghosts);
    size_t size_bytes = entry->body->bytes.len_bytes;
    self->ghosts[self->ghosts_count++] = (ghost_t){entry->id, size_bytes, INT64_MAX};
    self->ghosts_bytes += size_bytes;
}

static void remove_ghost_at(peer_t *self, uint32_t index)
{
    self->ghosts_bytes -= self->ghosts[index].size_bytes;
    self->ghosts[index] = self->ghosts[--self->ghosts_count];
}

bool peer_remove_ghost(peer_t *self, uint64_t id)
{
    for (uint32_t i = 0; i < self->ghosts_count; i++)
        if (self->ghosts[i].id == id) {
            remove_ghost_at(self, i);
            return true;
        }
    return false;
}

void peer_expire_ghosts(peer_t *self, int64_t now_ms)
{
    for (uint32_t i = self->ghosts_count; i > 0; i--)
        if (self->ghosts[i - 1].until_ms <= now_ms)
            remove_ghost_at(self, i - 1);
}

bool peer_take_hint(peer_t *self, size_t size_bytes)
{
    hints_t *hints = &self->hints;
    uint64_t unread_bytes = hints->sent_bytes - hints->read_bytes;
    if (hints->sent_count - hints->read_count >= PEER_HINTS_MAX_COUNT ||
        unread_bytes + size_bytes > PEER_HINTS_MAX_BYTES) {
        hints->dropped_count++;
        return false;
    }
    hints->sent_count++;
    hints->sent_bytes += size_bytes;
    return true;
}
