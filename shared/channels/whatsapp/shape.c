// shape: cutting and splitting text by code points.
#include "channels/whatsapp/shape.h"

#include "base/buf.h"

#include <string.h>

static const char ellipsis[] = "\xe2\x80\xa6"; // one code point, U+2026

// Marks in a row looked back over before a cut; longer rows are no writing but an attack.
#define MARKS_MAX_COUNT 16

// --- characters ----------------------------------------------------------------------------------

typedef struct {
    uint32_t first;
    uint32_t last;
} range_t;

// What belongs to the character before it: combining marks of the scripts we answer in, joiner,
// variation selectors, skin tones, flag tags.
static const range_t marks[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489},   {0x0591, 0x05bd},   {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x0670, 0x0670}, {0x06d6, 0x06dc},   {0x06df, 0x06e4},   {0x06e7, 0x06e8}, {0x06ea, 0x06ed},
    {0x0900, 0x0903}, {0x093a, 0x094f},   {0x200d, 0x200d},   {0x20d0, 0x20f0}, {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0x1f3fb, 0x1f3ff}, {0xe0020, 0xe007f},
};

// Ends of sentences when white space follows: Latin, Arabic, Devanagari; CJK needs none, but is
// not looked for without it.
static const uint32_t sentence_ends[] = {'.', '!', '?', 0x2026, 0x061f, 0x06d4, 0x0964};

#define ZERO_WIDTH_JOINER 0x200d

static bool is_mark(uint32_t code)
{
    for (size_t i = 0; i < ACT_COUNT(marks); i++)
        if (code >= marks[i].first && code <= marks[i].last)
            return true;
    return false;
}

static bool is_sentence_end(uint32_t code)
{
    for (size_t i = 0; i < ACT_COUNT(sentence_ends); i++)
        if (code == sentence_ends[i])
            return true;
    return false;
}

static bool is_space(uint32_t code)
{
    return code == ' ' || (code >= '\t' && code <= '\r');
}

// The start of the code point before `offset`.
static size_t step_back(act_str_t text, size_t offset)
{
    do
        offset--;
    while (offset > 0 && ((uint8_t)text.ptr[offset] & 0xc0) == 0x80);
    return offset;
}

static uint32_t code_at(act_str_t text, size_t offset)
{
    return act_utf8_next(text, &offset);
}

// Where a cut at `offset` (a border of code points) does not tear a character apart: there, or a
// little before.
static size_t whole_border(act_str_t text, size_t offset)
{
    size_t at = offset;
    for (int i = 0; i < MARKS_MAX_COUNT && at > 0 && at < text.len_bytes; i++) {
        size_t before = step_back(text, at);
        bool is_torn = is_mark(code_at(text, at)) || code_at(text, before) == ZERO_WIDTH_JOINER;
        if (!is_torn)
            return at;
        at = before;
    }
    return offset;
}

// --- cutting -------------------------------------------------------------------------------------

act_str_t whatsapp_cut(act_str_t text, size_t max_count, act_arena_t *arena)
{
    text = act_str_trim(text);
    act_str_t head = act_utf8_prefix(text, max_count);
    if (head.len_bytes == text.len_bytes)
        return text;
    head = act_utf8_prefix(head, max_count - 1);
    head = act_str_trim(act_str_of(text.ptr, whole_border(text, head.len_bytes)));
    return act_arena_printf(arena, "%" ACT_STR_FMT "%s", ACT_STR_ARG(head), ellipsis);
}

act_str_t whatsapp_cut_line(act_str_t text, size_t max_count, act_arena_t *arena)
{
    char *line = act_arena_alloc(arena, text.len_bytes + 1);
    size_t len_bytes = 0;
    for (size_t i = 0; i < text.len_bytes; i++) {
        bool is_blank = (uint8_t)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f;
        if (!is_blank)
            line[len_bytes++] = text.ptr[i];
        else if (len_bytes > 0 && line[len_bytes - 1] != ' ')
            line[len_bytes++] = ' ';
    }
    return whatsapp_cut(act_str_of(line, len_bytes), max_count, arena);
}

// --- splitting -----------------------------------------------------------------------------------

// Weakest first.
typedef enum {
    BORDER_WORD,
    BORDER_SENTENCE,
    BORDER_LINE,
    BORDER_PARAGRAPH,
    BORDERS_COUNT
} border_t;

// What ends where white space begins at `offset`, after the code point `before`.
static border_t border_at(act_str_t text, size_t offset, uint32_t before)
{
    int lines_count = 0;
    for (; offset < text.len_bytes && is_space((uint8_t)text.ptr[offset]); offset++)
        lines_count += text.ptr[offset] == '\n';
    if (lines_count > 0)
        return lines_count > 1 ? BORDER_PARAGRAPH : BORDER_LINE;
    return is_sentence_end(before) ? BORDER_SENTENCE : BORDER_WORD;
}

// The byte offset of the last of the strongest borders after at least min_count and at most
// max_count code points (text has more); max_count itself when there is none.
static size_t best_cut(act_str_t text, size_t min_count, size_t max_count)
{
    size_t best[BORDERS_COUNT] = {0};
    uint32_t before = ' ';
    size_t offset = 0;
    for (size_t count = 0; count <= max_count && offset < text.len_bytes; count++) {
        size_t start = offset;
        uint32_t code = act_utf8_next(text, &offset);
        if (is_space(code) && !is_space(before) && count >= min_count)
            best[border_at(text, start, before)] = start;
        before = code;
    }
    for (int border = BORDER_PARAGRAPH; border >= BORDER_WORD; border--)
        if (best[border] > 0)
            return best[border];
    return whole_border(text, act_utf8_prefix(text, max_count).len_bytes);
}

static act_str_t take(act_str_t *rest, size_t len_bytes)
{
    act_str_t part = act_str_of(rest->ptr, len_bytes);
    if (len_bytes == rest->len_bytes)
        *rest = act_str_of(NULL, 0);
    else
        *rest = act_str_trim(act_str_of(rest->ptr + len_bytes, rest->len_bytes - len_bytes));
    return part;
}

act_str_t whatsapp_split_text(act_str_t *rest)
{
    *rest = act_str_trim(*rest);
    act_str_t head = act_utf8_prefix(*rest, WHATSAPP_TEXT_MAX_COUNT);
    if (head.len_bytes == rest->len_bytes)
        return take(rest, rest->len_bytes);
    return take(rest, best_cut(*rest, WHATSAPP_TEXT_MAX_COUNT / 2, WHATSAPP_TEXT_MAX_COUNT));
}

act_str_t whatsapp_split_tail(act_str_t *rest, size_t tail_max_count)
{
    size_t count = act_utf8_count(*rest);
    return take(rest, best_cut(*rest, count - tail_max_count, count - 1));
}
