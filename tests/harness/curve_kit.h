// curve_kit: a broker with two doors, a folder and TCP with real CURVE, and peers that come with keys
// of their own, or with none. Each function fails the test when what it expects does not come.
#pragma once
#include "router.h"

#include "actor/header.h"

#include <zmq.h>

#define CURVE_KIT_PATIENCE_TURNS 5000

// Events of a peer's monitor: it was not let in.
#define CURVE_KIT_SHUT_OUT                                                                         \
    (ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |                  \
     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED)

typedef struct {
    act_loop_t *loop;
    router_t *router;
    broker_t *broker;
    acl_t *acl;
    char folder[64];
    char ipc[96];
    char tcp[96];
    act_bus_pair_t server;
    act_bus_pair_t agent;
    act_bus_pair_t cli;
    void *zmq;
} curve_kit_t;

typedef struct {
    void *socket;
    void *monitor;
} curve_peer_t;

// For cmocka: *state is the kit. The actors agent and cli have keys; store has none.
int curve_kit_set_up(void **state);
int curve_kit_tear_down(void **state);
void curve_kit_turn(curve_kit_t *self); // of the loop, once
const ledger_counters_t *curve_kit_counters(curve_kit_t *self);

void curve_kit_make_pair(act_bus_pair_t *pair);
void curve_kit_allow(curve_kit_t *self, const char *actor, const char *public_key);
void curve_kit_disallow(curve_kit_t *self, const char *actor);

// A socket that is not connected yet.
curve_peer_t curve_kit_open(curve_kit_t *self);
void curve_kit_set_int(void *socket, int option, int value);
void curve_kit_use_keys(curve_peer_t *peer, const act_bus_pair_t *own, const char *server_key);
void curve_kit_go(curve_peer_t *peer, const char *endpoint);
// The three above, to the broker's TCP door.
curve_peer_t curve_kit_come_with(curve_kit_t *self, const act_bus_pair_t *own);
void curve_kit_leave(curve_peer_t *peer);

void curve_kit_send(curve_peer_t *peer, const act_header_t *header, act_str_t body);
void curve_kit_hello(curve_peer_t *peer, const char *actor, const char *service,
                     const char *instance);
// The next message is of this kind; texts of the header are not kept.
act_header_t curve_kit_expect(curve_kit_t *self, curve_peer_t *peer, act_kind_t kind);
void curve_kit_expect_refused(curve_kit_t *self, curve_peer_t *peer);
// Until the socket's monitor says one of these events; returns which.
int curve_kit_expect_event(curve_kit_t *self, curve_peer_t *peer, int events);

// No peer is known, no call was accepted, no frame was even read.
void curve_kit_assert_nobody_came(curve_kit_t *self);
// Takes what was noted; this is among it.
void curve_kit_assert_denied(curve_kit_t *self, const char *what, const char *actor);
