// zap: who may connect (ZeroMQ's authentication protocol, RFC 27). libzmq asks inproc://zeromq.zap.01
// about each connection to a socket with keys; the answer is made on the broker's loop, from the
// keyring, and carries the actor's name as User-Id and the number of its key.
#pragma once
#include "io/loop.h"
#include "keyring.h"

// The domain of our sockets. Without one that is enforced, libzmq lets unknown keys in.
#define ZAP_DOMAIN "parley"
// Properties of each frame of an accepted connection (zmq_msg_gets).
#define ZAP_ACTOR "User-Id"
#define ZAP_KEY_NUMBER "X-Key-Number"

typedef struct zap zap_t;

// The address is that of the peer; borrowed.
typedef void zap_refused_fn(void *context, act_str_t address);

// Must be there before a socket with keys is bound. The keyring is borrowed.
zap_t *zap_new(void *zmq_context, act_loop_t *loop, keyring_t *keyring, zap_refused_fn *on_refused,
               void *context);
void zap_destroy(zap_t **self_p);

// Answers what has been asked. Called before each sleep of the loop.
void zap_drain(zap_t *self);
