// model: one codec for all messages, driven by their tables.
#include "base/model.h"

#include "base/mp.h"

#include <math.h>
#include <string.h>

// --- looking into a struct -----------------------------------------------------------------------

// A repeated field as one finds it in the struct.
typedef struct {
    const char *items;
    uint32_t count;
} list_t;

// Pointers are moved with memcpy: the struct's member has another pointer type than ours.
static const void *pointer_at(const void *message, uint32_t offset)
{
    const void *pointer = NULL;
    memcpy(&pointer, (const char *)message + offset, sizeof pointer);
    return pointer;
}

static void set_pointer_at(void *message, uint32_t offset, const void *pointer)
{
    memcpy((char *)message + offset, &pointer, sizeof pointer);
}

static list_t list_at(const act_field_t *field, const void *message)
{
    list_t list = {.items = pointer_at(message, field->offset)};
    memcpy(&list.count, (const char *)message + field->count_offset, sizeof list.count);
    return list;
}

static uint64_t double_bits(const void *slot)
{
    uint64_t bits = 0;
    memcpy(&bits, slot, sizeof bits);
    return bits;
}

uint32_t act_field_size_bytes(const act_field_t *self)
{
    switch (self->kind) {
    case ACT_FIELD_BOOL:
        return sizeof(bool);
    case ACT_FIELD_INT32:
    case ACT_FIELD_UINT32:
        return sizeof(uint32_t);
    case ACT_FIELD_INT64:
    case ACT_FIELD_UINT64:
        return sizeof(uint64_t);
    case ACT_FIELD_DOUBLE:
        return sizeof(double);
    case ACT_FIELD_MESSAGE:
        return self->model->size_bytes;
    case ACT_FIELD_STRING:
    case ACT_FIELD_BYTES:
    default:
        return sizeof(act_str_t);
    }
}

uint32_t act_field_count(const act_field_t *self, const void *message)
{
    if (self->max_items > 0)
        return list_at(self, message).count;
    return self->kind != ACT_FIELD_MESSAGE || pointer_at(message, self->offset) ? 1 : 0;
}

const void *act_field_value(const act_field_t *self, const void *message, uint32_t index)
{
    if (self->max_items > 0)
        return list_at(self, message).items + (size_t)index * act_field_size_bytes(self);
    if (self->kind == ACT_FIELD_MESSAGE)
        return pointer_at(message, self->offset);
    return (const char *)message + self->offset;
}

// Is a single value what one gets when the field is left out?
static bool is_default_value(const act_field_t *field, const void *slot)
{
    switch (field->kind) {
    case ACT_FIELD_BOOL:
        return !*(const bool *)slot;
    case ACT_FIELD_INT32:
        return *(const int32_t *)slot == 0;
    case ACT_FIELD_UINT32:
        return *(const uint32_t *)slot == 0;
    case ACT_FIELD_INT64:
        return *(const int64_t *)slot == 0;
    case ACT_FIELD_UINT64:
        return *(const uint64_t *)slot == 0;
    case ACT_FIELD_DOUBLE: // -0.0 is not left out
        return double_bits(slot) == 0;
    case ACT_FIELD_MESSAGE:
        return !pointer_at(slot, 0);
    case ACT_FIELD_STRING:
    case ACT_FIELD_BYTES:
    default:
        return act_str_empty(*(const act_str_t *)slot);
    }
}

static bool is_default(const act_field_t *field, const void *message)
{
    if (field->max_items > 0)
        return list_at(field, message).count == 0;
    return is_default_value(field, (const char *)message + field->offset);
}

static bool has_name(const act_field_t *field, act_str_t name)
{
    return act_str_eq(act_str_of(field->name, field->name_bytes), name);
}

// Looks from `guess` on and around: maps written in the order of the model match at once.
static const act_field_t *find_field(const act_model_t *self, act_str_t name, uint32_t guess)
{
    for (uint32_t i = 0; name.len_bytes > 0 && i < self->fields_count; i++) {
        uint32_t index = guess + i;
        if (index >= self->fields_count)
            index -= self->fields_count;
        if (has_name(&self->fields[index], name))
            return &self->fields[index];
    }
    return NULL;
}

