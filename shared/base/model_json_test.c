// model_json_test: every kind of value as JSON.
#include "base/model_json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

typedef struct inner {
    bool flag;
} inner_t;

typedef struct outer {
    int32_t small;
    int64_t large;
    uint32_t small_natural;
    uint64_t large_natural;
    double ratio;
    act_str_t text;
    act_str_t blob;
    const inner_t *inner;
    struct {
        const inner_t *items;
        uint32_t count;
    } inners;
} outer_t;

#define ROW(member, kind_)                                                                         \
    .name = #member, .path = "outer." #member, .name_bytes = sizeof #member - 1, .kind = (kind_)

static const act_field_t inner_fields[] = {
    {.name = "flag", .path = "inner.flag", .name_bytes = 4, .kind = ACT_FIELD_BOOL},
};
static const act_model_t inner_model = {
    .name = "inner", .fields = inner_fields, .fields_count = 1, .size_bytes = sizeof(inner_t)};

static const act_field_t outer_fields[] = {
    {ROW(small, ACT_FIELD_INT32), .offset = offsetof(outer_t, small)},
    {ROW(large, ACT_FIELD_INT64), .offset = offsetof(outer_t, large)},
    {ROW(small_natural, ACT_FIELD_UINT32), .offset = offsetof(outer_t, small_natural)},
    {ROW(large_natural, ACT_FIELD_UINT64), .offset = offsetof(outer_t, large_natural)},
    {ROW(ratio, ACT_FIELD_DOUBLE), .offset = offsetof(outer_t, ratio)},
    {ROW(text, ACT_FIELD_STRING), .max_bytes = 64, .offset = offsetof(outer_t, text)},
    {ROW(blob, ACT_FIELD_BYTES), .max_bytes = 64, .offset = offsetof(outer_t, blob)},
    {ROW(inner, ACT_FIELD_MESSAGE), .model = &inner_model, .offset = offsetof(outer_t, inner)},
    {ROW(inners, ACT_FIELD_MESSAGE), .model = &inner_model, .max_items = 9,
     .offset = offsetof(outer_t, inners.items), .count_offset = offsetof(outer_t, inners.count)},
};
static const act_model_t outer_model = {.name = "outer",
                                        .fields = outer_fields,
                                        .fields_count = ACT_COUNT(outer_fields),
                                        .size_bytes = sizeof(outer_t)};

static void expect_json(const outer_t *message, const char *json)
{
    act_buf_t out;
    act_buf_init(&out, 4096);
    act_model_to_json(&outer_model, message, &out);
    act_buf_add_char(&out, '\0');
    assert_string_equal(out.ptr, json);
    act_buf_fini(&out);
}

static void shows_defaults(void **state)
{
    (void)state;
    expect_json(&(outer_t){0},
                "{\"small\":0,\"large\":0,\"small_natural\":0,\"large_natural\":0,\"ratio\":0,"
                "\"text\":\"\",\"blob\":\"\",\"inner\":null,\"inners\":[]}");
}

static void shows_values(void **state)
{
    (void)state;
    const inner_t inners[] = {{true}, {false}};
    const outer_t message = {.small = INT32_MIN,
                             .large = INT64_MIN,
                             .small_natural = UINT32_MAX,
                             .large_natural = UINT64_MAX,
                             .ratio = 0.5,
                             .text = ACT_STR("a\"\\\n\x01\u00e9"),
                             .blob = ACT_STR("\xff\x00\x01"
                                             "A"),
                             .inner = inners,
                             .inners = {inners, 2}};
    expect_json(&message,
                "{\"small\":-2147483648,\"large\":-9223372036854775808,"
                "\"small_natural\":4294967295,\"large_natural\":18446744073709551615,"
                "\"ratio\":0.5,\"text\":\"a\\\"\\\\\\u000a\\u0001\u00e9\",\"blob\":\"/wABQQ==\","
                "\"inner\":{\"flag\":true},\"inners\":[{\"flag\":true},{\"flag\":false}]}");
}

static void has_no_words_for_nan(void **state)
{
    (void)state;
    expect_json(&(outer_t){.ratio = INFINITY, .blob = ACT_STR("ab")},
                "{\"small\":0,\"large\":0,\"small_natural\":0,\"large_natural\":0,\"ratio\":null,"
                "\"text\":\"\",\"blob\":\"YWI=\",\"inner\":null,\"inners\":[]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_defaults),
        cmocka_unit_test(shows_values),
        cmocka_unit_test(has_no_words_for_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
