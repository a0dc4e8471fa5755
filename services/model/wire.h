// wire: writes the JSON of requests. Commas come by themselves: a member or an item that does not stand
// at the beginning of its object or list gets one. A NULL key writes an item of a list.
#pragma once
#include "base/buf.h"

void wire_open(act_buf_t *out, const char *key, char bracket); // '{' or '['
void wire_close(act_buf_t *out, char bracket);                 // '}' or ']'
void wire_str(act_buf_t *out, const char *key, act_str_t value);
void wire_text(act_buf_t *out, const char *key, const char *value);
void wire_int(act_buf_t *out, const char *key, int64_t value);
void wire_bool(act_buf_t *out, const char *key, bool value);
// Thousandths as a number: 700 is 0.7.
void wire_milli(act_buf_t *out, const char *key, int64_t value_milli);
// "data:image/png;base64,..." with that beginning, or bare base64 without one.
void wire_base64(act_buf_t *out, const char *key, const char *before, act_str_t bytes);
// A JSON text of ours, as it is.
void wire_raw(act_buf_t *out, const char *key, act_str_t json);

// A JSON text of a caller: with its keys in order, so that equal ones are equal bytes (providers cache
// by them). False, and nothing is written, when it is no JSON object.
bool wire_object(act_buf_t *out, const char *key, act_str_t json);

// A JSON Schema of a caller; empty: that of an object without properties. False as above.
bool wire_schema(act_buf_t *out, const char *key, act_str_t schema);

#define WIRE_BASE64_BYTES(count) (((count) + 2) / 3 * 4)
