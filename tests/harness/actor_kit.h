// actor_kit: one real actor, and in the place of its broker a ROUTER socket the test speaks through.
// Everything is in this process and thread; waiting is for frames, never for time.
#pragma once
#include "actor/actor.h"

// A frame the actor sent.
typedef struct kit_message {
    struct kit_message *next;
    act_header_t header; // views into frame
    act_str_t body;
    act_arena_t *frame;
} kit_message_t;

typedef struct {
    act_loop_t *loop;
    const act_spec_t *spec;
    act_actor_t *actor;
    char folder[64];
    char endpoint[96];
    void *zmq;
    void *router;   // NULL: no broker is there
    char route[16]; // of the actor's connection, once it spoke
    size_t route_bytes;
    kit_message_t *first; // what the actor sent and nobody took
    act_config_t *config; // of a supervised actor
    act_log_t *log;
    bool is_stopped; // the actor stopped its loop
} actor_kit_t;

// The broker is bound, the actor connected; HELLO is not taken yet. spec_self is given to methods.
actor_kit_t *actor_kit_new(const act_spec_t *spec, void *spec_self);
void actor_kit_destroy(actor_kit_t **self_p);
// The actor becomes a supervised process: orphan_ms 30000, drain_ms 8000, and the settings of its spec
// at their defaults, but for `overrides`: "name=value", ended by NULL; NULL: none.
void actor_kit_supervise(actor_kit_t *self, const char *const overrides[]);

// --- the broker ----------------------------------------------------------------------------------

// Takes HELLO and answers with this epoch; returns when the actor has heard it.
void actor_kit_welcome(actor_kit_t *self, uint64_t epoch);
void actor_kit_send(actor_kit_t *self, const act_header_t *header, act_str_t body);
void actor_kit_send_kind(actor_kit_t *self, act_kind_t kind, uint64_t id);
// Frames as they are, for malformed messages.
void actor_kit_send_raw(actor_kit_t *self, const act_str_t frames[], size_t count);
// The broker dies; the actor has noticed when this returns. The next one listens at the same place.
void actor_kit_kill_broker(actor_kit_t *self);
void actor_kit_start_broker(actor_kit_t *self);

// --- what the actor said -------------------------------------------------------------------------

// The oldest message of this kind, waited for; the test fails when none comes. Valid until the kit
// goes.
const kit_message_t *actor_kit_expect(actor_kit_t *self, act_kind_t kind);
// How many of this kind are there after all that is on its way has come.
uint32_t actor_kit_count(actor_kit_t *self, act_kind_t kind);

// Turns the loop until the number is at least `wanted`; the test fails when it does not come to it.
void actor_kit_until(actor_kit_t *self, const int *number, int wanted);
// Until what was sent both ways has been handled.
void actor_kit_settle(actor_kit_t *self);
// The clock jumps, and the loop turns.
void actor_kit_pass_ms(actor_kit_t *self, int64_t by_ms);
