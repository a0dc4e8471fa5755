// protect: one small reader a kind; the first that finds something decides.
#include "protect.h"

#include "base/mem.h"
#include "text/letters.h"

#include <string.h>
#include <strings.h>

#define PLACEHOLDER_MAX_BYTES 64

static char at_of(act_str_t text, size_t at)
{
    return at < text.len_bytes ? text.ptr[at] : '\0';
}

static bool has(act_str_t text, size_t at, const char *word)
{
    size_t len_bytes = strlen(word);
    return at + len_bytes <= text.len_bytes && strncasecmp(text.ptr + at, word, len_bytes) == 0;
}

static bool is_ascii_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_ascii_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

static uint32_t code_at(act_str_t text, size_t at, size_t *ret_next)
{
    *ret_next = at;
    return at < text.len_bytes ? act_letter_canonical(act_utf8_next(text, ret_next)) : ' ';
}

bool protect_is_word_at(act_str_t text, size_t at)
{
    size_t next;
    act_letter_class_t class = act_letter_class(code_at(text, at, &next));
    return at < text.len_bytes &&
           (class == ACT_LETTER_WORD || class == ACT_LETTER_DIGIT || class == ACT_LETTER_COMBINING);
}

bool protect_is_word_before(act_str_t text, size_t at)
{
    if (at == 0)
        return false;
    size_t before = at - 1;
    while (before > 0 && ((unsigned char)text.ptr[before] & 0xC0) == 0x80)
        before--;
    return protect_is_word_at(text, before);
}

// Digits of any script; 0: none is here.
static size_t digit_at(act_str_t text, size_t at)
{
    size_t next;
    bool is_digit =
        at < text.len_bytes && act_letter_class(code_at(text, at, &next)) == ACT_LETTER_DIGIT;
    return is_digit ? next - at : 0;
}

// --- code and placeholders -----------------------------------------------------------------------

static size_t until(act_str_t text, size_t at, const char *open, const char *close,
                    size_t max_bytes)
{
    size_t open_bytes = strlen(open), close_bytes = strlen(close);
    if (!has(text, at, open))
        return 0;
    for (size_t i = at + open_bytes; i + close_bytes <= text.len_bytes && i - at < max_bytes; i++)
        if (i > at + open_bytes && has(text, i, close))
            return i + close_bytes - at;
    return 0;
}

static size_t fenced(act_str_t text, size_t at)
{
    return until(text, at, "```", "```", SIZE_MAX);
}

static size_t ticked(act_str_t text, size_t at)
{
    return until(text, at, "`", "`", SIZE_MAX);
}

// No white space inside: "{name}" and not "{ see below }".
static size_t bracketed(act_str_t text, size_t at)
{
    static const struct {
        const char *open, *close;
    } kinds[] = {{"{{", "}}"}, {"${", "}"}, {"{", "}"}, {"[[", "]]"}, {"<", ">"}};
    for (size_t k = 0; k < ACT_COUNT(kinds); k++) {
        size_t len_bytes = until(text, at, kinds[k].open, kinds[k].close, PLACEHOLDER_MAX_BYTES);
        bool is_one_word = len_bytes > 0;
        for (size_t i = at; i < at + len_bytes; i++)
            is_one_word = is_one_word && !is_space(text.ptr[i]);
        if (is_one_word)
            return len_bytes;
    }
    return 0;
}

// "%s", "%1$d", "%-5.2f"
static size_t percent(act_str_t text, size_t at)
{
    if (at_of(text, at) != '%')
        return 0;
    size_t i = at + 1;
    while (is_ascii_digit(at_of(text, i)) || (at_of(text, i) && strchr("$.-+", at_of(text, i))))
        i++;
    bool is_conversion = at_of(text, i) && strchr("sdifux@", at_of(text, i));
    return is_conversion && !protect_is_word_at(text, i + 1) ? i + 1 - at : 0;
}

// --- links ---------------------------------------------------------------------------------------

// Signs that end a sentence rather than a link.
static bool is_closing(uint32_t code)
{
    return strchr(".,;:!?)]}\"'", (int)code) != NULL || code == 0xBB || code == 0x201D ||
           code == 0x2019 || code == 0x061F || code == 0x060C || code == 0x061B;
}

static size_t without_closing(act_str_t text, size_t at, size_t end)
{
    while (end > at) {
        size_t last = end - 1, next;
        while (last > at && ((unsigned char)text.ptr[last] & 0xC0) == 0x80)
            last--;
        next = last;
        uint32_t code = act_utf8_next(text, &next);
        if (code >= 0x80 ? !is_closing(code) : !(code > 0 && is_closing(code)))
            break;
        end = last;
    }
    return end;
}

static size_t to_space(act_str_t text, size_t at)
{
    size_t end = at;
    while (end < text.len_bytes && !is_space(text.ptr[end]) && text.ptr[end] != '<' &&
           text.ptr[end] != '>')
        end++;
    return end;
}

static size_t link_at(act_str_t text, size_t at)
{
    static const char *const starts[] = {"http://", "https://", "ftp://", "www.",
                                         "mailto:", "tel:",     "wa.me/"};
    for (size_t i = 0; i < ACT_COUNT(starts); i++)
        if (has(text, at, starts[i]) && !protect_is_word_before(text, at)) {
            size_t end = without_closing(text, at, to_space(text, at));
            return end > at + strlen(starts[i]) ? end - at : 0;
        }
    return 0;
}

static bool is_host(char c)
{
    return is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '.' || c == '_';
}

