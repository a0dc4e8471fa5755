// broker_kit: a broker without sockets, processes or time. Tests say what peers send and how the
// clock moves, and look at the frames the broker sent. Routes are plain numbers; a peer's route is
// also how tests name it.
#pragma once
#include "base/arena.h"
#include "broker.h"

// A frame the broker sent; texts and body live until broker_kit_forget.
typedef struct {
    uint64_t route;
    act_header_t header;
    act_str_t body;
} kit_frame_t;

#define BROKER_KIT_ROUTES_COUNT 256

typedef struct {
    broker_t *broker;
    acl_t *acl; // allows everything, unless the limits have one
    int64_t now_us;
    act_arena_t *arena;
    kit_frame_t *frames; // sent and not taken yet, oldest first
    uint32_t frames_count;
    uint32_t frames_capacity;
    bool is_gone[BROKER_KIT_ROUTES_COUNT]; // sends to these routes fail
    uint32_t hello_count;                  // calls of the io's functions
    uint32_t ready_count;
    uint32_t dead_count;
    void (*on_dead)(void *context, const entry_t *entry, act_err_t err); // NULL: only counted
    void *dead_context;
    void (*on_gone)(void *context, const peer_t *peer, bool is_dead); // NULL: none is wanted
    void *gone_context;
    uint64_t bus_call_id; // the last call to the bus service; tests answer it
} broker_kit_t;

// ping_ms 1000, lost_ms 5000, queue of 100 calls and 64 KiB, 3 attempts.
extern const broker_limits_t broker_kit_limits;

broker_kit_t *broker_kit_new(const broker_limits_t *limits);
// With the usual limits and this table, which is the kit's then.
broker_kit_t *broker_kit_new_with_acl(acl_t **acl_p);
void broker_kit_destroy(broker_kit_t **self_p);
// For cmocka: *state is the kit, whose calls are conserved.
int broker_kit_tear_down(void **state);

// --- what peers do -------------------------------------------------------------------------------

void broker_kit_send(broker_kit_t *self, uint64_t route, const act_header_t *header,
                     act_str_t body);
void broker_kit_send_kind(broker_kit_t *self, uint64_t route, act_kind_t kind, uint64_t id);
// HELLO of an instance (service NULL: a client); pid and start time are the route.
void broker_kit_hello(broker_kit_t *self, uint64_t route, const char *service, const char *instance,
                      bool is_ready, uint32_t credit_messages, uint32_t credit_bytes);
// Ready, as an instance of this actor; service "": it offers none.
void broker_kit_hello_as(broker_kit_t *self, uint64_t route, const char *actor, const char *service,
                         const char *instance);
// From here on frames come over a connection with the key of this actor; "" is the folder.
void broker_kit_come_as(broker_kit_t *self, const char *actor);
// A ready instance of a service with room for many calls.
void broker_kit_worker(broker_kit_t *self, uint64_t route, const char *service,
                       const char *instance, uint32_t credit_messages);
void broker_kit_client(broker_kit_t *self, uint64_t route);
// A retry-safe interactive call of 5 s without body; key may be NULL.
void broker_kit_call(broker_kit_t *self, uint64_t route, uint64_t id, const char *service,
                     const char *key);
act_header_t broker_kit_call_header(uint64_t id, const char *service, const char *key);

// --- what the broker did -------------------------------------------------------------------------

uint32_t broker_kit_count(const broker_kit_t *self, uint64_t route, act_kind_t kind);
// The oldest frame of this kind to this route, taken out; false when there is none.
bool broker_kit_take(broker_kit_t *self, uint64_t route, act_kind_t kind, kit_frame_t *ret_frame);
// The same; the test fails when there is none.
kit_frame_t broker_kit_expect(broker_kit_t *self, uint64_t route, act_kind_t kind);
// The error of the oldest ERROR to this route, taken out.
act_err_t broker_kit_expect_error(broker_kit_t *self, uint64_t route, uint64_t id);
void broker_kit_forget(broker_kit_t *self);

// A worker takes its oldest CALL and answers it.
void broker_kit_serve(broker_kit_t *self, uint64_t route);

// --- time ----------------------------------------------------------------------------------------

// Ticks every 10 ms, as the process does.
void broker_kit_pass_ms(broker_kit_t *self, int64_t by_ms);

peer_t *broker_kit_peer(broker_kit_t *self, uint64_t route);
// accepted = replied + failed + dead + cancelled + open
void broker_kit_assert_conserved(const broker_kit_t *self);
