// model_test: the codec on a table written by hand, with every kind of field, alone and repeated.
#include "base/model.h"

#include "base/model_json.h"
#include "base/mp.h"
#include "harness/model_check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    act_str_t name;
    int64_t at_ms;
} part_t;

// A repeated field of the struct below.
#define LIST(type, name)                                                                           \
    struct {                                                                                       \
        const type *items;                                                                         \
        uint32_t count;                                                                            \
    } name

typedef struct {
    bool flag;
    int32_t small;
    int64_t large;
    uint32_t small_natural;
    uint64_t large_natural;
    double ratio;
    act_str_t text;
    act_str_t blob;
    const part_t *part;
    LIST(bool, flags);
    LIST(int32_t, smalls);
    LIST(uint64_t, naturals);
    LIST(double, ratios);
    LIST(act_str_t, texts);
    LIST(act_str_t, blobs);
    LIST(part_t, parts);
} whole_t;

#define ROW(message, member, kind_)                                                                \
    .name = #member, .path = #message "." #member, .name_bytes = sizeof #member - 1, .kind = (kind_)
#define ONE(message, member, kind_)                                                                \
    ROW(message, member, kind_), .offset = offsetof(message##_t, member)
#define MANY(message, member, kind_)                                                               \
    ROW(message, member, kind_), .offset = offsetof(message##_t, member.items),                    \
                                 .count_offset = offsetof(message##_t, member.count)

static const act_field_t part_fields[] = {
    {ONE(part, name, ACT_FIELD_STRING), .max_bytes = 8, .is_required = true},
    {ONE(part, at_ms, ACT_FIELD_INT64)},
};
static const act_model_t part_model = {
    .name = "part", .fields = part_fields, .fields_count = 2, .size_bytes = sizeof(part_t)};

static const act_field_t whole_fields[] = {
    {ONE(whole, flag, ACT_FIELD_BOOL)},
    {ONE(whole, small, ACT_FIELD_INT32)},
    {ONE(whole, large, ACT_FIELD_INT64)},
    {ONE(whole, small_natural, ACT_FIELD_UINT32)},
    {ONE(whole, large_natural, ACT_FIELD_UINT64)},
    {ONE(whole, ratio, ACT_FIELD_DOUBLE)},
    {ONE(whole, text, ACT_FIELD_STRING), .max_bytes = 16},
    {ONE(whole, blob, ACT_FIELD_BYTES), .max_bytes = 16},
    {ONE(whole, part, ACT_FIELD_MESSAGE), .model = &part_model},
    {MANY(whole, flags, ACT_FIELD_BOOL), .max_items = 3},
    {MANY(whole, smalls, ACT_FIELD_INT32), .max_items = 3},
    {MANY(whole, naturals, ACT_FIELD_UINT64), .max_items = 3},
    {MANY(whole, ratios, ACT_FIELD_DOUBLE), .max_items = 3},
    {MANY(whole, texts, ACT_FIELD_STRING), .max_bytes = 4, .max_items = 3},
    {MANY(whole, blobs, ACT_FIELD_BYTES), .max_bytes = 4, .max_items = 3},
    {MANY(whole, parts, ACT_FIELD_MESSAGE), .model = &part_model, .max_items = 3},
};
static const act_model_t whole_model = {.name = "whole",
                                        .fields = whole_fields,
                                        .fields_count = ACT_COUNT(whole_fields),
                                        .size_bytes = sizeof(whole_t)};

static void stands_all_checks(void **state)
{
    (void)state;
    model_check_round_trip(&whole_model);
    model_check_truncated(&whole_model);
    model_check_mutated(&whole_model);
    model_check_hostile(&whole_model);
    model_check_fields(&whole_model);
}

static void packs_a_map_without_defaults(void **state)
{
    (void)state;
    act_buf_t out;
    act_buf_init(&out, 1024);
    act_model_pack(&whole_model, &(whole_t){.small = -1, .text = ACT_STR("hi")}, &out);
    assert_true(act_str_is(act_buf_str(&out), "\x82\xa5small\xff\xa4text\xa2hi"));
    act_buf_fini(&out);
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t packed = act_model_packed(&part_model, &(part_t){.name = ACT_STR("hi")}, arena);
    assert_true(act_str_is(packed, "\x81\xa4name\xa2hi"));
}

static void texts_are_borrowed_from_the_body(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t body = ACT_STR("\x81\xa4text\xa2hi");
    whole_t whole = {.flag = true};
    assert_int_equal(act_model_unpack(&whole_model, body, arena, &whole, NULL), ACT_E_OK);
    assert_ptr_equal(whole.text.ptr, body.ptr + 7);
    assert_false(whole.flag);
}

static void names_the_bad_field_and_leaves_the_output(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    static const struct {
        act_str_t body;
        const char *field;
    } rows[] = {
        {ACT_STR_INIT("\x81\xa5small\xa1x"), "whole.small"},
        {ACT_STR_INIT("\x81\xa4part\x80"), "part.name"},
        {ACT_STR_INIT("\x81\xa4part\x05"), "whole.part"},
        {ACT_STR_INIT("\x81\xa4part\x81\xa4name\xa0"), "part.name"},
        {ACT_STR_INIT("\x81\xa5parts\x91\x05"), "part"},
        {ACT_STR_INIT("\x81\xa5parts\x81\xa4name\xa1x"), "whole.parts"},
        {ACT_STR_INIT("\x81\xa5small"), "whole"},
        {ACT_STR_INIT(""), "whole"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        whole_t whole = {.large = 7};
        const char *field = NULL;
        assert_int_equal(act_model_unpack(&whole_model, rows[i].body, arena, &whole, &field),
                         ACT_E_MALFORMED);
        assert_string_equal(field, rows[i].field);
        assert_int_equal(whole.large, 7);
    }
}

static void the_last_of_a_repeated_key_counts(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t body = ACT_STR("\x84\xa5small\xa1x\xa5small\x01\xa5texts\x91\xa1"
                             "a\xa5texts\x91\xa1"
                             "b");
    whole_t whole;
    assert_int_equal(act_model_unpack(&whole_model, body, arena, &whole, NULL), ACT_E_OK);
    assert_int_equal(whole.small, 1);
    assert_int_equal(whole.texts.count, 1);
    assert_true(act_str_is(whole.texts.items[0], "b"));
}

// A list that comes a thousand times must not take a thousand times its memory.
static void repeated_lists_take_memory_once(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_buf_t body;
    act_buf_init(&body, 1u << 20);
    act_mp_map(&body, 10000);
    for (int i = 0; i < 10000; i++)
        act_buf_add_str(&body, ACT_STR("\xa5texts\x93\xc0\xc0\xc0"));
    assert_int_equal(act_model_check(&whole_model, act_buf_str(&body), arena, NULL), ACT_E_OK);
    assert_true(act_arena_used_bytes(arena) < 1024);
    act_buf_fini(&body);
}

static void keys_that_are_not_text_are_passed_over(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t body = ACT_STR("\x84\x01\x02\xc0\xa1x\x91\x01\x91\x02\xa5small\x03");
    whole_t whole;
    assert_int_equal(act_model_unpack(&whole_model, body, arena, &whole, NULL), ACT_E_OK);
    assert_int_equal(whole.small, 3);
}

// Fields are decoded in the order of the model; the cursor must still end behind each map.
static void items_may_have_keys_in_any_order(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t body = ACT_STR("\x82\xa5parts\x92\x83\xa5"
                             "at_ms\x07\xa4name\xa1x\xa5later\x90"
                             "\x81\xa4name\xa1y\xa5small\x05");
    whole_t whole;
    assert_int_equal(act_model_unpack(&whole_model, body, arena, &whole, NULL), ACT_E_OK);
    assert_int_equal(whole.parts.count, 2);
    assert_int_equal(whole.parts.items[0].at_ms, 7);
    assert_true(act_str_is(whole.parts.items[1].name, "y"));
    assert_int_equal(whole.small, 5);
}

static void minus_zero_is_not_left_out(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_buf_t out;
    act_buf_init(&out, 64);
    act_model_pack(&whole_model, &(whole_t){.ratio = -0.0}, &out);
    whole_t whole;
    assert_int_equal(act_model_unpack(&whole_model, act_buf_str(&out), arena, &whole, NULL),
                     ACT_E_OK);
    assert_true(signbit(whole.ratio));
    act_buf_fini(&out);
}

static void equality_is_deep(void **state)
{
    (void)state;
    const act_str_t texts[] = {ACT_STR("a"), ACT_STR("b")};
    const part_t part = {.name = ACT_STR("p"), .at_ms = 1};
    const part_t other = {.name = ACT_STR("p"), .at_ms = 2};
    whole_t a = {.ratio = NAN, .texts = {texts, 2}, .part = &part, .parts = {&part, 1}};
    whole_t b = a;
    assert_true(act_model_equal(&whole_model, &a, &b));
    b.texts.count = 1;
    assert_false(act_model_equal(&whole_model, &a, &b));
    b = a;
    b.part = &other;
    assert_false(act_model_equal(&whole_model, &a, &b));
    b.part = NULL;
    assert_false(act_model_equal(&whole_model, &a, &b));
    b = a;
    b.parts.items = &other;
    assert_false(act_model_equal(&whole_model, &a, &b));
}

static void overflow_is_marked(void **state)
{
    (void)state;
    act_buf_t out;
    act_buf_init(&out, 4);
    act_model_pack(&whole_model, &(whole_t){.text = ACT_STR("longer than four")}, &out);
    assert_true(out.is_overflowed);
    act_buf_fini(&out);
    ACT_AUTO(act_arena) *arena = act_arena_new();
    char *blob = act_arena_alloc(arena, ACT_BUF_DEFAULT_MAX_BYTES);
    memset(blob, 'x', ACT_BUF_DEFAULT_MAX_BYTES);
    const whole_t large = {.blob = act_str_of(blob, ACT_BUF_DEFAULT_MAX_BYTES)};
    assert_int_equal(act_model_packed(&whole_model, &large, arena).len_bytes, 0);
}

static void fields_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(act_model_field(&whole_model, ACT_STR("parts")), &whole_fields[15]);
    assert_null(act_model_field(&whole_model, ACT_STR("part_")));
    assert_null(act_model_field(&whole_model, ACT_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stands_all_checks),
        cmocka_unit_test(packs_a_map_without_defaults),
        cmocka_unit_test(texts_are_borrowed_from_the_body),
        cmocka_unit_test(names_the_bad_field_and_leaves_the_output),
        cmocka_unit_test(the_last_of_a_repeated_key_counts),
        cmocka_unit_test(repeated_lists_take_memory_once),
        cmocka_unit_test(keys_that_are_not_text_are_passed_over),
        cmocka_unit_test(items_may_have_keys_in_any_order),
        cmocka_unit_test(minus_zero_is_not_left_out),
        cmocka_unit_test(equality_is_deep),
        cmocka_unit_test(overflow_is_marked),
        cmocka_unit_test(fields_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
