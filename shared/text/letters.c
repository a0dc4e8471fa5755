// letters: what a code point is.
#include "text/letters.h"

#include "base/mem.h"

#include <stddef.h>

typedef struct {
    uint32_t first;
    uint32_t last;
    uint32_t value;
} range_t;

// --- canonical forms -----------------------------------------------------------------------------

// Single code points that stand for another one.
static const struct {
    uint16_t from;
    uint16_t to;
} canonical_pairs[] = {
    {0x00a0, ' '},    {0x00b4, '\''}, {0x015e, 0x0218}, {0x015f, 0x0219}, {0x0162, 0x021a},
    {0x0163, 0x021b}, {0x02bc, '\''}, {0x060c, ','},    {0x061b, ';'},    {0x061f, '?'},
    {0x066a, '%'},    {0x066b, '.'},  {0x066c, ','},    {0x06a9, 0x0643}, {0x06cc, 0x064a},
    {0x06d4, '.'},    {0x2010, '-'},  {0x2011, '-'},    {0x2012, '-'},    {0x2013, '-'},
    {0x2014, '-'},    {0x2015, '-'},  {0x2018, '\''},   {0x2019, '\''},   {0x201a, '\''},
    {0x201b, '\''},   {0x201c, '"'},  {0x201d, '"'},    {0x201e, '"'},    {0x2026, '.'},
    {0x2032, '\''},   {0x203c, '!'},  {0x2049, '!'},    {0x2212, '-'},    {0x00ab, '"'},
    {0x00bb, '"'},
};

static uint32_t canonical_math(uint32_t code)
{
    // 13 alphabets of 52 letters, then (after Greek ones, left alone) 5 sets of digits.
    if (code <= 0x1d6a3) {
        uint32_t letter = (code - 0x1d400) % 52;
        return letter < 26 ? 'a' + letter : 'a' + letter - 26;
    }
    return code >= 0x1d7ce ? '0' + (code - 0x1d7ce) % 10 : code;
}

uint32_t act_letter_canonical(uint32_t code)
{
    if (code < 0xa0)
        return code == '`' ? '\'' : code;
    if (code >= 0xff01 && code <= 0xff5e)
        return code - 0xff01 + '!';
    if (code >= 0x1d400 && code <= 0x1d7ff)
        return canonical_math(code);
    for (size_t i = 0; i < ACT_COUNT(canonical_pairs); i++)
        if (canonical_pairs[i].from == code)
            return canonical_pairs[i].to;
    return code;
}

// --- classes -------------------------------------------------------------------------------------

// Sorted. What is in no range is a letter: an unknown script is still made of words.
static const range_t class_ranges[] = {
    {0x0000, 0x0008, ACT_LETTER_NONE},      {0x0009, 0x0020, ACT_LETTER_SPACE},
    {0x0021, 0x002f, ACT_LETTER_MARK},      {0x0030, 0x0039, ACT_LETTER_DIGIT},
    {0x003a, 0x0040, ACT_LETTER_MARK},      {0x005b, 0x0060, ACT_LETTER_MARK},
    {0x007b, 0x007e, ACT_LETTER_MARK},      {0x007f, 0x009f, ACT_LETTER_SPACE},
    {0x00a0, 0x00a0, ACT_LETTER_SPACE},     {0x00a1, 0x00a9, ACT_LETTER_MARK},
    {0x00ab, 0x00ac, ACT_LETTER_MARK},      {0x00ad, 0x00ad, ACT_LETTER_NONE},
    {0x00ae, 0x00b1, ACT_LETTER_MARK},      {0x00b2, 0x00b3, ACT_LETTER_DIGIT},
    {0x00b4, 0x00b4, ACT_LETTER_MARK},      {0x00b6, 0x00b8, ACT_LETTER_MARK},
    {0x00b9, 0x00b9, ACT_LETTER_DIGIT},     {0x00bb, 0x00bf, ACT_LETTER_MARK},
    {0x00d7, 0x00d7, ACT_LETTER_MARK},      {0x00f7, 0x00f7, ACT_LETTER_MARK},
    {0x0300, 0x036f, ACT_LETTER_COMBINING}, {0x0600, 0x060f, ACT_LETTER_MARK},
    {0x0610, 0x061a, ACT_LETTER_NONE},      {0x061b, 0x061f, ACT_LETTER_MARK},
    {0x0640, 0x0640, ACT_LETTER_NONE},      {0x064b, 0x065f, ACT_LETTER_NONE},
    {0x0660, 0x0669, ACT_LETTER_DIGIT},     {0x066a, 0x066d, ACT_LETTER_MARK},
    {0x0670, 0x0670, ACT_LETTER_NONE},      {0x06d4, 0x06d4, ACT_LETTER_MARK},
    {0x06d6, 0x06ed, ACT_LETTER_NONE},      {0x06f0, 0x06f9, ACT_LETTER_DIGIT},
    {0x0966, 0x096f, ACT_LETTER_DIGIT},     {0x1680, 0x1680, ACT_LETTER_SPACE},
    {0x2000, 0x200a, ACT_LETTER_SPACE},     {0x200b, 0x200f, ACT_LETTER_NONE},
    {0x2010, 0x2027, ACT_LETTER_MARK},      {0x2028, 0x2029, ACT_LETTER_SPACE},
    {0x202a, 0x202e, ACT_LETTER_NONE},      {0x202f, 0x202f, ACT_LETTER_SPACE},
    {0x2030, 0x205e, ACT_LETTER_MARK},      {0x205f, 0x205f, ACT_LETTER_SPACE},
    {0x2060, 0x206f, ACT_LETTER_NONE},      {0x2070, 0x2079, ACT_LETTER_DIGIT},
    {0x207a, 0x20cf, ACT_LETTER_MARK},      {0x20d0, 0x20ff, ACT_LETTER_NONE},
    {0x2100, 0x218f, ACT_LETTER_MARK},      {0x2190, 0x2bff, ACT_LETTER_EMOJI},
    {0x2e00, 0x2e7f, ACT_LETTER_MARK},      {0x3000, 0x3000, ACT_LETTER_SPACE},
    {0x3001, 0x3003, ACT_LETTER_MARK},      {0x3008, 0x3020, ACT_LETTER_MARK},
    {0xe000, 0xf8ff, ACT_LETTER_MARK},      {0xfe00, 0xfe0f, ACT_LETTER_NONE},
    {0xfeff, 0xfeff, ACT_LETTER_NONE},      {0xfff0, 0xffff, ACT_LETTER_SPACE},
    {0x1f000, 0x1f3fa, ACT_LETTER_EMOJI},   {0x1f3fb, 0x1f3ff, ACT_LETTER_NONE},
    {0x1f400, 0x1faff, ACT_LETTER_EMOJI},   {0xe0000, 0xe0fff, ACT_LETTER_NONE},
};

