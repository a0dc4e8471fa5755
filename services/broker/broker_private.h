// broker_private: what the broker's own files share. One job a file:
//   broker.c            life, the table of frame kinds, time, what others ask
//   broker_peers.c      who comes, falls silent, drains, goes
//   broker_calls.c      calls, hints and answers as they come in
//   broker_dispatch.c   which call goes to which instance, and when
//   broker_endings.c    how calls end, and what becomes of those a dead worker had
//   broker_repeats.c    calls with an idempotency key that was seen before
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
#include "deadlines.h"
#include "lanes.h"
#include "outcomes.h"
#include "topics.h"
#include "traces.h"

#define BROKER_BUS_SERVICE "bus"
// Larger answers are not kept for repeats.
#define BROKER_OUTCOME_MAX_BYTES 65536

struct broker {
    broker_limits_t limits;
    broker_io_t io;
    int64_t now_us;
    peers_t *peers;
    services_t *services;
    ledger_t *ledger;
    lanes_t *lanes;
    outcomes_t *outcomes;
    deadlines_t deadlines;
    topics_t *topics;
    traces_t *traces;
    edges_t *edges;
    taps_t *taps;
    ledger_counters_t counters;
    uint64_t sequence;
    service_t *to_feed;       // services with calls queued during this event
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
// The same for all instances of a service at the end of the event. What is found out while one call is
// handled (a lane is free, a worker is gone) never sends another call from within.
void broker_feed_later(broker_t *self, service_t *service);
// The end of an event.
void broker_settle(broker_t *self);
// Who should get a call with this header; NULL: nobody takes calls.
peer_t *broker_choose(broker_t *self, const service_t *service, const act_header_t *header);
// A call that begins: it enters its lane, if it has one, and is queued.
void broker_begin(broker_t *self, entry_t *entry);
void broker_enqueue_later(broker_t *self, entry_t *entry, bool at_front);
// What waits for this instance waits for others now, in its order.
void broker_requeue_waiting(broker_t *self, peer_t *peer);
// Calls with a key that waited while nobody was there belong to instances now.
void broker_share_waiting(broker_t *self, service_t *service);

// --- endings -------------------------------------------------------------------------------------

// Takes the entry out of the list its state says it is in.
void broker_detach(broker_t *self, entry_t *entry);
// These end an entry that is in no list.
void broker_close_failed(broker_t *self, entry_t *entry, act_err_t err, const char *text);
void broker_close_answered(broker_t *self, entry_t *entry, const act_header_t *header,
                           const payload_t *body);
void broker_close_abandoned(broker_t *self, entry_t *entry);
// Nobody waits for this call any more. A worker that has it keeps its credit until it answers.
void broker_abandon(broker_t *self, entry_t *entry);
// Its time is over.
void broker_expire(broker_t *self, entry_t *entry);
void broker_expire_calls(broker_t *self);
// A worker is gone with this call, which is in no list: it is queued again, or it is dead.
void broker_retry_or_fail(broker_t *self, entry_t *entry, const peer_t *worker, const char *reason);
// Answers what waits for a parked service without instances.
void broker_refuse_waiting(broker_t *self, service_t *service);
void broker_drop_calls_of(broker_t *self, const peer_t *caller);

// --- repeats -------------------------------------------------------------------------------------

// True: the call was answered, or waits for the outcome of one like it. False: it is the first.
bool broker_follow(broker_t *self, entry_t *entry);
// The leader was answered: those that follow it, too.
void broker_finish_outcome(broker_t *self, entry_t *leader, const act_header_t *answer,
                           payload_t *body);
void broker_fail_followers(broker_t *self, outcome_t *outcome, act_err_t err);
// The leader ends without an answer: the oldest follower takes its place.
void broker_lead_next(broker_t *self, outcome_t *outcome);

// --- peers ---------------------------------------------------------------------------------------

// The instance gets nothing any more; what it had goes elsewhere.
void broker_lose_peer(broker_t *self, peer_t *peer, const char *reason);
// The same, and it is forgotten with its calls and topics.
void broker_remove_peer(broker_t *self, peer_t *peer, const char *reason);
void broker_set_ready(broker_t *self, peer_t *peer);
// Pings it after silence, and takes its work away after too much of it.
void broker_look_after_peer(broker_t *self, peer_t *peer);
void broker_take_credit(peer_t *peer, const act_header_t *header);
// Is there room for an event or a hint? Asks the reader how far it is.
bool broker_take_hint(broker_t *self, peer_t *peer, size_t size_bytes);

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
broker_on_kind_fn broker_on_partial;
broker_on_kind_fn broker_on_credit;
broker_on_kind_fn broker_on_cancel;
broker_on_kind_fn broker_on_subscribe;
broker_on_kind_fn broker_on_unsubscribe;
broker_on_kind_fn broker_on_event;
broker_on_kind_fn broker_on_stats;
broker_on_kind_fn broker_on_bye;
