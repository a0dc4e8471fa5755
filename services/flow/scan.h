// scan: a first look at a YAML text, before libcyaml reads it: is it one document, not nested too
// deeply, without a key that stands twice in one mapping? libcyaml would take the last of two keys
// without a word, and ignore a second document.
#pragma once
#include "base/buf.h"
#include "base/err.h"

// On ACT_E_INVALID_ARGUMENT `error` gets what is wrong, with its line.
ACT_MUST_CHECK act_err_t scan_yaml(act_str_t yaml, act_buf_t *error);
