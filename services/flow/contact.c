// contact: words are looked at one by one; a phone number may go over several.
#include "contact.h"

#include "match.h"

#include <string.h>

// What may stand around an address in a sentence.
#define AROUND ",;:!?()<>[]\"'"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// --- e-mail --------------------------------------------------------------------------------------

// Characters of the list, and no dot at an end or beside another one.
static bool is_dotted(act_str_t text, const char *signs)
{
    bool was_dot = true;
    for (size_t i = 0; i < text.len_bytes; i++) {
        char c = text.ptr[i];
        bool is_dot = c == '.';
        if ((is_dot && was_dot) || !(is_dot || is_letter_or_digit(c) || strchr(signs, c)))
            return false;
        was_dot = is_dot;
    }
    return !was_dot;
}

static bool is_email(act_str_t word)
{
    act_str_t domain = word;
    act_str_t local = act_str_cut(&domain, '@');
    return word.len_bytes <= CONTACT_EMAIL_MAX_BYTES && is_dotted(local, "!#$%&*+-/=?^_`{|}~") &&
           is_dotted(domain, "-") && match_has(domain, ACT_STR("."));
}

static act_str_t without_around(act_str_t word)
{
    while (!act_str_empty(word) && strchr(AROUND, word.ptr[0]))
        word = act_str_of(word.ptr + 1, word.len_bytes - 1);
    while (!act_str_empty(word) && strchr(AROUND ".", word.ptr[word.len_bytes - 1]))
        word.len_bytes--;
    return word;
}

static act_str_t find_email(act_str_t text)
{
    size_t at = 0;
    while (at < text.len_bytes) {
        size_t end = at;
        while (end < text.len_bytes && !strchr(" \t\n\r", text.ptr[end]))
            end++;
        act_str_t word = without_around(act_str_of(text.ptr + at, end - at));
        if (act_str_starts_with(word, "mailto:"))
            word = act_str_of(word.ptr + strlen("mailto:"), word.len_bytes - strlen("mailto:"));
        if (is_email(word))
            return word;
        at = end + 1;
    }
    return (act_str_t){0};
}

// --- phone ---------------------------------------------------------------------------------------

// The text with digits of any script as 0 to 9, and one space for each other code point of several bytes
// (narrow spaces, signs that turn the direction of writing round).
static act_str_t with_plain_digits(act_arena_t *arena, act_str_t text)
{
    char *plain = act_arena_alloc(arena, text.len_bytes + 1);
    size_t length = 0;
    for (size_t at = 0; at < text.len_bytes;) {
        uint32_t code = act_utf8_next(text, &at);
        if (code >= 0x0660 && code <= 0x0669)
            code = code - 0x0660 + '0';
        else if (code >= 0x06F0 && code <= 0x06F9)
            code = code - 0x06F0 + '0';
        plain[length++] = code < 0x80 ? (char)code : ' ';
    }
    return act_str_of(plain, length);
}

// Reads digits with what people put between them, from *at on, which is moved behind them.
static act_str_t read_phone(act_arena_t *arena, act_str_t text, size_t *at)
{
    char *digits = act_arena_alloc(arena, CONTACT_PHONE_MAX_DIGITS + 2);
    size_t count = 0;
    size_t sign = text.ptr[*at] == '+';
    digits[0] = '+';
    size_t i = *at + sign;
    for (; i < text.len_bytes && (is_digit(text.ptr[i]) || strchr(" -./()", text.ptr[i])); i++) {
        if (!is_digit(text.ptr[i]))
            continue;
        if (count < CONTACT_PHONE_MAX_DIGITS)
            digits[1 + count] = text.ptr[i];
        count++;
    }
    *at = i;
    if (count < CONTACT_PHONE_MIN_DIGITS || count > CONTACT_PHONE_MAX_DIGITS)
        return (act_str_t){0};
    return act_str_of(sign ? digits : digits + 1, count + sign);
}

static act_str_t find_phone(act_arena_t *arena, act_str_t text)
{
    act_str_t plain = with_plain_digits(arena, text);
    for (size_t at = 0; at < plain.len_bytes;) {
        if (!is_digit(plain.ptr[at]) && plain.ptr[at] != '+') {
            at++;
            continue;
        }
        act_str_t phone = read_phone(arena, plain, &at);
        if (!act_str_empty(phone))
            return phone;
    }
    return (act_str_t){0};
}

// --- public --------------------------------------------------------------------------------------

act_str_t contact_find(act_arena_t *arena, act_str_t text)
{
    act_str_t email = find_email(text);
    return act_str_empty(email) ? find_phone(arena, text) : email;
}

bool contact_is_email(act_str_t contact)
{
    return match_has(contact, ACT_STR("@"));
}
