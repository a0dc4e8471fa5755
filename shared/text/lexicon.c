// lexicon: finds words and phrases in a message.
#include "text/lexicon.h"

#include "base/assert.h"
#include "text/lexicon_private.h"

#include <string.h>

#define STEM_LETTERS_MIN 2u // shorter stems match too much; the compiler refuses them
#define TAIL_LETTERS_MIN 3u

// --- the section ---------------------------------------------------------------------------------

act_err_t act_lexicon_init(act_lexicon_t *self, act_str_t section)
{
    lexicon_head_t head;
    if (section.len_bytes < sizeof head || (uintptr_t)section.ptr % 8 != 0)
        return ACT_E_CONFIG;
    memcpy(&head, section.ptr, sizeof head);
    if (head.classes_count == 0 || head.classes_count > ACT_LEXICON_MAX_CLASSES ||
        head.slots_count == 0 || head.slots_count > section.len_bytes / 5)
        return ACT_E_CONFIG;
    size_t names_bytes = (size_t)head.classes_count * ACT_LEXICON_NAME_BYTES;
    size_t keys_bytes = (size_t)head.slots_count * sizeof(uint32_t);
    if (section.len_bytes != sizeof head + names_bytes + keys_bytes + head.slots_count)
        return ACT_E_CONFIG;
    const char *at = section.ptr + sizeof head;
    *self = (act_lexicon_t){
        .classes_count = head.classes_count,
        .slots_count = head.slots_count,
        .tails_mask = head.tails_mask,
        .names = (const char(*)[ACT_LEXICON_NAME_BYTES])(const void *)at,
        .keys = (const uint32_t *)(const void *)(at + names_bytes),
        .values = (const uint8_t *)(at + names_bytes + keys_bytes),
    };
    for (uint32_t i = 0; i < head.classes_count; i++)
        if (!memchr(self->names[i], '\0', sizeof self->names[i]))
            return ACT_E_CONFIG;
    return ACT_E_OK;
}

const char *act_lexicon_class(const act_lexicon_t *self, uint32_t index)
{
    act_assert(index < self->classes_count);
    return self->names[index];
}

uint32_t act_lexicon_find(const act_lexicon_t *self, const char *name)
{
    uint32_t index = 0;
    while (index < self->classes_count && strcmp(self->names[index], name) != 0)
        index++;
    return index;
}

// --- one place -----------------------------------------------------------------------------------

typedef struct {
    const act_lexicon_t *lexicon;
    const act_tokens_t *tokens;
    act_match_t best;
    uint8_t best_words_count;
} search_t;

static void keep(search_t *search, uint32_t end, uint8_t words_count, uint8_t class)
{
    act_match_t *best = &search->best;
    if (words_count < search->best_words_count || class >= search->lexicon->classes_count)
        return;
    if (words_count > search->best_words_count) {
        best->classes_count = 0;
        best->tokens_count = (uint8_t)(end - best->first);
        search->best_words_count = words_count;
    }
    for (uint32_t i = 0; i < best->classes_count; i++)
        if (best->classes[i] == class)
            return;
    if (best->classes_count < ACT_LEXICON_MATCH_CLASSES)
        best->classes[best->classes_count++] = class;
}

// Keeps what the closed phrase means; true when longer phrases begin with it.
static bool look_up(search_t *search, uint64_t closed, uint32_t end, uint8_t words_count)
{
    const act_lexicon_t *self = search->lexicon;
    uint32_t key = lexicon_key(closed);
    uint32_t slot = lexicon_slot(closed, self->slots_count);
    bool continues = false;
    for (uint32_t n = 0; n < self->slots_count && self->keys[slot] != 0; n++) {
        if (self->keys[slot] == key && self->values[slot] == LEXICON_CONTINUES)
            continues = true;
        else if (self->keys[slot] == key)
            keep(search, end, words_count, self->values[slot]);
        slot = slot + 1 < self->slots_count ? slot + 1 : 0;
    }
    return continues;
}

// How many letters at the start of an Arabic word may be particles: و ف ب ك ل ه ع, then ال or ل.
#define PREFIXES_MAX 4u

