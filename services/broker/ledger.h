// ledger: every accepted call until it has ended, found by the broker's id and by who asked. Only
// ledger, service, lanes and outcomes move entries between lists.
#pragma once
#include "actor/header.h"
#include "payload.h"

typedef struct peer peer_t;
typedef struct service service_t;

typedef struct lane lane_t;
typedef struct outcome outcome_t;

typedef enum {
    ENTRY_QUEUED,    // waits for an instance
    ENTRY_IN_LANE,   // waits for the call before it in its lane
    ENTRY_FOLLOWING, // the same request is under way; waits for its outcome
    ENTRY_IN_FLIGHT, // an instance has it
    ENTRY_ABANDONED, // nobody waits for it; its instance works on it and so holds credit
} entry_state_t;

// What became of one attempt at a call.
typedef struct {
    char worker[ACT_HEADER_NAME_MAX_BYTES + 1];
    const char *reason; // a literal: crashed, died, silent, reconnected, said bye
    int64_t at_ms;
} cause_t;
#define ENTRY_CAUSES_MAX_COUNT 8 // twice attempts_max_count, and more

// How a call that the broker itself made has ended. Only notes it: nothing is sent from here.
typedef void entry_own_fn(void *context, act_err_t err, act_str_t body);

typedef struct entry entry_t;
struct entry {
    uint64_t id; // the broker's own, a new one for each attempt; the worker sees this one
    entry_state_t state;
    service_t *service;
    peer_t *caller; // NULL: gone, or the broker itself
    uint64_t caller_id;
    entry_t *next_of_caller; // in the bucket of (caller, caller_id)
    entry_own_fn *own_fn;    // of the broker's own calls
    void *own_context;
    peer_t *worker;      // in flight or abandoned: who has it; queued: whose queue, or NULL
    act_header_t header; // views point into `texts`
    char *texts;
    payload_t *body;
    int64_t deadline_ms;
    int64_t accepted_us;
    int64_t queued_us; // when it began to wait, newest time
    bool is_traced;    // its hops are written (traces.h)
    int64_t dispatched_us;
    uint64_t sequence;          // order of arrival within the broker; the same for all attempts
    entry_t *next, *previous;   // in the list its state says
    entry_t *due_next, **due_p; // in deadlines; due_p NULL: not there
    lane_t *lane;               // NULL: its method asks for no order
    outcome_t *outcome;         // NULL: no idempotency key
    cause_t *causes;            // of attempts that were lost; NULL while none was
    uint32_t causes_count;
    bool is_suspect;       // lost so many workers that it may be what kills them
    uint32_t parts_count;  // partial replies passed on
    uint32_t parts_credit; // and how many the caller takes in all
};

// Where entries wait: a queue for each class, and one for suspects of all classes.
#define ENTRY_QUEUE_SUSPECTS ACT_CLASS_COUNT
#define ENTRY_QUEUES_COUNT (ACT_CLASS_COUNT + 1)

typedef struct {
    entry_t *first, *last;
    uint32_t count;
    uint32_t bulk_count; // of them, of class bulk
    uint32_t suspects_count;
    uint64_t size_bytes;
} entry_list_t;

// What happened to calls; accepted = replied + failed + dead + cancelled + open, always.
typedef struct {
    uint64_t accepted, replied, failed, dead, cancelled, requeued, refused, malformed, late;
    uint64_t repeated; // calls answered by the outcome of an earlier one, or asked twice
    uint64_t parts, parts_late;
    uint64_t casts, casts_dropped, events, events_dropped;
    uint64_t denied;
} ledger_counters_t;

typedef struct ledger ledger_t;

// Calls open at a time in the whole broker; beyond it callers hear OVERLOADED.
#define LEDGER_MAX_COUNT 65536

ledger_t *ledger_new(void);
// Frees all entries.
void ledger_destroy(ledger_t **self_p);

// A new entry with copies of the header's texts and a reference to the body; NULL when full.
entry_t *ledger_open(ledger_t *self, const act_header_t *header, payload_t *body);
entry_t *ledger_find(ledger_t *self, uint64_t id);
// The entry is about to be tried again: answers to its old id find nothing any more.
void ledger_renew_id(ledger_t *self, entry_t *entry);

// Who asked. NULL takes the caller away.
void ledger_set_caller(ledger_t *self, entry_t *entry, peer_t *caller, uint64_t caller_id);
entry_t *ledger_find_call(ledger_t *self, const peer_t *caller, uint64_t caller_id);

// The entry must be in no list.
void ledger_close(ledger_t *self, entry_t **entry_p);
uint32_t ledger_count(const ledger_t *self);
// Walk: the first entry at or after *index, NULL at the end. Entries may be closed meanwhile.
entry_t *ledger_next(ledger_t *self, uint32_t *index);

void entry_list_push(entry_list_t *self, entry_t *entry);
void entry_list_push_front(entry_list_t *self, entry_t *entry);
void entry_list_remove(entry_list_t *self, entry_t *entry);
