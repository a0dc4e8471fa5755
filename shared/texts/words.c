// words: a cursor that yields folded characters, and comparisons of two cursors; no memory needed.
#include "texts/words.h"

#include "base/buf.h"
#include "texts/texts.h"

#define FOLDED_MAX_BYTES (64u << 10)
// Longer texts are sentences, not answers.
#define ANSWER_MAX_WORDS 3

// --- folding -------------------------------------------------------------------------------------

// What a range of code points becomes: one or two characters; " " ends a word, "" is passed over.
typedef struct {
    uint32_t first;
    uint32_t last;
    const char *folded;
} fold_t;

// Sorted. Latin letters with marks, then Arabic letters that writers mix up, then punctuation.
static const fold_t folds[] = {
    {0x00A0, 0x00BF, " "},      {0x00C0, 0x00C5, "a"},      {0x00C6, 0x00C6, "ae"},
    {0x00C7, 0x00C7, "c"},      {0x00C8, 0x00CB, "e"},      {0x00CC, 0x00CF, "i"},
    {0x00D0, 0x00D0, "d"},      {0x00D1, 0x00D1, "n"},      {0x00D2, 0x00D6, "o"},
    {0x00D7, 0x00D7, " "},      {0x00D8, 0x00D8, "o"},      {0x00D9, 0x00DC, "u"},
    {0x00DD, 0x00DD, "y"},      {0x00DF, 0x00DF, "ss"},     {0x00E0, 0x00E5, "a"},
    {0x00E6, 0x00E6, "ae"},     {0x00E7, 0x00E7, "c"},      {0x00E8, 0x00EB, "e"},
    {0x00EC, 0x00EF, "i"},      {0x00F0, 0x00F0, "d"},      {0x00F1, 0x00F1, "n"},
    {0x00F2, 0x00F6, "o"},      {0x00F7, 0x00F7, " "},      {0x00F8, 0x00F8, "o"},
    {0x00F9, 0x00FC, "u"},      {0x00FD, 0x00FD, "y"},      {0x00FF, 0x00FF, "y"},
    {0x0100, 0x0105, "a"},      {0x0106, 0x010D, "c"},      {0x010E, 0x0111, "d"},
    {0x0112, 0x011B, "e"},      {0x011C, 0x0123, "g"},      {0x0124, 0x0127, "h"},
    {0x0128, 0x0131, "i"},      {0x0132, 0x0133, "ij"},     {0x0134, 0x0135, "j"},
    {0x0136, 0x0138, "k"},      {0x0139, 0x0142, "l"},      {0x0143, 0x014B, "n"},
    {0x014C, 0x0151, "o"},      {0x0152, 0x0153, "oe"},     {0x0154, 0x0159, "r"},
    {0x015A, 0x0161, "s"},      {0x0162, 0x0167, "t"},      {0x0168, 0x0173, "u"},
    {0x0174, 0x0175, "w"},      {0x0176, 0x0178, "y"},      {0x0179, 0x017E, "z"},
    {0x017F, 0x017F, "s"},      {0x0218, 0x0219, "s"},      {0x021A, 0x021B, "t"},
    {0x0300, 0x036F, ""},       {0x060C, 0x060C, " "},      {0x061B, 0x061F, " "},
    {0x0622, 0x0623, "\u0627"}, {0x0625, 0x0625, "\u0627"}, {0x0629, 0x0629, "\u0647"},
    {0x0640, 0x0640, ""},       {0x0649, 0x0649, "\u064A"}, {0x064B, 0x0652, ""},
    {0x066A, 0x066D, " "},      {0x0670, 0x0670, ""},       {0x06A9, 0x06A9, "\u0643"},
    {0x06CC, 0x06CC, "\u064A"}, {0x06D4, 0x06D4, " "},      {0x200B, 0x200F, ""},
    {0x2000, 0x206F, " "},      {0x3000, 0x303F, " "},      {0xFE00, 0xFE0F, ""},
    {0xFEFF, 0xFEFF, ""},       {0x1F3FB, 0x1F3FF, ""}, // skin tones
};

