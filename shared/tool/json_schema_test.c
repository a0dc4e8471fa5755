// json_schema_test: each keyword both ways, and what the error says.
#include "tool/json_schema.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static json_t *json_of(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    if (!value)
        fail_msg("not JSON: %s", text);
    return value;
}

// "" when the value is what the schema says, else the error.
static void validate(const char *schema_text, const char *value_text, char *ret_error, size_t size)
{
    json_t *schema = json_of(schema_text), *value = json_of(value_text);
    act_buf_t error;
    act_buf_init(&error, 1024);
    if (act_json_schema_check(schema, "schema", &error) != ACT_E_OK)
        fail_msg("%s: %.*s", schema_text, (int)error.len_bytes, error.ptr);
    act_err_t err = act_json_schema_validate(schema, value, "v", &error);
    assert_int_equal(err == ACT_E_OK, error.len_bytes == 0);
    act_str_copy(act_buf_str(&error), ret_error, size);
    act_buf_fini(&error);
    json_decref(schema);
    json_decref(value);
}

static const struct {
    const char *schema, *good, *bad, *error;
} rows[] = {
    {"{\"type\":\"string\"}", "\"a\"", "1", "v: must be a string"},
    {"{\"type\":\"integer\"}", "3.0", "3.5", "v: must be a whole number"},
    {"{\"type\":\"number\"}", "3", "\"3\"", "v: must be a number"},
    {"{\"type\":\"boolean\"}", "false", "0", "v: must be true or false"},
    {"{\"type\":\"null\"}", "null", "0", "v: must be null"},
    {"{\"type\":[\"string\",\"null\"]}", "null", "1", "v: has a type that is not allowed"},
    {"{\"enum\":[\"a\",2]}", "2.0", "\"b\"", "v: must be one of [\"a\",2]"},
    {"{\"const\":{\"a\":[1]}}", "{\"a\":[1.0]}", "{\"a\":[2]}",
     "v: must be the value that the schema names"},
    {"{\"minimum\":2}", "2", "1", "v: must be at least 2"},
    {"{\"maximum\":2}", "2", "2.1", "v: must be at most 2"},
    {"{\"exclusiveMinimum\":2}", "3", "2", "v: must be more than 2"},
    {"{\"exclusiveMaximum\":2}", "1", "2", "v: must be less than 2"},
    {"{\"minLength\":2}", "\"\xc3\xa9\xc3\xa9\"", "\"\xc3\xa9\"",
     "v: its length must be at least 2"},
    {"{\"maxLength\":1}", "\"\xc3\xa9\"", "\"ab\"", "v: its length must be at most 1"},
    {"{\"pattern\":\"^a\"}", "\"ab\"", "\"ba\"", "v: does not look as it must: ^a"},
    {"{\"items\":{\"type\":\"integer\"}}", "[1,2]", "[1,\"2\"]", "v[1]: must be a whole number"},
    {"{\"minItems\":1}", "[0]", "[]", "v: its length must be at least 1"},
    {"{\"maxItems\":1}", "[0]", "[0,0]", "v: its length must be at most 1"},
    {"{\"minProperties\":1}", "{\"a\":1}", "{}", "v: its length must be at least 1"},
    {"{\"required\":[\"a\"]}", "{\"a\":1}", "{\"b\":1}", "v.a: is missing"},
    {"{\"properties\":{\"a\":{\"properties\":{\"b\":{\"type\":\"string\"}}}}}",
     "{\"a\":{\"b\":\"\"}}", "{\"a\":{\"b\":1}}", "v.a.b: must be a string"},
    {"{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"a\":1}", "{\"b\":1}",
     "v.b: is not known"},
    {"{\"additionalProperties\":{\"type\":\"string\"}}", "{\"b\":\"\"}", "{\"b\":1}",
     "v.b: must be a string"},
    {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"object\",\"required\":[\"a\"]}]}", "{\"a\":1}",
     "{\"b\":1}", "v: fits none of the allowed forms"},
    {"{\"minLength\":5}", "1", "\"abc\"", "v: its length must be at least 5"}, // of texts alone
};

static void each_keyword_says_yes_and_no(void **state)
{
    (void)state;
    char error[1024];
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        validate(rows[i].schema, rows[i].good, error, sizeof error);
        assert_string_equal(error, "");
        validate(rows[i].schema, rows[i].bad, error, sizeof error);
        assert_string_equal(error, rows[i].error);
    }
}

static void check(const char *schema_text, const char *expected)
{
    json_t *schema = json_of(schema_text);
    act_buf_t error;
    act_buf_init(&error, 1024);
    assert_int_equal(act_json_schema_check(schema, "input", &error), ACT_E_INVALID_ARGUMENT);
    act_buf_add_char(&error, '\0');
    if (strncmp(error.ptr, expected, strlen(expected)) != 0)
        fail_msg("%s instead of %s", error.ptr, expected);
    act_buf_fini(&error);
    json_decref(schema);
}

static void what_is_not_checked_is_refused(void **state)
{
    (void)state;
    check("{\"$ref\":\"#/a\"}", "input.$ref: is a keyword that Parley does not check");
    check("{\"properties\":{\"a\":{\"uniqueItems\":true}}}",
          "input.properties.a.uniqueItems: is a");
    check("{\"type\":\"text\"}", "input.type: must be object, array");
    check("{\"properties\":{\"a\":{\"minLength\":-1}}}",
          "input.properties.a.minLength: must be a whole number, 0 or more");
    check("{\"pattern\":\"(a\"}", "input.pattern: must be a regular expression");
    check("{\"required\":\"a\"}", "input.required: must be a list of names");
    check("{\"items\":[]}", "input.items: must be a schema");
    check("{\"anyOf\":[{\"type\":1}]}", "input.anyOf[0].type: must be");
    check("[]", "input: must be a schema");
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    act_buf_t text, error;
    act_buf_init(&text, 65536);
    act_buf_init(&error, 4096);
    for (int i = 0; i <= ACT_JSON_SCHEMA_MAX_DEPTH; i++)
        act_buf_printf(&text, "{\"items\":");
    act_buf_printf(&text, "{}");
    for (int i = 0; i <= ACT_JSON_SCHEMA_MAX_DEPTH; i++)
        act_buf_printf(&text, "}");
    json_t *schema = json_loadb(text.ptr, text.len_bytes, 0, NULL);
    assert_int_equal(act_json_schema_check(schema, "s", &error), ACT_E_INVALID_ARGUMENT);
    act_buf_add_char(&error, '\0');
    assert_non_null(strstr(error.ptr, "is nested too deeply"));
    json_decref(schema);
    act_buf_fini(&text);
    act_buf_fini(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_keyword_says_yes_and_no),
        cmocka_unit_test(what_is_not_checked_is_refused),
        cmocka_unit_test(nesting_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
