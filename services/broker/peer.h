// peer: someone connected to the broker: an instance of a service, or a client. Found by route (the
// transport's address, which proves nothing) and by instance name.
#pragma once
#include "acl.h"
#include "base/buf.h"
#include "latency.h"
#include "ledger.h"

// Names of the states are those of `parley status`.
#define PEER_STATES(X)                                                                             \
    X(GREETED, "starting")  /* said HELLO, not READY yet */                                        \
    X(READY, "ready")       /* gets calls */                                                       \
    X(DRAINING, "draining") /* finishes what it has */                                             \
    X(LOST, "lost")         /* missed its pings: gets nothing until it is heard again */
typedef enum {
#define X(name, text) PEER_##name,
    PEER_STATES(X)
#undef X
} peer_state_t;

// A call that was taken from an instance which may still work on it: it was silent, or came back on
// another connection. It holds credit until the instance has answered the CANCEL for it.
typedef struct {
    uint64_t id;
    size_t size_bytes;
    int64_t until_ms; // forgotten then at the latest, should the instance not answer the CANCEL
} ghost_t;

// Events and hints that a reader may have in its pipe unread; what is more is dropped and counted.
#define PEER_HINTS_MAX_COUNT 1024
#define PEER_HINTS_MAX_BYTES (4u << 20)

// What was sent to a peer without being asked for. The answer to a PING says that everything before
// it was read.
typedef struct {
    uint64_t sent_count, sent_bytes;
    uint64_t probe_count, probe_bytes; // as of the PING that is out; probe_count 0: none is
    uint64_t read_count, read_bytes;
    uint64_t dropped_count;
} hints_t;

struct peer {
    uint64_t route;
    peer_state_t state;
    char actor[ACT_HEADER_NAME_MAX_BYTES + 1];
    char instance[ACT_HEADER_NAME_MAX_BYTES + 1];
    int32_t pid;
    uint64_t pid_start;
    service_t *service;        // NULL: offers nothing
    const acl_actor_t *rights; // what it may do
    bool is_remote;            // proved a key; false: by the folder of the socket
    uint32_t credit_messages;
    uint32_t credit_bytes;
    entry_list_t in_flight;                 // includes abandoned entries
    entry_list_t queue[ENTRY_QUEUES_COUNT]; // keyed calls that wait for this instance
    int64_t since_ms;
    int64_t heard_ms;
    int64_t pinged_ms; // 0: no ping is out
    uint32_t ping_ms;  // silence before a ping; 0: the broker's
    bool was_ready;    // said READY once; a lost peer that is heard again goes on
    bool is_draining;  // was told to finish; silence in between does not change that
    bool is_paused;    // says so itself (its database is away): keeps its place, gets no calls
    bool is_held;      // an operator says so
    bool has_crashed;  // it ended by itself, or hung: what it had in hand may be the reason
    ghost_t *ghosts;
    uint32_t ghosts_count;
    size_t ghosts_bytes;
    hints_t hints;
    uint64_t calls;
    uint64_t errors;
    latency_t latency;
    act_buf_t stats;    // body of its last heartbeat
    uint64_t name_hash; // for rendezvous hashing
    peer_t *next_in_service;
};

typedef struct peers peers_t;

peers_t *peers_new(void);
void peers_destroy(peers_t **self_p);

peer_t *peers_add(peers_t *self, uint64_t route, act_str_t actor, act_str_t instance);
peer_t *peers_find(peers_t *self, uint64_t route);
peer_t *peers_find_instance(peers_t *self, act_str_t instance);
// The same process came back on another connection.
void peers_set_route(peers_t *self, peer_t *peer, uint64_t route);
// Its lists must be empty.
void peers_remove(peers_t *self, peer_t **peer_p);
uint32_t peers_count(const peers_t *self);
// Walk; peers may be removed meanwhile.
peer_t *peers_next(peers_t *self, uint32_t *index);

const char *peer_state_name(peer_state_t state);
uint32_t peer_queued_count(const peer_t *self);
// READY and not paused.
bool peer_takes_calls(const peer_t *self);

// Takes the entry into account as a ghost.
void peer_add_ghost(peer_t *self, const entry_t *entry);
// False when it is not there.
bool peer_remove_ghost(peer_t *self, uint64_t id);
void peer_expire_ghosts(peer_t *self, int64_t now_ms);

// Is there room for an event or a hint of this size? Counts it as sent, or as dropped.
bool peer_take_hint(peer_t *self, size_t size_bytes);

// Has it credit for one more call of this size? A single call larger than the whole credit in bytes
// is let through when nothing else is in flight, so that it cannot wait for ever.
bool peer_has_credit(const peer_t *self, size_t size_bytes);
