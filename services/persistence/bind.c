// bind: parameters. Everything travels in PostgreSQL's binary formats: no quoting, no parsing.
#include "bind.h"

#include "base/assert.h"
#include "base/mp.h"
#include "io/json.h"

#include <string.h>

// From PostgreSQL's catalog (pg_type.dat): fixed for ever.
enum {
    OID_BOOL = 16,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_JSON = 114,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_TEXT_ARRAY = 1009,
    OID_INT8_ARRAY = 1016,
    OID_VARCHAR = 1043,
};

static const Oid param_types[QUERY_KINDS_COUNT] = {
    [QUERY_TEXT] = OID_TEXT,        [QUERY_INT] = OID_INT8,        [QUERY_BOOL] = OID_BOOL,
    [QUERY_DOUBLE] = OID_FLOAT8,    [QUERY_JSON] = OID_JSON,       [QUERY_JSONS] = OID_JSON,
    [QUERY_TEXTS] = OID_TEXT_ARRAY, [QUERY_INTS] = OID_INT8_ARRAY, [QUERY_TENANT] = OID_TEXT,
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
        [QUERY_JSON] = {OID_JSON},
        [QUERY_JSONS] = {OID_JSON},
    };
    for (size_t i = 0; i < ACT_COUNT(readable[kind]); i++)
        if (readable[kind][i] == type)
            return true;
    return false;
}

const int *bind_formats(void)
{
    static const int formats[BIND_MAX_PARAMS] = {
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    };
    return formats;
}

// --- one value -----------------------------------------------------------------------------------

typedef struct {
    const char *ptr;
    size_t len_bytes;
} bytes_t;

static void put_big_endian(char *out, uint64_t value, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        out[i] = (char)(value >> (8 * (size_bytes - 1 - i)) & 0xff);
}

static bytes_t int_bytes(act_arena_t *arena, uint64_t value)
{
    char *out = act_arena_alloc(arena, 8);
    put_big_endian(out, value, 8);
    return (bytes_t){out, 8};
}

static bytes_t double_bytes(act_arena_t *arena, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return int_bytes(arena, bits);
}

static bytes_t bool_bytes(bool value)
{
    return (bytes_t){value ? "\1" : "", 1};
}

