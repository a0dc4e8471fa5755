// json: JSON from outside (by jansson) and JSON to and from the msgpack of the bus.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

// Deepest nesting accepted from outside.
#define ACT_JSON_MAX_DEPTH 64

// Parses one whole JSON text (any value, not only objects): duplicate keys are refused, depth is
// bounded, "\u0000" is allowed in strings (in a key it becomes U+FFFD, and then in the whole text),
// lone surrogates become U+FFFD, integers must fit int64_t, raw bytes must be UTF-8. *ret_root is
// yours (json_decref). ret_error (may be NULL) gets a short text in the arena; it never quotes the
// input, so it may be logged. arena may be NULL when ret_error is. ACT_E_MALFORMED on bad input.
ACT_MUST_CHECK act_err_t act_json_parse(act_str_t text, json_t **ret_root, act_str_t *ret_error,
                                        act_arena_t *arena);

// Lookups that never fail: missing or of another type gives the empty view, `fallback`, NULL.
act_str_t act_json_str(const json_t *object, const char *name);
int64_t act_json_int(const json_t *object, const char *name, int64_t fallback);
const json_t *act_json_object(const json_t *object, const char *name);
const json_t *act_json_array(const json_t *object, const char *name);

// JSON -> msgpack and back, value by value: objects are maps, integers and reals are kept apart.
// NUL characters in strings are dropped (PostgreSQL's text cannot hold them). A value nested deeper
// than the bus allows (ACT_MP_MAX_DEPTH) marks the buffer as overflowed, as one too long does.
void act_json_to_mp(const json_t *value, act_buf_t *out);
// A JSON text (for example a jsonb column) -> msgpack. ACT_E_MALFORMED, or ACT_E_TOO_LARGE when it
// does not fit `out` or is nested too deeply.
ACT_MUST_CHECK act_err_t act_json_text_to_mp(act_str_t text, act_buf_t *out);
// One checked msgpack value -> JSON text; BIN becomes a base64 string, NaN and infinities null,
// whole numbers as map keys become strings. ACT_E_MALFORMED on other keys, ACT_E_TOO_LARGE past the
// limit of `out`.
ACT_MUST_CHECK act_err_t act_mp_to_json(act_str_t mp, act_buf_t *out);

// Writes text as a JSON string literal with quotes; malformed UTF-8 becomes U+FFFD.
void act_json_quote(act_str_t text, act_buf_t *out);
