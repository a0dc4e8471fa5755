// pool: the connections to PostgreSQL. Operations with the same key go through the same connection,
// so that those of one conversation stay in order and do not wait for each other's locks; others
// take turns. While no connection works, operations wait, for away_max_ms at most; then they fail
// at once with DATABASE until one works again.
#pragma once
#include "base/log.h"
#include "io/loop.h"
#include "operation.h"

typedef struct pool pool_t;

typedef struct {
    act_loop_t *loop;
    act_log_t *log;
    const char *conninfo; // URL or keywords; borrowed
    size_t connections_count;
    size_t batch_max_count;
    size_t queue_max_count; // waiting at one connection
    size_t queue_max_bytes;
    int64_t away_max_ms;
    void (*on_ready)(void *context);                     // the first time one works
    void (*on_refused)(void *context, const char *text); // the database or login can never work
    void (*on_hint)(void *context, const char *text);    // NULL: not wanted (hint.h)
    void *context;
} pool_opts_t;

// Connects; the first connection migrates the database, the others follow when it works.
pool_t *pool_new(const pool_opts_t *opts);
// What waits or is in flight ends without a word.
void pool_destroy(pool_t **self_p);

// Takes the operation; its owner hears later, or at once when it is refused (OVERLOADED, DATABASE).
void pool_put(pool_t *self, operation_t **operation_p);
