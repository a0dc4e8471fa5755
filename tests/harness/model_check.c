// model_check: samples, mutations and checks for any message table.
#include "harness/model_check.h"

#include "base/assert.h"
#include "base/model_json.h"
#include "base/mp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// Lists at max_items of filled messages must fit (10,000 channel accounts).
#define BODY_MAX_BYTES (64u << 20)
#define MUTATIONS_COUNT 2000

// --- numbers -------------------------------------------------------------------------------------

uint64_t model_random_next(model_random_t *self)
{
    uint64_t x = self->state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint32_t model_random_below(model_random_t *self, uint32_t limit)
{
    return limit ? (uint32_t)(model_random_next(self) % limit) : 0;
}

// --- samples -------------------------------------------------------------------------------------

// 1 to 24 bytes of one to four byte characters, so that limits count bytes and not characters.
static act_str_t sample_text(uint32_t max_bytes, model_random_t *random, act_arena_t *arena)
{
    static const char *const pieces[] = {"a", "Z", "\"", "\n", "\u00e9", "\u6f22", "\U0001f600"};
    uint32_t want_bytes = 1 + model_random_below(random, max_bytes < 24 ? max_bytes : 24);
    char *text = act_arena_alloc(arena, want_bytes);
    size_t len_bytes = 0;
    while (len_bytes < want_bytes) {
        act_str_t piece = act_str(pieces[model_random_below(random, ACT_COUNT(pieces))]);
        if (piece.len_bytes > want_bytes - len_bytes)
            piece = ACT_STR("a");
        memcpy(text + len_bytes, piece.ptr, piece.len_bytes);
        len_bytes += piece.len_bytes;
    }
    return act_str_of(text, len_bytes);
}

// Edges more often than chance would; never 0.
static uint64_t sample_bits(model_random_t *random)
{
    static const uint64_t edges[] = {1,          INT32_MAX,  UINT32_MAX, INT64_MAX,
                                     UINT64_MAX, 1ull << 31, 1ull << 63};
    uint32_t pick = model_random_below(random, 2 * ACT_COUNT(edges));
    return pick < ACT_COUNT(edges) ? edges[pick] : model_random_next(random) | 1;
}

static void fill_message(const act_model_t *model, model_random_t *random, act_arena_t *arena,
                         char *message);

static void fill_value(const act_field_t *field, model_random_t *random, act_arena_t *arena,
                       void *slot)
{
    uint64_t bits = sample_bits(random);
    double number = (double)bits / 1024;
    act_str_t text;
    switch (field->kind) {
    case ACT_FIELD_BOOL:
        *(bool *)slot = true;
        return;
    case ACT_FIELD_INT32:
    case ACT_FIELD_UINT32:
        bits = (uint32_t)bits ? bits : 1;
        memcpy(slot, &(uint32_t){(uint32_t)bits}, sizeof(uint32_t));
        return;
    case ACT_FIELD_INT64:
    case ACT_FIELD_UINT64:
        memcpy(slot, &bits, sizeof bits);
        return;
    case ACT_FIELD_DOUBLE:
        memcpy(slot, &number, sizeof number);
        return;
    case ACT_FIELD_STRING:
    case ACT_FIELD_BYTES:
        text = sample_text(field->max_bytes, random, arena);
        memcpy(slot, &text, sizeof text);
        return;
    case ACT_FIELD_MESSAGE:
    default:
        fill_message(field->model, random, arena, slot);
    }
}

static void fill_field(const act_field_t *field, model_random_t *random, act_arena_t *arena,
                       char *message)
{
    if (field->max_items == 0 && field->kind != ACT_FIELD_MESSAGE) {
        fill_value(field, random, arena, message + field->offset);
        return;
    }
    uint32_t count = 1;
    if (field->max_items > 0)
        count += model_random_below(random, field->max_items < 3 ? field->max_items : 3);
    size_t item_bytes = act_field_size_bytes(field);
    char *items = act_arena_alloc_array(arena, count, item_bytes);
    for (uint32_t i = 0; i < count; i++)
        fill_value(field, random, arena, items + i * item_bytes);
    memcpy(message + field->offset, &items, sizeof items);
    if (field->max_items > 0)
        memcpy(message + field->count_offset, &count, sizeof count);
}

static void fill_message(const act_model_t *model, model_random_t *random, act_arena_t *arena,
                         char *message)
{
    for (uint32_t i = 0; i < model->fields_count; i++)
        fill_field(&model->fields[i], random, arena, message);
}

void *model_sample(const act_model_t *model, model_random_t *random, act_arena_t *arena)
{
    void *message = act_arena_alloc(arena, model->size_bytes);
    fill_message(model, random, arena, message);
    return message;
}

static act_str_t packed(const act_model_t *model, const void *message, act_arena_t *arena)
{
    act_buf_t out;
    act_buf_init(&out, BODY_MAX_BYTES);
    act_model_pack(model, message, &out);
    act_assert(!out.is_overflowed);
    act_str_t bytes = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return bytes;
}

static act_str_t packed_sample(const act_model_t *model, model_random_t *random, act_arena_t *arena)
{
    return packed(model, model_sample(model, random, arena), arena);
}

// --- mutations -----------------------------------------------------------------------------------

// bytes with `cut_bytes` at `at` replaced by `insert`.
static act_str_t splice(act_str_t bytes, size_t at, size_t cut_bytes, act_str_t insert,
                        act_arena_t *arena)
{
    size_t len_bytes = bytes.len_bytes - cut_bytes + insert.len_bytes;
    char *out = act_arena_alloc(arena, len_bytes + 1);
    size_t behind = at + cut_bytes;
    if (at > 0)
        memcpy(out, bytes.ptr, at);
    if (insert.len_bytes > 0)
        memcpy(out + at, insert.ptr, insert.len_bytes);
    if (behind < bytes.len_bytes)
        memcpy(out + at + insert.len_bytes, bytes.ptr + behind, bytes.len_bytes - behind);
    return act_str_of(out, len_bytes);
}

act_str_t model_mutate(act_str_t bytes, model_random_t *random, act_arena_t *arena)
{
    // Heads of every msgpack type, with the largest lengths.
    static const char heads[] = "\xc0\xc2\xc4\xc6\xc7\xca\xcb\xcc\xcf\xd0\xd3"
                                "\xd9\xdb\xdc\xdd\xde\xdf\xff\x81\x91\xa1";
    uint32_t at = model_random_below(random, (uint32_t)bytes.len_bytes);
    uint32_t left = (uint32_t)bytes.len_bytes - at;
    char any = (char)model_random_next(random);
    switch (model_random_below(random, 5)) {
    case 0:
        return splice(bytes, at, left > 0, act_str_of(&any, 1), arena);
    case 1:
        return splice(bytes, at, 0, act_str_of(&any, 1), arena);
    case 2:
        return splice(bytes, at, model_random_below(random, left + 1), (act_str_t){0}, arena);
    case 3:
        return splice(bytes, at, left > 0,
                      act_str_of(&heads[model_random_below(random, sizeof heads - 1)], 1), arena);
    default: {
        uint32_t part_bytes = model_random_below(random, left + 1);
        return splice(bytes, at, 0, act_str_of(bytes.ptr + at, part_bytes), arena);
    }
    }
}

void model_exercise(const act_model_t *model, act_str_t body)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    // A block of the exact size, so that the address sanitizer sees a read past the end.
    char *exact = act_alloc(body.len_bytes ? body.len_bytes : 1);
    if (body.len_bytes > 0)
        memcpy(exact, body.ptr, body.len_bytes);
    const char *field = NULL;
    const void *first = act_model_decode(model, act_str_of(exact, body.len_bytes), arena, &field);
    act_assert(!first == !!field);
    if (first) {
        act_str_t again = packed(model, first, arena);
        const void *second = act_model_decode(model, again, arena, NULL);
        act_assert(second && act_model_equal(model, first, second));
        act_buf_t json;
        act_buf_init(&json, BODY_MAX_BYTES);
        act_model_to_json(model, second, &json);
        act_buf_fini(&json);
    }
    act_free(exact);
}

