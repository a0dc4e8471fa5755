// mp: msgpack writing through msgpack-c's packer, reading through a checked cursor of our own: it
// allocates nothing, where msgpack-c's object tree makes 24 bytes of every byte (promises.md T5).
#include "base/mp.h"

#include <msgpack/pack.h>
#include <string.h>

// --- writing -------------------------------------------------------------------------------------

static int write_to_buf(void *data, const char *bytes, size_t len_bytes)
{
    act_buf_add(data, bytes, len_bytes);
    return 0;
}

static msgpack_packer packer(act_buf_t *out)
{
    return (msgpack_packer){.data = out, .callback = write_to_buf};
}

void act_mp_nil(act_buf_t *out)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_nil(&pk);
}

void act_mp_bool(act_buf_t *out, bool value)
{
    msgpack_packer pk = packer(out);
    value ? msgpack_pack_true(&pk) : msgpack_pack_false(&pk);
}

void act_mp_int(act_buf_t *out, int64_t value)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_int64(&pk, value);
}

void act_mp_uint(act_buf_t *out, uint64_t value)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_uint64(&pk, value);
}

void act_mp_double(act_buf_t *out, double value)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_double(&pk, value);
}

void act_mp_str(act_buf_t *out, act_str_t text)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_str(&pk, text.len_bytes);
    msgpack_pack_str_body(&pk, text.ptr, text.len_bytes);
}

void act_mp_bin(act_buf_t *out, act_str_t bytes)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_bin(&pk, bytes.len_bytes);
    msgpack_pack_bin_body(&pk, bytes.ptr, bytes.len_bytes);
}

void act_mp_array(act_buf_t *out, uint32_t count)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_array(&pk, count);
}

void act_mp_map(act_buf_t *out, uint32_t count)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_map(&pk, count);
}

// --- reading -------------------------------------------------------------------------------------

static uint64_t big_endian(const uint8_t *at, size_t len_bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len_bytes; i++)
        value = value << 8 | at[i];
    return value;
}

static int64_t sign_extend(uint64_t value, size_t len_bytes)
{
    unsigned shift = 64u - 8u * (unsigned)len_bytes;
    return (int64_t)(value << shift) >> shift;
}

static double to_double(uint64_t bits, size_t len_bytes)
{
    double wide = 0;
    if (len_bytes == 8) {
        memcpy(&wide, &bits, sizeof wide);
        return wide;
    }
    uint32_t narrow_bits = (uint32_t)bits;
    float narrow = 0;
    memcpy(&narrow, &narrow_bits, sizeof narrow);
    return (double)narrow;
}

// What a first byte of 0xc0..0xdf means (msgpack specification, "Overview"): how many bytes of
// number follow, and what that number is. Extension types have no row: they are refused.
typedef enum {
    AS_BAD,
    AS_NIL,
    AS_BOOL,
    AS_BIN,
    AS_DOUBLE,
    AS_UINT,
    AS_INT,
    AS_STR,
    AS_ARRAY,
    AS_MAP
} as_t;
static const struct {
    uint8_t as;
    uint8_t number_bytes;
} heads[32] = {
    [0x00] = {AS_NIL, 0},   [0x02] = {AS_BOOL, 0}, [0x03] = {AS_BOOL, 0},   [0x04] = {AS_BIN, 1},
    [0x05] = {AS_BIN, 2},   [0x06] = {AS_BIN, 4},  [0x0a] = {AS_DOUBLE, 4}, [0x0b] = {AS_DOUBLE, 8},
    [0x0c] = {AS_UINT, 1},  [0x0d] = {AS_UINT, 2}, [0x0e] = {AS_UINT, 4},   [0x0f] = {AS_UINT, 8},
    [0x10] = {AS_INT, 1},   [0x11] = {AS_INT, 2},  [0x12] = {AS_INT, 4},    [0x13] = {AS_INT, 8},
    [0x19] = {AS_STR, 1},   [0x1a] = {AS_STR, 2},  [0x1b] = {AS_STR, 4},    [0x1c] = {AS_ARRAY, 2},
    [0x1d] = {AS_ARRAY, 4}, [0x1e] = {AS_MAP, 2},  [0x1f] = {AS_MAP, 4},
};

