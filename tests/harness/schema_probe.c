// schema_probe: our JSON Schema validator for comparison with others: a line {"schema": .., "value": ..} in, a word
// out: refused (the schema has keywords that we do not check), valid, invalid.
#include "io/json.h"
#include "tool/json_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *verdict(const json_t *root)
{
    act_buf_t why;
    act_buf_init(&why, 65536);
    const json_t *schema = json_object_get(root, "schema");
    const json_t *value = json_object_get(root, "value");
    const char *word = "refused";
    if (schema && value && act_json_schema_check(schema, "schema", &why) == ACT_E_OK)
        word = act_json_schema_validate(schema, value, "value", &why) == ACT_E_OK ? "valid"
                                                                                  : "invalid";
    act_buf_fini(&why);
    return word;
}

int main(void)
{
    char *line = NULL;
    size_t room_bytes = 0;
    ssize_t len_bytes = 0;
    while ((len_bytes = getline(&line, &room_bytes, stdin)) > 0) {
        json_t *root = NULL;
        bool is_good =
            act_json_parse(act_str_of(line, (size_t)len_bytes), &root, NULL, NULL) == ACT_E_OK;
        puts(is_good ? verdict(root) : "no json");
        json_decref(root);
    }
    free(line);
    return 0;
}
