// broker: the decisions. Frames and time come in as events, frames go out through broker_io_t; it
// knows no sockets, no processes and no clock, so it also runs in tests and simulation.
//
// Every accepted call ends in exactly one of reply, error, dead letter, cancelled; the counters add up:
// accepted = replied + failed + dead + cancelled + open.
#pragma once
#include "acl.h"
#include "edges.h"
#include "service.h"
#include "tap.h"
#include "traces.h"

typedef struct broker broker_t;

// What the broker asks of its surroundings.
typedef struct {
    // False: the peer is not there any more, or does not read. The body stays the broker's.
    bool (*send)(void *context, uint64_t route, const act_header_t *header, const payload_t *body);
    // An instance said HELLO; the supervisor matches it with its children.
    void (*on_hello)(void *context, const peer_t *peer);
    void (*on_ready)(void *context, const peer_t *peer);
    // The broker's own service: answers with broker_answer, now or later.
    void (*on_bus_call)(void *context, const act_header_t *header, act_str_t body,
                        uint64_t call_id);
    // A call was lost for good; the entry goes when this returns. May be NULL.
    void (*on_dead)(void *context, const entry_t *entry, act_err_t err);
    // An instance of a service is gone: its process has ended, or it is only not heard any more. May be
    // NULL.
    void (*on_gone)(void *context, const peer_t *peer, bool is_dead);
    void *context;
} broker_io_t;

typedef struct {
    uint64_t epoch;           // a new number for each broker process
    uint32_t ping_ms;         // silence before a peer is pinged
    uint32_t lost_ms;         // silence before it gets nothing any more
    uint32_t queue_max_count; // a service's waiting calls
    uint64_t queue_max_bytes;
    // A call that lost as many workers, but for one, is a suspect: an instance has one of them at a time.
    // When that crashes, it is a dead letter; when it was only killed, after twice as many.
    uint32_t attempts_max_count;
    const acl_t *acl; // outlives the broker; NULL: nobody may do anything
    traces_limits_t traces;
    const char *tap_dir; // NULL: no taps
    uint32_t dedupe_ms;  // outcomes of idempotency keys are remembered so long
    uint32_t outcomes_max_count;
    uint64_t outcomes_max_bytes;
} broker_limits_t;

broker_t *broker_new(const broker_limits_t *limits, const broker_io_t *io);
void broker_destroy(broker_t **self_p);

// --- events --------------------------------------------------------------------------------------

// now_ms is monotonic; now_us is the same clock, finer.
void broker_set_time(broker_t *self, int64_t now_us);
// Who sends the frames that follow, as its key proved it. Empty (the start): a peer in the 0700 folder
// of the socket, which is who it says it is. Borrowed until the next call.
void broker_set_sender(broker_t *self, act_str_t actor);
// A header and a body from a peer; the body is borrowed.
void broker_on_frame(broker_t *self, uint64_t route, const act_header_t *header, payload_t *body);
// A key of an actor was removed: its peers are forgotten. Those with another key that is valid are asked
// to say HELLO again with their next frame.
void broker_on_revoked(broker_t *self, act_str_t actor);
// A frame came over a connection whose key is not valid any more: it is refused, and told so.
void broker_on_revoked_frame(broker_t *self, uint64_t route, act_str_t actor);
// Somebody could not prove a key and was not let in; the address is for the log.
void broker_on_bad_key(broker_t *self, act_str_t address);
// Bytes that are not a message of ours.
void broker_on_malformed(broker_t *self, uint64_t route);
// Some 100 times a second: deadlines, pings.
void broker_on_tick(broker_t *self);
// The process behind an instance has died (the supervisor knows before any heartbeat). has_crashed: by itself, or
// because it hung; not that somebody killed it.
void broker_on_death(broker_t *self, act_str_t instance, uint64_t pid_start, bool has_crashed);

// --- what the supervisor does ----------------------------------------------------------------------

void broker_expect_service(broker_t *self, act_str_t name);
void broker_park_service(broker_t *self, act_str_t name, bool is_parked);
// Gives the instance no new calls and tells it to finish. False: no such instance.
bool broker_drain(broker_t *self, act_str_t instance);
// call_id 0 (a cast) is ignored.
// Gives the instance no new calls until it is resumed. False: no such instance.
bool broker_pause(broker_t *self, act_str_t instance, bool is_held);
// A call of the broker's own, as any other. False: it was not accepted, and own_fn is not called.
bool broker_call_own(broker_t *self, const act_header_t *header, act_str_t body,
                     entry_own_fn *own_fn, void *own_context);
void broker_answer(broker_t *self, uint64_t call_id, act_err_t err, act_str_t body);
// The same with a text for developers.
void broker_answer_error(broker_t *self, uint64_t call_id, act_err_t err, const char *text);
// Silence after which this instance is pinged.
void broker_set_ping(broker_t *self, act_str_t instance, uint32_t ping_ms);
// Tells every client that the broker goes away.
void broker_say_bye(broker_t *self);

// --- what was refused ------------------------------------------------------------------------------

// Somebody tried what the table of rights does not allow.
typedef struct {
    const char *what;                          // "call", "offer", "name of another actor", ...
    char actor[ACT_HEADER_NAME_MAX_BYTES + 1]; // who it is, not who it says it is
    char instance[ACT_HEADER_NAME_MAX_BYTES + 1];
    char name[ACT_HEADER_KEY_MAX_BYTES + 1]; // service or topic
    char method[ACT_HEADER_NAME_MAX_BYTES + 1];
} denial_t;
#define BROKER_DENIALS_MAX_COUNT 16

// The first refusals since the last time this was asked; more are only counted (counters.denied).
uint32_t broker_take_denials(broker_t *self, denial_t ret_denials[BROKER_DENIALS_MAX_COUNT]);

// --- views -----------------------------------------------------------------------------------------

const ledger_counters_t *broker_counters(const broker_t *self);
uint32_t broker_open_count(const broker_t *self);
uint64_t broker_epoch(const broker_t *self);
int64_t broker_now_ms(const broker_t *self);
// NULL: none was given.
const acl_t *broker_acl(const broker_t *self);
peers_t *broker_peers(broker_t *self);
services_t *broker_services(broker_t *self);
traces_t *broker_traces(broker_t *self);
edges_t *broker_edges(broker_t *self);
taps_t *broker_taps(broker_t *self);
