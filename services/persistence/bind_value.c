// bind_value: see bind_value.h. Everything travels in PostgreSQL's binary formats: no quoting, no
// parsing.
#include "bind_value.h"

#include "base/mp.h"
#include "io/json.h"

#include <string.h>

// From PostgreSQL's catalog (pg_type.dat): fixed for ever.
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_JSON = 114,
    OID_JSON_ARRAY = 199,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_BOOL_ARRAY = 1000,
    OID_BYTEA_ARRAY = 1001,
    OID_TEXT_ARRAY = 1009,
    OID_INT8_ARRAY = 1016,
    OID_FLOAT8_ARRAY = 1022,
    OID_VARCHAR = 1043,
};

static const Oid param_types[QUERY_KINDS_COUNT] = {
    [QUERY_TEXT] = OID_TEXT,
    [QUERY_INT] = OID_INT8,
    [QUERY_BOOL] = OID_BOOL,
    [QUERY_DOUBLE] = OID_FLOAT8,
    [QUERY_JSON] = OID_JSON,
    [QUERY_JSONS] = OID_JSON,
    [QUERY_TEXTS] = OID_TEXT_ARRAY,
    [QUERY_INTS] = OID_INT8_ARRAY,
    [QUERY_BOOLS] = OID_BOOL_ARRAY,
    [QUERY_JSON_ARRAY] = OID_JSON_ARRAY,
    [QUERY_TENANT] = OID_TEXT,
    [QUERY_BYTES] = OID_BYTEA,
    [QUERY_DOUBLES] = OID_FLOAT8_ARRAY,
    [QUERY_BYTES_ARRAY] = OID_BYTEA_ARRAY,
};

Oid bind_type(query_kind_t kind)
{
    return param_types[kind];
}

bool bind_is_readable(query_kind_t kind, Oid type)
{
    static const Oid readable[QUERY_KINDS_COUNT][3] = {
        [QUERY_TEXT] = {OID_TEXT, OID_VARCHAR},
        [QUERY_INT] = {OID_INT8, OID_INT4, OID_INT2},
        [QUERY_BOOL] = {OID_BOOL},
        [QUERY_DOUBLE] = {OID_FLOAT8, OID_FLOAT4},
        [QUERY_BYTES] = {OID_BYTEA},
        [QUERY_JSON] = {OID_JSON},
        [QUERY_JSONS] = {OID_JSON},
    };
    for (size_t i = 0; i < ACT_COUNT(readable[kind]); i++)
        if (readable[kind][i] == type)
            return true;
    return false;
}

// --- one value -----------------------------------------------------------------------------------

uint64_t bind_big_endian(const char *bytes, size_t size_bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size_bytes; i++)
        value = value << 8 | (uint8_t)bytes[i];
    return value;
}

static void put_big_endian(char *out, uint64_t value, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        out[i] = (char)(value >> (8 * (size_bytes - 1 - i)) & 0xff);
}

static bind_bytes_t int_bytes(act_arena_t *arena, uint64_t value)
{
    char *out = act_arena_alloc(arena, 8);
    put_big_endian(out, value, 8);
    return (bind_bytes_t){out, 8};
}

static bind_bytes_t double_bytes(act_arena_t *arena, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return int_bytes(arena, bits);
}

static bind_bytes_t bool_bytes(bool value)
{
    return (bind_bytes_t){value ? "\1" : "", 1};
}

bind_bytes_t bind_text(act_arena_t *arena, act_str_t text)
{
    if (text.len_bytes == 0)
        return (bind_bytes_t){"", 0};
    if (!memchr(text.ptr, '\0', text.len_bytes))
        return (bind_bytes_t){text.ptr, text.len_bytes};
    char *out = act_arena_alloc(arena, text.len_bytes);
    size_t len_bytes = 0;
    for (size_t i = 0; i < text.len_bytes; i++)
        if (text.ptr[i] != '\0')
            out[len_bytes++] = text.ptr[i];
    return (bind_bytes_t){out, len_bytes};
}