const act_field_t *act_model_field(const act_model_t *self, act_str_t name)
{
    return find_field(self, name, 0);
}

// --- packing -------------------------------------------------------------------------------------

static void pack_message(const act_model_t *self, const void *message, act_buf_t *out);

// `slot` holds the value; of a message it is the message itself.
static void pack_value(const act_field_t *field, const void *slot, act_buf_t *out)
{
    switch (field->kind) {
    case ACT_FIELD_BOOL:
        act_mp_bool(out, *(const bool *)slot);
        return;
    case ACT_FIELD_INT32:
        act_mp_int(out, *(const int32_t *)slot);
        return;
    case ACT_FIELD_UINT32:
        act_mp_uint(out, *(const uint32_t *)slot);
        return;
    case ACT_FIELD_INT64:
        act_mp_int(out, *(const int64_t *)slot);
        return;
    case ACT_FIELD_UINT64:
        act_mp_uint(out, *(const uint64_t *)slot);
        return;
    case ACT_FIELD_DOUBLE:
        act_mp_double(out, *(const double *)slot);
        return;
    case ACT_FIELD_STRING:
        act_mp_str(out, *(const act_str_t *)slot);
        return;
    case ACT_FIELD_BYTES:
        act_mp_bin(out, *(const act_str_t *)slot);
        return;
    case ACT_FIELD_MESSAGE:
    default:
        pack_message(field->model, slot, out);
    }
}

static void pack_field(const act_field_t *field, const void *message, act_buf_t *out)
{
    uint32_t count = act_field_count(field, message);
    act_mp_str(out, act_str_of(field->name, field->name_bytes));
    if (field->max_items > 0)
        act_mp_array(out, count);
    for (uint32_t i = 0; i < count; i++)
        pack_value(field, act_field_value(field, message, i), out);
}

static void pack_message(const act_model_t *self, const void *message, act_buf_t *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->fields_count; i++)
        count += !is_default(&self->fields[i], message);
    act_mp_map(out, count);
    for (uint32_t i = 0; i < self->fields_count; i++)
        if (!is_default(&self->fields[i], message))
            pack_field(&self->fields[i], message, out);
}

void act_model_pack(const act_model_t *self, const void *message, act_buf_t *out)
{
    pack_message(self, message, out);
}

act_str_t act_model_packed(const act_model_t *self, const void *message, act_arena_t *arena)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    pack_message(self, message, &out);
    act_str_t copy = out.is_overflowed ? (act_str_t){0} : act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return copy;
}

// --- unpacking -----------------------------------------------------------------------------------

typedef struct {
    act_mp_t cursor; // over checked bytes
    act_arena_t *arena;
    const char *bad_field;
} reader_t;

static bool read_message(reader_t *self, const act_model_t *model, void *message);

static bool refuse(reader_t *self, const char *path)
{
    self->bad_field = path;
    return false;
}

static bool store_signed(const act_mp_value_t *value, int64_t min, int64_t max, int64_t *ret_value)
{
    if (value->type != ACT_MP_INT || value->integer < min || value->integer > max)
        return false;
    *ret_value = value->integer;
    return true;
}

static bool store_unsigned(const act_mp_value_t *value, uint64_t max, uint64_t *ret_value)
{
    bool is_small = value->type == ACT_MP_INT && value->integer >= 0;
    if (!is_small && value->type != ACT_MP_UINT)
        return false;
    uint64_t number = is_small ? (uint64_t)value->integer : value->unsigned_integer;
    if (number > max)
        return false;
    *ret_value = number;
    return true;
}

static bool store_int(const act_field_t *field, const act_mp_value_t *value, void *slot)
{
    int64_t number = 0;
    uint64_t natural = 0;
    switch (field->kind) {
    case ACT_FIELD_INT32:
        if (!store_signed(value, INT32_MIN, INT32_MAX, &number))
            return false;
        *(int32_t *)slot = (int32_t)number;
        return true;
    case ACT_FIELD_UINT32:
        if (!store_unsigned(value, UINT32_MAX, &natural))
            return false;
        *(uint32_t *)slot = (uint32_t)natural;
        return true;
    case ACT_FIELD_INT64:
        return store_signed(value, INT64_MIN, INT64_MAX, slot);
    case ACT_FIELD_UINT64:
        return store_unsigned(value, UINT64_MAX, slot);
    case ACT_FIELD_BOOL:
    case ACT_FIELD_DOUBLE:
    case ACT_FIELD_STRING:
    case ACT_FIELD_BYTES:
    case ACT_FIELD_MESSAGE:
    default:
        return false;
    }
}

