// yaml_json: one YAML document from outside as a JSON value (by libyaml), with every cost bounded. Aliases,
// tags and several documents are refused; a key that is there twice, too.
#pragma once
#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

#define ACT_YAML_JSON_MAX_BYTES (64u << 10)
#define ACT_YAML_JSON_MAX_DEPTH 32

// *ret_root is yours (json_decref). Plain scalars are null, true, false, numbers, or texts as YAML 1.2
// says; quoted ones are texts. On ACT_E_MALFORMED *error has one line: "3: mapping values are not allowed".
ACT_MUST_CHECK act_err_t act_yaml_json_parse(act_str_t text, json_t **ret_root, act_buf_t *error);
