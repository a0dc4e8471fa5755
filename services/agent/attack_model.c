// attack_model: a text is read in several ways; each is searched.
#include "attack_model.h"

#include "base/assert.h"
#include "base/buf.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define READING_MAX_BYTES (1u << 20)
#define WORD_MIN_BYTES 16

// --- reading ---------------------------------------------------------------------------------------

static uint32_t folded(uint32_t code)
{
    static const struct {
        uint32_t code;
        char letter;
    } twins[] = {{0x430, 'a'}, {0x435, 'e'},  {0x43e, 'o'},  {0x441, 'c'}, {0x440, 'p'},
                 {0x445, 'x'}, {0x3000, ' '}, {0xfe64, '<'}, {0xfe65, '>'}};
    for (size_t i = 0; i < ACT_COUNT(twins); i++)
        if (twins[i].code == code)
            return (unsigned char)twins[i].letter;
    if (code > 0xff00 && code < 0xff5f)
        return code - 0xff00 + ' ';
    if (code >= 0xe0000 && code < 0xe0080)
        return code - 0xe0000;
    bool is_unseen =
        (code >= 0x200b && code <= 0x200f) || code == 0xad || code == 0x2060 || code == 0xfeff;
    return is_unseen ? 0 : code;
}

// As somebody reads it who looks through wide, foreign and unseen letters.
static act_str_t fold(act_arena_t *arena, act_str_t text)
{
    act_buf_t out;
    act_buf_init(&out, READING_MAX_BYTES);
    for (size_t at = 0; at < text.len_bytes;) {
        size_t from = at;
        uint32_t code = folded(act_utf8_next(text, &at));
        if (code > 0 && code < 128)
            act_buf_add_char(&out, (char)code);
        else if (code != 0)
            act_buf_add(&out, text.ptr + from, at - from);
    }
    act_str_t kept = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return kept;
}

static int digit_of(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

// "%41" and "&#65;".
static void unescape(act_str_t text, act_buf_t *out)
{
    for (size_t at = 0; at < text.len_bytes; at++) {
        const char *rest = text.ptr + at;
        size_t left_bytes = text.len_bytes - at;
        if (left_bytes > 2 && *rest == '%' && digit_of(rest[1]) >= 0 && digit_of(rest[2]) >= 0) {
            act_buf_add_char(out, (char)(digit_of(rest[1]) << 4 | digit_of(rest[2])));
            at += 2;
        } else if (left_bytes > 3 && rest[0] == '&' && rest[1] == '#' &&
                   isdigit((unsigned char)rest[2])) {
            char *end = NULL;
            act_buf_add_char(out, (char)strtol(rest + 2, &end, 10));
            at = (size_t)(end - text.ptr);
        } else {
            act_buf_add_char(out, *rest);
        }
    }
}

// A text in JSON: what a tool gave back.
static act_str_t unquote(act_arena_t *arena, act_str_t text)
{
    char *out = act_arena_alloc(arena, text.len_bytes + 1);
    size_t len_bytes = 0;
    for (size_t at = 0; at < text.len_bytes; at++) {
        bool is_escape =
            text.ptr[at] == '\\' && at + 1 < text.len_bytes && strchr("\"\\n", text.ptr[at + 1]);
        at += is_escape;
        out[len_bytes++] = is_escape && text.ptr[at] == 'n' ? '\n' : text.ptr[at];
    }
    return act_str_of(out, len_bytes);
}

static void turn_round(act_str_t text, act_buf_t *out)
{
    for (size_t at = text.len_bytes; at-- > 0;)
        act_buf_add_char(out, text.ptr[at]);
}

static void unrot13(act_str_t text, act_buf_t *out)
{
    for (size_t at = 0; at < text.len_bytes; at++) {
        char c = text.ptr[at], base = isupper((unsigned char)c) ? 'A' : 'a';
        char turned = (char)(base + (c - base + 13) % 26);
        act_buf_add_char(out, (char)(isalpha((unsigned char)c) ? turned : c));
    }
}

static int sextet_of(char c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? (int)(at - letters) : -1;
}

// Words of these digits, each of so many bits, one after the other.
static void decode_words(act_str_t text, act_buf_t *out, int (*digit)(char), uint32_t bits_each)
{
    for (size_t at = 0; at < text.len_bytes;) {
        size_t end = at;
        while (end < text.len_bytes && digit(text.ptr[end]) >= 0)
            end++;
        uint32_t bits = 0, count = 0;
        for (size_t i = at; end - at >= WORD_MIN_BYTES && i < end; i++) {
            bits = bits << bits_each | (uint32_t)digit(text.ptr[i]);
            count += bits_each;
            if (count >= 8) {
                count -= 8;
                act_buf_add_char(out, (char)(bits >> count));
            }
        }
        if (end - at >= WORD_MIN_BYTES)
            act_buf_add_char(out, ' ');
        at = end == at ? at + 1 : end;
    }
}

static void unbase64(act_str_t text, act_buf_t *out)
{
    decode_words(text, out, sextet_of, 6);
}

static void unhex(act_str_t text, act_buf_t *out)
{
    decode_words(text, out, digit_of, 4);
}

static void (*const readings[])(act_str_t text, act_buf_t *out) = {unescape, turn_round, unrot13,
                                                                   unbase64, unhex};

// --- orders ----------------------------------------------------------------------------------------

typedef struct {
    act_arena_t *arena;
    const char *const *names;
    uint32_t names_count;
    tool_call_t *calls;
    uint32_t count, max_count;
} search_t;

static void add_call(search_t *self, const char *name, act_str_t arguments)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (act_str_is(self->calls[i].name, name) &&
            act_str_eq(self->calls[i].arguments, arguments))
            return;
    if (self->count == self->max_count)
        return;
    self->calls[self->count] = (tool_call_t){
        .id = act_arena_printf(self->arena, "call_%u", self->count + 1),
        .name = act_str(name),
        .arguments = act_arena_str(self->arena, arguments),
    };
    self->count++;
}

