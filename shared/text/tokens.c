// tokens: a chat message as words, numbers, marks and emoji.
#include "text/tokens.h"

#include "text/letters.h"

#define NUMBER_LETTERS_MAX 4
#define WORD_LETTERS_MAX 64 // longer "words" are links, keys and noise: their start is enough

// Where the reader is. The token being read is items[count], its plain letters are the last ones.
typedef struct {
    act_tokens_t *tokens;
    bool is_open;
    uint32_t run_letter; // the last letter of the word, and how often it stood in a row
    uint32_t run_count;
} reader_t;

static void append(act_tokens_t *self, uint32_t code)
{
    if (self->letters_count < ACT_TOKENS_LETTERS_MAX)
        self->letters[self->letters_count++] = code;
    else
        self->is_cut = true;
}

static void append_base(act_tokens_t *self, act_token_t *token)
{
    token->base_at = (uint16_t)self->letters_count;
    for (uint32_t i = 0; i < token->plain_count; i++) {
        uint32_t plain = self->letters[token->plain_at + i];
        uint32_t base[ACT_LETTER_BASE_MAX];
        uint32_t base_count = act_letter_base(plain, base);
        token->has_accent = token->has_accent || base_count > 1 || base[0] != plain;
        for (uint32_t k = 0; k < base_count; k++)
            append(self, base[k]);
    }
    token->base_count = (uint16_t)(self->letters_count - token->base_at);
    if (token->has_accent)
        return;
    // The same letters twice would only cost room.
    self->letters_count = token->base_at;
    token->base_at = token->plain_at;
}

static bool repeats_previous(const act_tokens_t *self, const act_token_t *token)
{
    if (self->count == 0 || token->kind == ACT_TOKEN_WORD || token->kind == ACT_TOKEN_NUMBER)
        return false;
    const act_token_t *previous = &self->items[self->count - 1];
    return previous->kind == token->kind &&
           self->letters[previous->plain_at] == self->letters[token->plain_at];
}

static void close_token(reader_t *reader)
{
    act_tokens_t *self = reader->tokens;
    if (!reader->is_open)
        return;
    reader->is_open = false;
    act_token_t *token = &self->items[self->count];
    token->plain_count = (uint16_t)(self->letters_count - token->plain_at);
    if (token->plain_count == 0)
        return;
    if (repeats_previous(self, token)) {
        self->letters_count = token->plain_at;
        return;
    }
    append_base(self, token);
    self->count++;
    self->words_count += token->kind == ACT_TOKEN_WORD;
}

// Makes sure a token of this kind is open; false when there is no room for one.
static bool open_token(reader_t *reader, act_token_kind_t kind)
{
    act_tokens_t *self = reader->tokens;
    if (reader->is_open && self->items[self->count].kind == kind)
        return true;
    close_token(reader);
    if (self->count == ACT_TOKENS_MAX || self->letters_count == ACT_TOKENS_LETTERS_MAX) {
        self->is_cut = true;
        return false;
    }
    self->items[self->count] =
        (act_token_t){.kind = kind, .plain_at = (uint16_t)self->letters_count};
    reader->is_open = true;
    reader->run_count = 0;
    return true;
}

static void read_letter(reader_t *reader, uint32_t code)
{
    act_tokens_t *self = reader->tokens;
    if (!open_token(reader, ACT_TOKEN_WORD))
        return;
    act_token_t *token = &self->items[self->count];
    uint32_t lower = act_letter_lower(code);
    token->is_arabic = token->is_arabic || act_letter_is_arabic(lower);
    bool is_run = reader->run_count > 0 && reader->run_letter == lower;
    reader->run_count = is_run ? reader->run_count + 1 : 1;
    reader->run_letter = lower;
    // No language here has a letter three times in a row: it is "pleeease", and means "please".
    if (reader->run_count == 3 && self->letters_count > token->plain_at)
        self->letters_count--;
    if (reader->run_count < 3 && self->letters_count - token->plain_at < WORD_LETTERS_MAX)
        append(self, lower);
}

static void read_digit(reader_t *reader)
{
    act_tokens_t *self = reader->tokens;
    if (!open_token(reader, ACT_TOKEN_NUMBER))
        return;
    if (self->letters_count - self->items[self->count].plain_at < NUMBER_LETTERS_MAX)
        append(self, '0');
}

static void read_sign(reader_t *reader, act_token_kind_t kind, uint32_t code)
{
    close_token(reader);
    if (!open_token(reader, kind))
        return;
    append(reader->tokens, code);
    close_token(reader);
}

static void read_accent(reader_t *reader, uint32_t accent)
{
    act_tokens_t *self = reader->tokens;
    if (!reader->is_open || self->letters_count == self->items[self->count].plain_at)
        return;
    uint32_t *letter = &self->letters[self->letters_count - 1];
    *letter = act_letter_compose(*letter, accent);
    reader->run_count = 0;
}

static void read_code(reader_t *reader, uint32_t code)
{
    switch (act_letter_class(code)) {
    case ACT_LETTER_WORD:
        read_letter(reader, code);
        break;
    case ACT_LETTER_DIGIT:
        read_digit(reader);
        break;
    case ACT_LETTER_MARK:
        // An apostrophe ends "l'" and "don'" but is no sign of anything by itself.
        if (code == '\'')
            close_token(reader);
        else
            read_sign(reader, ACT_TOKEN_MARK, code);
        break;
    case ACT_LETTER_EMOJI:
        read_sign(reader, ACT_TOKEN_EMOJI, code);
        break;
    case ACT_LETTER_COMBINING:
        read_accent(reader, code);
        break;
    case ACT_LETTER_SPACE:
        close_token(reader);
        break;
    case ACT_LETTER_NONE:
        break;
    }
}

void act_tokens_read(act_str_t text, act_tokens_t *ret_tokens)
{
    ret_tokens->count = 0;
    ret_tokens->words_count = 0;
    ret_tokens->letters_count = 0;
    ret_tokens->is_cut = false;
    reader_t reader = {.tokens = ret_tokens};
    for (size_t offset = 0; offset < text.len_bytes && !ret_tokens->is_cut;)
        read_code(&reader, act_letter_canonical(act_utf8_next(text, &offset)));
    close_token(&reader);
}

const uint32_t *act_token_plain(const act_tokens_t *self, uint32_t index)
{
    return self->letters + self->items[index].plain_at;
}

const uint32_t *act_token_base(const act_tokens_t *self, uint32_t index)
{
    return self->letters + self->items[index].base_at;
}
