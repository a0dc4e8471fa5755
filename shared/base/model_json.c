// model_json: a message as JSON text, without a JSON library.
#include "base/model_json.h"

#include <math.h>

static void json_text(act_str_t text, act_buf_t *out)
{
    act_buf_add_char(out, '"');
    for (size_t i = 0; i < text.len_bytes; i++) {
        char c = text.ptr[i];
        if (c == '"' || c == '\\')
            act_buf_printf(out, "\\%c", c);
        else if ((unsigned char)c < 0x20)
            act_buf_printf(out, "\\u%04x", (unsigned)c);
        else
            act_buf_add_char(out, c);
    }
    act_buf_add_char(out, '"');
}

static void json_base64(act_str_t bytes, act_buf_t *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    act_buf_add_char(out, '"');
    for (size_t i = 0; i < bytes.len_bytes; i += 3) {
        size_t left = bytes.len_bytes - i;
        uint32_t bits = (uint32_t)(uint8_t)bytes.ptr[i] << 16;
        bits |= left > 1 ? (uint32_t)(uint8_t)bytes.ptr[i + 1] << 8 : 0;
        bits |= left > 2 ? (uint32_t)(uint8_t)bytes.ptr[i + 2] : 0;
        act_buf_add_char(out, digits[bits >> 18]);
        act_buf_add_char(out, digits[bits >> 12 & 63]);
        act_buf_add_char(out, left > 1 ? digits[bits >> 6 & 63] : '=');
        act_buf_add_char(out, left > 2 ? digits[bits & 63] : '=');
    }
    act_buf_add_char(out, '"');
}

static void json_double(double number, act_buf_t *out)
{
    if (isfinite(number))
        act_buf_printf(out, "%.17g", number);
    else
        act_buf_add_str(out, ACT_STR("null"));
}

static void json_value(const act_field_t *field, const void *slot, act_buf_t *out)
{
    switch (field->kind) {
    case ACT_FIELD_BOOL:
        act_buf_printf(out, "%s", *(const bool *)slot ? "true" : "false");
        return;
    case ACT_FIELD_INT32:
        act_buf_printf(out, "%ld", (long)*(const int32_t *)slot);
        return;
    case ACT_FIELD_UINT32:
        act_buf_printf(out, "%lu", (unsigned long)*(const uint32_t *)slot);
        return;
    case ACT_FIELD_INT64:
        act_buf_printf(out, "%lld", (long long)*(const int64_t *)slot);
        return;
    case ACT_FIELD_UINT64:
        act_buf_printf(out, "%llu", (unsigned long long)*(const uint64_t *)slot);
        return;
    case ACT_FIELD_DOUBLE:
        json_double(*(const double *)slot, out);
        return;
    case ACT_FIELD_STRING:
        json_text(*(const act_str_t *)slot, out);
        return;
    case ACT_FIELD_BYTES:
        json_base64(*(const act_str_t *)slot, out);
        return;
    case ACT_FIELD_MESSAGE:
    default:
        act_model_to_json(field->model, slot, out);
    }
}

static void json_field(const act_field_t *field, const void *message, act_buf_t *out)
{
    uint32_t count = act_field_count(field, message);
    if (field->max_items == 0 && count == 0)
        act_buf_add_str(out, ACT_STR("null"));
    if (field->max_items > 0)
        act_buf_add_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            act_buf_add_char(out, ',');
        json_value(field, act_field_value(field, message, i), out);
    }
    if (field->max_items > 0)
        act_buf_add_char(out, ']');
}

void act_model_to_json(const act_model_t *self, const void *message, act_buf_t *out)
{
    act_buf_add_char(out, '{');
    for (uint32_t i = 0; i < self->fields_count; i++) {
        act_buf_printf(out, "%s\"%s\":", i > 0 ? "," : "", self->fields[i].name);
        json_field(&self->fields[i], message, out);
    }
    act_buf_add_char(out, '}');
}
