// dead_body: the body of a dead letter as people edit it. Stored is the message's msgpack as
// hexadecimal digits; shown and edited is JSON.
#pragma once
#include "base/buf.h"
#include "base/err.h"

// Adds the JSON. ACT_E_MALFORMED: the digits are none, or what they say is no msgpack.
ACT_MUST_CHECK act_err_t dead_body_to_json(act_str_t hex, act_buf_t *ret_json);
// Adds the digits. ACT_E_MALFORMED: no JSON object.
ACT_MUST_CHECK act_err_t dead_body_from_json(act_str_t json, act_buf_t *ret_hex);
// Does the body come back as it is, when its JSON is not changed? A body with raw bytes does not.
bool dead_body_is_editable(act_str_t hex);
