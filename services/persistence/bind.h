// bind: a request's msgpack to the parameters of its statement, and rows to the reply's msgpack, by
// the tables of query.h. Knows no rpc and no connection.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "query.h"

#include <libpq-fe.h>

// Most parameters a statement may have.
#define BIND_MAX_PARAMS 48

// --- parameters ----------------------------------------------------------------------------------

// One execution of the statement: what PQsendQueryPrepared takes. All formats are binary.
typedef struct {
    const char **values;
    int *lengths;
} bind_row_t;

typedef struct {
    bind_row_t *rows; // one, or one an item where the query has `each`
    size_t rows_count;
    act_str_t key; // the query's own key, empty if it has none or the fields are empty
} bind_t;

// body is a request that was checked against its model (fields that are missing get their default).
// Values borrow from body and arena. TOO_LARGE when a nested message is larger as JSON than a body
// may be.
ACT_MUST_CHECK act_err_t bind_request(const query_t *query, act_str_t tenant, act_str_t body,
                                      act_arena_t *arena, bind_t *ret_bind);

// The one execution of a gathered query for operations whose requests were bound to these rows, all of
// one tenant. TOO_LARGE when their values together are larger than a body may be.
ACT_MUST_CHECK act_err_t bind_gather(const query_t *query, const bind_row_t *const rows[],
                                     size_t count, act_arena_t *arena, bind_row_t *ret_row);

// An array of 1, for paramFormats.
const int *bind_formats(void);

// --- rows ----------------------------------------------------------------------------------------

// Collects the rows of a query, maybe of several executions, into one reply.
typedef struct bind_reply bind_reply_t;

bind_reply_t *bind_reply_new(const query_t *query);
void bind_reply_destroy(bind_reply_t **self_p);

// Forgets the rows; for another try.
void bind_reply_reset(bind_reply_t *self);

// Adds a row of a binary result. DATABASE when a value is not what its type says.
ACT_MUST_CHECK act_err_t bind_reply_add(bind_reply_t *self, const PGresult *rows, int row);

// Of a gathered query: whose row it is, from 1; 0 when it does not say.
size_t bind_reply_place(const PGresult *rows, int row);

// Writes the reply. The query's missing_err when a `one` got no row.
ACT_MUST_CHECK act_err_t bind_reply_write(const bind_reply_t *self, act_buf_t *out);
