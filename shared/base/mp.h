// mp: msgpack, the encoding of the bus. Writing goes into an act_buf_t; reading is a cursor over
// bytes that act_mp_check has walked once: after the check no read can leave the buffer, and no
// count or length is larger than what is really there (promises.md T5).
#pragma once
#include "base/buf.h"
#include "base/err.h"

// Deepest nesting of arrays and maps.
#define ACT_MP_MAX_DEPTH 32

// --- writing -------------------------------------------------------------------------------------

void act_mp_nil(act_buf_t *out);
void act_mp_bool(act_buf_t *out, bool value);
void act_mp_int(act_buf_t *out, int64_t value);
void act_mp_uint(act_buf_t *out, uint64_t value);
void act_mp_double(act_buf_t *out, double value);
void act_mp_str(act_buf_t *out, act_str_t text);
void act_mp_bin(act_buf_t *out, act_str_t bytes);
void act_mp_array(act_buf_t *out, uint32_t count);
void act_mp_map(act_buf_t *out, uint32_t count);

// --- reading -------------------------------------------------------------------------------------

typedef enum {
    ACT_MP_NIL,
    ACT_MP_BOOL,
    ACT_MP_INT,  // fits int64_t
    ACT_MP_UINT, // over INT64_MAX
    ACT_MP_DOUBLE,
    ACT_MP_STR,
    ACT_MP_BIN,
    ACT_MP_ARRAY,
    ACT_MP_MAP,
} act_mp_type_t;

// One value; for arrays and maps count says how many items (pairs) follow at the cursor.
typedef struct {
    act_mp_type_t type;
    union {
        bool boolean;
        int64_t integer;
        uint64_t unsigned_integer;
        double number;
        act_str_t str; // STR and BIN; borrowed from the buffer
        uint32_t count;
    };
} act_mp_value_t;

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} act_mp_t;

// Walks the whole buffer: exactly one value, nothing after it, depth bounded, every count and length
// covered by the bytes that are left, strings are UTF-8, no extension types. Returns
// ACT_E_MALFORMED otherwise. Allocates nothing.
ACT_MUST_CHECK act_err_t act_mp_check(act_str_t bytes);

// A cursor over checked bytes.
act_mp_t act_mp_open(act_str_t bytes);

// The next value; false at the end. Array and map heads are returned alone, their items follow.
bool act_mp_next(act_mp_t *self, act_mp_value_t *ret_value);

// Passes over one whole value, with all it contains.
void act_mp_skip(act_mp_t *self);

// The bytes of the next whole value, which is passed over.
act_str_t act_mp_raw(act_mp_t *self);

// Typed reads for decoders: false when the next value is of another type (the value is then passed
// over). Integers are accepted for doubles; STR and BIN for each other.
bool act_mp_read_bool(act_mp_t *self, bool *ret_value);
bool act_mp_read_int(act_mp_t *self, int64_t *ret_value);
bool act_mp_read_uint(act_mp_t *self, uint64_t *ret_value);
bool act_mp_read_double(act_mp_t *self, double *ret_value);
bool act_mp_read_str(act_mp_t *self, act_str_t *ret_value);
bool act_mp_read_array(act_mp_t *self, uint32_t *ret_count);
bool act_mp_read_map(act_mp_t *self, uint32_t *ret_count);
