// delta: a walk over brackets, strings and what is between them.
#include "delta.h"

#include <string.h>

#define DEPTH_MAX_COUNT 16

typedef struct {
    const char *at;
    const char *end;
    char open[DEPTH_MAX_COUNT]; // '{' or '['
    uint32_t depth;
    bool is_escaped; // the latest string has a backslash
} walk_t;

// The bytes that mean something within a string, and outside of one.
static const bool ends_plain[256] = {[0 ... 0x1f] = true, ['"'] = true, ['\\'] = true};
static const bool is_structure[256] = {
    ['"'] = true, ['{'] = true, ['['] = true, ['}'] = true, [']'] = true, [','] = true};

static const char *skip_others(const char *at, const char *end, const bool stops[256])
{
    while (at < end && !stops[(unsigned char)*at])
        at++;
    return at;
}

// `at` stands behind the opening quote. False: no end, or a byte that may not be in a string.
static bool take_string(walk_t *self, act_str_t *ret_text)
{
    const char *from = self->at;
    self->is_escaped = false;
    for (const char *at = from;; at++) {
        at = skip_others(at, self->end, ends_plain);
        if (at >= self->end || (unsigned char)*at < 0x20)
            return false;
        if (*at == '"') {
            *ret_text = act_str_of(from, (size_t)(at - from));
            self->at = at + 1;
            return true;
        }
        self->is_escaped = true;
        if (++at == self->end) // what is escaped
            return false;
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(walk_t *self)
{
    while (self->at < self->end && is_space(*self->at))
        self->at++;
}

// A member's value that is no string begins here.
static bool is_null(const walk_t *self)
{
    return self->end - self->at >= 4 && memcmp(self->at, "null", 4) == 0;
}

// The usual escapes; \u goes the long way.
static bool unescape(act_str_t text, act_buf_t *out)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    act_buf_reset(out);
    for (size_t i = 0; i < text.len_bytes; i++) {
        char c = text.ptr[i];
        if (c == '\\') {
            const char *name = i + 1 < text.len_bytes ? strchr(names, text.ptr[++i]) : NULL;
            if (!name || *name == '\0')
                return false;
            c = values[name - names];
        }
        act_buf_add_char(out, c);
    }
    return !out->is_overflowed;
}

// Most names differ in their first byte.
static bool is_name(act_str_t text, const char *name)
{
    return text.len_bytes > 0 && text.ptr[0] == name[0] && act_str_is(text, name);
}

static bool is_slow(const delta_shape_t *shape, act_str_t name)
{
    for (size_t i = 0; shape->slow[i]; i++)
        if (is_name(name, shape->slow[i]))
            return true;
    return false;
}

typedef struct {
    act_str_t text;
    uint32_t texts_count;
    bool is_text_escaped;
    bool has_marker;
} found_t;

// A string: a member's name when a colon follows it, else a value.
static bool walk_string(walk_t *self, const delta_shape_t *shape, act_str_t *name, found_t *found)
{
    act_str_t text;
    if (!take_string(self, &text))
        return false;
    bool is_escaped = self->is_escaped;
    skip_space(self);
    if (self->at < self->end && *self->at == ':') {
        self->at++;
        skip_space(self);
        *name = text;
        return !is_escaped && !(is_slow(shape, text) && !is_null(self));
    }
    if (is_name(*name, shape->text_key)) {
        found->text = text;
        found->is_text_escaped = is_escaped;
        found->texts_count++;
    } else if (shape->marker && is_name(text, shape->marker))
        found->has_marker = true;
    *name = ACT_STR("");
    return true;
}

static bool walk_bracket(walk_t *self, char c)
{
    if (c == '{' || c == '[') {
        if (self->depth == DEPTH_MAX_COUNT)
            return false;
        self->open[self->depth++] = c;
        return true;
    }
    return self->depth > 0 && self->open[--self->depth] == (c == '}' ? '{' : '[');
}

static bool walk(walk_t *self, const delta_shape_t *shape, found_t *found)
{
    act_str_t name = ACT_STR("");
    while ((self->at = skip_others(self->at, self->end, is_structure)) < self->end) {
        char c = *self->at++;
        if (c == '"') {
            if (!walk_string(self, shape, &name, found))
                return false;
        } else if (c == '{' || c == '[' || c == '}' || c == ']') {
            if (!walk_bracket(self, c))
                return false;
        } else if (c == ',')
            name = ACT_STR("");
    }
    return self->depth == 0;
}

bool delta_read(const delta_shape_t *shape, act_str_t event, act_buf_t *out, act_str_t *ret_text)
{
    walk_t self = {.at = event.ptr, .end = event.ptr + event.len_bytes};
    found_t found = {.texts_count = 0};
    if (event.len_bytes == 0 || event.ptr[0] != '{' || !walk(&self, shape, &found) ||
        found.texts_count != 1 || (shape->marker && !found.has_marker) ||
        !act_utf8_valid(found.text))
        return false;
    if (found.is_text_escaped && !unescape(found.text, out))
        return false;
    *ret_text = found.is_text_escaped ? act_buf_str(out) : found.text;
    return true;
}