static uint32_t prefix_lengths(const act_token_t *token, const uint32_t *letters,
                               uint32_t ret_lengths[PREFIXES_MAX])
{
    static const uint32_t particles[] = {0x648, 0x641, 0x628, 0x643, 0x644, 0x647, 0x639};
    uint32_t count = 0;
    uint32_t letters_count = token->base_count;
    ret_lengths[count++] = 0;
    if (!token->is_arabic || letters_count < 4)
        return count;
    if (letters[0] == 0x627 && letters[1] == 0x644)
        ret_lengths[count++] = 2;
    bool has_particle = false;
    for (size_t i = 0; i < ACT_COUNT(particles); i++)
        has_particle = has_particle || letters[0] == particles[i];
    if (!has_particle)
        return count;
    ret_lengths[count++] = 1;
    if (letters_count >= 6 && letters[1] == 0x627 && letters[2] == 0x644)
        ret_lengths[count++] = 3;
    else if (letters_count >= 5 && letters[1] == 0x644)
        ret_lengths[count++] = 2;
    return count;
}

// The next word of a phrase may follow a sign: rendez-vous, l'eau.
static uint32_t next_word(const act_tokens_t *tokens, uint32_t index)
{
    if (index < tokens->count && tokens->items[index].kind == ACT_TOKEN_MARK)
        index++;
    return index < tokens->count && tokens->items[index].kind == ACT_TOKEN_WORD ? index
                                                                                : tokens->count;
}

static void walk(search_t *search, uint64_t state, uint32_t index, uint8_t words_count);

static void close_word(search_t *search, uint64_t state, lexicon_how_t how, uint32_t end,
                       uint8_t words_count)
{
    uint64_t closed = lexicon_close(state, how);
    if (!look_up(search, closed, end, words_count) || words_count == ACT_LEXICON_PHRASE_WORDS)
        return;
    uint32_t next = next_word(search->tokens, end);
    if (next < search->tokens->count)
        walk(search, closed, next, words_count);
}

// Tries the word at index as the next of the phrase, in every way an entry may have written it.
// Calls itself through close_word, at most once a word of a phrase.
static void walk(search_t *search, uint64_t state, uint32_t index, uint8_t words_count)
{
    const act_token_t *token = &search->tokens->items[index];
    const uint32_t *letters = act_token_base(search->tokens, index);
    uint32_t lengths[PREFIXES_MAX];
    uint32_t lengths_count = prefix_lengths(token, letters, lengths);
    for (uint32_t i = 0; i < lengths_count; i++) {
        uint64_t word = state;
        for (uint32_t n = lengths[i]; n < token->base_count; n++) {
            word = lexicon_letter(word, letters[n]);
            if (n + 1 - lengths[i] >= STEM_LETTERS_MIN)
                close_word(search, word, LEXICON_STEM, index + 1, (uint8_t)(words_count + 1));
        }
        close_word(search, word, LEXICON_EXACT, index + 1, (uint8_t)(words_count + 1));
    }
}

static void walk_tails(search_t *search, uint64_t state, uint32_t index)
{
    uint32_t count = search->tokens->items[index].base_count;
    const uint32_t *letters = act_token_base(search->tokens, index);
    for (uint32_t at = 1; at + TAIL_LETTERS_MIN <= count; at++) {
        uint64_t word = state;
        for (uint32_t n = at; n < count; n++) {
            word = lexicon_letter(word, letters[n]);
            if (n + 1 - at >= TAIL_LETTERS_MIN)
                look_up(search, lexicon_close(word, LEXICON_TAIL_STEM), index + 1, 1);
        }
        look_up(search, lexicon_close(word, LEXICON_TAIL), index + 1, 1);
    }
}

static void search_language(search_t *search, uint32_t language)
{
    uint64_t state = lexicon_begin(language);
    walk(search, state, search->best.first, 0);
    if (search->lexicon->tails_mask & (1u << language))
        walk_tails(search, state, search->best.first);
}

uint32_t act_lexicon_match(const act_lexicon_t *self, const act_tokens_t *tokens, uint32_t language,
                           act_match_t *ret_matches, uint32_t max_count)
{
    uint32_t first_language = language < ACT_LANGUAGES_COUNT ? language : 0;
    uint32_t end_language = language < ACT_LANGUAGES_COUNT ? language + 1 : ACT_LANGUAGES_COUNT;
    uint32_t count = 0;
    for (uint32_t i = 0; i < tokens->count && count < max_count;) {
        search_t search = {.lexicon = self, .tokens = tokens, .best = {.first = (uint16_t)i}};
        if (tokens->items[i].kind == ACT_TOKEN_WORD)
            for (uint32_t l = first_language; l < end_language; l++)
                search_language(&search, l);
        if (search.best.classes_count > 0)
            ret_matches[count++] = search.best;
        i += search.best.classes_count > 0 ? search.best.tokens_count : 1;
    }
    return count;
}
