// match: finding numbers and names in what a customer wrote. Texts must be folded (texts/words.h).
#pragma once
#include "base/arena.h"

// Does the text contain the bytes of `part` (not empty)?
bool match_has(act_str_t text, act_str_t part);

// How many whole numbers the text has; *ret_last is the last one (untouched when there is none).
uint32_t match_numbers(act_str_t folded, int64_t *ret_last);

uint32_t match_count_words(act_str_t folded);

// How many words of `title` the text has, also when they end differently ("tile", "tiles"). Words of
// one or two letters do not count.
uint32_t match_title(act_str_t folded_title, act_str_t folded);
