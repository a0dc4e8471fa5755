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
    entry_list_t in_flight;              // includes abandoned entries
    entry_list_t queue[ACT_CLASS_COUNT]; // keyed calls that wait for this instance
    int64_t since_ms;
    int64_t heard_ms;
    int64_t pinged_ms; // 0: no ping is out
    bool was_ready;    // said READY once; a lost peer that is heard again goes on
    bool is_draining;  // was told to finish; silence in between does not change that
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

// Has it credit for one more call of this size? A single call larger than the whole credit in bytes
// is let through when nothing else is in flight, so that it cannot wait for ever.
bool peer_has_credit(const peer_t *self, size_t size_bytes);
