// delta: whatever the short way reads of a valid event, the JSON library finds, too.
#include "delta.h"

#include "io/json.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static bool has_text(const json_t *value, act_str_t text)
{
    const char *key = NULL;
    const json_t *item = NULL;
    size_t index = 0;
    json_array_foreach(value, index, item) if (has_text(item, text)) return true;
    json_object_foreach((json_t *)(uintptr_t)value, key, item)
    {
        act_str_t found = act_str_of(json_string_value(item), json_string_length(item));
        if ((act_str_is(act_str(key), "content") && json_is_string(item) &&
             act_str_eq(found, text)) ||
            has_text(item, text))
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static const char *const slow[] = {"usage", NULL};
    static const delta_shape_t shape = {.text_key = "content", .marker = NULL, .slow = slow};
    act_str_t event = act_str_of(data, size_bytes);
    act_buf_t scratch;
    act_str_t text;
    json_t *root = NULL;
    act_buf_init(&scratch, 4096);
    if (delta_read(&shape, event, &scratch, &text) &&
        act_json_parse(event, &root, NULL, NULL) == ACT_E_OK) {
        if (!has_text(root, text))
            abort();
        json_decref(root);
    }
    act_buf_fini(&scratch);
    return 0;
}
