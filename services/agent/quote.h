// quote: what others wrote, as a model is shown it: text that closes no block of ours. < and > become other signs,
// and what nobody sees is dropped. It is still the word of a stranger: what it may bring about is decided by
// policy.h, not here.
#pragma once
#include "base/arena.h"
#include "proto/model.h"

// At most max_chars of it.
act_str_t quote_text(act_arena_t *arena, act_str_t text, size_t max_chars);
// What a tool answered.
tool_result_t quote_result(act_arena_t *arena, const tool_result_t *result);
