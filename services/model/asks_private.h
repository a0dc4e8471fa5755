// asks_private: what asks.c (life and choice), ask_request.c (one request), ask_parts.c (parts for the
// caller) and ask_usage.c (money) share.
#pragma once
#include "asks.h"

#include "base/id.h"
#include "io/sse.h"

// One event of a stream: a text part is small, a whole answer in one event is not.
#define ASK_EVENT_MAX_BYTES (2u << 20)
#define ASK_TRIES_A_ROUTE 3

typedef struct ask ask_t;
typedef struct exchange exchange_t;

typedef enum {
    ASK_RESERVING, // what it may cost
    ASK_WAITING,   // for a gate, or until it may be tried again
    ASK_REQUESTED, // a provider is asked
    ASK_STATES,
} ask_state_t;

struct ask {
    ask_t *next, *previous;
    asks_t *asks;
    ask_state_t state;
    work_t work;
    const job_t *job;
    book_t *book;
    const route_t *routes;
    uint32_t routes_count;
    uint32_t excluded; // routes that are not asked any more, a bit each
    uint32_t tries[ROUTES_MAX_COUNT];
    int64_t not_before_ms[ROUTES_MAX_COUNT];
    uint32_t route; // the one that is asked
    uint32_t requests_count;
    int64_t started_ms;
    int64_t due_ms; // while waiting
    fault_t fault;  // the latest
    cache_key_t cache_key;
    bool is_cacheable;
    // A request.
    exchange_t *exchange; // NULL: none is open
    uint64_t http_id;
    int64_t heard_ms;
    bool is_streaming;
    act_sse_t sse;
    // Parts for the caller.
    bool wants_parts;
    size_t said_bytes;
    int64_t said_ms;
    // Money.
    char usage_id[ACT_UUID_TEXT_BYTES];
    int64_t reserved_micro_usd;
    uint64_t reserve_call_id; // while RESERVING
};

struct asks {
    gateway_t *gateway;
    ask_t *first;
    uint32_t counts[ASK_STATES];
    uint32_t streams_count; // requests whose answer is a stream
    uint32_t settling_count;
    act_timer_t *tick;
    bool is_closing;
};

void ask_set_state(ask_t *self, ask_state_t state);
const route_t *ask_route(const ask_t *self);

// Asks the first route that may be asked; waits, or fails.
void ask_go_on(ask_t *self);
// One request to a route whose gate was entered. ask_request.c
void ask_request(ask_t *self);
// Nothing of it is heard any more.
void ask_give_up_request(ask_t *self, gate_outcome_t outcome);
void ask_end_silence(ask_t *self);
// What a request led to: an answer in the work, or a fault in self->fault.
void ask_take_outcome(ask_t *self);

// The ask is gone.
void ask_fail(ask_t *self, act_err_t err, const char *text);

// Says what was read and not said yet, if it is time; or all of it. ask_parts.c
void ask_say(ask_t *self, bool is_all);

// Reserves what it may cost, then goes on. ask_usage.c
void ask_reserve(ask_t *self);
// Records what it took: `outcome` is ok or a code.
void ask_settle(ask_t *self, const char *outcome);
