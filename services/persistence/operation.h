// operation: one call on its way through the database, from the request to the answer. Who asked
// (owner) hears exactly once, by reply or fail, and the operation is gone then. Whoever holds the
// pointer owns it: the queue, then the batch, then the pool that ends it.
#pragma once
#include "bind.h"

typedef struct {
    void (*reply)(void *context, const act_buf_t *body);
    void (*fail)(void *context, act_err_t err, const char *text);
    bool (*is_cancelled)(void *context); // nobody waits: it need not be sent any more
} operation_owner_t;

typedef struct operation operation_t;

typedef struct {
    const query_t *query;
    act_str_t tenant; // borrowed until the end, as are key and body
    act_str_t key;    // the call's own key; the query's wins
    act_str_t body;   // checked against the request's model
    bool is_retry_safe;
    act_arena_t *arena; // lives until the owner hears
    const operation_owner_t *owner;
    void *context;
} operation_opts_t;

// Binds the request; TOO_LARGE when that is impossible.
ACT_MUST_CHECK act_err_t operation_new(const operation_opts_t *opts, operation_t **ret_operation);
// Ends it without a word to the owner; reply and fail are how it normally ends.
void operation_destroy(operation_t **self_p);

// --- the end -------------------------------------------------------------------------------------

// Answers with the rows collected so far, or with what is wrong with them.
void operation_reply(operation_t **self_p);
void operation_fail(operation_t **self_p, act_err_t err, const char *text);

// --- what it is ----------------------------------------------------------------------------------

const query_t *operation_query(const operation_t *self);
const bind_t *operation_bind(const operation_t *self);
act_str_t operation_tenant(const operation_t *self); // empty for a query that sees all tenants
act_str_t operation_key(const operation_t *self);
size_t operation_size_bytes(const operation_t *self);
bool operation_is_retry_safe(const operation_t *self);
bool operation_is_cancelled(const operation_t *self);

// --- on its way ----------------------------------------------------------------------------------

// Forgets earlier rows and counts one more try.
void operation_begin_try(operation_t *self);
uint32_t operation_tries_count(const operation_t *self);
ACT_MUST_CHECK act_err_t operation_add_row(operation_t *self, const PGresult *rows, int row);

// Order within a batch (see batch.h). For qsort.
int operation_compare(const operation_t *a, const operation_t *b);

// Link for whoever owns it.
operation_t *operation_next(const operation_t *self);
void operation_set_next(operation_t *self, operation_t *next);