// --- checks --------------------------------------------------------------------------------------

static model_random_t seeded(const act_model_t *model)
{
    return (model_random_t){.state = act_str_hash(act_str(model->name), 1)};
}

static bool has_required(const act_model_t *model)
{
    bool found = false;
    for (uint32_t i = 0; i < model->fields_count; i++)
        found = found || model->fields[i].is_required;
    return found;
}

void model_check_round_trip(const act_model_t *model)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    model_random_t random = seeded(model);
    for (int round = 0; round < 50; round++) {
        act_arena_reset(arena);
        const void *sample = model_sample(model, &random, arena);
        act_str_t body = packed(model, sample, arena);
        const char *field = "none";
        const void *decoded = act_model_decode(model, body, arena, &field);
        if (!decoded)
            fail_msg("%s: own bytes refused at %s", model->name, field);
        assert_true(act_model_equal(model, sample, decoded));
        assert_true(act_str_eq(packed(model, decoded, arena), body));
        model_exercise(model, body);
    }
    const void *empty = act_arena_alloc(arena, model->size_bytes);
    act_str_t body = packed(model, empty, arena);
    assert_int_equal(body.len_bytes, 1);
    const void *decoded = act_model_decode(model, body, arena, NULL);
    assert_int_equal(!decoded, has_required(model));
    assert_true(!decoded || act_model_equal(model, empty, decoded));
}

