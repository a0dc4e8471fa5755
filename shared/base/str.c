// str: views of text and UTF-8.
#include "base/str.h"

#include <string.h>

act_str_t act_str(const char *text)
{
    return act_str_of(text, text ? strlen(text) : 0);
}

act_str_t act_str_of(const void *ptr, size_t len_bytes)
{
    return (act_str_t){.ptr = ptr, .len_bytes = len_bytes};
}

bool act_str_eq(act_str_t a, act_str_t b)
{
    return a.len_bytes == b.len_bytes &&
           (a.len_bytes == 0 || memcmp(a.ptr, b.ptr, a.len_bytes) == 0);
}

bool act_str_is(act_str_t a, const char *text)
{
    return act_str_eq(a, act_str(text));
}

bool act_str_empty(act_str_t a)
{
    return a.len_bytes == 0;
}

bool act_str_starts_with(act_str_t a, const char *prefix)
{
    act_str_t p = act_str(prefix);
    return a.len_bytes >= p.len_bytes &&
           (p.len_bytes == 0 || memcmp(a.ptr, p.ptr, p.len_bytes) == 0);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

act_str_t act_str_trim(act_str_t a)
{
    while (a.len_bytes > 0 && is_space(a.ptr[0])) {
        a.ptr++;
        a.len_bytes--;
    }
    while (a.len_bytes > 0 && is_space(a.ptr[a.len_bytes - 1]))
        a.len_bytes--;
    return a;
}

act_str_t act_str_cut(act_str_t *rest, char separator)
{
    act_str_t head = *rest;
    const char *at = rest->len_bytes ? memchr(rest->ptr, separator, rest->len_bytes) : NULL;
    if (!at) {
        *rest = act_str_of(NULL, 0);
        return head;
    }
    head.len_bytes = (size_t)(at - rest->ptr);
    *rest = act_str_of(at + 1, rest->len_bytes - head.len_bytes - 1);
    return head;
}

bool act_str_to_int(act_str_t a, int64_t *ret_value)
{
    size_t i = 0;
    bool is_negative = a.len_bytes > 0 && a.ptr[0] == '-';
    if (a.len_bytes > 0 && (a.ptr[0] == '-' || a.ptr[0] == '+'))
        i = 1;
    if (i == a.len_bytes)
        return false;
    int64_t value = 0;
    for (; i < a.len_bytes; i++) {
        int digit = a.ptr[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        // Built downwards, because INT64_MIN has no positive twin.
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false;
    }
    if (!is_negative && value == INT64_MIN)
        return false;
    *ret_value = is_negative ? value : -value;
    return true;
}

bool act_str_copy(act_str_t a, char *ret_text, size_t size_bytes)
{
    size_t len_bytes = a.len_bytes < size_bytes ? a.len_bytes : size_bytes - 1;
    if (len_bytes > 0)
        memcpy(ret_text, a.ptr, len_bytes);
    ret_text[len_bytes] = '\0';
    return len_bytes == a.len_bytes;
}

uint64_t act_str_hash(act_str_t a, uint64_t seed)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ seed;
    for (size_t i = 0; i < a.len_bytes; i++) {
        hash ^= (uint8_t)a.ptr[i];
        hash *= UINT64_C(1099511628211);
    }
    // FNV's high bits are weak on short keys; one round of murmur's finaliser spreads them.
    hash ^= hash >> 33;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    return hash ^ (hash >> 33);
}

// The length of the well-formed sequence at ptr (RFC 3629, table 3-7 of Unicode), or 0.
static size_t utf8_sequence(const uint8_t *ptr, size_t left_bytes, uint32_t *ret_code)
{
    uint8_t first = ptr[0];
    if (first < 0x80) {
        *ret_code = first;
        return 1;
    }
    size_t len_bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || left_bytes < len_bytes)
        return 0;
    uint32_t code = first & (0x7fu >> len_bytes);
    for (size_t i = 1; i < len_bytes; i++) {
        if ((ptr[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (ptr[i] & 0x3fu);
    }
    if ((len_bytes == 3 && code < 0x800) || (len_bytes == 4 && code < 0x10000))
        return 0;
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return len_bytes;
}

uint32_t act_utf8_next(act_str_t a, size_t *offset)
{
    uint32_t code = 0xfffd;
    size_t len_bytes =
        utf8_sequence((const uint8_t *)a.ptr + *offset, a.len_bytes - *offset, &code);
    *offset += len_bytes ? len_bytes : 1;
    return code;
}

// Are the next eight bytes all ASCII? Most text is.
static bool is_ascii_8(act_str_t a, size_t at)
{
    uint64_t word = 0;
    if (a.len_bytes - at < sizeof word)
        return false;
    memcpy(&word, a.ptr + at, sizeof word);
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

bool act_utf8_valid(act_str_t a)
{
    uint32_t code = 0;
    for (size_t i = 0; i < a.len_bytes;) {
        if ((uint8_t)a.ptr[i] < 0x80) {
            i += is_ascii_8(a, i) ? 8 : 1;
            continue;
        }
        size_t len_bytes = utf8_sequence((const uint8_t *)a.ptr + i, a.len_bytes - i, &code);
        if (len_bytes == 0)
            return false;
        i += len_bytes;
    }
    return true;
}

size_t act_utf8_count(act_str_t a)
{
    size_t count = 0;
    for (size_t i = 0; i < a.len_bytes; count++)
        (void)act_utf8_next(a, &i);
    return count;
}

act_str_t act_utf8_prefix(act_str_t a, size_t max_count)
{
    size_t end = 0;
    for (size_t count = 0; end < a.len_bytes && count < max_count; count++)
        (void)act_utf8_next(a, &end);
    return act_str_of(a.ptr, end);
}