static bool store_double(const act_mp_value_t *value, double *ret_value)
{
    if (value->type == ACT_MP_DOUBLE)
        *ret_value = value->number;
    else if (value->type == ACT_MP_INT)
        *ret_value = (double)value->integer;
    else if (value->type == ACT_MP_UINT)
        *ret_value = (double)value->unsigned_integer;
    else
        return false;
    return true;
}

// Only STR was checked to be UTF-8, so a text must be STR; bytes may come as either.
static bool store_text(const act_field_t *field, const act_mp_value_t *value, act_str_t *ret_value)
{
    bool is_fit =
        value->type == ACT_MP_STR || (value->type == ACT_MP_BIN && field->kind == ACT_FIELD_BYTES);
    if (!is_fit || value->str.len_bytes > field->max_bytes)
        return false;
    *ret_value = value->str;
    return true;
}

static bool store_bool(const act_mp_value_t *value, bool *ret_value)
{
    if (value->type != ACT_MP_BOOL)
        return false;
    *ret_value = value->boolean;
    return true;
}

static bool store(const act_field_t *field, const act_mp_value_t *value, void *slot)
{
    if (value->type == ACT_MP_NIL)
        return true;
    switch (field->kind) {
    case ACT_FIELD_BOOL:
        return store_bool(value, slot);
    case ACT_FIELD_DOUBLE:
        return store_double(value, slot);
    case ACT_FIELD_STRING:
    case ACT_FIELD_BYTES:
        return store_text(field, value, slot);
    case ACT_FIELD_INT32:
    case ACT_FIELD_INT64:
    case ACT_FIELD_UINT32:
    case ACT_FIELD_UINT64:
    case ACT_FIELD_MESSAGE:
    default:
        return store_int(field, value, slot);
    }
}

// Reads into zeroed memory. An item that is a message must be a map: nil would skip its checks.
static bool read_value(reader_t *self, const act_field_t *field, void *slot)
{
    if (field->kind == ACT_FIELD_MESSAGE)
        return read_message(self, field->model, slot);
    act_mp_value_t value;
    if (!act_mp_next(&self->cursor, &value) || !store(field, &value, slot))
        return refuse(self, field->path);
    return true;
}

// The count is bounded by the model before memory is taken.
static bool read_list(reader_t *self, const act_field_t *field, uint32_t count, void *message)
{
    if (count > field->max_items)
        return refuse(self, field->path);
    size_t item_bytes = act_field_size_bytes(field);
    char *items = count > 0 ? act_arena_alloc_array(self->arena, count, item_bytes) : NULL;
    for (uint32_t i = 0; i < count; i++)
        if (!read_value(self, field, items + i * item_bytes))
            return false;
    set_pointer_at(message, field->offset, items);
    memcpy((char *)message + field->count_offset, &count, sizeof count);
    return true;
}

// A message and a list of any kind begin with a head that says which of them, or nil.
static bool read_field(reader_t *self, const act_field_t *field, void *message)
{
    if (field->kind != ACT_FIELD_MESSAGE && field->max_items == 0)
        return read_value(self, field, (char *)message + field->offset);
    act_mp_t before = self->cursor;
    act_mp_value_t head;
    if (!act_mp_next(&self->cursor, &head))
        return refuse(self, field->path);
    if (head.type == ACT_MP_NIL)
        return true;
    if (field->max_items > 0)
        return head.type == ACT_MP_ARRAY ? read_list(self, field, head.count, message)
                                         : refuse(self, field->path);
    if (head.type != ACT_MP_MAP)
        return refuse(self, field->path);
    self->cursor = before;
    void *child = act_arena_alloc(self->arena, field->model->size_bytes);
    set_pointer_at(message, field->offset, child);
    return read_message(self, field->model, child);
}