// PostgreSQL's text has no NUL. Ours has none either, unless somebody means harm.
static bytes_t text_bytes(act_arena_t *arena, act_str_t text)
{
    if (text.len_bytes == 0)
        return (bytes_t){"", 0};
    if (!memchr(text.ptr, '\0', text.len_bytes))
        return (bytes_t){text.ptr, text.len_bytes};
    char *out = act_arena_alloc(arena, text.len_bytes);
    size_t len_bytes = 0;
    for (size_t i = 0; i < text.len_bytes; i++)
        if (text.ptr[i] != '\0')
            out[len_bytes++] = text.ptr[i];
    return (bytes_t){out, len_bytes};
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

static act_err_t json_bytes(act_arena_t *arena, act_str_t mp, bytes_t *ret_bytes)
{
    act_buf_t json;
    act_buf_init(&json, ACT_BUF_DEFAULT_MAX_BYTES);
    act_err_t err = act_mp_to_json(mp, &json);
    if (err == ACT_E_OK) {
        act_str_t copy = act_arena_str(arena, act_buf_str(&json));
        bool has_nul = strstr(copy.ptr, "\\u0000") != NULL;
        size_t len_bytes =
            has_nul ? drop_nul_escapes((char *)copy.ptr, copy.len_bytes) : copy.len_bytes;
        *ret_bytes = (bytes_t){copy.ptr, len_bytes};
    }
    act_buf_fini(&json);
    return err;
}

// --- arrays --------------------------------------------------------------------------------------

static void put_u32(act_buf_t *out, uint32_t value)
{
    char bytes[4];
    put_big_endian(bytes, value, sizeof bytes);
    act_buf_add(out, bytes, sizeof bytes);
}

static void put_item(act_arena_t *arena, query_kind_t kind, act_mp_t *cursor, act_buf_t *out)
{
    bytes_t item;
    if (kind == QUERY_INTS) {
        int64_t value = 0;
        (void)act_mp_read_int(cursor, &value);
        item = int_bytes(arena, (uint64_t)value);
    } else {
        act_str_t text = {0};
        (void)act_mp_read_str(cursor, &text);
        item = text_bytes(arena, text);
    }
    put_u32(out, (uint32_t)item.len_bytes);
    act_buf_add(out, item.ptr, item.len_bytes);
}

// array_recv's format: dimensions, has-null flag, element type, then size and lower bound of the
// one dimension, then each item with its length. An empty array has no dimension.
static act_err_t array_bytes(act_arena_t *arena, query_kind_t kind, act_mp_t *cursor,
                             bytes_t *ret_bytes)
{
    uint32_t count = 0;
    if (cursor)
        (void)act_mp_read_array(cursor, &count);
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    put_u32(&out, count > 0 ? 1 : 0);
    put_u32(&out, 0);
    put_u32(&out, kind == QUERY_INTS ? OID_INT8 : OID_TEXT);
    if (count > 0) {
        put_u32(&out, count);
        put_u32(&out, 1);
    }
    for (uint32_t i = 0; i < count; i++)
        put_item(arena, kind, cursor, &out);
    act_err_t err = out.is_overflowed ? ACT_E_TOO_LARGE : ACT_E_OK;
    if (err == ACT_E_OK) {
        act_str_t copy = act_arena_str(arena, act_buf_str(&out));
        *ret_bytes = (bytes_t){copy.ptr, copy.len_bytes};
    }
    act_buf_fini(&out);
    return err;
}

// --- any value -----------------------------------------------------------------------------------

static act_err_t default_bytes(act_arena_t *arena, const query_param_t *param, act_str_t tenant,
                               bytes_t *ret_bytes)
{
    switch (param->kind) {
    case QUERY_TENANT:
        *ret_bytes = text_bytes(arena, tenant);
        return ACT_E_OK;
    case QUERY_INT:
        *ret_bytes = int_bytes(arena, 0);
        return ACT_E_OK;
    case QUERY_DOUBLE:
        *ret_bytes = double_bytes(arena, 0);
        return ACT_E_OK;
    case QUERY_BOOL:
        *ret_bytes = bool_bytes(false);
        return ACT_E_OK;
    case QUERY_JSON:
        *ret_bytes = (bytes_t){"{}", 2};
        return ACT_E_OK;
    case QUERY_JSONS:
        *ret_bytes = (bytes_t){"[]", 2};
        return ACT_E_OK;
    case QUERY_TEXTS:
    case QUERY_INTS:
        return array_bytes(arena, param->kind, NULL, ret_bytes);
    case QUERY_TEXT:
    case QUERY_KINDS_COUNT:
        break;
    }
    *ret_bytes = (bytes_t){"", 0};
    return ACT_E_OK;
}

static bytes_t scalar_bytes(act_arena_t *arena, query_kind_t kind, act_mp_t *cursor)
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
    return text_bytes(arena, text);
}

static act_err_t value_bytes(act_arena_t *arena, query_kind_t kind, act_str_t mp,
                             bytes_t *ret_bytes)
{
    act_mp_t cursor = act_mp_open(mp);
    if (kind == QUERY_JSON || kind == QUERY_JSONS)
        return json_bytes(arena, mp, ret_bytes);
    if (kind == QUERY_TEXTS || kind == QUERY_INTS)
        return array_bytes(arena, kind, &cursor, ret_bytes);
    *ret_bytes = scalar_bytes(arena, kind, &cursor);
    return ACT_E_OK;
}

// --- rows of parameters --------------------------------------------------------------------------

typedef struct {
    const query_t *query;
    act_arena_t *arena;
    act_str_t each_items; // msgpack array of the `each` field, or empty
    bind_t *bind;
} binder_t;

static void set_value(bind_row_t *row, size_t index, bytes_t bytes)
{
    row->values[index] = bytes.ptr;
    row->lengths[index] = (int)bytes.len_bytes; // bounded by the size of a body
}

static bind_row_t new_row(binder_t *self)
{
    size_t count = self->query->params_count;
    return (bind_row_t){
        .values = act_arena_alloc_array(self->arena, count + 1, sizeof(char *)),
        .lengths = act_arena_alloc_array(self->arena, count + 1, sizeof(int)),
    };
}

