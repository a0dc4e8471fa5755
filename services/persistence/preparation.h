// preparation: what a fresh connection must do before it may work, in one pipelined round trip:
// session settings, the application's role, a check of what that role may do, and every statement
// of the table prepared and its columns compared; a listener hears hints from then on (hint.h).
#pragma once
#include "base/buf.h"
#include "query.h"

#include <libpq-fe.h>

typedef struct preparation preparation_t;

preparation_t *preparation_new(bool is_listener);
void preparation_destroy(preparation_t **self_p);

// Writes everything into the buffer of a connection in pipeline mode; the caller flushes. False
// when the connection is gone.
ACT_MUST_CHECK bool preparation_send(preparation_t *self, PGconn *conn);

typedef enum {
    PREPARATION_WAITS,
    PREPARATION_DONE,
    PREPARATION_FAILED,  // the connection broke, or a statement did: try again later
    PREPARATION_REFUSED, // this login may do what it must not: no use in trying again
} preparation_progress_t;

// Reads what has arrived. On FAILED and REFUSED error holds one line.
preparation_progress_t preparation_read(preparation_t *self, PGconn *conn, act_buf_t *error);
