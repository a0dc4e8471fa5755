// json_schema: the part of JSON Schema (2020-12) that tools use, with every cost bounded. Known:
//   type (one or several), enum, const, properties, required, additionalProperties (a boolean or a
//   schema), minProperties, maxProperties, items (one schema), minItems, maxItems, minLength,
//   maxLength, pattern (tool/pattern.h), minimum, maximum, exclusiveMinimum, exclusiveMaximum, anyOf
// Ignored, because they say nothing about what is valid: title, description, default, examples,
//   deprecated, readOnly, writeOnly, $schema, $comment, format
// Marks, which say where a value may come from and who sees it (services/agent/marks.h):
//   x-parley-provenance (recipient, amount, url), x-parley-secret, x-parley-untrusted (true, false)
// Any other keyword is an error of the schema: what is not checked must not look as if it were.
#pragma once
#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

// Deepest nesting of schemas.
#define ACT_JSON_SCHEMA_MAX_DEPTH 16

// Is this a schema of that part? On ACT_E_INVALID_ARGUMENT *error has one line that begins with the
// place, below `name`: "input.properties.city.minLength: must be a whole number".
ACT_MUST_CHECK act_err_t act_json_schema_check(const json_t *schema, const char *name,
                                               act_buf_t *error);

// Is the value what the schema, which has been checked, says? On ACT_E_INVALID_ARGUMENT *error has one
// line: "arguments.city: must be a string". It names fields, and quotes no values of the caller's.
ACT_MUST_CHECK act_err_t act_json_schema_validate(const json_t *schema, const json_t *value,
                                                  const char *name, act_buf_t *error);