static bool is_ending(act_str_t label)
{
    static const char *const endings[] = {"com", "net", "org", "eu", "io", "app", "info", "biz",
                                          "fr",  "de",  "it",  "es", "pt", "pl",  "ro",   "be",
                                          "ch",  "at",  "uk",  "ma", "dz", "tn",  "shop", "dev"};
    for (size_t i = 0; i < ACT_COUNT(endings); i++)
        if (act_str_is(label, endings[i]))
            return true;
    return false;
}

// "shop.example.com", with a path if there is one; in lower case, or two sentences would be one.
static size_t host_end(act_str_t text, size_t at)
{
    size_t end = at, label = at;
    while (is_host(at_of(text, end)))
        end++;
    end = without_closing(text, at, end);
    for (size_t i = at; i < end; i++)
        if (text.ptr[i] == '.')
            label = i + 1;
    return label > at + 1 && is_ending(act_str_of(text.ptr + label, end - label)) ? end : 0;
}

static size_t domain(act_str_t text, size_t at)
{
    if (!is_ascii_letter(at_of(text, at)) || protect_is_word_before(text, at))
        return 0;
    size_t end = host_end(text, at);
    if (end == 0 || protect_is_word_at(text, end))
        return 0;
    return (at_of(text, end) == '/' ? without_closing(text, at, to_space(text, end)) : end) - at;
}

static size_t email(act_str_t text, size_t at)
{
    size_t i = at;
    if (protect_is_word_before(text, at))
        return 0;
    while (is_host(at_of(text, i)) || (at_of(text, i) && strchr("+%'", at_of(text, i))))
        i++;
    if (i == at || at_of(text, i) != '@')
        return 0;
    size_t end = i + 1;
    while (is_host(at_of(text, end)))
        end++;
    end = without_closing(text, at, end);
    return end > i + 3 && memchr(text.ptr + i, '.', end - i) ? end - at : 0;
}

// "@parley", "#4711", "#urgent"
static size_t handle(act_str_t text, size_t at)
{
    char first = at_of(text, at);
    size_t end = at + 1;
    if ((first != '@' && first != '#') || protect_is_word_before(text, at))
        return 0;
    while (is_ascii_letter(at_of(text, end)) || is_ascii_digit(at_of(text, end)) ||
           at_of(text, end) == '_')
        end++;
    return end > at + 1 ? end - at : 0;
}

// --- numbers -------------------------------------------------------------------------------------

// What may stand once between two digits: "1.234,56", "12/03/2026", "14:30", "06 12 34", "1 234", "14h30".
static size_t separator(act_str_t text, size_t at)
{
    size_t next;
    uint32_t code = at < text.len_bytes ? (next = at, act_utf8_next(text, &next)) : 0;
    bool is_one =
        code && (code < 0x80 ? strchr(".,:/- '()hHxX*+", (int)code) != NULL
                             : code == 0xA0 || code == 0x202F || code == 0x2019 || code == 0x2013 ||
                                   code == 0x066B || code == 0x066C || code == 0x060C);
    return is_one ? next - at : 0;
}

// One sign, or a bracket or a dash with a space: "(0) 6", "9 - 12".
static size_t digits_go_on(act_str_t text, size_t at)
{
    size_t len_bytes = 0;
    for (int signs_count = 0; signs_count < 3; signs_count++) {
        size_t sign_bytes = separator(text, at + len_bytes);
        if (sign_bytes == 0)
            return 0;
        len_bytes += sign_bytes;
        if (digit_at(text, at + len_bytes) > 0)
            return len_bytes;
    }
    return 0;
}

static size_t digits_end(act_str_t text, size_t at)
{
    for (;;) {
        size_t digit_bytes = digit_at(text, at);
        if (digit_bytes == 0)
            digit_bytes = digits_go_on(text, at);
        if (digit_bytes == 0)
            return at;
        at += digit_bytes;
    }
}

// Units that belong to a time.
static size_t time_unit(act_str_t text, size_t at)
{
    static const char *const units[] = {"h", "am", "pm", " am", " pm", "min"};
    for (size_t i = 0; i < ACT_COUNT(units); i++)
        if (has(text, at, units[i]) && !protect_is_word_at(text, at + strlen(units[i])))
            return strlen(units[i]);
    return 0;
}

static size_t number(act_str_t text, size_t at)
{
    bool has_sign = at_of(text, at) && strchr("+-", at_of(text, at)) &&
                    !protect_is_word_before(text, at) && digit_at(text, at + 1) > 0;
    size_t first = at + has_sign;
    if (digit_at(text, first) == 0)
        return 0;
    size_t end = digits_end(text, first);
    return end + time_unit(text, end) - at;
}

// "AB-1234", "T12", "FR76": letters, digits and dashes, beginning with a letter, with a digit in it.
static size_t code(act_str_t text, size_t at)
{
    size_t end = at;
    bool has_digit = false;
    if (!is_ascii_letter(at_of(text, at)) || protect_is_word_before(text, at))
        return 0;
    for (char c = at_of(text, end); is_ascii_letter(c) || is_ascii_digit(c) ||
                                    (c && strchr("-_/", c) && protect_is_word_at(text, end + 1));
         c = at_of(text, ++end))
        has_digit = has_digit || is_ascii_digit(c);
    return has_digit && !protect_is_word_at(text, end) ? end - at : 0;
}

// -------------------------------------------------------------------------------------------------

size_t protect_at(act_str_t text, size_t at)
{
    static size_t (*const kinds[])(act_str_t text, size_t at) = {
        fenced, ticked, bracketed, percent, link_at, email, domain, handle, code, number,
    };
    for (size_t i = 0; i < ACT_COUNT(kinds); i++) {
        size_t len_bytes = kinds[i](text, at);
        if (len_bytes > 0)
            return len_bytes;
    }
    return 0;
}
