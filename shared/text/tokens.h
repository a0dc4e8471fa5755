// tokens: a chat message as words, numbers, marks and emoji, in a form that does not depend on how
// it was typed: lower case, NFC, apostrophes split, "soooo" shortened, every digit written 0,
// harakat and invisible characters gone. Each token has two spellings: `plain` keeps the accents,
// `base` has none (see letters.h), so that a reader can use both. Nothing is allocated.
//
// Only the start of a long text is read, up to the limits below; is_cut says so. Malformed UTF-8 is
// read as white space. What is read never depends on the locale.
#pragma once
#include "base/str.h"

#define ACT_TOKENS_MAX 320
#define ACT_TOKENS_LETTERS_MAX 1600 // of all tokens; a message of 1,000 characters fits

typedef enum {
    ACT_TOKEN_WORD,
    ACT_TOKEN_NUMBER, // "0" to "0000": how many digits, at most four
    ACT_TOKEN_MARK,   // one sign; repeated ones count once
    ACT_TOKEN_EMOJI,  // one picture; repeated ones count once
} act_token_kind_t;

typedef struct {
    act_token_kind_t kind;
    uint16_t plain_at; // into letters
    uint16_t plain_count;
    uint16_t base_at;
    uint16_t base_count;
    bool is_arabic;
    bool has_accent; // plain and base differ
} act_token_t;

typedef struct {
    act_token_t items[ACT_TOKENS_MAX];
    uint32_t count;
    uint32_t words_count;
    uint32_t letters_count;
    uint32_t letters[ACT_TOKENS_LETTERS_MAX];
    bool is_cut;
} act_tokens_t;

// Reads the text into *ret_tokens, which need not be initialised (about 12 KB: keep it in the
// service's state or on the stack).
void act_tokens_read(act_str_t text, act_tokens_t *ret_tokens);

// The letters of a token.
const uint32_t *act_token_plain(const act_tokens_t *self, uint32_t index);
const uint32_t *act_token_base(const act_tokens_t *self, uint32_t index);