static const char *fold_of(uint32_t c)
{
    for (size_t i = 0; i < ACT_COUNT(folds); i++)
        if (c >= folds[i].first && c <= folds[i].last)
            return folds[i].folded;
    return NULL;
}

// Arrows, signs and emoji are words of their own: "ok👍" is two words.
static bool is_symbol(uint32_t c)
{
    return (c >= 0x2190 && c <= 0x2BFF) || c >= 0x1F000;
}

static uint32_t fold_ascii(uint32_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 'a';
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : ' ';
}

static uint32_t fold_digit(uint32_t c)
{
    if (c >= 0x0660 && c <= 0x0669)
        return c - 0x0660 + '0';
    return c >= 0x06F0 && c <= 0x06F9 ? c - 0x06F0 + '0' : c;
}

// Yields folded characters. `queue` holds those that are due, last one first.
typedef struct {
    act_str_t text;
    size_t at;
    uint32_t queue[4];
    uint32_t queue_count;
    bool has_begun;
    bool is_space_due;
} cursor_t;

static void push(cursor_t *self, uint32_t first, uint32_t second)
{
    if (second)
        self->queue[self->queue_count++] = second;
    self->queue[self->queue_count++] = first;
    if (self->is_space_due && self->has_begun)
        self->queue[self->queue_count++] = ' ';
    self->is_space_due = false;
    self->has_begun = true;
}

static void fold_other(cursor_t *self, uint32_t c)
{
    const char *folded = fold_of(c);
    if (!folded) {
        self->is_space_due |= is_symbol(c);
        push(self, fold_digit(c), 0);
        self->is_space_due = is_symbol(c);
    } else if (folded[0] == ' ') {
        self->is_space_due = true;
    } else if (folded[0] != '\0') {
        act_str_t characters = act_str(folded);
        size_t offset = 0;
        uint32_t first = act_utf8_next(characters, &offset);
        bool has_second = offset < characters.len_bytes;
        push(self, first, has_second ? act_utf8_next(characters, &offset) : 0);
    }
}

// The next folded character; 0 at the end.
static uint32_t next(cursor_t *self)
{
    while (self->queue_count == 0 && self->at < self->text.len_bytes) {
        uint32_t c = act_utf8_next(self->text, &self->at);
        if (c >= 0x80)
            fold_other(self, c);
        else if (fold_ascii(c) == ' ')
            self->is_space_due = true;
        else
            push(self, fold_ascii(c), 0);
    }
    return self->queue_count > 0 ? self->queue[--self->queue_count] : 0;
}

static void add_utf8(act_buf_t *out, uint32_t c)
{
    static const struct {
        uint32_t below;
        uint8_t lead;
        int tail_count;
    } forms[] = {{0x80, 0x00, 0}, {0x800, 0xC0, 1}, {0x10000, 0xE0, 2}, {0x110000, 0xF0, 3}};
    size_t form = 0;
    while (form + 1 < ACT_COUNT(forms) && c >= forms[form].below)
        form++;
    int shift = forms[form].tail_count * 6;
    act_buf_add_char(out, (char)(forms[form].lead | (c >> shift)));
    for (shift -= 6; shift >= 0; shift -= 6)
        act_buf_add_char(out, (char)(0x80 | ((c >> shift) & 0x3F)));
}

act_str_t act_word_fold(act_arena_t *arena, act_str_t text)
{
    act_buf_t out;
    act_buf_init(&out, FOLDED_MAX_BYTES);
    cursor_t cursor = {.text = text};
    for (uint32_t c = next(&cursor); c != 0; c = next(&cursor))
        add_utf8(&out, c);
    act_str_t folded = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return folded;
}

// --- lists ---------------------------------------------------------------------------------------

