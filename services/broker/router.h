// router: with zap.c the only file of the broker that knows ZeroMQ. A ROUTER socket on the loop; frames become
// events of the broker, and the broker's sends become frames.
#pragma once
#include "actor/bus_key.h"
#include "broker.h"
#include "io/loop.h"

typedef struct router router_t;

// Binds a socket that only this machine reaches (ipc://, in a 0700 folder); ACT_E_IO when it cannot
// be bound (then *ret_router is untouched).
ACT_MUST_CHECK act_err_t router_new(act_loop_t *loop, const char *endpoint, router_t **ret_router);

// Before router_start: opens endpoints (separated by commas) to peers that prove a key: the broker's own
// pair, and the folder of those it accepts (keyring.h). ACT_E_IO when one cannot be bound, ACT_E_CONFIG
// when it is not tcp://; *error says which.
ACT_MUST_CHECK act_err_t router_listen(router_t *self, const char *endpoints,
                                       const act_bus_pair_t *own, const char *keys_folder,
                                       act_buf_t *error);
// The last endpoint that was opened to TCP, with the port the kernel chose for "*"; false: none.
bool router_endpoint(const router_t *self, char *ret_endpoint, size_t size_bytes);
// Looks at the folder of keys at once; without this, once a second.
void router_refresh_keys(router_t *self);

// A socket of its own for one tool: whoever speaks there is that actor and nobody else, because only its
// jail can see the socket. OVERLOADED: there are ROUTER_TOOLS_MAX_COUNT already.
#define ROUTER_TOOLS_MAX_COUNT 100
ACT_MUST_CHECK act_err_t router_open_tool(router_t *self, const char *endpoint, const char *actor);
// Its connections end; unknown names are ignored.
void router_close_tool(router_t *self, const char *actor);

void router_destroy(router_t **self_p);
// Frames go to this broker from now on.
void router_start(router_t *self, broker_t *broker);

// For broker_io_t: never blocks. Mandatory routing is on: an unknown peer (EHOSTUNREACH) and a peer
// that does not read (EAGAIN at its high-water mark) are both "false", never a silent drop.
bool router_send(void *context, uint64_t route, const act_header_t *header, const payload_t *body);
