// str: a borrowed view of text or bytes, not terminated. The bytes belong to someone else (an
// arena, a literal, a receive buffer); a view never outlives them. Empty views may have ptr NULL.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *ptr;
    size_t len_bytes;
} act_str_t;

// A view of a string literal; also usable in static initialisers.
#define ACT_STR(literal) ((act_str_t){.ptr = (literal), .len_bytes = sizeof(literal) - 1})
#define ACT_STR_INIT(literal)                                                                      \
    {                                                                                              \
        .ptr = (literal), .len_bytes = sizeof(literal) - 1                                         \
    }

// printf("%" ACT_STR_FMT, ACT_STR_ARG(view))
#define ACT_STR_FMT ".*s"
#define ACT_STR_ARG(view) (int)(view).len_bytes, (view).ptr ? (view).ptr : ""

// A view of a terminated string; NULL gives the empty view.
act_str_t act_str(const char *text);
act_str_t act_str_of(const void *ptr, size_t len_bytes);

bool act_str_eq(act_str_t a, act_str_t b);
bool act_str_is(act_str_t a, const char *text);
bool act_str_empty(act_str_t a);
bool act_str_starts_with(act_str_t a, const char *prefix);

// Without ASCII white space at both ends.
act_str_t act_str_trim(act_str_t a);

// Cut at the first separator: returns what stands before it and leaves the rest in *rest. Without a
// separator all of *rest is returned and *rest becomes empty.
act_str_t act_str_cut(act_str_t *rest, char separator);

// A whole decimal number, optionally signed; false (and *ret_value untouched) on anything else.
bool act_str_to_int(act_str_t a, int64_t *ret_value);

// Copies at most size - 1 bytes and terminates. Returns false when it had to cut.
bool act_str_copy(act_str_t a, char *ret_text, size_t size_bytes);

// FNV-1a, 64 bit; for tables and rendezvous hashing among our own names, not against attackers.
uint64_t act_str_hash(act_str_t a, uint64_t seed);

// UTF-8: is it well formed (no overlong forms, surrogates, or code points over U+10FFFF)?
bool act_utf8_valid(act_str_t a);

// The number of code points; malformed bytes count as one each.
size_t act_utf8_count(act_str_t a);

// The longest prefix of at most max_count code points, never cutting inside one.
act_str_t act_utf8_prefix(act_str_t a, size_t max_count);

// Decode the code point at *offset and advance it; malformed bytes give U+FFFD and advance by one.
// Only valid while *offset < a.len_bytes.
uint32_t act_utf8_next(act_str_t a, size_t *offset);
