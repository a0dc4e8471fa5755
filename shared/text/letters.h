// letters: what a code point is, for reading chat messages without ICU. Covers Latin (with Polish,
// Romanian, German, ...), Arabic, and enough of Greek and Cyrillic to keep their words whole. Pure
// functions over compact tables.
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    ACT_LETTER_SPACE,
    ACT_LETTER_WORD,      // part of a word
    ACT_LETTER_DIGIT,     // of any script
    ACT_LETTER_MARK,      // punctuation and signs
    ACT_LETTER_EMOJI,     // pictures, arrows, dingbats
    ACT_LETTER_COMBINING, // an accent that belongs to the letter before it
    ACT_LETTER_NONE,      // invisible or ornamental: harakat, tatweel, zero-width, skin tones, tags
} act_letter_class_t;

// One spelling of what looks the same: full-width and mathematical letters and digits become ASCII,
// typographic quotes and dashes become ' " and -, Arabic punctuation becomes its Latin twin,
// cedilla becomes the comma below that Romanian wants. Everything else is returned as it is.
uint32_t act_letter_canonical(uint32_t code);

// Of a canonical code point.
act_letter_class_t act_letter_class(uint32_t code);

// Lower case of a canonical code point.
uint32_t act_letter_lower(uint32_t code);

// The letter with a combining accent on it (e + U+0301 is é); the letter alone when Parley's
// languages do not know the pair.
uint32_t act_letter_compose(uint32_t letter, uint32_t accent);

// The base of a lower-case letter, one or two code points: é is e, ß is ss, ł is l; in Arabic all
// forms of alef, ya and ta marbuta become one. Returns how many were written.
#define ACT_LETTER_BASE_MAX 2
uint32_t act_letter_base(uint32_t lower, uint32_t ret_base[ACT_LETTER_BASE_MAX]);

// True for Arabic letters, not of digits or punctuation.
bool act_letter_is_arabic(uint32_t code);
