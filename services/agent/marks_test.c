// marks: which marks hold for which value, also in lists, in anyOf, and where no schema is.
#include "marks.h"

#include "io/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *json(const char *text)
{
    json_t *value = NULL;
    assert_int_equal(act_json_parse(act_str(text), &value, NULL, NULL), ACT_E_OK);
    return value;
}

static bool note(void *context, const marks_leaf_t *leaf)
{
    char *seen = context;
    size_t length = strlen(seen);
    snprintf(seen + length, 512 - length, "%s=%s%s ", leaf->name,
             leaf->provenance ? leaf->provenance : "-", leaf->is_untrusted ? "!" : "");
    return true;
}

static void walks_with_all_schemas_of_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *value, *wanted;
    } cases[] = {
        {"{}", "{\"a\": 1}", "a=- "},
        {"{\"properties\": {\"to\": {\"x-parley-provenance\": \"recipient\"}}}",
         "{\"to\": \"x\", \"other\": 2}", "to=recipient other=- "},
        // A mark of a list holds for its items, one of an object for its fields.
        {"{\"properties\": {\"to\": {\"x-parley-provenance\": \"recipient\", \"items\": {}}}}",
         "{\"to\": [\"x\", {\"y\": 1}]}", "to=recipient y=recipient "},
        {"{\"properties\": {\"to\": {\"items\": {\"x-parley-provenance\": \"url\"}}}}",
         "{\"to\": [\"x\"]}", "to=url "},
        {"{\"additionalProperties\": {\"x-parley-provenance\": \"url\"}}", "{\"any\": \"x\"}",
         "any=url "},
        // Whichever branch fits, the marks of all hold, at any depth.
        {"{\"anyOf\": [{\"properties\": {\"a\": {\"properties\": {\"to\": {}}}}}, {\"properties\": "
         "{\"a\": {\"properties\": {\"to\": {\"x-parley-provenance\": \"recipient\"}}}}}]}",
         "{\"a\": {\"to\": \"x\"}}", "to=recipient "},
        {"{\"properties\": {\"text\": {\"x-parley-untrusted\": true}}}", "{\"text\": \"x\"}",
         "text=-! "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char seen[512] = "";
        json_t *schema = json(cases[i].schema), *value = json(cases[i].value);
        assert_true(marks_walk(schema, value, note, seen));
        assert_string_equal(seen, cases[i].wanted);
        json_decref(schema);
        json_decref(value);
    }
}

static void takes_secrets_out(void **state)
{
    (void)state;
    json_t *schema =
        json("{\"properties\": {\"pin\": {\"x-parley-secret\": true}, \"list\": "
             "{\"items\": {\"properties\": {\"key\": {\"x-parley-secret\": true}}}}}}");
    json_t *value = json("{\"pin\": {\"deep\": 1}, \"list\": [{\"key\": \"k\", \"name\": \"n\"}]}");
    json_t *kept = marks_redact(schema, value);
    char *text = json_dumps(kept, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, "{\"list\":[{\"key\":\"***\",\"name\":\"n\"}],\"pin\":\"***\"}");
    free(text);
    json_decref(kept);
    json_decref(value);
    json_decref(schema);
}

static void finds_a_mark_anywhere(void **state)
{
    (void)state;
    json_t *schema = json("{\"properties\": {\"rows\": {\"items\": {\"anyOf\": [{\"properties\": "
                          "{\"sum\": {\"x-parley-provenance\": \"amount\"}}}]}}}}");
    assert_true(marks_has(schema, "amount"));
    assert_false(marks_has(schema, "url"));
    json_decref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_with_all_schemas_of_a_place),
        cmocka_unit_test(takes_secrets_out),
        cmocka_unit_test(finds_a_mark_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
