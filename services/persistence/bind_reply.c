// bind: rows. A reply is a map; how many fields it has is known at the end, so fields and items are
// written aside and counted.
#include "bind.h"

#include "base/assert.h"
#include "base/mp.h"
#include "bind_value.h"
#include "io/json.h"

#include <string.h>

struct bind_reply {
    const query_t *query;
    act_buf_t fields; // of the reply itself: name, value, ...
    act_buf_t items;  // of the repeated field, each a map
    act_buf_t row;    // of the item that is being written
    uint32_t fields_count;
    uint32_t items_count;
    bool has_row;
};

bind_reply_t *bind_reply_new(const query_t *query)
{
    bind_reply_t *self = act_alloc(sizeof *self);
    self->query = query;
    act_buf_init(&self->fields, ACT_BUF_DEFAULT_MAX_BYTES);
    act_buf_init(&self->items, ACT_BUF_DEFAULT_MAX_BYTES);
    act_buf_init(&self->row, ACT_BUF_DEFAULT_MAX_BYTES);
    return self;
}

void bind_reply_destroy(bind_reply_t **self_p)
{
    bind_reply_t *self = *self_p;
    if (!self)
        return;
    act_buf_fini(&self->fields);
    act_buf_fini(&self->items);
    act_buf_fini(&self->row);
    act_free(act_take(self_p));
}

void bind_reply_reset(bind_reply_t *self)
{
    act_buf_reset(&self->fields);
    act_buf_reset(&self->items);
    self->fields_count = 0;
    self->items_count = 0;
    self->has_row = false;
}

// --- one value -----------------------------------------------------------------------------------

static bool write_int(const char *bytes, int len_bytes, act_buf_t *out)
{
    uint64_t value = bind_big_endian(bytes, (size_t)len_bytes);
    if (len_bytes == 8)
        act_mp_int(out, (int64_t)value);
    else if (len_bytes == 4)
        act_mp_int(out, (int32_t)value);
    else if (len_bytes == 2)
        act_mp_int(out, (int16_t)value);
    else
        return false;
    return true;
}

static bool write_double(const char *bytes, int len_bytes, act_buf_t *out)
{
    uint64_t bits = bind_big_endian(bytes, (size_t)len_bytes);
    if (len_bytes == 8) {
        double value;
        memcpy(&value, &bits, sizeof value);
        act_mp_double(out, value);
    } else if (len_bytes == 4) {
        uint32_t half = (uint32_t)bits;
        float value;
        memcpy(&value, &half, sizeof value);
        act_mp_double(out, (double)value);
    } else {
        return false;
    }
    return true;
}

static bool write_value(query_kind_t kind, const char *bytes, int len_bytes, act_buf_t *out)
{
    act_str_t text = act_str_of(bytes, (size_t)len_bytes);
    switch (kind) {
    case QUERY_TEXT:
        act_mp_str(out, text);
        return true;
    case QUERY_BYTES:
        act_mp_bin(out, text);
        return true;
    case QUERY_INT:
        return write_int(bytes, len_bytes, out);
    case QUERY_BOOL:
        act_mp_bool(out, len_bytes == 1 && bytes[0] != 0);
        return len_bytes == 1;
    case QUERY_DOUBLE:
        return write_double(bytes, len_bytes, out);
    case QUERY_JSON:
    case QUERY_JSONS:
        return act_json_text_to_mp(text, out) == ACT_E_OK;
    case QUERY_TEXTS:
    case QUERY_INTS:
    case QUERY_BOOLS:
    case QUERY_DOUBLES:
    case QUERY_BYTES_ARRAY:
    case QUERY_JSON_ARRAY:
    case QUERY_TENANT:
    case QUERY_KINDS_COUNT:
        break;
    }
    return false;
}

// --- one row -------------------------------------------------------------------------------------

// Writes the columns of one kind (item or reply) that are not null; false when one is unreadable.
static bool write_columns(bind_reply_t *self, const PGresult *rows, int row, bool is_item,
                          act_buf_t *out, uint32_t *ret_count)
{
    uint32_t count = 0;
    for (int i = 0; i < (int)self->query->columns_count; i++) {
        const query_column_t *column = &self->query->columns[i];
        if (column->is_item != is_item || PQgetisnull(rows, row, i))
            continue;
        act_mp_str(out, column->name);
        if (!write_value(column->kind, PQgetvalue(rows, row, i), PQgetlength(rows, row, i), out))
            return false;
        count++;
    }
    *ret_count = count;
    return true;
}

static bool add_item(bind_reply_t *self, const PGresult *rows, int row)
{
    // The first column of an item is never null, except in a row that is there for the reply's own
    // fields only.
    if (PQgetisnull(rows, row, 0))
        return true;
    act_buf_reset(&self->row);
    uint32_t count = 0;
    if (!write_columns(self, rows, row, /* is_item= */ true, &self->row, &count))
        return false;
    act_mp_map(&self->items, count);
    act_buf_add_str(&self->items, act_buf_str(&self->row));
    self->items_count++;
    return true;
}

act_err_t bind_reply_add(bind_reply_t *self, const PGresult *rows, int row)
{
    if (self->query->result == QUERY_RESULT_NONE)
        return ACT_E_OK;
    act_assert(PQnfields(rows) >= (int)self->query->columns_count);
    act_buf_reset(&self->fields);
    self->has_row = true;
    bool is_read =
        write_columns(self, rows, row, /* is_item= */ false, &self->fields, &self->fields_count) &&
        (self->query->result != QUERY_RESULT_MANY || add_item(self, rows, row));
    return is_read ? ACT_E_OK : ACT_E_DATABASE;
}

size_t bind_reply_place(const PGresult *rows, int row)
{
    int column = PQnfields(rows) - 1;
    bool is_place = PQgetlength(rows, row, column) == 8;
    return is_place ? (size_t)bind_big_endian(PQgetvalue(rows, row, column), 8) : 0;
}

act_err_t bind_reply_write(const bind_reply_t *self, act_buf_t *out)
{
    bool is_many = self->query->result == QUERY_RESULT_MANY;
    if (self->query->result == QUERY_RESULT_ONE && !self->has_row)
        return self->query->missing_err;
    act_mp_map(out, self->fields_count + (is_many ? 1 : 0));
    act_buf_add_str(out, act_buf_str(&self->fields));
    if (is_many) {
        act_mp_str(out, self->query->many);
        act_mp_array(out, self->items_count);
        act_buf_add_str(out, act_buf_str(&self->items));
    }
    bool is_cut = self->fields.is_overflowed || self->items.is_overflowed || out->is_overflowed;
    return is_cut ? ACT_E_TOO_LARGE : ACT_E_OK;
}