// The beginning of a text, as far as an entry may reach: folded once, compared with many entries.
typedef struct {
    uint32_t chars[ACT_WORD_ENTRY_MAX_CHARS]; // 0 after the last
} beginning_t;

static beginning_t beginning_of(act_str_t text)
{
    beginning_t self;
    cursor_t cursor = {.text = text};
    for (size_t i = 0; i < ACT_WORD_ENTRY_MAX_CHARS; i++)
        if ((self.chars[i] = next(&cursor)) == 0)
            break;
    return self;
}

typedef enum { OTHER, WHOLE, BEGINNING } match_t;

// Is the entry the whole text, or its first words?
static match_t match(act_str_t entry, const beginning_t *text)
{
    cursor_t cursor = {.text = entry};
    for (size_t i = 0; i < ACT_WORD_ENTRY_MAX_CHARS; i++) {
        uint32_t wanted = next(&cursor);
        uint32_t found = text->chars[i];
        if (wanted == 0)
            return found == 0 ? WHOLE : found == ' ' ? BEGINNING : OTHER;
        if (wanted != found)
            return OTHER;
    }
    return OTHER;
}

static bool list_has(act_str_t list, const beginning_t *text, bool may_begin)
{
    while (!act_str_empty(list)) {
        match_t found = match(act_str_cut(&list, '|'), text);
        if (found == WHOLE || (found == BEGINNING && may_begin))
            return true;
    }
    return false;
}

bool act_word_is(const char *key, act_str_t language, act_str_t text)
{
    beginning_t beginning = beginning_of(text);
    return list_has(act_text(key, language), &beginning, /* may_begin= */ false);
}

bool act_word_is_anywhere(const char *key, act_str_t text)
{
    beginning_t beginning = beginning_of(text);
    const act_str_t *lists = act_text_in_all(key);
    for (uint32_t i = 0; i < ACT_TEXT_LANGUAGES_COUNT; i++)
        if (list_has(lists[i], &beginning, /* may_begin= */ false))
            return true;
    return false;
}

static uint32_t count_words(act_str_t text)
{
    cursor_t cursor = {.text = text};
    uint32_t count = 0;
    uint32_t before = ' ';
    for (uint32_t c = next(&cursor); c != 0; before = c, c = next(&cursor))
        count += before == ' ';
    return count;
}

static act_word_answer_t answer_in(act_str_t language, const beginning_t *text, bool may_begin)
{
    bool is_yes = list_has(act_text("words.yes", language), text, may_begin);
    bool is_no = list_has(act_text("words.no", language), text, may_begin);
    if (is_yes == is_no)
        return ACT_WORD_NEITHER;
    return is_yes ? ACT_WORD_YES : ACT_WORD_NO;
}

act_word_answer_t act_word_answer(act_str_t language, act_str_t text)
{
    if (count_words(text) == 0)
        return ACT_WORD_NEITHER;
    bool is_short = count_words(text) <= ANSWER_MAX_WORDS;
    beginning_t beginning = beginning_of(text);
    act_word_answer_t answer = answer_in(language, &beginning, /* may_begin= */ false);
    if (answer == ACT_WORD_NEITHER && is_short)
        answer = answer_in(language, &beginning, /* may_begin= */ true);
    for (uint32_t i = 0; answer == ACT_WORD_NEITHER && i < ACT_TEXT_LANGUAGES_COUNT; i++)
        answer = answer_in(act_str(act_text_languages[i]), &beginning, /* may_begin= */ false);
    return answer;
}

uint32_t act_word_count_outside(const char *key, act_str_t language, act_str_t text)
{
    act_str_t list = act_text(key, language);
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t rest = act_word_fold(arena, text);
    uint32_t count = 0;
    while (!act_str_empty(rest)) {
        beginning_t word = beginning_of(act_str_cut(&rest, ' '));
        count += !list_has(list, &word, /* may_begin= */ false);
    }
    return count;
}