// A json column takes \u0000, but whoever reads that text later gets an error: it is left out.
static size_t drop_nul_escapes(char *json, size_t len_bytes)
{
    size_t kept_bytes = 0;
    for (size_t i = 0; i < len_bytes;) {
        bool is_escape = json[i] == '\\';
        if (is_escape && len_bytes - i >= 6 && memcmp(json + i, "\\u0000", 6) == 0) {
            i += 6;
            continue;
        }
        size_t step_bytes = is_escape && len_bytes - i >= 2 ? 2 : 1;
        memmove(json + kept_bytes, json + i, step_bytes);
        kept_bytes += step_bytes;
        i += step_bytes;
    }
    return kept_bytes;
}

static act_err_t json_bytes(act_arena_t *arena, act_str_t mp, bind_bytes_t *ret_bytes)
{
    act_buf_t json;
    act_buf_init(&json, ACT_BUF_DEFAULT_MAX_BYTES);
    act_err_t err = act_mp_to_json(mp, &json);
    if (err == ACT_E_OK) {
        act_str_t copy = act_arena_str(arena, act_buf_str(&json));
        bool has_nul = strstr(copy.ptr, "\\u0000") != NULL;
        size_t len_bytes =
            has_nul ? drop_nul_escapes((char *)copy.ptr, copy.len_bytes) : copy.len_bytes;
        *ret_bytes = (bind_bytes_t){copy.ptr, len_bytes};
    }
    act_buf_fini(&json);
    return err;
}

// --- scalars -------------------------------------------------------------------------------------

static bind_bytes_t default_scalar(act_arena_t *arena, query_kind_t kind)
{
    switch (kind) {
    case QUERY_INT:
        return int_bytes(arena, 0);
    case QUERY_DOUBLE:
        return double_bytes(arena, 0);
    case QUERY_BOOL:
        return bool_bytes(false);
    case QUERY_JSON:
        return (bind_bytes_t){"{}", 2};
    case QUERY_JSONS:
        return (bind_bytes_t){"[]", 2};
    case QUERY_TEXT:
    case QUERY_BYTES:
    case QUERY_TENANT:
    case QUERY_TEXTS:
    case QUERY_INTS:
    case QUERY_BOOLS:
    case QUERY_DOUBLES:
    case QUERY_BYTES_ARRAY:
    case QUERY_JSON_ARRAY:
    case QUERY_KINDS_COUNT:
        break;
    }
    return (bind_bytes_t){"", 0};
}

static bind_bytes_t scalar_bytes(act_arena_t *arena, query_kind_t kind, act_mp_t *cursor)
{
    int64_t integer = 0;
    double number = 0;
    bool boolean = false;
    act_str_t text = {0};
    if (kind == QUERY_INT) {
        (void)act_mp_read_int(cursor, &integer);
        return int_bytes(arena, (uint64_t)integer);
    }
    if (kind == QUERY_DOUBLE) {
        (void)act_mp_read_double(cursor, &number);
        return double_bytes(arena, number);
    }
    if (kind == QUERY_BOOL) {
        (void)act_mp_read_bool(cursor, &boolean);
        return bool_bytes(boolean);
    }
    (void)act_mp_read_str(cursor, &text);
    if (kind == QUERY_BYTES && text.len_bytes > 0)
        return (bind_bytes_t){text.ptr, text.len_bytes};
    return bind_text(arena, text);
}

static bool is_nil(act_str_t mp)
{
    return (uint8_t)mp.ptr[0] == 0xc0;
}

// mp: one value, or empty for the default.
static act_err_t element_bytes(act_arena_t *arena, query_kind_t kind, act_str_t mp,
                               bind_bytes_t *ret_bytes)
{
    if (act_str_empty(mp) || is_nil(mp)) {
        *ret_bytes = default_scalar(arena, kind);
        return ACT_E_OK;
    }
    if (kind == QUERY_JSON || kind == QUERY_JSONS)
        return json_bytes(arena, mp, ret_bytes);
    act_mp_t cursor = act_mp_open(mp);
    *ret_bytes = scalar_bytes(arena, kind, &cursor);
    return ACT_E_OK;
}

// --- arrays --------------------------------------------------------------------------------------

typedef struct {
    query_kind_t element; // QUERY_TEXT for what is no array
    uint32_t oid;
} array_kind_t;

static const array_kind_t array_kinds[QUERY_KINDS_COUNT] = {
    [QUERY_TEXTS] = {QUERY_TEXT, OID_TEXT},         [QUERY_INTS] = {QUERY_INT, OID_INT8},
    [QUERY_BOOLS] = {QUERY_BOOL, OID_BOOL},         [QUERY_DOUBLES] = {QUERY_DOUBLE, OID_FLOAT8},
    [QUERY_BYTES_ARRAY] = {QUERY_BYTES, OID_BYTEA}, [QUERY_JSON_ARRAY] = {QUERY_JSON, OID_JSON},
};

