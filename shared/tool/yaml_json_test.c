// yaml_json_test: values, and every way to be wrong with its line.
#include "tool/yaml_json.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void becomes(const char *yaml, const char *json)
{
    json_t *root = NULL;
    act_buf_t error;
    act_buf_init(&error, 1024);
    if (act_yaml_json_parse(act_str(yaml), &root, &error) != ACT_E_OK)
        fail_msg("%s: %.*s", yaml, (int)error.len_bytes, error.ptr);
    char *text = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(text, json);
    free(text);
    json_decref(root);
    act_buf_fini(&error);
}

static void values_are_those_of_yaml(void **state)
{
    (void)state;
    becomes("a: 1\nb: [x, 'true', true, null, -2.5, 1e3, 007]\n",
            "{\"a\":1,\"b\":[\"x\",\"true\",true,null,-2.5,1000.0,7]}");
    becomes("a: >-\n  two\n  lines\n", "{\"a\":\"two lines\"}");
    becomes("a: {b: {c: ~}}", "{\"a\":{\"b\":{\"c\":null}}}");
    becomes("v: 1.2.3\nd: 2026-11-21\nn: .inf\np: +\n",
            "{\"v\":\"1.2.3\",\"d\":\"2026-11-21\",\"n\":\".inf\",\"p\":\"+\"}");
    becomes("- 99999999999999999999\n", "[1e20]");
}

static void is_refused(const char *yaml, const char *expected)
{
    json_t *root = NULL;
    act_buf_t error;
    act_buf_init(&error, 1024);
    assert_int_equal(act_yaml_json_parse(act_str(yaml), &root, &error), ACT_E_MALFORMED);
    act_buf_add_char(&error, '\0');
    if (strncmp(error.ptr, expected, strlen(expected)) != 0)
        fail_msg("%s instead of %s", error.ptr, expected);
    act_buf_fini(&error);
}

static void mistakes_are_told_with_their_line(void **state)
{
    (void)state;
    is_refused("", "1: is empty");
    is_refused("a: 1\na: 2\n", "2: a key is there twice");
    is_refused("a: &x 1\nb: *x\n", "2: anchors and aliases are not allowed");
    is_refused("a: !!python/object 1\n", "1: tags are not allowed");
    is_refused("a: [1\nb: 2\n", "2: ");
    is_refused("a: 1\n---\nb: 1\n", "2: has more than one document");
    is_refused("[a]: 1\n", "1: a key must be a plain text");
    is_refused("a: \xff\n", "1: ");
    is_refused("a: \"\\0\"\n", "1: a text must not hold a NUL character");
    char deep[200];
    memset(deep, '[', sizeof deep);
    deep[199] = '\0';
    is_refused(deep, "1: is nested too deeply");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_yaml),
        cmocka_unit_test(mistakes_are_told_with_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
