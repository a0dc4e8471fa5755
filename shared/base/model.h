// model: messages as tables. proto/gen makes one act_model_t of every message in proto/*.proto, and
// this one codec walks the tables: pack, unpack, compare; base/model_json.h shows them. Generated
// functions (turn_begin_reply_pack, ...) are typed wrappers of the functions below.
//
// On the wire a message is a msgpack map keyed by field name. Fields at their default (empty, 0,
// false, NULL, no items) are left out. Reading is defensive (promises.md T5): the whole buffer is
// checked first; unknown keys are passed over; nil means the default; of a repeated key the last
// value counts; a wrong type, a number out of range, a text or list over its limit, or a required
// field that is missing or empty makes the whole message ACT_E_MALFORMED and names the field.
//
// Memory: there is no free. Decoded texts borrow from the body, everything else lives in the arena;
// a decoded message is good as long as both are. Packing writes what it is given: texts must be
// UTF-8, and limits are the receiver's to enforce.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

// The generator refuses messages with more fields.
#define ACT_MODEL_MAX_FIELDS 64

// What a field is in C. Where repeated, the struct has { const T *items; uint32_t count; } instead.
typedef enum {
    ACT_FIELD_BOOL,
    ACT_FIELD_INT32,
    ACT_FIELD_INT64,
    ACT_FIELD_UINT32,
    ACT_FIELD_UINT64,
    ACT_FIELD_DOUBLE,
    ACT_FIELD_STRING,  // act_str_t, UTF-8
    ACT_FIELD_BYTES,   // act_str_t
    ACT_FIELD_MESSAGE, // const T *, NULL when absent; repeated: const T *items
} act_field_kind_t;

typedef struct act_model act_model_t;

typedef struct {
    const char *name;
    const char *path;         // "message.field", for errors
    const act_model_t *model; // of MESSAGE
    uint32_t name_bytes;
    uint32_t max_bytes;    // of STRING and BYTES, also as items
    uint32_t max_items;    // 0: not repeated
    uint32_t offset;       // of the value, or of `items`
    uint32_t count_offset; // of `count`
    act_field_kind_t kind;
    bool is_required;
} act_field_t;

struct act_model {
    const char *name;
    const act_field_t *fields; // in the order of the .proto
    uint32_t fields_count;
    uint32_t size_bytes; // of the C struct
};

void act_model_pack(const act_model_t *self, const void *message, act_buf_t *out);

// The same into the arena; empty when it would be longer than ACT_BUF_DEFAULT_MAX_BYTES.
act_str_t act_model_packed(const act_model_t *self, const void *message, act_arena_t *arena);

// Decodes into the arena; NULL when the body is malformed. Then *ret_field is the static text
// "message.field", or "message" when the body as a whole is bad. ret_field may be NULL.
ACT_MUST_CHECK const void *act_model_decode(const act_model_t *self, act_str_t body,
                                            act_arena_t *arena, const char **ret_field);

// The same into a struct of the caller's, which is untouched on failure.
ACT_MUST_CHECK act_err_t act_model_unpack(const act_model_t *self, act_str_t body,
                                          act_arena_t *arena, void *ret_message,
                                          const char **ret_field);

// Only whether it would decode; the arena is used for the work.
ACT_MUST_CHECK act_err_t act_model_check(const act_model_t *self, act_str_t body,
                                         act_arena_t *arena, const char **ret_field);

// Deep comparison. Doubles are equal when their bits are, so that NaN equals itself.
bool act_model_equal(const act_model_t *self, const void *a, const void *b);

// The row of a field, or NULL.
const act_field_t *act_model_field(const act_model_t *self, act_str_t name);

// Size in C of one value of the field: of an item where it is repeated.
uint32_t act_field_size_bytes(const act_field_t *self);

// Reading a struct without knowing its type. How many values a field holds: the items of a list, 0
// for an absent message, 1 for anything else.
uint32_t act_field_count(const act_field_t *self, const void *message);
// The value at index < count; of a message the message itself.
const void *act_field_value(const act_field_t *self, const void *message, uint32_t index);