query_kind_t bind_element_kind(query_kind_t kind)
{
    return array_kinds[kind].element;
}

static bool is_array(query_kind_t kind)
{
    return array_kinds[kind].oid != 0;
}

static void put_u32(act_buf_t *out, uint32_t value)
{
    char bytes[4];
    put_big_endian(bytes, value, sizeof bytes);
    act_buf_add(out, bytes, sizeof bytes);
}

// array_recv's format: dimensions, has-null flag, element type, then size and lower bound of the
// one dimension, then each element with its length. An empty array has no dimension.
void bind_array_begin(query_kind_t kind, uint32_t count, act_buf_t *out)
{
    act_buf_init(out, ACT_BUF_DEFAULT_MAX_BYTES);
    put_u32(out, count > 0 ? 1 : 0);
    put_u32(out, 0);
    put_u32(out, array_kinds[kind].oid);
    if (count > 0) {
        put_u32(out, count);
        put_u32(out, 1);
    }
}

void bind_array_put_bytes(bind_bytes_t element, act_buf_t *out)
{
    put_u32(out, (uint32_t)element.len_bytes);
    act_buf_add(out, element.ptr, element.len_bytes);
}

act_err_t bind_array_put(act_arena_t *arena, query_kind_t kind, act_str_t mp, act_buf_t *out)
{
    bind_bytes_t element;
    act_err_t err = element_bytes(arena, array_kinds[kind].element, mp, &element);
    if (err != ACT_E_OK)
        return err;
    bind_array_put_bytes(element, out);
    return ACT_E_OK;
}

act_err_t bind_array_end(act_arena_t *arena, act_buf_t *out, act_err_t err, bind_bytes_t *ret_bytes)
{
    if (err == ACT_E_OK && out->is_overflowed)
        err = ACT_E_TOO_LARGE;
    if (err == ACT_E_OK) {
        act_str_t copy = act_arena_str(arena, act_buf_str(out));
        *ret_bytes = (bind_bytes_t){copy.ptr, copy.len_bytes};
    }
    act_buf_fini(out);
    return err;
}

// mp: an array, or empty.
static act_err_t array_bytes(act_arena_t *arena, query_kind_t kind, act_str_t mp,
                             bind_bytes_t *ret_bytes)
{
    uint32_t count = 0;
    act_mp_t cursor = act_mp_open(mp);
    if (!act_str_empty(mp))
        (void)act_mp_read_array(&cursor, &count);
    act_buf_t out;
    bind_array_begin(kind, count, &out);
    act_err_t err = ACT_E_OK;
    for (uint32_t i = 0; i < count && err == ACT_E_OK; i++)
        err = bind_array_put(arena, kind, act_mp_raw(&cursor), &out);
    return bind_array_end(arena, &out, err, ret_bytes);
}

bind_bytes_t bind_count(act_arena_t *arena, act_str_t mp)
{
    uint32_t count = 0;
    act_mp_t cursor = act_mp_open(mp);
    if (!act_str_empty(mp) && !is_nil(mp))
        (void)act_mp_read_array(&cursor, &count);
    return int_bytes(arena, count);
}

// Where the elements begin, and how many there are in front of it.
#define ARRAY_COUNT_AT 12
#define ARRAY_ELEMENTS_AT 20

uint32_t bind_array_count(bind_bytes_t array)
{
    bool is_empty = array.len_bytes <= ARRAY_COUNT_AT;
    return is_empty ? 0 : (uint32_t)bind_big_endian(array.ptr + ARRAY_COUNT_AT, 4);
}

void bind_array_put_all(bind_bytes_t array, act_buf_t *out)
{
    if (bind_array_count(array) > 0)
        act_buf_add(out, array.ptr + ARRAY_ELEMENTS_AT, array.len_bytes - ARRAY_ELEMENTS_AT);
}

act_err_t bind_value(act_arena_t *arena, query_kind_t kind, act_str_t mp, bind_bytes_t *ret_bytes)
{
    return is_array(kind) ? array_bytes(arena, kind, mp, ret_bytes)
                          : element_bytes(arena, kind, mp, ret_bytes);
}
