// lexicon: finds words and phrases of a vocabulary in a message, and what they mean. The vocabulary
// is written as text files (one a language; the format is explained at the top of
// services/intent/words/en.txt), compiled at build time into a hash table without strings, and read
// in place from a section of a model file.
//
// A phrase is up to six words. Words are compared without case and accents; `stem*` matches any
// ending and, as a single word, `*tail` any beginning. In Arabic the article and the prefixes that
// are written together with a word may stand before it.
#pragma once
#include "base/err.h"
#include "text/languages.h"
#include "text/tokens.h"

#define ACT_LEXICON_MAX_CLASSES 128u
#define ACT_LEXICON_NAME_BYTES 24u
#define ACT_LEXICON_MATCH_CLASSES 4u
#define ACT_LEXICON_PHRASE_WORDS 6u

// A view: nothing to release. The section must outlive it.
typedef struct {
    uint32_t classes_count;
    uint32_t slots_count;
    uint32_t tails_mask; // languages that have entries with `*tail`
    const char (*names)[ACT_LEXICON_NAME_BYTES];
    const uint32_t *keys;
    const uint8_t *values;
} act_lexicon_t;

ACT_MUST_CHECK act_err_t act_lexicon_init(act_lexicon_t *self, act_str_t section);

const char *act_lexicon_class(const act_lexicon_t *self, uint32_t index);

// classes_count when there is none of that name.
uint32_t act_lexicon_find(const act_lexicon_t *self, const char *name);

// A phrase at tokens [first, first + tokens_count), with all its meanings, at most
// ACT_LEXICON_MATCH_CLASSES.
typedef struct {
    uint16_t first;
    uint8_t tokens_count;
    uint8_t classes_count;
    uint8_t classes[ACT_LEXICON_MATCH_CLASSES];
} act_match_t;

// From left to right, the longest phrase at each place; matches do not overlap. Returns how many
// were written. ACT_LANGUAGE_NONE looks in every language.
uint32_t act_lexicon_match(const act_lexicon_t *self, const act_tokens_t *tokens, uint32_t language,
                           act_match_t *ret_matches, uint32_t max_count);
