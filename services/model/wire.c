// wire: a comma goes before whatever does not follow a bracket or a colon.
#include "wire.h"

#include "io/json.h"

#include <inttypes.h>
#include <stdlib.h>

#include <sodium.h>

static void begin(act_buf_t *out, const char *key)
{
    char last = out->len_bytes > 0 ? out->ptr[out->len_bytes - 1] : '[';
    if (last != '{' && last != '[' && last != ':')
        act_buf_add_char(out, ',');
    if (!key)
        return;
    act_buf_add_char(out, '"');
    act_buf_add_str(out, act_str(key));
    act_buf_add_str(out, ACT_STR("\":"));
}

void wire_open(act_buf_t *out, const char *key, char bracket)
{
    begin(out, key);
    act_buf_add_char(out, bracket);
}

void wire_close(act_buf_t *out, char bracket)
{
    act_buf_add_char(out, bracket);
}

void wire_str(act_buf_t *out, const char *key, act_str_t value)
{
    begin(out, key);
    act_json_quote(value, out);
}

void wire_text(act_buf_t *out, const char *key, const char *value)
{
    wire_str(out, key, act_str(value));
}

void wire_int(act_buf_t *out, const char *key, int64_t value)
{
    begin(out, key);
    act_buf_printf(out, "%" PRId64, value);
}

void wire_bool(act_buf_t *out, const char *key, bool value)
{
    begin(out, key);
    act_buf_add_str(out, value ? ACT_STR("true") : ACT_STR("false"));
}

void wire_milli(act_buf_t *out, const char *key, int64_t value_milli)
{
    begin(out, key);
    act_buf_printf(out, "%s%" PRId64 ".%03" PRId64, value_milli < 0 ? "-" : "",
                   (int64_t)llabs(value_milli) / 1000, (int64_t)llabs(value_milli) % 1000);
}

void wire_base64(act_buf_t *out, const char *key, const char *before, act_str_t bytes)
{
    begin(out, key);
    act_buf_add_char(out, '"');
    act_buf_add_str(out, act_str(before));
    char *text = act_buf_reserve(out, WIRE_BASE64_BYTES(bytes.len_bytes) + 1);
    if (!text)
        return;
    sodium_bin2base64(text, WIRE_BASE64_BYTES(bytes.len_bytes) + 1, (const uint8_t *)bytes.ptr,
                      bytes.len_bytes, sodium_base64_VARIANT_ORIGINAL);
    out->len_bytes += WIRE_BASE64_BYTES(bytes.len_bytes);
    act_buf_add_char(out, '"');
}

void wire_raw(act_buf_t *out, const char *key, act_str_t json)
{
    begin(out, key);
    act_buf_add_str(out, json);
}

bool wire_object(act_buf_t *out, const char *key, act_str_t json)
{
    json_t *root = NULL;
    if (act_json_parse(json, &root, /* ret_error= */ NULL, /* arena= */ NULL) != ACT_E_OK)
        return false;
    char *text = json_is_object(root) ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(root);
    if (!text)
        return false;
    wire_raw(out, key, act_str(text));
    free(text); // jansson's
    return true;
}

bool wire_schema(act_buf_t *out, const char *key, act_str_t schema)
{
    return wire_object(out, key,
                       act_str_empty(schema) ? ACT_STR("{\"type\":\"object\",\"properties\":{}}")
                                             : schema);
}
