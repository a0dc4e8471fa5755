// card_test: defaults, and that a mistake names the file, the field and an example.
#include "tool/card.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define GOOD                                                                                       \
    "name: weather\ntitle: Weather\ndescription: Tells it.\neffects: read\n"                        \
    "input: {type: object, properties: {city: {type: string}}}\noutput: {type: object}\n"

// The folder is called weather, as the tool must be.
static act_err_t load(const char *yaml, act_tool_card_t **ret_card, act_buf_t *error)
{
    char root[] = "/tmp/card_testXXXXXX", folder[64], path[96];
    assert_non_null(mkdtemp(root));
    snprintf(folder, sizeof folder, "%s/weather", root);
    snprintf(path, sizeof path, "%s/tool.yaml", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    if (yaml) {
        FILE *file = fopen(path, "we");
        fputs(yaml, file);
        fclose(file);
    }
    act_err_t err = act_tool_card_load(folder, ret_card, error);
    unlink(path);
    rmdir(folder);
    rmdir(root);
    return err;
}

static void a_card_has_defaults(void **state)
{
    (void)state;
    act_tool_card_t *card = NULL;
    act_buf_t error;
    act_buf_init(&error, 4096);
    assert_int_equal(load(GOOD, &card, &error), ACT_E_OK);
    assert_string_equal(card->name, "weather");
    assert_int_equal(card->effects, ACT_TOOL_READ);
    assert_int_equal(card->timeout_ms, 5000);
    assert_false(card->has_network || card->needs_approval);
    assert_int_equal(card->memory_mb, 256);
    assert_null(card->run);
    char *json = json_dumps(card->root, 0);
    act_tool_card_t *again = NULL;
    assert_int_equal(act_tool_card_parse(act_str(json), &again, &error), ACT_E_OK);
    assert_true(json_equal(again->root, card->root));
    act_tool_card_destroy(&again);
    act_tool_card_destroy(&card);
    free(json);
    act_buf_fini(&error);
}

static void mistakes_name_file_field_and_example(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *expected;
    } rows[] = {
        {"title: [", "tool.yaml:2: "},
        {"name: weather\n", "tool.yaml: title: is missing (example: title: Weather)"},
        {GOOD "timeout_ms: 5\n",
         "tool.yaml: timeout_ms: must be at least 50 (example: timeout_ms: 5000)"},
        {GOOD "limits: {memory_mb: 1}\n",
         "tool.yaml: limits.memory_mb: must be at least 16 (example: limits: {memory_mb: 256})"},
        {GOOD "colour: red\n", "tool.yaml: colour: is not known (example: "},
        {GOOD "run: python3\n",
         "tool.yaml: run: must be an array (example: run: [python3, weather.py])"},
        {GOOD "permissions: [bus.shutdown]\n",
         "tool.yaml: permissions[0]: does not look as it must"},
        {GOOD "examples: [{arguments: {city: 5}}]\n",
         "tool.yaml: examples[0].arguments.city: must be a string (example: "},
        {"name: rain\ntitle: W\ndescription: d\neffects: read\ninput: {type: object}\n"
         "output: {type: object}\n",
         "tool.yaml: name: must be that of the folder, weather (example: name: weather)"},
        {"name: weather\ntitle: W\ndescription: d\neffects: read\ninput: {type: string}\n"
         "output: {type: object}\n",
         "tool.yaml: input.type: must be object (example: input: {type: object"},
        {"name: weather\ntitle: W\ndescription: d\neffects: read\n"
         "input: {type: object, properties: {a: {$ref: b}}}\noutput: {type: object}\n",
         "tool.yaml: input.properties.a.$ref: is a keyword that Parley does not check"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_tool_card_t *card = NULL;
        act_buf_t error;
        act_buf_init(&error, 4096);
        assert_int_equal(load(rows[i].yaml, &card, &error), ACT_E_CONFIG);
        act_buf_add_char(&error, '\0');
        if (!strstr(error.ptr, rows[i].expected))
            fail_msg("%s instead of %s", error.ptr, rows[i].expected);
        act_buf_fini(&error);
    }
}

static void no_file_is_no_card(void **state)
{
    (void)state;
    act_tool_card_t *card = NULL;
    act_buf_t error;
    act_buf_init(&error, 4096);
    assert_int_equal(load(NULL, &card, &error), ACT_E_NOT_FOUND);
    act_buf_fini(&error);
    assert_false(act_tool_name_is_good(act_str("Weather")));
    assert_false(act_tool_name_is_good(act_str("../x")));
    assert_false(act_tool_name_is_good(act_str("")));
    assert_true(act_tool_name_is_good(act_str("list_tasks2")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_has_defaults),
        cmocka_unit_test(mistakes_name_file_field_and_example),
        cmocka_unit_test(no_file_is_no_card),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