void model_check_truncated(const act_model_t *model)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    model_random_t random = seeded(model);
    act_str_t body = packed_sample(model, &random, arena);
    for (size_t len_bytes = 0; len_bytes < body.len_bytes; len_bytes++) {
        model_exercise(model, act_str_of(body.ptr, len_bytes));
        assert_null(act_model_decode(model, act_str_of(body.ptr, len_bytes), arena, NULL));
    }
}

void model_check_mutated(const act_model_t *model)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    model_random_t random = seeded(model);
    for (int i = 0; i < MUTATIONS_COUNT; i++) {
        act_arena_reset(arena);
        act_str_t body = packed_sample(model, &random, arena);
        for (uint32_t times = 1 + model_random_below(&random, 4); times > 0; times--)
            body = model_mutate(body, &random, arena);
        model_exercise(model, body);
    }
}

// --- hostile bytes -------------------------------------------------------------------------------

// The packed sample with one more pair behind the others; a repeated key counts, so this replaces
// the field's value.
static act_str_t with_value(act_str_t body, const char *key, act_str_t value, act_arena_t *arena)
{
    act_mp_t cursor = act_mp_open(body);
    uint32_t count = 0;
    act_assert(act_mp_read_map(&cursor, &count));
    act_buf_t out;
    act_buf_init(&out, BODY_MAX_BYTES);
    act_mp_map(&out, count + 1);
    act_buf_add(&out, cursor.at, (size_t)(cursor.end - cursor.at));
    act_mp_str(&out, act_str(key));
    act_buf_add_str(&out, value);
    act_assert(!out.is_overflowed);
    act_str_t bytes = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return bytes;
}

static act_str_t nested_arrays(uint32_t depth, act_arena_t *arena)
{
    char *bytes = act_arena_alloc(arena, depth + 1);
    memset(bytes, '\x91', depth);
    bytes[depth] = '\xc0';
    return act_str_of(bytes, depth + 1);
}

static void check_refused(const act_model_t *model, act_str_t body, act_arena_t *arena)
{
    size_t used_bytes = act_arena_used_bytes(arena);
    const char *field = NULL;
    assert_null(act_model_decode(model, body, arena, &field));
    assert_non_null(field);
    assert_true(act_arena_used_bytes(arena) - used_bytes < 64 * 1024);
}

void model_check_hostile(const act_model_t *model)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    model_random_t random = seeded(model);
    act_str_t sample = packed_sample(model, &random, arena);
    const act_str_t values[] = {
        ACT_STR("\xdf\x29\xff\xff\x29"), // a map of 34 GB
        ACT_STR("\xdd\x04\x00\x00\x00"), // an array of 2 GB
        ACT_STR("\xdb\xff\xff\xff\xff"), // a text of 4 GB
        ACT_STR("\xc6\xff\xff\xff\xff"),
        ACT_STR("\xde\xff\xff"),
        ACT_STR("\xdc\xff\xff"),
        ACT_STR("\xa1\xff"), // not UTF-8
        ACT_STR("\xc7\x01\x01\x00"),
        ACT_STR("\xd4\x01\x00"),
        ACT_STR("\xc1"),
        ACT_STR(""),
        nested_arrays(ACT_MP_MAX_DEPTH + 1, arena),
        nested_arrays(100000, arena),
    };
    for (size_t i = 0; i < ACT_COUNT(values); i++) {
        check_refused(model, values[i], arena);
        check_refused(model, with_value(sample, "unknown", values[i], arena), arena);
        for (uint32_t j = 0; j < model->fields_count; j++) {
            const char *name = model->fields[j].name;
            check_refused(model, with_value(sample, name, values[i], arena), arena);
        }
    }
    const act_str_t not_maps[] = {ACT_STR("\xc0"), ACT_STR("\x90"), ACT_STR("\x01"),
                                  ACT_STR("\xa0"), ACT_STR("\x80\x80")};
    for (size_t i = 0; i < ACT_COUNT(not_maps); i++)
        check_refused(model, not_maps[i], arena);
}

// --- limits and types of every field -------------------------------------------------------------

