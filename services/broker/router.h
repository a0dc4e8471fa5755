// router: the only file of the broker that knows ZeroMQ. A ROUTER socket on the loop; frames become
// events of the broker, and the broker's sends become frames.
#pragma once
#include "broker.h"
#include "io/loop.h"

typedef struct router router_t;

// Binds; ACT_E_IO when the endpoint cannot be bound (then *ret_router is untouched).
ACT_MUST_CHECK act_err_t router_new(act_loop_t *loop, const char *endpoint, router_t **ret_router);
void router_destroy(router_t **self_p);
// Frames go to this broker from now on.
void router_start(router_t *self, broker_t *broker);

// For broker_io_t: never blocks. Mandatory routing is on: an unknown peer (EHOSTUNREACH) and a peer
// that does not read (EAGAIN at its high-water mark) are both "false", never a silent drop.
bool router_send(void *context, uint64_t route, const act_header_t *header, const payload_t *body);
