// attack_model: a model that obeys everything: whatever order it finds in a text, in whatever disguise, it carries
// out to the letter. It believes no marks and no prompt.
#pragma once
#include "base/arena.h"
#include "proto/model.h"

// The orders in a text, "name({...})" of one of these names, each once; at most max_count.
uint32_t attack_model_obey(act_arena_t *arena, act_str_t text, const char *const names[],
                           uint32_t names_count, tool_call_t *ret_calls, uint32_t max_count);

// What a trusting reader takes for our own word: the text that stands in no block of these tags, read as
// leniently as it can be (wide signs, unseen letters, spaces, other cases).
act_str_t attack_model_outside(act_arena_t *arena, act_str_t text, const char *const tags[],
                               uint32_t tags_count);
