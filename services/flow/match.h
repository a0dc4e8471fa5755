// match: finding numbers and names in what a customer wrote. Texts must be folded (texts/words.h).
#pragma once
#include "base/arena.h"

// Does the text contain the bytes of `part` (not empty)?
bool match_has(act_str_t text, act_str_t part);

// How many whole numbers the text has; *ret_last is the last one (untouched when there is none).
uint32_t match_numbers(act_str_t folded, int64_t *ret_last);

// The same for amounts, which may have their unit behind them ("40m2").
uint32_t match_amounts(act_str_t folded, int64_t *ret_last);

uint32_t match_count_words(act_str_t folded);

// How much of `title` the text has: the letters of those of its words that the text has too, also
// when they end differently ("tile", "tiles"). Words shorter than min_chars do not count, numbers
// do.
uint32_t match_title(act_str_t folded_title, act_str_t folded, uint32_t min_chars);
