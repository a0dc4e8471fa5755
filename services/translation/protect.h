// protect: finds what a translation must not change (mask.h says what that is).
#pragma once
#include "base/str.h"

// The length in bytes of what begins at this byte and is to be kept; 0: nothing does. What stands before it
// is looked at, too: "B12" is kept as a whole or not at all.
size_t protect_at(act_str_t text, size_t at);

// Is the code point before this byte part of a word, or the one at it?
bool protect_is_word_before(act_str_t text, size_t at);
bool protect_is_word_at(act_str_t text, size_t at);
