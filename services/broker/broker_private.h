// broker_private: what the broker's own files share. One job a file:
//   broker.c            life, the table of frame kinds, time, what others ask
//   broker_peers.c      who comes, falls silent, drains, goes
//   broker_calls.c      calls, hints and answers as they come in
//   broker_dispatch.c   which call goes to which instance, and when
//   broker_endings.c    how calls end, and what becomes of those a dead worker had
//   broker_events.c     events to subscribers
//   broker_access.c     who may do what
//   broker_send.c       frames out
#pragma once
#include "base/arena.h"
#include "base/assert.h"
#include "base/mem.h"
#include "broker.h"
#include "proto/broker.h"
#include "edges.h"
#include "tap.h"
#include "topics.h"
#include "traces.h"

#define BROKER_BUS_SERVICE "bus"

struct broker {
    broker_limits_t limits;
    broker_io_t io;
    int64_t now_us;
    peers_t *peers;
    services_t *services;
    ledger_t *ledger;
    topics_t *topics;
    traces_t *traces;
    edges_t *edges;
    taps_t *taps;
    ledger_counters_t counters;
    uint64_t sequence;
    uint32_t abandoned_count; // entries that have ended for their callers but still hold credit
    act_buf_t scratch;
    act_arena_t *arena;
    act_str_t sender; // of the frame in hand; empty: by the folder
    denial_t denials[BROKER_DENIALS_MAX_COUNT];
    uint32_t denials_count;
};

// --- frames out ----------------------------------------------------------------------------------

bool broker_send_bytes(broker_t *self, uint64_t route, const act_header_t *header, act_str_t bytes);
bool broker_send_control(broker_t *self, uint64_t route, act_kind_t kind, uint64_t id);
// text NULL: that of the error table.
void broker_send_error(broker_t *self, uint64_t route, uint64_t id, act_err_t err,
                       const char *text);

// --- dispatch ------------------------------------------------------------------------------------

// Gives an instance what waits for it, as far as its credit goes.
void broker_feed(broker_t *self, peer_t *peer);
void broker_feed_all(broker_t *self, service_t *service);
// Queues an entry for whoever should get it, whom it returns; NULL: nobody is there.
peer_t *broker_enqueue(entry_t *entry, bool at_front);
// Queues an entry that was just accepted, and sends what can go.
void broker_route(broker_t *self, entry_t *entry);
// What waits for this instance waits for others now, in its order.
void broker_requeue_waiting(peer_t *peer);

// --- endings -------------------------------------------------------------------------------------

// Takes the entry out of the list its state says it is in.
void broker_detach(entry_t *entry);
// The entry is in no list; its caller gets the error.
void broker_close_failed(broker_t *self, entry_t *entry, act_err_t err, const char *text);
// Nobody waits for this call any more. A worker that has it keeps its credit until it answers.
void broker_abandon(broker_t *self, entry_t *entry);
void broker_close_abandoned(broker_t *self, entry_t *entry);
// A worker is gone with this call: it is queued again, or its caller gets an answer.
void broker_retry_or_fail(broker_t *self, entry_t *entry);
// Answers what waits for a parked service without instances.
void broker_refuse_waiting(broker_t *self, service_t *service);
void broker_drop_calls_of(broker_t *self, const peer_t *caller);
void broker_expire_calls(broker_t *self);

// --- peers ---------------------------------------------------------------------------------------

// The instance gets nothing any more; what it had goes elsewhere.
void broker_lose_peer(broker_t *self, peer_t *peer);
// The same, and it is forgotten with its calls and topics.
void broker_remove_peer(broker_t *self, peer_t *peer);
void broker_set_ready(broker_t *self, peer_t *peer);
// Pings it after silence, and takes its work away after too much of it.
void broker_look_after_peer(broker_t *self, peer_t *peer);

// --- access --------------------------------------------------------------------------------------

// The rights of the peer of this HELLO, or NULL when it is refused (then counted and noted).
const acl_actor_t *broker_admit(broker_t *self, const hello_t *hello);
// May this peer send this? When not, it is counted, noted, and a call is answered FORBIDDEN.
bool broker_is_allowed(broker_t *self, peer_t *peer, const act_header_t *header);

// --- frames in, by kind --------------------------------------------------------------------------

void broker_on_hello(broker_t *self, uint64_t route, const act_header_t *header, payload_t *body);

typedef void broker_on_kind_fn(broker_t *self, peer_t *peer, const act_header_t *header,
                               payload_t *body);
broker_on_kind_fn broker_on_call;
broker_on_kind_fn broker_on_cast;
broker_on_kind_fn broker_on_answer;
broker_on_kind_fn broker_on_cancel;
broker_on_kind_fn broker_on_subscribe;
broker_on_kind_fn broker_on_unsubscribe;
broker_on_kind_fn broker_on_event;
broker_on_kind_fn broker_on_stats;
broker_on_kind_fn broker_on_bye;
