// glossary: texts are compared by the base letters of their words.
#include "glossary.h"

#include "protect.h"
#include "text/letters.h"

// Longer words may have another ending.
#define STEM_MIN_LETTERS 5
#define ENDING_MAX_LETTERS 2
#define NAMES_MAX_COUNT 128

// --- letters -------------------------------------------------------------------------------------

// The base letters of a text, spaces kept; what is no letter or digit is a space.
typedef struct {
    uint32_t *letters;
    uint32_t *offsets; // in the text, of the letter; one more at the end
    uint32_t count;
} folded_t;

static void add_letter(folded_t *self, uint32_t letter, size_t offset)
{
    self->letters[self->count] = letter;
    self->offsets[self->count++] = (uint32_t)offset;
}

static void fold_letter(folded_t *self, uint32_t code, size_t offset)
{
    uint32_t base[ACT_LETTER_BASE_MAX];
    code = act_letter_canonical(code);
    act_letter_class_t class = act_letter_class(code);
    if (class == ACT_LETTER_COMBINING || class == ACT_LETTER_NONE)
        return;
    if (class != ACT_LETTER_WORD && class != ACT_LETTER_DIGIT) {
        add_letter(self, ' ', offset);
        return;
    }
    uint32_t count = act_letter_base(act_letter_lower(code), base);
    for (uint32_t i = 0; i < count; i++)
        add_letter(self, base[i], offset);
}

static folded_t fold(act_str_t text, act_arena_t *arena)
{
    size_t max_count = text.len_bytes * ACT_LETTER_BASE_MAX + 1;
    folded_t self = {.letters = act_arena_alloc_array(arena, max_count, sizeof(uint32_t)),
                     .offsets = act_arena_alloc_array(arena, max_count, sizeof(uint32_t))};
    size_t at = 0;
    while (at < text.len_bytes) {
        size_t offset = at;
        fold_letter(&self, act_utf8_next(text, &at), offset);
    }
    self.offsets[self.count] = (uint32_t)text.len_bytes;
    return self;
}

static bool stands_at(const folded_t *self, uint32_t at, const uint32_t *letters, uint32_t count)
{
    if (at + count > self->count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (self->letters[at + i] != letters[i])
            return false;
    return true;
}

static bool stands_in(const folded_t *self, const uint32_t *letters, uint32_t count)
{
    for (uint32_t at = 0; at + count <= self->count; at++)
        if (stands_at(self, at, letters, count))
            return true;
    return false;
}

// --- what is kept --------------------------------------------------------------------------------

static bool is_kept(const glossary_term_t *term)
{
    return act_str_eq(term->term, term->translation);
}

typedef struct {
    act_str_t *items;
    uint32_t count;
} names_t;

// As it is spelled here; the same spelling need not be told twice.
static void add_name(names_t *names, act_str_t name)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (act_str_eq(names->items[i], name))
            return;
    if (names->count < NAMES_MAX_COUNT && !act_str_empty(name))
        names->items[names->count++] = name;
}

static void add_spellings(names_t *names, const folded_t *text, act_str_t original,
                          const folded_t *term)
{
    for (uint32_t at = 0; term->count > 0 && at + term->count <= text->count; at++) {
        if (!stands_at(text, at, term->letters, term->count))
            continue;
        uint32_t first = text->offsets[at], end = text->offsets[at + term->count];
        add_name(names, act_str_trim(act_str_of(original.ptr + first, end - first)));
    }
}

mask_names_t glossary_kept(const glossary_term_t *terms, uint32_t count, act_str_t text,
                           mask_names_t others, act_arena_t *arena)
{
    names_t names = {act_arena_alloc_array(arena, NAMES_MAX_COUNT, sizeof(act_str_t)), 0};
    folded_t folded = fold(text, arena);
    for (uint32_t i = 0; i < others.count; i++)
        add_name(&names, others.items[i]);
    for (uint32_t i = 0; i < count; i++)
        if (is_kept(&terms[i])) {
            folded_t term = fold(act_str_trim(terms[i].term), arena);
            add_spellings(&names, &folded, text, &term);
        }
    return (mask_names_t){names.items, names.count};
}

// --- what is said --------------------------------------------------------------------------------

static bool has_word(const folded_t *text, const uint32_t *letters, uint32_t count)
{
    if (count >= STEM_MIN_LETTERS + ENDING_MAX_LETTERS)
        count -= ENDING_MAX_LETTERS;
    else if (count > STEM_MIN_LETTERS)
        count = STEM_MIN_LETTERS;
    return stands_in(text, letters, count);
}

static bool has_all_words(const folded_t *text, const folded_t *wanted)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i <= wanted->count; i++) {
        if (i < wanted->count && wanted->letters[i] != ' ')
            continue;
        if (i > first && !has_word(text, wanted->letters + first, i - first))
            return false;
        first = i + 1;
    }
    return true;
}

act_err_t glossary_check(const glossary_term_t *terms, uint32_t count, act_str_t translated,
                         act_buf_t *error)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    folded_t folded = fold(translated, arena);
    for (uint32_t i = 0; i < count; i++) {
        if (is_kept(&terms[i]))
            continue;
        folded_t wanted = fold(terms[i].translation, arena);
        if (!has_all_words(&folded, &wanted)) {
            act_buf_printf(error, "\"%" ACT_STR_FMT "\" must be translated as \"%" ACT_STR_FMT "\"",
                           ACT_STR_ARG(terms[i].term), ACT_STR_ARG(terms[i].translation));
            return ACT_E_INVALID_ARGUMENT;
        }
    }
    return ACT_E_OK;
}
