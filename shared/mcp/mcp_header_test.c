// mcp_header_test
#include "mcp/mcp_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_values_come_back_as_they_were(void **state)
{
    (void)state;
    static const char *const texts[] = {"plain",       "",     "a b",          " a",         "a ",
                                        "caf\xc3\xa9", "a\nb", "=?base64?x?=", "=?base64?x", "\t"};
    act_arena_t *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(texts); i++) {
        act_str_t value = mcp_header_encode(act_str(texts[i]), arena), back = {0};
        for (size_t k = 0; k < value.len_bytes; k++)
            assert_in_range(value.ptr[k], 0x20, 0x7e);
        assert_true(mcp_header_decode(value, arena, &back));
        assert_true(act_str_is(back, texts[i]));
    }
    assert_true(act_str_is(mcp_header_encode(ACT_STR("plain"), arena), "plain"));
    act_arena_destroy(&arena);
}

static void test_what_is_no_base64_is_refused(void **state)
{
    (void)state;
    static const char *const values[] = {
        "=?base64?SGVsbG8?=", "=?base64?SGVs!!!bG8=?=", "=?base64?/w==?="};
    act_arena_t *arena = act_arena_new();
    act_str_t text;
    for (size_t i = 0; i < ACT_COUNT(values); i++)
        assert_false(mcp_header_decode(act_str(values[i]), arena, &text));
    act_arena_destroy(&arena);
}

static bool collect(void *context, act_str_t header, const act_str_t *text)
{
    act_buf_add_str(context, header);
    act_buf_add_str(context, text ? ACT_STR("=") : ACT_STR("-"));
    if (text)
        act_buf_add_str(context, *text);
    act_buf_add_char(context, ' ');
    return true;
}

static void test_annotated_arguments_are_found(void **state)
{
    (void)state;
    json_t *schema = json_loads(
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\"},"
        "\"n\":{\"type\":\"integer\",\"x-mcp-header\":\"N\"},\"b\":{\"type\":\"boolean\","
        "\"x-mcp-header\":\"B\"},\"o\":{\"type\":\"object\",\"properties\":{\"c\":{\"type\":"
        "\"string\",\"x-mcp-header\":\"C\"}}},\"q\":{\"type\":\"string\"}}}",
        0, NULL);
    json_t *arguments =
        json_loads("{\"a\":\"x\",\"n\":-7,\"b\":null,\"o\":{\"c\":\"y\"}}", 0, NULL);
    act_arena_t *arena = act_arena_new();
    act_buf_t out;
    act_buf_init(&out, 4096);
    assert_true(mcp_params_are_valid(schema));
    assert_true(mcp_params_walk(schema, arguments, arena, collect, &out));
    assert_true(
        act_str_is(act_buf_str(&out), "Mcp-Param-A=x Mcp-Param-N=-7 Mcp-Param-B- Mcp-Param-C=y "));
    act_buf_fini(&out);
    act_arena_destroy(&arena);
    json_decref(schema);
    json_decref(arguments);
}

static void test_bad_annotations_are_seen(void **state)
{
    (void)state;
    static const char *const properties[] = {
        "{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"\"}}",
        "{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"a b\"}}",
        "{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"a:b\"}}",
        "{\"a\":{\"type\":\"string\",\"x-mcp-header\":7}}",
        "{\"a\":{\"type\":\"number\",\"x-mcp-header\":\"A\"}}",
        "{\"a\":{\"type\":\"object\",\"x-mcp-header\":\"A\"}}",
        "{\"a\":{\"x-mcp-header\":\"A\"}}",
        "{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\"},"
        "\"b\":{\"type\":\"string\",\"x-mcp-header\":\"a\"}}",
        "{\"a\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}}",
        "{\"a\":{\"anyOf\":[{\"type\":\"string\",\"x-mcp-header\":\"A\"}]}}",
    };
    for (size_t i = 0; i < ACT_COUNT(properties); i++) {
        json_t *schema = json_object();
        json_object_set_new(schema, "properties", json_loads(properties[i], 0, NULL));
        if (mcp_params_are_valid(schema))
            fail_msg("%s", properties[i]);
        json_decref(schema);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_come_back_as_they_were),
        cmocka_unit_test(test_what_is_no_base64_is_refused),
        cmocka_unit_test(test_annotated_arguments_are_found),
        cmocka_unit_test(test_bad_annotations_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
