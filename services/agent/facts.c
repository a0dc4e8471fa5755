// facts: the table of types, and the checks of a claim.
#include "facts.h"

#include <string.h>

#define MIN_CONFIDENCE_PCT 50
// Longer numbers are cards and accounts, not facts.
#define DIGITS_MAX_COUNT 8
#define PHONE_MIN_DIGITS 7
#define PHONE_MAX_DIGITS 15

// --- types ---------------------------------------------------------------------------------------

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static uint32_t count_digits(act_str_t text)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.len_bytes; i++)
        count += is_digit(text.ptr[i]);
    return count;
}

static bool is_name(act_str_t value)
{
    return count_digits(value) == 0 && !memchr(value.ptr, '@', value.len_bytes);
}

static bool is_email(act_str_t value)
{
    act_str_t rest = value;
    act_str_t local = act_str_cut(&rest, '@');
    const char *dot = rest.len_bytes > 0 ? memchr(rest.ptr, '.', rest.len_bytes) : NULL;
    bool has_dot = dot && dot > rest.ptr && rest.ptr[rest.len_bytes - 1] != '.';
    for (size_t i = 0; i < value.len_bytes; i++)
        if (value.ptr[i] <= ' ' || strchr(",;:\"'()\\", value.ptr[i]))
            return false;
    return has_dot && !act_str_empty(local) && !memchr(rest.ptr, '@', rest.len_bytes);
}

static bool is_phone(act_str_t value)
{
    for (size_t i = 0; i < value.len_bytes; i++)
        if (!is_digit(value.ptr[i]) && !strchr(" +().-/", value.ptr[i]))
            return false;
    uint32_t digits_count = count_digits(value);
    return digits_count >= PHONE_MIN_DIGITS && digits_count <= PHONE_MAX_DIGITS;
}

const fact_type_t fact_types[] = {
    {"name", "what they are called", 60, 5, 730, 1, is_name},
    {"company", "the company they write for", 80, 8, 730, 2, NULL},
    {"role", "their job there", 60, 6, 365, 1, is_name},
    {"email", "their e-mail address", 254, 1, 730, 2, is_email},
    {"phone", "their phone number", 24, 8, 730, 2, is_phone},
    {"city", "the town they are in", 60, 5, 365, 1, is_name},
    {"language", "a language they ask to be answered in", 30, 3, 365, 1, is_name},
    {"preference", "how they like things to be done", 120, 16, 180, 10, NULL},
    {"interest", "a product, service or project they ask about", 120, 16, 180, 10, NULL},
    {"availability", "when they can be reached or visited", 80, 12, 60, 3, NULL},
    {0},
};

const fact_type_t *fact_type_find(act_str_t name)
{
    for (const fact_type_t *type = fact_types; type->name; type++)
        if (act_str_is(name, type->name))
            return type;
    return NULL;
}

// --- checks --------------------------------------------------------------------------------------

static uint32_t count_words(act_str_t text)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.len_bytes; i++)
        count += text.ptr[i] != ' ' && (i == 0 || text.ptr[i - 1] == ' ');
    return count;
}

static bool has(act_str_t text, const char *part)
{
    return memmem(text.ptr, text.len_bytes, part, strlen(part)) != NULL;
}

static bool is_long_number(act_str_t text)
{
    uint32_t digits_count = 0;
    for (size_t i = 0; i < text.len_bytes; i++) {
        if (is_digit(text.ptr[i]))
            digits_count++;
        else if (text.ptr[i] != ' ' && text.ptr[i] != '-')
            digits_count = 0;
        if (digits_count > DIGITS_MAX_COUNT)
            return true;
    }
    return false;
}

// Words, and nothing that could be markup, a link, or a line of its own.
static bool is_plain(act_str_t value)
{
    for (size_t i = 0; i < value.len_bytes; i++) {
        char c = value.ptr[i];
        if ((c >= 0 && c < ' ') || c == 0x7f || strchr("<>{}[]|`#*\\", c))
            return false;
    }
    return !has(value, "://") && !has(value, "www.") && !has(value, "\u2028") &&
           !has(value, "\u2029");
}

static bool is_word_byte(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (unsigned char)c >= 0x80;
}

static bool is_ascii_letter(char c)
{
    return is_word_byte(c) && (unsigned char)c < 0x80;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_same(const char *a, act_str_t b)
{
    for (size_t i = 0; i < b.len_bytes; i++)
        if (lower(a[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

// Whole words. Scripts that write words together have no such edges.
static bool has_edges(act_str_t text, size_t at, size_t end)
{
    bool is_cut_before = at > 0 && is_ascii_letter(text.ptr[at]) && is_word_byte(text.ptr[at - 1]);
    bool is_cut_after =
        end < text.len_bytes && is_ascii_letter(text.ptr[end - 1]) && is_word_byte(text.ptr[end]);
    return !is_cut_before && !is_cut_after;
}

// Where the text has the value, as the text has it; empty: nowhere.
static act_str_t find_in(act_str_t text, act_str_t value)
{
    for (size_t at = 0; value.len_bytes > 0 && at + value.len_bytes <= text.len_bytes; at++)
        if (is_same(text.ptr + at, value) && has_edges(text, at, at + value.len_bytes))
            return act_str_of(text.ptr + at, value.len_bytes);
    return ACT_STR("");
}

static bool fits(const fact_type_t *type, act_str_t value)
{
    bool is_number = type->is_valid == is_phone;
    return act_utf8_valid(value) && act_utf8_count(value) <= type->max_chars &&
           count_words(value) <= type->max_words && is_plain(value) &&
           (is_number || !is_long_number(value)) && (!type->is_valid || type->is_valid(value));
}

const char *fact_check(const memory_line_t *lines, uint32_t lines_count, const fact_claim_t *claim,
                       new_fact_t *ret_fact)
{
    const fact_type_t *type = fact_type_find(claim->type);
    if (!type)
        return "type";
    if (claim->line < 1 || claim->line > lines_count)
        return "line";
    const memory_line_t *line = &lines[claim->line - 1];
    if (!act_str_is(line->author, "customer") || line->inbox_seq <= 0)
        return "author";
    if (line->is_suspicious)
        return "suspicious";
    act_str_t value = find_in(line->text, act_str_trim(claim->value));
    if (act_str_empty(value))
        return "not_said";
    if (!fits(type, value))
        return "value";
    if (claim->confidence_pct < MIN_CONFIDENCE_PCT)
        return "confidence";
    *ret_fact = (new_fact_t){
        .type = act_str(type->name),
        .value = value,
        .source_inbox_seq = line->inbox_seq,
        .confidence_pct = claim->confidence_pct < 100 ? claim->confidence_pct : 100,
        .keep_days = type->keep_days,
        .max_count = type->max_count,
    };
    return NULL;
}
