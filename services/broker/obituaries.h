// obituaries: what is known of children that died, the newest OBITUARIES_MAX_COUNT of them (broker.md
// row 15). Those that are not stored in the database yet are found by obituaries_next_unstored.
#pragma once
#include "actor/header.h"
#include "io/process.h"

#define OBITUARIES_MAX_COUNT 64
#define OBITUARY_STACK_MAX_BYTES 8192
#define OBITUARY_LINES_MAX_COUNT 50
#define OBITUARY_LINES_MAX_BYTES 16384

// Names are those of bus.Obituaries.
#define DEATH_REASONS(X)                                                                           \
    X(EXIT, "exit")                   /* it ended itself */                                        \
    X(SIGNAL, "signal")               /* a signal that was not ours, or its own crash */           \
    X(HANG, "hang")                   /* its loop stood still for hang_ms; killed */               \
    X(START_TIMEOUT, "start_timeout") /* not READY within start_ms; killed */                      \
    X(STOP_TIMEOUT, "stop_timeout")   /* not gone within stop_ms; killed */                        \
    X(NOT_STARTED, "not_started")     /* its program cannot be run */                              \
    X(LOST, "lost")                   /* adopted: nobody could be asked how it ended */
typedef enum {
#define X(name, text) DEATH_##name,
    DEATH_REASONS(X)
#undef X
        DEATH_REASONS_COUNT
} death_reason_t;

const char *death_reason_name(death_reason_t reason);

typedef struct {
    uint64_t number; // rises by one a death
    char service[ACT_HEADER_NAME_MAX_BYTES + 1];
    char instance[ACT_HEADER_NAME_MAX_BYTES + 1];
    pid_t pid;
    int64_t at_ms; // wall clock
    uint64_t uptime_ms;
    death_reason_t reason;
    process_death_t death;
    bool was_ready;    // false: it failed to start
    bool was_parked;   // it had died too often
    act_trace_t trace; // of the message in hand
    char method[ACT_HEADER_NAME_MAX_BYTES + 1];
    char stack[OBITUARY_STACK_MAX_BYTES];
    char lines[OBITUARY_LINES_MAX_BYTES]; // its last words in the log, a line each
    bool is_stored;
    uint32_t refusals_count; // how often storing it failed
} obituary_row_t;

typedef struct obituaries obituaries_t;

obituaries_t *obituaries_new(void);
void obituaries_destroy(obituaries_t **self_p);

// A new empty one to be filled in; the oldest makes room.
obituary_row_t *obituaries_add(obituaries_t *self);
// The index-th newest, from 0; NULL at the end.
const obituary_row_t *obituaries_get(const obituaries_t *self, uint32_t index);
// The oldest that is not stored yet, or NULL.
obituary_row_t *obituaries_next_unstored(obituaries_t *self);
