// ledger: every accepted call until it has ended. An entry is queued (waits for an instance), in
// flight (an instance has it) or abandoned (its caller waits no more, its instance still works on it
// and so still holds credit). Only ledger and queue move entries between lists.
#pragma once
#include "actor/header.h"
#include "payload.h"

typedef struct peer peer_t;
typedef struct service service_t;

typedef enum { ENTRY_QUEUED, ENTRY_IN_FLIGHT, ENTRY_ABANDONED } entry_state_t;

typedef struct entry entry_t;
struct entry {
    uint64_t id; // the broker's own; the worker sees this one
    entry_state_t state;
    service_t *service;
    peer_t *caller; // NULL: gone
    uint64_t caller_id;
    peer_t *worker;      // in flight or abandoned: who has it; queued: whose queue, or NULL
    act_header_t header; // views point into `texts`
    char *texts;
    payload_t *body;
    int64_t deadline_ms;
    int64_t accepted_us;
    int64_t queued_us; // when it began to wait, newest time
    bool is_traced;    // its hops are written (traces.h)
    int64_t dispatched_us;
    uint64_t sequence;        // order of arrival within the broker
    entry_t *next, *previous; // in the queue, or in the worker's list
};

typedef struct {
    entry_t *first, *last;
    uint32_t count;
    uint64_t size_bytes;
} entry_list_t;

// What happened to calls; accepted = replied + failed + cancelled + open, always.
typedef struct {
    uint64_t accepted, replied, failed, cancelled, requeued, refused, malformed, late, casts,
        events, events_dropped, denied;
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
// The entry must be in no list.
void ledger_close(ledger_t *self, entry_t **entry_p);
uint32_t ledger_count(const ledger_t *self);
// Walk: the first entry at or after *index, NULL at the end. Entries may be closed meanwhile.
entry_t *ledger_next(ledger_t *self, uint32_t *index);

void entry_list_push(entry_list_t *self, entry_t *entry);
void entry_list_push_front(entry_list_t *self, entry_t *entry);
void entry_list_remove(entry_list_t *self, entry_t *entry);
