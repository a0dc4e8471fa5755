// bus: an actor's one connection to the broker: a DEALER on the loop. Frames in, frames out; it knows
// nothing of calls. Sends never block: what ZeroMQ cannot take now waits in a bounded backlog.
#pragma once
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
} act_bus_events_t;

// Connects in the background and again whenever the connection is lost. The endpoint is a ZeroMQ one
// ("ipc:///path/bus.sock", "tcp://host:port").
act_bus_t *act_bus_new(act_loop_t *loop, const char *endpoint, const act_bus_events_t *events,
                       void *context);
// Waits at most linger_ms for what was sent.
void act_bus_destroy(act_bus_t **self_p, int linger_ms);

bool act_bus_is_connected(const act_bus_t *self);

// The body is a frame made by act_bus_body: it is consumed (moved) on success. UNAVAILABLE: not
// connected. OVERLOADED: backlog full. On error the body is untouched.
ACT_MUST_CHECK act_err_t act_bus_send(act_bus_t *self, const act_header_t *header, zmq_msg_t *body);

// A frame with a copy of these bytes. Frames copied with zmq_msg_copy share the bytes.
void act_bus_body(zmq_msg_t *ret_frame, act_str_t bytes);