static bool take_bytes(act_mp_t *self, uint64_t len_bytes, act_mp_type_t type,
                       act_mp_value_t *value)
{
    if (len_bytes > (uint64_t)(self->end - self->at))
        return false;
    value->type = type;
    value->str = act_str_of(self->at, (size_t)len_bytes);
    self->at += len_bytes;
    return true;
}

static bool take_count(uint64_t count, act_mp_type_t type, act_mp_value_t *value)
{
    value->type = type;
    value->count = (uint32_t)count;
    return true;
}

static bool take_integer(uint64_t bits, act_mp_value_t *value)
{
    if (bits > INT64_MAX) {
        value->type = ACT_MP_UINT;
        value->unsigned_integer = bits;
        return true;
    }
    value->type = ACT_MP_INT;
    value->integer = (int64_t)bits;
    return true;
}

static bool take_headed(act_mp_t *self, uint8_t first, act_mp_value_t *value)
{
    size_t number_bytes = heads[first & 0x1f].number_bytes;
    if (number_bytes > (size_t)(self->end - self->at))
        return false;
    uint64_t number = big_endian(self->at, number_bytes);
    self->at += number_bytes;
    switch ((as_t)heads[first & 0x1f].as) {
    case AS_NIL:
        value->type = ACT_MP_NIL;
        return true;
    case AS_BOOL:
        value->type = ACT_MP_BOOL;
        value->boolean = first == 0xc3;
        return true;
    case AS_DOUBLE:
        value->type = ACT_MP_DOUBLE;
        value->number = to_double(number, number_bytes);
        return true;
    case AS_INT:
        value->type = ACT_MP_INT;
        value->integer = sign_extend(number, number_bytes);
        return true;
    case AS_UINT:
        return take_integer(number, value);
    case AS_STR:
        return take_bytes(self, number, ACT_MP_STR, value);
    case AS_BIN:
        return take_bytes(self, number, ACT_MP_BIN, value);
    case AS_ARRAY:
        return take_count(number, ACT_MP_ARRAY, value);
    case AS_MAP:
        return take_count(number, ACT_MP_MAP, value);
    case AS_BAD:
    default:
        return false;
    }
}

bool act_mp_next(act_mp_t *self, act_mp_value_t *ret_value)
{
    if (self->at >= self->end)
        return false;
    uint8_t first = *self->at++;
    if (first < 0x80)
        return take_integer(first, ret_value);
    if (first < 0x90)
        return take_count(first & 0x0f, ACT_MP_MAP, ret_value);
    if (first < 0xa0)
        return take_count(first & 0x0f, ACT_MP_ARRAY, ret_value);
    if (first < 0xc0)
        return take_bytes(self, first & 0x1f, ACT_MP_STR, ret_value);
    if (first >= 0xe0) {
        ret_value->type = ACT_MP_INT;
        ret_value->integer = (int8_t)first;
        return true;
    }
    return take_headed(self, first, ret_value);
}

// How many values stand inside this one.
static uint64_t inner_count(const act_mp_value_t *value)
{
    if (value->type == ACT_MP_ARRAY)
        return value->count;
    return value->type == ACT_MP_MAP ? (uint64_t)value->count * 2 : 0;
}