static void look_at(search_t *self, act_str_t text, size_t brace, const char *name)
{
    json_error_t error;
    json_t *value = json_loadb(text.ptr + brace, text.len_bytes - brace,
                               JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &error);
    if (value)
        add_call(self, name, act_str_of(text.ptr + brace, (size_t)error.position));
    json_decref(value);
}

static void search(search_t *self, act_str_t text)
{
    for (size_t at = 1; at + 1 < text.len_bytes; at++) {
        if (text.ptr[at] != '(' || text.ptr[at + 1] != '{')
            continue;
        for (uint32_t i = 0; i < self->names_count; i++) {
            size_t len_bytes = strlen(self->names[i]);
            if (at >= len_bytes &&
                memcmp(text.ptr + at - len_bytes, self->names[i], len_bytes) == 0)
                look_at(self, text, at + 1, self->names[i]);
        }
    }
}

static void read_in_all_ways(search_t *self, act_str_t text)
{
    search(self, text);
    for (size_t i = 0; i < ACT_COUNT(readings); i++) {
        act_buf_t out;
        act_buf_init(&out, READING_MAX_BYTES);
        readings[i](text, &out);
        search(self, act_buf_str(&out));
        act_buf_fini(&out);
    }
}

uint32_t attack_model_obey(act_arena_t *arena, act_str_t text, const char *const names[],
                           uint32_t names_count, tool_call_t *ret_calls, uint32_t max_count)
{
    search_t self = {arena, names, names_count, ret_calls, 0, max_count};
    act_str_t plain = fold(arena, text);
    read_in_all_ways(&self, plain);
    act_str_t inner = unquote(arena, plain);
    if (inner.len_bytes < plain.len_bytes)
        read_in_all_ways(&self, inner);
    return self.count;
}

// --- marks -----------------------------------------------------------------------------------------

// "< / Name" at a '<': its place in tags; *ret_step is 1 where it opens, -1 where it closes.
static bool is_tag(act_str_t text, size_t at, const char *const tags[], uint32_t tags_count,
                   int *ret_step)
{
    const char *rest = text.ptr + at + 1, *end = text.ptr + text.len_bytes;
    *ret_step = 1;
    for (; rest < end && (isspace((unsigned char)*rest) || *rest == '/'); rest++)
        if (*rest == '/')
            *ret_step = -1;
    for (uint32_t i = 0; i < tags_count; i++) {
        size_t len_bytes = strlen(tags[i]);
        if ((size_t)(end - rest) >= len_bytes && strncasecmp(rest, tags[i], len_bytes) == 0 &&
            (rest + len_bytes == end ||
             !(isalnum((unsigned char)rest[len_bytes]) || rest[len_bytes] == '_')))
            return true;
    }
    return false;
}

act_str_t attack_model_outside(act_arena_t *arena, act_str_t text, const char *const tags[],
                               uint32_t tags_count)
{
    act_str_t plain = fold(arena, text);
    act_buf_t out;
    act_buf_init(&out, READING_MAX_BYTES);
    int depth = 0, step = 0;
    for (size_t at = 0; at < plain.len_bytes; at++) {
        if (plain.ptr[at] == '<' && is_tag(plain, at, tags, tags_count, &step))
            depth = depth + step < 0 ? 0 : depth + step;
        else if (depth == 0)
            act_buf_add_char(&out, plain.ptr[at]);
    }
    act_str_t kept = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return kept;
}