// Notes where each field's value begins, the last one of a repeated key, and passes over the map.
static void locate_fields(reader_t *self, const act_model_t *model, uint32_t count,
                          const uint8_t **ret_found)
{
    uint32_t guess = 0;
    for (uint32_t i = 0; i < count; i++) {
        act_str_t key = {.ptr = NULL}; // stays empty when the key is not a text
        (void)act_mp_read_str(&self->cursor, &key);
        const act_field_t *field = find_field(model, key, guess);
        if (field) {
            guess = (uint32_t)(field - model->fields);
            ret_found[guess++] = self->cursor.at;
        }
        act_mp_skip(&self->cursor);
    }
}

// First locates, then decodes: a key that comes a thousand times costs memory once. Recursion ends
// where the models' nesting does; the generator refuses models that contain themselves.
static bool read_message(reader_t *self, const act_model_t *model, void *message)
{
    uint32_t count = 0;
    if (!act_mp_read_map(&self->cursor, &count))
        return refuse(self, model->name);
    const uint8_t *found[ACT_MODEL_MAX_FIELDS] = {NULL};
    locate_fields(self, model, count, found);
    const uint8_t *behind = self->cursor.at;
    for (uint32_t i = 0; i < model->fields_count; i++) {
        const act_field_t *field = &model->fields[i];
        self->cursor.at = found[i];
        if (found[i] && !read_field(self, field, message))
            return false;
        if (field->is_required && is_default(field, message))
            return refuse(self, field->path);
    }
    self->cursor.at = behind;
    return true;
}

const void *act_model_decode(const act_model_t *self, act_str_t body, act_arena_t *arena,
                             const char **ret_field)
{
    reader_t reader = {.arena = arena, .bad_field = self->name};
    if (act_mp_check(body) == ACT_E_OK) {
        reader.cursor = act_mp_open(body);
        void *message = act_arena_alloc(arena, self->size_bytes);
        if (read_message(&reader, self, message))
            return message;
    }
    if (ret_field)
        *ret_field = reader.bad_field;
    return NULL;
}

act_err_t act_model_unpack(const act_model_t *self, act_str_t body, act_arena_t *arena,
                           void *ret_message, const char **ret_field)
{
    const void *message = act_model_decode(self, body, arena, ret_field);
    if (!message)
        return ACT_E_MALFORMED;
    memcpy(ret_message, message, self->size_bytes);
    return ACT_E_OK;
}

act_err_t act_model_check(const act_model_t *self, act_str_t body, act_arena_t *arena,
                          const char **ret_field)
{
    return act_model_decode(self, body, arena, ret_field) ? ACT_E_OK : ACT_E_MALFORMED;
}

// --- comparing -----------------------------------------------------------------------------------

static bool is_value_equal(const act_field_t *field, const void *a, const void *b)
{
    switch (field->kind) {
    case ACT_FIELD_STRING:
    case ACT_FIELD_BYTES:
        return act_str_eq(*(const act_str_t *)a, *(const act_str_t *)b);
    case ACT_FIELD_MESSAGE:
        return act_model_equal(field->model, a, b);
    case ACT_FIELD_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case ACT_FIELD_INT32:
    case ACT_FIELD_INT64:
    case ACT_FIELD_UINT32:
    case ACT_FIELD_UINT64:
    case ACT_FIELD_DOUBLE:
    default:
        return memcmp(a, b, act_field_size_bytes(field)) == 0;
    }
}

static bool is_field_equal(const act_field_t *field, const void *a, const void *b)
{
    uint32_t count = act_field_count(field, a);
    bool is_equal = count == act_field_count(field, b);
    for (uint32_t i = 0; is_equal && i < count; i++)
        is_equal =
            is_value_equal(field, act_field_value(field, a, i), act_field_value(field, b, i));
    return is_equal;
}

bool act_model_equal(const act_model_t *self, const void *a, const void *b)
{
    bool is_equal = true;
    for (uint32_t i = 0; is_equal && i < self->fields_count; i++)
        is_equal = is_field_equal(&self->fields[i], a, b);
    return is_equal;
}
