// fact_rules: facts without a model, where the words before them leave no doubt ("my name is Ana Ruiz").
#include "facts.h"

#include "texts/texts.h"

#include <string.h>

#define CERTAIN_PCT 95
#define NAME_MAX_WORDS 4

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_edge(act_str_t text, size_t at)
{
    return at >= text.len_bytes || strchr(" ,.;:!?\n\r\t()\"'", text.ptr[at]);
}

static bool is_at(act_str_t text, size_t at, act_str_t phrase)
{
    if (at + phrase.len_bytes > text.len_bytes || !is_edge(text, at + phrase.len_bytes) ||
        (at > 0 && !is_edge(text, at - 1)))
        return false;
    for (size_t i = 0; i < phrase.len_bytes; i++)
        if (lower(text.ptr[at + i]) != lower(phrase.ptr[i]))
            return false;
    return true;
}

static bool find_phrase(act_str_t text, act_str_t phrase, size_t *ret_end)
{
    for (size_t at = 0; at < text.len_bytes; at++)
        if (is_at(text, at, phrase)) {
            *ret_end = at + phrase.len_bytes;
            return true;
        }
    return false;
}

// What stands behind the longest of the phrases, in any language; empty: none is there.
static act_str_t behind(act_str_t text, const char *phrases)
{
    size_t longest_bytes = 0, end = text.len_bytes, found_end = 0;
    for (uint32_t l = 0; l < ACT_TEXT_LANGUAGES_COUNT; l++) {
        act_str_t list = act_text(phrases, act_str(act_text_languages[l]));
        while (!act_str_empty(list)) {
            act_str_t phrase = act_str_cut(&list, '|');
            if (phrase.len_bytes > longest_bytes && find_phrase(text, phrase, &found_end)) {
                longest_bytes = phrase.len_bytes;
                end = found_end;
            }
        }
    }
    return act_str_of(text.ptr + end, text.len_bytes - end);
}

static act_str_t without_edges(act_str_t text)
{
    while (text.len_bytes > 0 && is_edge(text, 0))
        text = act_str_of(text.ptr + 1, text.len_bytes - 1);
    while (text.len_bytes > 0 && is_edge(text, text.len_bytes - 1))
        text.len_bytes--;
    return text;
}

// --- a name --------------------------------------------------------------------------------------

// Latin letters beyond ASCII are pairs of a capital and a small one; which comes first changes in between.
static bool is_capital(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z';
    bool is_odd_first = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
    return (c >= 0xc0 && c <= 0xde) || (c >= 0x100 && c <= 0x24f && (c % 2 == 1) == is_odd_first);
}

// Arabic has no capitals: nothing says where a name ends but the end of what was said.
static bool is_caseless(uint32_t c)
{
    return c >= 0x600 && c <= 0x6ff;
}

static size_t word_end(act_str_t text, size_t at)
{
    while (at < text.len_bytes && (!is_edge(text, at) || text.ptr[at] == '\''))
        at++;
    return at;
}

// The words that are written like a name, up to the first that is not.
static act_str_t name_in(act_str_t text)
{
    text = without_edges(text);
    size_t end = 0;
    bool has_caseless = false, is_sentence_over = text.len_bytes == 0;
    for (uint32_t i = 0; i < NAME_MAX_WORDS && !is_sentence_over; i++) {
        size_t at = i == 0 ? 0 : end + 1;
        size_t letter = at;
        uint32_t c = act_utf8_next(text, &letter);
        if (!is_capital(c) && !is_caseless(c))
            break;
        has_caseless |= is_caseless(c);
        end = word_end(text, at);
        is_sentence_over = end + 1 >= text.len_bytes || text.ptr[end] != ' ';
    }
    return act_str_of(text.ptr, has_caseless && !is_sentence_over ? 0 : end);
}

// --- an address, a number ------------------------------------------------------------------------

// The first word that the type believes.
static act_str_t word_in(act_str_t text, const fact_type_t *type)
{
    while (!act_str_empty(text)) {
        act_str_t word = without_edges(act_str_cut(&text, ' '));
        if (!act_str_empty(word) && type->is_valid(word))
            return word;
    }
    return ACT_STR("");
}

static act_str_t email_in(act_str_t text)
{
    return word_in(text, fact_type_find(ACT_STR("email")));
}

// Digits and what is written between them.
static act_str_t phone_in(act_str_t text)
{
    text = act_str_trim(text);
    while (text.len_bytes > 0 && strchr(" :,=", text.ptr[0]))
        text = act_str_of(text.ptr + 1, text.len_bytes - 1);
    size_t end = 0;
    while (end < text.len_bytes && strchr("+0123456789 ().-/", text.ptr[end]) && text.ptr[end])
        end++;
    while (end > 0 && strchr(" .-/(", text.ptr[end - 1]))
        end--;
    return act_str_of(text.ptr, end);
}

// --- rules ---------------------------------------------------------------------------------------

static const struct {
    const char *type;
    const char *phrases;
    act_str_t (*value_in)(act_str_t text);
    bool may_stand_alone; // a message that is nothing else answers our question
} rules[] = {
    {"name", "words.my_name", name_in, false},
    {"email", "words.my_email", email_in, true},
    {"phone", "words.my_phone", phone_in, false},
};

static act_str_t value_by(size_t rule, act_str_t text)
{
    act_str_t alone = without_edges(text);
    const fact_type_t *type = fact_type_find(act_str(rules[rule].type));
    if (rules[rule].may_stand_alone && !act_str_empty(alone) && type->is_valid(alone))
        return alone;
    act_str_t rest = behind(text, rules[rule].phrases);
    return act_str_empty(rest) ? rest : rules[rule].value_in(rest);
}

uint32_t facts_find(const memory_line_t *lines, uint32_t lines_count, act_arena_t *arena,
                    new_fact_t *ret_facts, uint32_t max_count)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < lines_count; i++)
        for (size_t rule = 0; rule < ACT_COUNT(rules) && count < max_count; rule++) {
            const fact_claim_t claim = {
                .type = act_str(rules[rule].type),
                .value = act_arena_str(arena, value_by(rule, lines[i].text)),
                .line = i + 1,
                .confidence_pct = CERTAIN_PCT,
            };
            if (!fact_check(lines, lines_count, &claim, &ret_facts[count]))
                count++;
        }
    return count;
}
