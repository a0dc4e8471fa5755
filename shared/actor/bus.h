// bus: an actor's one connection to the broker: a DEALER on the loop. Frames in, frames out; it knows
// nothing of calls. Sends never block: what ZeroMQ cannot take now waits in a bounded backlog.
#pragma once
#include "actor/bus_key.h"
#include "actor/header.h"
#include "io/loop.h"

#include <zmq.h>

typedef struct act_bus act_bus_t;

// A received message. Header and body borrow from the two frames; whoever keeps the frames
// (act_message_take) keeps them valid.
typedef struct {
    act_header_t header;
    act_str_t body;
    zmq_msg_t frames[2];
} act_message_t;

void act_message_init(act_message_t *self);
// Moves frames and views into *to (initialised by this call); from is empty afterwards.
void act_message_take(act_message_t *to, act_message_t *from);
void act_message_fini(act_message_t *self);

typedef struct {
    void (*on_message)(void *context, act_message_t *message); // borrowed unless taken
    void (*on_connect)(void *context);                         // also at each reconnect
    void (*on_disconnect)(void *context);
    void (*on_shut_out)(void *context); // the broker does not accept our key; it is tried again
} act_bus_events_t;

// Where the broker is. On tcp:// keys are a must: without them nothing is ever connected.
typedef struct act_bus_address act_bus_address_t;
struct act_bus_address {
    const char *endpoint;       // ZeroMQ's: "ipc:///path/bus.sock", "tcp://host:port"
    const act_bus_keys_t *keys; // NULL: none. Needed only while the bus is made
};

// Connects in the background and again whenever the connection is lost or refused.
act_bus_t *act_bus_new(act_loop_t *loop, const act_bus_address_t *address,
                       const act_bus_events_t *events, void *context);
// Waits at most linger_ms for what was sent.
void act_bus_destroy(act_bus_t **self_p, int linger_ms);

bool act_bus_is_connected(const act_bus_t *self);

// The body is a frame made by act_bus_body: it is consumed (moved) on success. UNAVAILABLE: not
// connected. OVERLOADED: backlog full. On error the body is untouched.
ACT_MUST_CHECK act_err_t act_bus_send(act_bus_t *self, const act_header_t *header, zmq_msg_t *body);

// A frame with a copy of these bytes. Frames copied with zmq_msg_copy share the bytes.
void act_bus_body(zmq_msg_t *ret_frame, act_str_t bytes);
