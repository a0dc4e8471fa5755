// batch: operations of many callers in one round trip and one commit.
//
// All statements up to a Sync are one transaction, so nobody is answered before the Sync came back
// clean (promises.md D9, T9). When one operation fails, all are rolled back; then each is run again
// with a Sync of its own, and only the guilty one hears of it. Operations of other tenants may
// share a batch: each begins with its own tenant unless the one before it had the same (S-12).
//
// Within a batch operations run by their query's lock_order, then by tenant and key: two batches of
// two connections that want the same rows want them in the same order, and do not deadlock. Those
// of a gathered query (query.h) come first, and as one statement: to start a statement costs the
// database more than what most do. What several gathered queries lock is kept apart by the key, which sends
// the same rows through the same connection.
#pragma once
#include "operation.h"

typedef struct batch batch_t;

batch_t *batch_new(size_t max_count);
// Operations that have not ended end without a word.
void batch_destroy(batch_t **self_p);

bool batch_is_full(const batch_t *self);
size_t batch_count(const batch_t *self);
void batch_add(batch_t *self, operation_t **operation_p);

// Writes all statements into the connection's buffer, which the caller flushes. is_alone: a
// transaction for each operation. False when the connection is gone.
ACT_MUST_CHECK bool batch_send(batch_t *self, PGconn *conn, bool is_alone);

// How an operation ended.
typedef enum {
    BATCH_COMMITTED,
    BATCH_AGAIN, // rolled back without being to blame, or worth another try: run it alone
    BATCH_FAILED,
} batch_end_t;

typedef struct {
    batch_end_t end;
    act_err_t err;        // of FAILED
    const char *sqlstate; // of FAILED; NULL when not the database said so
} batch_verdict_t;

// Owns the operation from here on.
typedef void batch_ended_fn(void *context, operation_t **operation_p,
                            const batch_verdict_t *verdict);

typedef enum { BATCH_WAITS, BATCH_DONE, BATCH_LOST } batch_progress_t;

// Reads what has arrived (after PQconsumeInput). DONE: all have ended, the batch is empty again.
// LOST: the connection broke; what has not ended is given back by batch_take.
batch_progress_t batch_read(batch_t *self, PGconn *conn, batch_ended_fn *fn, void *context);
operation_t *batch_take(batch_t *self);

// PQnoticeReceiver; arg is the batch.
void batch_notice(void *arg, const PGresult *notice);
