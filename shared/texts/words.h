// words: recognising what customers write in a word or two ("yes", "annuler", "٨٠"). Texts are
// compared folded: lower case, without accents, vowel signs and punctuation, digits of any script
// as 0-9, one space between words. Lists of words are the texts "words.*" (texts.h). All functions
// are pure.
#pragma once
#include "base/arena.h"

typedef enum { ACT_WORD_NEITHER, ACT_WORD_YES, ACT_WORD_NO } act_word_answer_t;

// The text as it is compared.
act_str_t act_word_fold(act_arena_t *arena, act_str_t text);

// The whole text is an entry of the list.
bool act_word_is(const char *key, act_str_t language, act_str_t text);

// The same in any language: short answers are often in a second one.
bool act_word_is_anywhere(const char *key, act_str_t text);

// More folded characters than an entry of a list may have.
#define ACT_WORD_ENTRY_MAX_CHARS 64

// Yes or no: an entry, or up to three words that begin with one ("yes of course"). Both at once is
// neither.
act_word_answer_t act_word_answer(act_str_t language, act_str_t text);

// How many words of the text are not in the list.
uint32_t act_word_count_outside(const char *key, act_str_t language, act_str_t text);
