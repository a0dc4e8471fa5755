// gate: the way to one provider with one key. It lets as many through at a time as it may, as many a
// minute as it may, nobody while the provider asked for a pause, and nobody but a probe while the
// provider is ill (its breaker is open). Retries have a budget: one for ten requests.
//
// The breaker opens after 5 failures in a row or 10 of the last 20, for 0.5 s doubling to 5 s; one probe
// then closes it or opens it again.
#pragma once
#include "base/mem.h"
#include "base/str.h"

#define GATE_OPEN_MAX_MS 5000

typedef struct gate gate_t;
typedef struct gates gates_t;

typedef struct {
    int64_t concurrency_max_count;
    int64_t requests_per_minute; // 0: no limit
} gate_limits_t;

typedef enum {
    GATE_GOOD,    // the provider answered
    GATE_ILL,     // it is overloaded, broken or away
    GATE_UNKNOWN, // neither: cancelled, refused
} gate_outcome_t;

gates_t *gates_new(void);
// All gates go.
void gates_destroy(gates_t **self_p);
// The gate of that name, made when it is not there; the limits hold from now on. Gates are kept over
// changes of the configuration; names are a digest of address and key.
gate_t *gates_find(gates_t *self, act_str_t name, const gate_limits_t *limits);

// Goes through, and must leave. False: not now; *ret_wait_ms is when it is worth to ask again, or -1: the
// breaker is open, go elsewhere.
bool gate_enter(gate_t *self, int64_t now_ms, int64_t *ret_wait_ms);
void gate_leave(gate_t *self, int64_t now_ms, gate_outcome_t outcome);
// Nobody goes through for so long.
void gate_pause(gate_t *self, int64_t now_ms, int64_t pause_ms);
// Takes one retry from the budget. False: it is used up.
bool gate_may_retry(gate_t *self);

// closed, open, probing
const char *gate_breaker(const gate_t *self, int64_t now_ms);
