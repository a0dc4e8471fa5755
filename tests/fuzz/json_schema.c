// json_schema: {"schema": .., "value": ..}. A schema that was accepted can be held against any value, and says
// the same twice.
#include "base/assert.h"
#include "io/json.h"
#include "tool/json_schema.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    json_t *root = NULL;
    if (size_bytes > 16384 ||
        act_json_parse(act_str_of(data, size_bytes), &root, NULL, NULL) != ACT_E_OK)
        return 0;
    act_buf_t why, again;
    act_buf_init(&why, 4096);
    act_buf_init(&again, 4096);
    const json_t *schema = json_object_get(root, "schema");
    const json_t *value = json_object_get(root, "value");
    if (schema && value && act_json_schema_check(schema, "schema", &why) == ACT_E_OK) {
        act_assert(why.len_bytes == 0);
        act_err_t err = act_json_schema_validate(schema, value, "value", &why);
        act_assert((err == ACT_E_OK) == (why.len_bytes == 0));
        act_assert(act_json_schema_validate(schema, value, "value", &again) == err);
        act_assert(act_str_eq(act_buf_str(&why), act_buf_str(&again)));
    }
    act_buf_fini(&why);
    act_buf_fini(&again);
    json_decref(root);
    return 0;
}
