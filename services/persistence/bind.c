// bind: parameters; one value is bind_value.c.
#include "bind.h"

#include "base/assert.h"
#include "base/mp.h"
#include "bind_value.h"

#include <string.h>

const int *bind_formats(void)
{
    static const int formats[BIND_MAX_PARAMS] = {
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    };
    return formats;
}

// --- rows of parameters --------------------------------------------------------------------------

typedef struct {
    const query_t *query;
    act_arena_t *arena;
    act_str_t items;   // msgpack array of the query's `items`, or empty
    act_str_t *fields; // what a map says about each parameter, msgpack; empty: nothing
    bind_t *bind;
} binder_t;

static void set_value(bind_row_t *row, size_t index, bind_bytes_t bytes)
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

static bool is_set_by(const query_param_t *param, bool is_item)
{
    return param->kind != QUERY_TENANT && param->is_item == is_item;
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

// Finds what the query wants in one map: of the request, or of one item.
static void read_fields(binder_t *self, act_str_t map, bool is_item, size_t *best_key)
{
    const query_t *query = self->query;
    memset(self->fields, 0, query->params_count * sizeof self->fields[0]);
    act_mp_t cursor = act_mp_open(map);
    uint32_t count = 0;
    (void)act_mp_read_map(&cursor, &count);
    for (uint32_t pair = 0; pair < count; pair++) {
        act_str_t name = {0};
        (void)act_mp_read_str(&cursor, &name);
        act_str_t mp = act_mp_raw(&cursor);
        if (!is_item && !act_str_empty(query->items) && act_str_eq(name, query->items))
            self->items = mp;
        note_key(self, name, is_item, mp, best_key);
        for (size_t i = 0; i < query->params_count; i++)
            if (is_set_by(&query->params[i], is_item) && act_str_eq(query->params[i].name, name))
                self->fields[i] = mp;
    }
}

static act_err_t part_of(binder_t *self, const query_param_t *param, act_str_t mp,
                         bind_bytes_t *ret_bytes)
{
    if (param->part == QUERY_COUNT) {
        *ret_bytes = bind_count(self->arena, mp);
        return ACT_E_OK;
    }
    query_kind_t kind = param->part == QUERY_ELEMENT ? bind_element_kind(param->kind) : param->kind;
    return bind_value(self->arena, kind, mp, ret_bytes);
}

static act_err_t set_fields(binder_t *self, bool is_item, bind_row_t *row)
{
    for (size_t i = 0; i < self->query->params_count; i++) {
        const query_param_t *param = &self->query->params[i];
        if (!is_set_by(param, is_item))
            continue;
        bind_bytes_t bytes;
        act_err_t err = part_of(self, param, self->fields[i], &bytes);
        if (err != ACT_E_OK)
            return err;
        set_value(row, i, bytes);
    }
    return ACT_E_OK;
}

static act_err_t set_request(binder_t *self, act_str_t tenant, act_str_t body, bind_row_t *row,
                             size_t *best_key)
{
    for (size_t i = 0; i < self->query->params_count; i++)
        if (self->query->params[i].kind == QUERY_TENANT)
            set_value(row, i, bind_text(self->arena, tenant));
    read_fields(self, body, /* is_item= */ false, best_key);
    return set_fields(self, /* is_item= */ false, row);
}

static uint32_t open_items(const binder_t *self, act_mp_t *ret_cursor)
{
    uint32_t count = 0;
    *ret_cursor = act_mp_open(self->items);
    if (!act_str_empty(self->items))
        (void)act_mp_read_array(ret_cursor, &count);
    return count;
}

// The first item names the key of all.
static void read_item(binder_t *self, act_mp_t *cursor, uint32_t place, size_t *best_key)
{
    size_t no_key = 0;
    read_fields(self, act_mp_raw(cursor), /* is_item= */ true, place == 0 ? best_key : &no_key);
}

// One row an item, each a copy of the request's row with the item's fields in it.
static act_err_t set_each(binder_t *self, const bind_row_t *base, size_t *best_key)
{
    act_mp_t cursor;
    uint32_t count = open_items(self, &cursor);
    self->bind->rows = act_arena_alloc_array(self->arena, count + 1, sizeof(bind_row_t));
    self->bind->rows_count = count;
    for (uint32_t i = 0; i < count; i++) {
        bind_row_t row = new_row(self);
        size_t params_count = self->query->params_count;
        memcpy(row.values, base->values, params_count * sizeof row.values[0]);
        memcpy(row.lengths, base->lengths, params_count * sizeof row.lengths[0]);
        read_item(self, &cursor, i, best_key);
        act_err_t err = set_fields(self, /* is_item= */ true, &row);
        if (err != ACT_E_OK)
            return err;
        self->bind->rows[i] = row;
    }
    return ACT_E_OK;
}

static act_err_t put_items(binder_t *self, act_mp_t *cursor, uint32_t count, act_buf_t *arrays,
                           size_t *best_key)
{
    for (uint32_t place = 0; place < count; place++) {
        read_item(self, cursor, place, best_key);
        for (size_t i = 0; i < self->query->params_count; i++) {
            const query_param_t *param = &self->query->params[i];
            act_err_t err = ACT_E_OK;
            if (is_set_by(param, /* is_item= */ true))
                err = bind_array_put(self->arena, param->kind, self->fields[i], &arrays[i]);
            if (err != ACT_E_OK)
                return err;
        }
    }
    return ACT_E_OK;
}

// One row, in which the fields of the items are arrays.
static act_err_t set_arrays(binder_t *self, bind_row_t *base, size_t *best_key)
{
    const query_t *query = self->query;
    act_mp_t cursor;
    uint32_t count = open_items(self, &cursor);
    act_buf_t arrays[BIND_MAX_PARAMS];
    for (size_t i = 0; i < query->params_count; i++)
        if (is_set_by(&query->params[i], /* is_item= */ true))
            bind_array_begin(query->params[i].kind, count, &arrays[i]);
    act_err_t err = put_items(self, &cursor, count, arrays, best_key);
    for (size_t i = 0; i < query->params_count; i++) {
        bind_bytes_t bytes = {0};
        if (!is_set_by(&query->params[i], /* is_item= */ true))
            continue;
        err = bind_array_end(self->arena, &arrays[i], err, &bytes);
        set_value(base, i, bytes);
    }
    return err;
}

static void set_one(binder_t *self, const bind_row_t *row)
{
    self->bind->rows = act_arena_alloc(self->arena, sizeof *row);
    self->bind->rows[0] = *row;
    self->bind->rows_count = 1;
}

act_err_t bind_request(const query_t *query, act_str_t tenant, act_str_t body, act_arena_t *arena,
                       bind_t *ret_bind)
{
    act_assert(query->params_count <= BIND_MAX_PARAMS);
    bind_t bind = {0};
    binder_t self = {
        .query = query,
        .arena = arena,
        .fields = act_arena_alloc_array(arena, query->params_count + 1, sizeof(act_str_t)),
        .bind = &bind,
    };
    size_t best_key = query->keys_count;
    bool has_items = !act_str_empty(query->items);
    bind_row_t base = new_row(&self);
    act_err_t err = set_request(&self, tenant, body, &base, &best_key);
    if (err == ACT_E_OK && has_items && query->items_as == QUERY_EACH)
        err = set_each(&self, &base, &best_key);
    else if (err == ACT_E_OK && has_items)
        err = set_arrays(&self, &base, &best_key);
    if (err == ACT_E_OK && !(has_items && query->items_as == QUERY_EACH))
        set_one(&self, &base);
    if (err == ACT_E_OK)
        *ret_bind = bind;
    return err;
}

static bind_bytes_t value_of(const bind_row_t *row, size_t index)
{
    return (bind_bytes_t){row->values[index], (size_t)row->lengths[index]};
}

static act_err_t gather_values(const query_param_t *param, const bind_row_t *const rows[],
                               size_t rows_count, size_t index, act_arena_t *arena,
                               bind_bytes_t *ret_bytes)
{
    bool is_whole = param->part == QUERY_WHOLE;
    uint32_t count = is_whole ? 0 : (uint32_t)rows_count;
    for (size_t i = 0; is_whole && i < rows_count; i++)
        count += bind_array_count(value_of(rows[i], index));
    act_buf_t array;
    bind_array_begin(param->kind, count, &array);
    for (size_t i = 0; i < rows_count; i++)
        (is_whole ? bind_array_put_all : bind_array_put_bytes)(value_of(rows[i], index), &array);
    return bind_array_end(arena, &array, ACT_E_OK, ret_bytes);
}

act_err_t bind_gather(const query_t *query, const bind_row_t *const rows[], size_t count,
                      act_arena_t *arena, bind_row_t *ret_row)
{
    binder_t self = {.query = query, .arena = arena};
    *ret_row = new_row(&self);
    act_err_t err = ACT_E_OK;
    for (size_t i = 0; i < query->params_count && err == ACT_E_OK; i++) {
        bind_bytes_t bytes = value_of(rows[0], i);
        if (query->params[i].kind != QUERY_TENANT)
            err = gather_values(&query->params[i], rows, count, i, arena, &bytes);
        set_value(ret_row, i, bytes);
    }
    return err;
}
