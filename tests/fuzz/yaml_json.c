// yaml_json: manifests as people write them. What is accepted is a JSON value that can be written.
#include "base/assert.h"
#include "tool/yaml_json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    act_buf_t error;
    act_buf_init(&error, 4096);
    json_t *root = NULL;
    act_err_t err = act_yaml_json_parse(act_str_of(data, size_bytes), &root, &error);
    act_assert((err == ACT_E_OK) == (root != NULL));
    act_assert((err == ACT_E_OK) == (error.len_bytes == 0));
    char *text = root ? json_dumps(root, JSON_ENCODE_ANY) : NULL;
    act_assert(!root || text);
    free(text);
    json_decref(root);
    act_buf_fini(&error);
    return 0;
}