// The range that holds the code, or NULL.
static const range_t *range_find(const range_t *ranges, size_t count, uint32_t code)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ranges[middle].last)
            low = middle + 1;
        else if (code < ranges[middle].first)
            high = middle;
        else
            return &ranges[middle];
    }
    return NULL;
}

act_letter_class_t act_letter_class(uint32_t code)
{
    if ((code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z'))
        return ACT_LETTER_WORD;
    const range_t *range = range_find(class_ranges, ACT_COUNT(class_ranges), code);
    return range ? (act_letter_class_t)range->value : ACT_LETTER_WORD;
}

bool act_letter_is_arabic(uint32_t code)
{
    return code >= 0x0620 && code <= 0x06d5 && act_letter_class(code) == ACT_LETTER_WORD;
}

// --- case ----------------------------------------------------------------------------------------

typedef enum { CASE_ADD, CASE_EVEN_UPPER, CASE_ODD_UPPER, CASE_BECOMES } case_rule_t;

static const struct {
    uint16_t first;
    uint16_t last;
    uint16_t rule;
    uint16_t value;
} case_ranges[] = {
    {0x00c0, 0x00d6, CASE_ADD, 0x20},     {0x00d8, 0x00de, CASE_ADD, 0x20},
    {0x0130, 0x0130, CASE_BECOMES, 'i'},  {0x0100, 0x0137, CASE_EVEN_UPPER, 0},
    {0x0139, 0x0148, CASE_ODD_UPPER, 0},  {0x014a, 0x0177, CASE_EVEN_UPPER, 0},
    {0x0178, 0x0178, CASE_BECOMES, 0xff}, {0x0179, 0x017e, CASE_ODD_UPPER, 0},
    {0x017f, 0x017f, CASE_BECOMES, 's'},  {0x0200, 0x021f, CASE_EVEN_UPPER, 0},
    {0x0391, 0x03a9, CASE_ADD, 0x20},     {0x0400, 0x040f, CASE_ADD, 0x50},
    {0x0410, 0x042f, CASE_ADD, 0x20},     {0x1e00, 0x1e95, CASE_EVEN_UPPER, 0},
    {0x1e9e, 0x1e9e, CASE_BECOMES, 0xdf}, {0x1ea0, 0x1eff, CASE_EVEN_UPPER, 0},
};

static uint32_t case_apply(case_rule_t rule, uint32_t value, uint32_t code)
{
    switch (rule) {
    case CASE_ADD:
        return code + value;
    case CASE_EVEN_UPPER:
        return code % 2 == 0 ? code + 1 : code;
    case CASE_ODD_UPPER:
        return code % 2 == 1 ? code + 1 : code;
    case CASE_BECOMES:
        return value;
    }
    return code;
}

uint32_t act_letter_lower(uint32_t code)
{
    if (code < 0xc0)
        return code >= 'A' && code <= 'Z' ? code + 0x20 : code;
    for (size_t i = 0; i < ACT_COUNT(case_ranges); i++)
        if (code >= case_ranges[i].first && code <= case_ranges[i].last)
            return case_apply((case_rule_t)case_ranges[i].rule, case_ranges[i].value, code);
    return code;
}

// --- accents -------------------------------------------------------------------------------------

// For each accent the letters that take it in our languages, and the same letters with it.
static const struct {
    uint16_t accent;
    const char letters[10];
    uint16_t composed[10];
} compositions[] = {
    {0x0300, "aeiou", {0xe0, 0xe8, 0xec, 0xf2, 0xf9}},
    {0x0301, "aeioucnszy", {0xe1, 0xe9, 0xed, 0xf3, 0xfa, 0x107, 0x144, 0x15b, 0x17a, 0xfd}},
    {0x0302, "aeiou", {0xe2, 0xea, 0xee, 0xf4, 0xfb}},
    {0x0303, "aon", {0xe3, 0xf5, 0xf1}},
    {0x0306, "a", {0x103}},
    {0x0307, "z", {0x17c}},
    {0x0308, "aeiouy", {0xe4, 0xeb, 0xef, 0xf6, 0xfc, 0xff}},
    {0x0326, "st", {0x219, 0x21b}},
    {0x0327, "cst", {0xe7, 0x219, 0x21b}},
    {0x0328, "ae", {0x105, 0x119}},
};

uint32_t act_letter_compose(uint32_t letter, uint32_t accent)
{
    for (size_t row = 0; row < ACT_COUNT(compositions); row++) {
        if (compositions[row].accent != accent)
            continue;
        for (size_t i = 0; i < sizeof compositions[row].letters; i++)
            if ((uint8_t)compositions[row].letters[i] == letter && letter != 0)
                return compositions[row].composed[i];
    }
    return letter;
}

// Bases of U+00C0 to U+017F, 16 a line; '?' has two letters and is in base_pairs.
static const char base_latin[] = "aaaaaa?ceeeeiiii"
                                 "dnooooo?ouuuuy??"
                                 "aaaaaa?ceeeeiiii"
                                 "dnooooo?ouuuuy?y"
                                 "aaaaaaccccccccdd"
                                 "ddeeeeeeeeeegggg"
                                 "gggghhhhiiiiiiii"
                                 "ii??jjkkklllllll"
                                 "lllnnnnnnnnnoooo"
                                 "oo??rrrrrrssssss"
                                 "ssttttttuuuuuuuu"
                                 "uuuuwwyyyzzzzzzs";

static const struct {
    uint16_t letter;
    char base[ACT_LETTER_BASE_MAX];
} base_pairs[] = {
    {0x00df, {'s', 's'}}, {0x00e6, {'a', 'e'}}, {0x00fe, {'t', 'h'}},
    {0x0133, {'i', 'j'}}, {0x0153, {'o', 'e'}},
};

// Letters outside base_latin, sorted.
static const range_t base_ranges[] = {
    {0x0219, 0x0219, 's'},    {0x021b, 0x021b, 't'},    {0x0622, 0x0623, 0x0627},
    {0x0624, 0x0624, 0x0648}, {0x0625, 0x0625, 0x0627}, {0x0626, 0x0626, 0x064a},
    {0x0629, 0x0629, 0x0647}, {0x0649, 0x0649, 0x064a}, {0x0671, 0x0671, 0x0627},
    {0x1ea0, 0x1eb7, 'a'},    {0x1eb8, 0x1ec7, 'e'},    {0x1ec8, 0x1ecb, 'i'},
    {0x1ecc, 0x1ee3, 'o'},    {0x1ee4, 0x1ef1, 'u'},    {0x1ef2, 0x1ef9, 'y'},
};

static uint32_t base_of_pair(uint32_t lower, uint32_t ret_base[ACT_LETTER_BASE_MAX])
{
    for (size_t i = 0; i < ACT_COUNT(base_pairs); i++) {
        if (base_pairs[i].letter != lower)
            continue;
        ret_base[0] = (uint8_t)base_pairs[i].base[0];
        ret_base[1] = (uint8_t)base_pairs[i].base[1];
        return 2;
    }
    ret_base[0] = lower;
    return 1;
}

uint32_t act_letter_base(uint32_t lower, uint32_t ret_base[ACT_LETTER_BASE_MAX])
{
    ret_base[0] = lower;
    if (lower < 0xc0)
        return 1;
    if (lower <= 0x17f) {
        uint32_t base = (uint8_t)base_latin[lower - 0xc0];
        if (base == '?')
            return base_of_pair(lower, ret_base);
        ret_base[0] = base;
        return 1;
    }
    const range_t *range = range_find(base_ranges, ACT_COUNT(base_ranges), lower);
    if (range)
        ret_base[0] = range->value;
    return 1;
}
