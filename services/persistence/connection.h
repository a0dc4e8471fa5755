// connection: one connection to PostgreSQL with the operations that wait for it. Connects, prepares
// and works without blocking, sends what waits as batches, one at a time, and connects again by
// itself with growing pauses when it is lost.
//
// What a lost connection had in flight may have been committed or not. Operations that are safe to
// repeat are run again; the others fail with DATABASE.
#pragma once
#include "base/log.h"
#include "io/loop.h"
#include "operation.h"

typedef struct connection connection_t;

typedef struct {
    // The connection became usable (may send, or will when its batch is back) or stopped being it.
    void (*on_usable)(void *context, connection_t *connection, bool is_usable);
    // It can never work; text is one line for the operator.
    void (*on_refused)(void *context, const char *text);
    // Of a listener: what was said (hint.h), borrowed.
    void (*on_hint)(void *context, const char *text);
} connection_hooks_t;

typedef struct {
    act_loop_t *loop;
    act_log_t *log;
    const char *conninfo;
    size_t batch_max_count;
    size_t queue_max_count;
    size_t queue_max_bytes;
    bool is_migrator; // migrates before it prepares: once, and after a failed preparation
    bool is_listener; // hears hints; while it is lost they are, too
    const connection_hooks_t *hooks;
    void *context;
} connection_opts_t;

// Idle until connection_start.
connection_t *connection_new(const connection_opts_t *opts);
// What waits or is in flight ends without a word.
void connection_destroy(connection_t **self_p);

// Connects; no effect on one that was started.
void connection_start(connection_t *self);

bool connection_is_usable(const connection_t *self);

// Takes an operation for the next batch, which leaves at the end of this loop turn if none is under
// way. OVERLOADED, and it stays the caller's, when too many wait.
ACT_MUST_CHECK act_err_t connection_put(connection_t *self, operation_t **operation_p);

// What waits at a connection that is not usable goes to one that is.
void connection_take_over(connection_t *self, connection_t *from);

// Everything that waits here fails with DATABASE.
void connection_fail_waiting(connection_t *self, const char *text);