act_err_t act_mp_check(act_str_t bytes)
{
    act_mp_t cursor = act_mp_open(bytes);
    uint64_t left[ACT_MP_MAX_DEPTH + 1] = {1}; // values still to come, by depth
    size_t depth = 0;
    while (left[0] > 0 || depth > 0) {
        if (left[depth] == 0) {
            depth--;
            continue;
        }
        left[depth]--;
        act_mp_value_t value;
        if (!act_mp_next(&cursor, &value))
            return ACT_E_MALFORMED;
        if (value.type == ACT_MP_STR && !act_utf8_valid(value.str))
            return ACT_E_MALFORMED;
        if (value.type != ACT_MP_ARRAY && value.type != ACT_MP_MAP)
            continue;
        uint64_t inside = inner_count(&value);
        if (inside > (uint64_t)(cursor.end - cursor.at) || depth == ACT_MP_MAX_DEPTH)
            return ACT_E_MALFORMED;
        left[++depth] = inside;
    }
    return cursor.at == cursor.end ? ACT_E_OK : ACT_E_MALFORMED;
}

act_mp_t act_mp_open(act_str_t bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.ptr;
    return (act_mp_t){.at = at, .end = at ? at + bytes.len_bytes : NULL};
}

void act_mp_skip(act_mp_t *self)
{
    for (uint64_t left = 1; left > 0; left--) {
        act_mp_value_t value;
        if (!act_mp_next(self, &value))
            return;
        left += inner_count(&value);
    }
}

act_str_t act_mp_raw(act_mp_t *self)
{
    const uint8_t *from = self->at;
    act_mp_skip(self);
    return act_str_of(from, (size_t)(self->at - from));
}

// Reads the next value when it is of the wanted type; passes over it otherwise.
static bool read_typed(act_mp_t *self, act_mp_type_t type, act_mp_value_t *ret_value)
{
    act_mp_t before = *self;
    if (!act_mp_next(self, ret_value))
        return false;
    if (ret_value->type == type)
        return true;
    *self = before;
    act_mp_skip(self);
    return false;
}

bool act_mp_read_bool(act_mp_t *self, bool *ret_value)
{
    act_mp_value_t value;
    if (!read_typed(self, ACT_MP_BOOL, &value))
        return false;
    *ret_value = value.boolean;
    return true;
}

bool act_mp_read_int(act_mp_t *self, int64_t *ret_value)
{
    act_mp_value_t value;
    if (!read_typed(self, ACT_MP_INT, &value))
        return false;
    *ret_value = value.integer;
    return true;
}

bool act_mp_read_uint(act_mp_t *self, uint64_t *ret_value)
{
    act_mp_value_t value = {.type = ACT_MP_NIL};
    if (read_typed(self, ACT_MP_INT, &value) && value.integer >= 0) {
        *ret_value = (uint64_t)value.integer;
        return true;
    }
    if (value.type != ACT_MP_UINT)
        return false;
    *ret_value = value.unsigned_integer;
    return true;
}

bool act_mp_read_double(act_mp_t *self, double *ret_value)
{
    act_mp_value_t value = {.type = ACT_MP_NIL};
    if (read_typed(self, ACT_MP_DOUBLE, &value))
        *ret_value = value.number;
    else if (value.type == ACT_MP_INT)
        *ret_value = (double)value.integer;
    else if (value.type == ACT_MP_UINT)
        *ret_value = (double)value.unsigned_integer;
    else
        return false;
    return true;
}

bool act_mp_read_str(act_mp_t *self, act_str_t *ret_value)
{
    act_mp_t before = *self;
    act_mp_value_t value;
    if (read_typed(self, ACT_MP_STR, &value) ||
        (*self = before, read_typed(self, ACT_MP_BIN, &value))) {
        *ret_value = value.str;
        return true;
    }
    return false;
}

static bool read_count(act_mp_t *self, act_mp_type_t type, uint32_t *ret_count)
{
    act_mp_value_t value;
    if (!read_typed(self, type, &value))
        return false;
    *ret_count = value.count;
    return true;
}

bool act_mp_read_array(act_mp_t *self, uint32_t *ret_count)
{
    return read_count(self, ACT_MP_ARRAY, ret_count);
}

bool act_mp_read_map(act_mp_t *self, uint32_t *ret_count)
{
    return read_count(self, ACT_MP_MAP, ret_count);
}
