// match: folded texts are words with one space between, which makes all of this short.
#include "match.h"

#include <string.h>

// Two words are the same when they begin alike and only so much differs at the end: bytes, good for
// plurals and cases in languages with letters of one or two bytes.
#define STEM_MIN_BYTES 4
#define ENDING_MAX_BYTES 4

bool match_has(act_str_t text, act_str_t part)
{
    for (size_t at = 0; at + part.len_bytes <= text.len_bytes; at++)
        if (memcmp(text.ptr + at, part.ptr, part.len_bytes) == 0)
            return true;
    return false;
}

uint32_t match_numbers(act_str_t folded, int64_t *ret_last)
{
    uint32_t count = 0;
    while (!act_str_empty(folded))
        count += act_str_to_int(act_str_cut(&folded, ' '), ret_last);
    return count;
}

uint32_t match_amounts(act_str_t folded, int64_t *ret_last)
{
    uint32_t count = 0;
    while (!act_str_empty(folded)) {
        act_str_t word = act_str_cut(&folded, ' ');
        size_t digits = 0;
        while (digits < word.len_bytes && word.ptr[digits] >= '0' && word.ptr[digits] <= '9')
            digits++;
        count += act_str_to_int(act_str_of(word.ptr, digits), ret_last);
    }
    return count;
}

uint32_t match_count_words(act_str_t folded)
{
    uint32_t count = 0;
    for (; !act_str_empty(folded); count++)
        (void)act_str_cut(&folded, ' ');
    return count;
}

static bool is_same_word(act_str_t a, act_str_t b)
{
    if (act_str_eq(a, b))
        return true;
    size_t common_bytes = 0;
    while (common_bytes < a.len_bytes && common_bytes < b.len_bytes &&
           a.ptr[common_bytes] == b.ptr[common_bytes])
        common_bytes++;
    size_t longer_bytes = a.len_bytes > b.len_bytes ? a.len_bytes : b.len_bytes;
    bool is_stem = common_bytes == a.len_bytes || common_bytes == b.len_bytes;
    return common_bytes >= STEM_MIN_BYTES && longer_bytes - common_bytes <= ENDING_MAX_BYTES &&
           (is_stem || common_bytes * 3 >= longer_bytes * 2);
}

static bool has_word(act_str_t folded, act_str_t word)
{
    while (!act_str_empty(folded))
        if (is_same_word(act_str_cut(&folded, ' '), word))
            return true;
    return false;
}

uint32_t match_title(act_str_t folded_title, act_str_t folded, uint32_t min_chars)
{
    size_t weight = 0;
    while (!act_str_empty(folded_title)) {
        act_str_t word = act_str_cut(&folded_title, ' ');
        size_t chars = act_utf8_count(word);
        bool is_number = word.ptr[0] >= '0' && word.ptr[0] <= '9';
        if ((chars >= min_chars || is_number) && has_word(folded, word))
            weight += chars;
    }
    return (uint32_t)weight;
}