// One value of each shape, and which kinds take it. Rows are in the order of act_field_kind_t:
// bool, int32, int64, uint32, uint64, double, string, bytes, message.
static const struct {
    act_str_t value;
    const char *takers; // 'y' or '-' a kind
} shapes[] = {
    {ACT_STR_INIT("\xc3"), "y--------"},                                 // true
    {ACT_STR_INIT("\x01"), "-yyyyy---"},                                 // 1
    {ACT_STR_INIT("\xff"), "-yy--y---"},                                 // -1
    {ACT_STR_INIT("\xce\x80\x00\x00\x00"), "--yyyy---"},                 // 2^31
    {ACT_STR_INIT("\xcf\x00\x00\x00\x01\x00\x00\x00\x00"), "--y-yy---"}, // 2^32
    {ACT_STR_INIT("\xcf\x80\x00\x00\x00\x00\x00\x00\x00"), "----yy---"}, // 2^63
    {ACT_STR_INIT("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), "--y--y---"}, // -2^63
    {ACT_STR_INIT("\xca\x3f\xc0\x00\x00"), "-----y---"},                 // 1.5f
    {ACT_STR_INIT("\xa1x"), "------yy-"},
    {ACT_STR_INIT("\xc4\x01x"), "-------y-"},
    {ACT_STR_INIT("\x90"), "---------"},
    {ACT_STR_INIT("\x80"), "--------y"},
};

// A list of `count` times the same value.
static act_str_t list_of(uint32_t count, act_str_t value, act_arena_t *arena)
{
    act_buf_t out;
    act_buf_init(&out, BODY_MAX_BYTES);
    act_mp_array(&out, count);
    for (uint32_t i = 0; i < count; i++)
        act_buf_add_str(&out, value);
    act_assert(!out.is_overflowed);
    act_str_t bytes = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return bytes;
}

typedef struct {
    const act_model_t *model;
    act_str_t sample;
    act_arena_t *arena;
} fields_check_t;

static void expect(const fields_check_t *self, const act_field_t *field, act_str_t value,
                   bool is_taken)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t body = with_value(self->sample, field->name, value, arena);
    const char *bad = NULL;
    const void *message = act_model_decode(self->model, body, arena, &bad);
    if (!message != !is_taken)
        fail_msg("%s: value %02x... %s", field->path, (uint8_t)value.ptr[0],
                 is_taken ? "refused" : "taken");
    if (!is_taken && field->kind != ACT_FIELD_MESSAGE)
        assert_string_equal(bad, field->path);
}

static void check_shapes(const fields_check_t *self, const act_field_t *field)
{
    bool is_list = field->max_items > 0;
    bool is_message = field->kind == ACT_FIELD_MESSAGE;
    expect(self, field, ACT_STR("\xc0"), !field->is_required);
    for (size_t i = 0; i < ACT_COUNT(shapes); i++) {
        bool is_taken = shapes[i].takers[field->kind] == 'y';
        if (is_message && is_taken)
            is_taken = !has_required(field->model);
        bool is_empty_list = is_list && act_str_eq(shapes[i].value, ACT_STR("\x90"));
        expect(self, field, shapes[i].value,
               is_list ? is_empty_list && !field->is_required : is_taken);
        if (is_list)
            expect(self, field, list_of(1, shapes[i].value, self->arena), is_taken);
    }
    if (is_list)
        expect(self, field, list_of(1, ACT_STR("\xc0"), self->arena), !is_message);
}

static act_str_t text_of(uint32_t len_bytes, act_arena_t *arena)
{
    char *text = act_arena_alloc(arena, len_bytes + 1);
    memset(text, 'x', len_bytes);
    act_buf_t out;
    act_buf_init(&out, BODY_MAX_BYTES);
    act_mp_str(&out, act_str_of(text, len_bytes));
    act_str_t bytes = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return bytes;
}

static void check_limits(const fields_check_t *self, const act_field_t *field)
{
    act_str_t fit = ACT_STR("\xc0");
    if (field->max_bytes > 0) {
        fit = text_of(field->max_bytes, self->arena);
        act_str_t over = text_of(field->max_bytes + 1, self->arena);
        bool is_list = field->max_items > 0;
        expect(self, field, is_list ? list_of(1, fit, self->arena) : fit, true);
        expect(self, field, is_list ? list_of(1, over, self->arena) : over, false);
        fit = ACT_STR("\xa1x");
    }
    if (field->max_items == 0)
        return;
    model_random_t random = seeded(self->model);
    if (field->kind == ACT_FIELD_MESSAGE)
        fit = packed_sample(field->model, &random, self->arena);
    expect(self, field, list_of(field->max_items, fit, self->arena), true);
    expect(self, field, list_of(field->max_items + 1, fit, self->arena), false);
}

void model_check_fields(const act_model_t *model)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    model_random_t random = seeded(model);
    fields_check_t check = {
        .model = model, .sample = packed_sample(model, &random, arena), .arena = arena};
    for (uint32_t i = 0; i < model->fields_count; i++) {
        check_shapes(&check, &model->fields[i]);
        check_limits(&check, &model->fields[i]);
    }
    act_str_t value = ACT_STR("\x91\x81\x01\x90");
    act_str_t unknown = with_value(check.sample, "no_such_field", value, arena);
    const void *message = act_model_decode(model, unknown, arena, NULL);
    assert_non_null(message);
    assert_true(act_str_eq(packed(model, message, arena), check.sample));
}