static act_err_t set_defaults(binder_t *self, act_str_t tenant, bind_row_t *row)
{
    for (size_t i = 0; i < self->query->params_count; i++) {
        bytes_t bytes;
        act_err_t err = default_bytes(self->arena, &self->query->params[i], tenant, &bytes);
        if (err != ACT_E_OK)
            return err;
        set_value(row, i, bytes);
    }
    return ACT_E_OK;
}

// The first key field that has something in it wins; fields come in any order.
static void note_key(binder_t *self, act_str_t name, bool is_item, act_str_t mp, size_t *best)
{
    for (size_t i = 0; i < self->query->keys_count && i < *best; i++) {
        const query_key_t *key = &self->query->keys[i];
        act_mp_t cursor = act_mp_open(mp);
        act_str_t text = {0};
        if (key->is_item == is_item && act_str_eq(key->name, name) &&
            act_mp_read_str(&cursor, &text) && !act_str_empty(text)) {
            self->bind->key = text;
            *best = i;
        }
    }
}

static bool is_nil(act_str_t mp)
{
    return (uint8_t)mp.ptr[0] == 0xc0;
}

// Takes what the query wants from one map: of the request, or of one item.
static act_err_t set_fields(binder_t *self, act_str_t map, bool is_item, bind_row_t *row,
                            size_t *best_key)
{
    act_mp_t cursor = act_mp_open(map);
    uint32_t count = 0;
    (void)act_mp_read_map(&cursor, &count);
    for (uint32_t pair = 0; pair < count; pair++) {
        act_str_t name = {0};
        (void)act_mp_read_str(&cursor, &name);
        act_str_t mp = act_mp_raw(&cursor);
        if (is_nil(mp))
            continue;
        if (!is_item && !act_str_empty(self->query->each) && act_str_eq(name, self->query->each))
            self->each_items = mp;
        note_key(self, name, is_item, mp, best_key);
        for (size_t i = 0; i < self->query->params_count; i++) {
            const query_param_t *param = &self->query->params[i];
            if (param->kind == QUERY_TENANT || param->is_item != is_item ||
                !act_str_eq(param->name, name))
                continue;
            bytes_t bytes;
            act_err_t err = value_bytes(self->arena, param->kind, mp, &bytes);
            if (err != ACT_E_OK)
                return err;
            set_value(row, i, bytes);
        }
    }
    return ACT_E_OK;
}

// One row an item, each a copy of the request's row with the item's fields in it.
static act_err_t set_items(binder_t *self, const bind_row_t *base, size_t *best_key)
{
    act_mp_t cursor = act_mp_open(self->each_items);
    uint32_t count = 0;
    if (!act_str_empty(self->each_items))
        (void)act_mp_read_array(&cursor, &count);
    self->bind->rows = act_arena_alloc_array(self->arena, count + 1, sizeof(bind_row_t));
    self->bind->rows_count = count;
    for (uint32_t i = 0; i < count; i++) {
        bind_row_t row = new_row(self);
        size_t params_count = self->query->params_count;
        memcpy(row.values, base->values, params_count * sizeof row.values[0]);
        memcpy(row.lengths, base->lengths, params_count * sizeof row.lengths[0]);
        size_t no_key = 0; // the first item names the key of all
        act_err_t err = set_fields(self, act_mp_raw(&cursor), /* is_item= */ true, &row,
                                   i == 0 ? best_key : &no_key);
        if (err != ACT_E_OK)
            return err;
        self->bind->rows[i] = row;
    }
    return ACT_E_OK;
}

act_err_t bind_request(const query_t *query, act_str_t tenant, act_str_t body, act_arena_t *arena,
                       bind_t *ret_bind)
{
    act_assert(query->params_count <= BIND_MAX_PARAMS);
    bind_t bind = {0};
    binder_t self = {.query = query, .arena = arena, .bind = &bind};
    size_t best_key = query->keys_count;
    bind_row_t base = new_row(&self);
    act_err_t err = set_defaults(&self, tenant, &base);
    if (err == ACT_E_OK)
        err = set_fields(&self, body, /* is_item= */ false, &base, &best_key);
    if (err == ACT_E_OK && !act_str_empty(query->each)) {
        err = set_items(&self, &base, &best_key);
    } else if (err == ACT_E_OK) {
        bind.rows = act_arena_alloc(arena, sizeof base);
        bind.rows[0] = base;
        bind.rows_count = 1;
    }
    if (err == ACT_E_OK)
        *ret_bind = bind;
    return err;
}
