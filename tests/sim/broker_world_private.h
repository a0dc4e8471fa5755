// broker_world: what its files share. broker_world_events.c is the clock, broker_world_actors.c are the processes and
// their connections, broker_world.c what happens to them.
#pragma once
#include "broker_oracle.h"
#include "broker_world.h"

#define HELD_MAX_COUNT 256

typedef enum {
    EV_TO_BROKER, // a frame arrives
    EV_TO_ACTOR,
    EV_TICK,
    EV_CALL,  // a client asks
    EV_DONE,  // a worker has finished a call
    EV_HELLO, // an actor has a connection
    EV_BEAT,  // its heartbeat
    EV_FAULT,
    EV_NOTICE, // the supervisor has seen a death
    EV_RESUME, // it is not paused any more
} event_kind_t;

typedef struct {
    int64_t at_us;
    uint64_t order; // of events at the same time
    event_kind_t kind;
    uint32_t actor;
    uint32_t connection; // frames of an earlier one are gone
    uint64_t start;      // and of an earlier process
    act_header_t header; // service and method are literals, key and idempotency key are below
    uint32_t number;     // of the call in the body
    char key[16], idempotency_key[24];
} event_t;

typedef struct {
    uint64_t id;
    uint32_t number;
    int64_t deadline_us;
} held_t;

typedef struct {
    uint64_t route; // 0: no connection
    uint32_t connection;
    uint64_t start; // pid and its start
    bool is_dead, is_welcome, is_paused;
    int64_t stopped_until_us; // SIGSTOP
    int64_t killed_us;
    int64_t last_in_us, last_out_us; // connections keep order
    held_t held[HELD_MAX_COUNT];
    uint32_t held_count;
    uint32_t coming_count; // calls on their way to it
} actor_t;

typedef struct {
    uint32_t number, service;
    int64_t asked_us;
} effect_t;
#define EFFECTS_COUNT 32

typedef struct {
    world_opts_t opts;
    world_result_t *result;
    model_random_t random;
    int64_t now_us, end_us;
    event_t *heap;
    uint32_t heap_count, heap_capacity;
    uint64_t order;
    uint64_t next_route, next_start;
    broker_t *broker;
    oracle_t *oracle;
    actor_t actors[WORLD_ACTORS_COUNT];
    act_arena_t *arena;
    act_buf_t scratch;
    effect_t effects[EFFECTS_COUNT]; // the newest calls with an idempotency key
    uint32_t effects_count;
} world_t;

// --- events: the next one is taken, and the clock is there; chance -------------------------------

void world_push(world_t *self, const event_t *event);
event_t world_pop(world_t *self);
uint32_t world_below(world_t *self, uint32_t limit);
// An event of this actor's process and connection as they are now.
void world_after(world_t *self, int64_t delay_us, event_kind_t kind, uint32_t actor);

// --- actors --------------------------------------------------------------------------------------

bool world_is_worker(uint32_t actor);
// From the broker, for broker_io_t.
bool world_on_send(void *context, uint64_t route, const act_header_t *header,
                   const payload_t *body);
// To the broker.
void world_send_kind(world_t *self, uint32_t actor, act_kind_t kind, uint64_t id);
// Bodies, good until the next one.
act_str_t world_hello(world_t *self, uint32_t number);
act_str_t world_stats(world_t *self, uint32_t number);
void world_connect_again(world_t *self, uint32_t number, int64_t in_us);
void world_say_hello(world_t *self, uint32_t number);
// Ends a call it holds. False: it does not hold it.
bool world_end_held(world_t *self, uint32_t number, uint64_t id, act_kind_t kind);
void world_expire_held(world_t *self, uint32_t number);
void world_on_frame(world_t *self, const event_t *event);
// A client makes a call, and will make another.
void world_ask(world_t *self, uint32_t client);
