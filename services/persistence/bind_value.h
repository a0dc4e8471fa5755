// bind_value: one value from msgpack to PostgreSQL's binary format, and the type it has there.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "query.h"

#include <libpq-fe.h>

// PostgreSQL's type of a parameter.
Oid bind_type(query_kind_t kind);

// Does a result column of this type fit the kind? Checked once, when the statement is prepared.
bool bind_is_readable(query_kind_t kind, Oid type);

// Borrowed: from the msgpack, from the arena, or static.
typedef struct {
    const char *ptr;
    size_t len_bytes;
} bind_bytes_t;

// The value mp, or the kind's default when mp is empty or nil. Not for QUERY_TENANT. TOO_LARGE when a
// nested message is larger as JSON than a body may be.
ACT_MUST_CHECK act_err_t bind_value(act_arena_t *arena, query_kind_t kind, act_str_t mp,
                                    bind_bytes_t *ret_bytes);

// PostgreSQL's text has no NUL. Ours has none either, unless somebody means harm: it is left out.
bind_bytes_t bind_text(act_arena_t *arena, act_str_t text);

// An array, element by element: begin with their count, put each, end even after an error.
void bind_array_begin(query_kind_t kind, uint32_t count, act_buf_t *out);
ACT_MUST_CHECK act_err_t bind_array_put(act_arena_t *arena, query_kind_t kind, act_str_t mp,
                                        act_buf_t *out);
// err: what went wrong before, which is returned then.
ACT_MUST_CHECK act_err_t bind_array_end(act_arena_t *arena, act_buf_t *out, act_err_t err,
                                        bind_bytes_t *ret_bytes);
