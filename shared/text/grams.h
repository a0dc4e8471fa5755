// grams: the features of words and letters that every text model starts from. Each function adds to
// the features under the kind it is given. Words are looked at without accents unless it says so.
#pragma once
#include "text/features.h"
#include "text/tokens.h"

// Each token; a word with accents also as it was written.
void act_grams_words(const act_tokens_t *tokens, uint32_t kind, act_features_t *features);

// Each token with the one after it; the edges of the text count as tokens.
void act_grams_pairs(const act_tokens_t *tokens, uint32_t kind, act_features_t *features);

// Each run of min to max letters of a token, its ends marked: "<vi", "vis", "ste>". Runs with an
// accent also as they were written when with_accents is set.
typedef struct {
    uint32_t min;
    uint32_t max; // at most 8
    bool with_accents;
} act_grams_letters_t;
void act_grams_letters(const act_tokens_t *tokens, const act_grams_letters_t *what, uint32_t kind,
                       act_features_t *features);

// The beginnings of words (3 to 6 letters, a poor man's stem) and pairs of them (4 letters each).
void act_grams_stems(const act_tokens_t *tokens, uint32_t kind, act_features_t *features);

// Each accented Latin letter, wherever it stands: one ê says more about a language than its word.
void act_grams_accents(const act_tokens_t *tokens, uint32_t kind, act_features_t *features);
