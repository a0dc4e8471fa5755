// children_check: ranges and defaults of the fields of parley.yaml, and what they must agree on.
#pragma once
#include "children.h"

#define CHILDREN_MAX_COUNT 256

// Sets defaults and each child's strategy. On ACT_E_CONFIG *error has one line.
ACT_MUST_CHECK act_err_t children_check(const char *path, children_t *self, act_buf_t *error);

// How this field is written; for an unknown one, how a child is.
const char *children_example(const char *field);
