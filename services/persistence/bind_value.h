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

// An integer of so many bytes, 8 at most, as PostgreSQL sends it.
uint64_t bind_big_endian(const char *bytes, size_t size_bytes);

// Borrowed: from the msgpack, from the arena, or static.
typedef struct {
    const char *ptr;
    size_t len_bytes;
} bind_bytes_t;

// Of what an array kind has elements.
query_kind_t bind_element_kind(query_kind_t kind);

// The value mp, or the kind's default when mp is empty or nil. Not for QUERY_TENANT. TOO_LARGE when a
// nested message is larger as JSON than a body may be.
ACT_MUST_CHECK act_err_t bind_value(act_arena_t *arena, query_kind_t kind, act_str_t mp,
                                    bind_bytes_t *ret_bytes);

// How many items the array mp has, as an int8.
bind_bytes_t bind_count(act_arena_t *arena, act_str_t mp);

// PostgreSQL's text has no NUL. Ours has none either, unless somebody means harm: it is left out.
bind_bytes_t bind_text(act_arena_t *arena, act_str_t text);

// An array, element by element: begin with their count, put each, end even after an error.
void bind_array_begin(query_kind_t kind, uint32_t count, act_buf_t *out);
ACT_MUST_CHECK act_err_t bind_array_put(act_arena_t *arena, query_kind_t kind, act_str_t mp,
                                        act_buf_t *out);
void bind_array_put_bytes(bind_bytes_t element, act_buf_t *out);
// All elements of an array that bind_array_end or bind_value has made.
void bind_array_put_all(bind_bytes_t array, act_buf_t *out);
uint32_t bind_array_count(bind_bytes_t array);
// err: what went wrong before, which is returned then.
ACT_MUST_CHECK act_err_t bind_array_end(act_arena_t *arena, act_buf_t *out, act_err_t err,
                                        bind_bytes_t *ret_bytes);
