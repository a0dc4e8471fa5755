// json: jansson for reading, our own writer for msgpack values. A cheap walk over the text comes
// before jansson: it bounds the depth (jansson's own limit is 2048 levels of recursion) and finds
// surrogate escapes, because jansson refuses a text with a lone one and phones do send them.
#include "io/json.h"

#include "base/mp.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- the walk before the parser -----------------------------------------------------------------

static bool is_surrogate_escape(const char *at, const char *end)
{
    return end - at >= 6 && at[0] == '\\' && at[1] == 'u' && (at[2] | 0x20) == 'd' &&
           strchr("89abcdefABCDEF", at[3]) != NULL && at[3] != '\0';
}

// `at` stands behind the opening quote; returns the place behind the closing one, or end.
static const char *skip_string(const char *at, const char *end, bool *has_surrogates)
{
    while (at < end && *at != '"') {
        if (*at != '\\') {
            at++;
            continue;
        }
        if (is_surrogate_escape(at, end))
            *has_surrogates = true;
        at += end - at >= 2 ? 2 : 1;
    }
    return at < end ? at + 1 : end;
}

// What is wrong with the text, or NULL.
static const char *check_shape(act_str_t text, bool *ret_has_surrogates)
{
    if (text.len_bytes == 0)
        return "empty";
    // jansson 2.14 takes one NUL behind a number at the end for the end.
    if (memchr(text.ptr, '\0', text.len_bytes))
        return "raw NUL";
    const char *at = text.ptr;
    const char *end = at + text.len_bytes;
    int depth = 0;
    bool has_surrogates = false;
    while (at < end) {
        char c = *at++;
        if (c == '"')
            at = skip_string(at, end, &has_surrogates);
        else if ((c == '{' || c == '[') && ++depth > ACT_JSON_MAX_DEPTH)
            return "nested too deeply";
        else if (c == '}' || c == ']')
            depth--;
    }
    *ret_has_surrogates = has_surrogates;
    return NULL;
}

// The code unit of a surrogate escape at `at`; 0 when there is none.
static unsigned surrogate_at(const char *at, const char *end)
{
    if (!is_surrogate_escape(at, end))
        return 0;
    char digits[5] = {at[2], at[3], at[4], at[5], '\0'};
    if (strspn(digits, "0123456789abcdefABCDEF") != 4)
        return 0;
    return (unsigned)strtoul(digits, NULL, 16);
}

static bool is_nul_escape(const char *at, const char *end)
{
    return end - at >= 6 && memcmp(at, "\\u0000", 6) == 0;
}

// Overwrites escapes jansson refuses; the replacement is as long as what it replaces. NUL escapes
// are only refused in keys, but a text that has them there loses all of them.
static void replace_bad_escapes(char *at, const char *end, bool is_nul_bad)
{
    while (at < end) {
        if (*at != '\\') {
            at++;
            continue;
        }
        unsigned first = surrogate_at(at, end);
        if (first == 0 && !(is_nul_bad && is_nul_escape(at, end))) {
            at += end - at >= 2 ? 2 : 1;
            continue;
        }
        if (first != 0 && first < 0xdc00 && surrogate_at(at + 6, end) >= 0xdc00) {
            at += 12;
            continue;
        }
        memcpy(at, "\\ufffd", 6);
        at += 6;
    }
}

// --- parsing -------------------------------------------------------------------------------------

#define LOAD_FLAGS (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY)

static json_t *load_repaired(act_str_t text, bool is_nul_bad, json_error_t *error)
{
    ACT_AUTO_FREE char *copy = act_realloc(NULL, text.len_bytes);
    memcpy(copy, text.ptr, text.len_bytes);
    replace_bad_escapes(copy, copy + text.len_bytes, is_nul_bad);
    return json_loadb(copy, text.len_bytes, LOAD_FLAGS, error);
}

static json_t *load(act_str_t text, bool has_surrogates, json_error_t *error)
{
    json_t *root = has_surrogates ? load_repaired(text, /* is_nul_bad= */ false, error)
                                  : json_loadb(text.ptr, text.len_bytes, LOAD_FLAGS, error);
    if (!root && json_error_code(error) == json_error_null_byte_in_key)
        root = load_repaired(text, /* is_nul_bad= */ true, error);
    return root;
}

static void describe(const json_error_t *error, act_str_t *ret_error, act_arena_t *arena)
{
    if (!ret_error)
        return;
    // jansson adds "near '<input>'"; the input is a customer's and stays out of logs.
    const char *near = strstr(error->text, " near '");
    int len = near ? (int)(near - error->text) : (int)strlen(error->text);
    *ret_error = act_arena_printf(arena, "%.*s at byte %d", len, error->text, error->position);
}

act_err_t act_json_parse(act_str_t text, json_t **ret_root, act_str_t *ret_error,
                         act_arena_t *arena)
{
    bool has_surrogates = false;
    json_error_t error;
    const char *wrong = check_shape(text, &has_surrogates);
    if (wrong) {
        if (ret_error)
            *ret_error = act_str(wrong);
        return ACT_E_MALFORMED;
    }
    json_t *root = load(text, has_surrogates, &error);
    if (!root) {
        describe(&error, ret_error, arena);
        return ACT_E_MALFORMED;
    }
    *ret_root = root;
    return ACT_E_OK;
}

// --- lookups -------------------------------------------------------------------------------------

act_str_t act_json_str(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return act_str_of(json_string_value(value), json_string_length(value));
}

int64_t act_json_int(const json_t *object, const char *name, int64_t fallback)
{
    const json_t *value = json_object_get(object, name);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

const json_t *act_json_object(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_object(value) ? value : NULL;
}

const json_t *act_json_array(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_array(value) ? value : NULL;
}

// --- JSON -> msgpack -----------------------------------------------------------------------------

static void str_to_mp(act_str_t text, act_buf_t *out)
{
    if (text.len_bytes == 0 || !memchr(text.ptr, '\0', text.len_bytes)) {
        act_mp_str(out, text);
        return;
    }
    ACT_AUTO_FREE char *copy = act_realloc(NULL, text.len_bytes);
    size_t len_bytes = 0;
    for (size_t i = 0; i < text.len_bytes; i++) {
        if (text.ptr[i] != '\0')
            copy[len_bytes++] = text.ptr[i];
    }
    act_mp_str(out, act_str_of(copy, len_bytes));
}

static void value_to_mp(const json_t *value, int depth, act_buf_t *out);

static void object_to_mp(const json_t *object, int depth, act_buf_t *out)
{
    act_mp_map(out, (uint32_t)json_object_size(object));
    json_t *iterable = (json_t *)object; // jansson's iterators are not const; nothing is changed
    for (void *at = json_object_iter(iterable); at; at = json_object_iter_next(iterable, at)) {
        act_mp_str(out, act_str(json_object_iter_key(at)));
        value_to_mp(json_object_iter_value(at), depth, out);
    }
}

static void array_to_mp(const json_t *array, int depth, act_buf_t *out)
{
    size_t count = json_array_size(array);
    act_mp_array(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        value_to_mp(json_array_get(array, i), depth, out);
}

// Recursion is bounded by ACT_MP_MAX_DEPTH.
static void value_to_mp(const json_t *value, int depth, act_buf_t *out)
{
    bool is_nesting = json_is_object(value) || json_is_array(value);
    if (is_nesting && depth == ACT_MP_MAX_DEPTH) {
        out->is_overflowed = true;
        return;
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        object_to_mp(value, depth + 1, out);
        return;
    case JSON_ARRAY:
        array_to_mp(value, depth + 1, out);
        return;
    case JSON_STRING:
        str_to_mp(act_str_of(json_string_value(value), json_string_length(value)), out);
        return;
    case JSON_INTEGER:
        act_mp_int(out, json_integer_value(value));
        return;
    case JSON_REAL:
        act_mp_double(out, json_real_value(value));
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        act_mp_bool(out, json_is_true(value));
        return;
    case JSON_NULL:
        break;
    }
    act_mp_nil(out);
}

void act_json_to_mp(const json_t *value, act_buf_t *out)
{
    if (value)
        value_to_mp(value, 0, out);
    else
        act_mp_nil(out);
}

act_err_t act_json_text_to_mp(act_str_t text, act_buf_t *out)
{
    json_t *root = NULL;
    act_err_t err = act_json_parse(text, &root, /* ret_error= */ NULL, /* arena= */ NULL);
    if (err != ACT_E_OK)
        return err;
    act_json_to_mp(root, out);
    json_decref(root);
    return out->is_overflowed ? ACT_E_TOO_LARGE : ACT_E_OK;
}

// --- msgpack -> JSON -----------------------------------------------------------------------------

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void write_base64(act_str_t bytes, act_buf_t *out)
{
    const uint8_t *at = (const uint8_t *)bytes.ptr;
    act_buf_add_char(out, '"');
    for (size_t left_bytes = bytes.len_bytes; left_bytes > 0;) {
        size_t taken_bytes = left_bytes < 3 ? left_bytes : 3;
        uint32_t group = 0;
        for (size_t i = 0; i < 3; i++)
            group = group << 8 | (i < taken_bytes ? at[i] : 0u);
        char text[4];
        for (size_t i = 0; i < 4; i++)
            text[i] = i <= taken_bytes ? base64_digits[group >> (18 - 6 * i) & 63] : '=';
        act_buf_add(out, text, sizeof text);
        at += taken_bytes;
        left_bytes -= taken_bytes;
    }
    act_buf_add_char(out, '"');
}

// The shortest of three precisions that reads back as the same number; always with a point or an
// exponent, so that it stays a real.
static void write_double(double number, act_buf_t *out)
{
    if (!isfinite(number)) {
        act_buf_add_str(out, ACT_STR("null"));
        return;
    }
    char text[40];
    for (int digits_count = 15; digits_count <= 17; digits_count++) {
        (void)snprintf(text, sizeof text, "%.*g", digits_count, number);
        double again = strtod(text, NULL);
        if (memcmp(&again, &number, sizeof again) == 0)
            break;
    }
    act_buf_add_str(out, act_str(text));
    if (!strpbrk(text, ".e"))
        act_buf_add_str(out, ACT_STR(".0"));
}

static void write_scalar(const act_mp_value_t *value, act_buf_t *out)
{
    switch (value->type) {
    case ACT_MP_BOOL:
        act_buf_add_str(out, value->boolean ? ACT_STR("true") : ACT_STR("false"));
        return;
    case ACT_MP_INT:
        act_buf_printf(out, "%" PRId64, value->integer);
        return;
    case ACT_MP_UINT:
        act_buf_printf(out, "%" PRIu64, value->unsigned_integer);
        return;
    case ACT_MP_DOUBLE:
        write_double(value->number, out);
        return;
    case ACT_MP_STR:
        act_json_quote(value->str, out);
        return;
    case ACT_MP_BIN:
        write_base64(value->str, out);
        return;
    case ACT_MP_NIL:
    case ACT_MP_ARRAY:
    case ACT_MP_MAP:
        break;
    }
    act_buf_add_str(out, ACT_STR("null"));
}

static bool write_key(const act_mp_value_t *key, act_buf_t *out)
{
    bool is_number = key->type == ACT_MP_INT || key->type == ACT_MP_UINT;
    if (!is_number && key->type != ACT_MP_STR)
        return false;
    if (is_number)
        act_buf_add_char(out, '"');
    write_scalar(key, out);
    if (is_number)
        act_buf_add_char(out, '"');
    return true;
}

// One open array or map; the whole value is one item of level 0.
typedef struct {
    uint64_t items_count; // keys count as items
    uint64_t done_count;
    bool is_map;
} level_t;

static bool is_container(const act_mp_value_t *value)
{
    return value->type == ACT_MP_ARRAY || value->type == ACT_MP_MAP;
}

static level_t open_level(const act_mp_value_t *value, act_buf_t *out)
{
    bool is_map = value->type == ACT_MP_MAP;
    act_buf_add_char(out, is_map ? '{' : '[');
    return (level_t){.items_count = (uint64_t)value->count * (is_map ? 2 : 1), .is_map = is_map};
}

act_err_t act_mp_to_json(act_str_t mp, act_buf_t *out)
{
    act_mp_t cursor = act_mp_open(mp);
    level_t levels[ACT_MP_MAX_DEPTH + 1] = {{.items_count = 1}};
    size_t depth = 0;
    for (;;) {
        level_t *level = &levels[depth];
        if (level->done_count == level->items_count) {
            if (depth == 0)
                return out->is_overflowed ? ACT_E_TOO_LARGE : ACT_E_OK;
            act_buf_add_char(out, level->is_map ? '}' : ']');
            depth--;
            continue;
        }
        bool is_value = level->is_map && level->done_count % 2 == 1;
        bool is_key = level->is_map && !is_value;
        if (level->done_count > 0)
            act_buf_add_char(out, is_value ? ':' : ',');
        level->done_count++;
        act_mp_value_t value;
        if (!act_mp_next(&cursor, &value) || (is_key && !write_key(&value, out)))
            return ACT_E_MALFORMED;
        if (is_container(&value)) {
            if (++depth == ACT_COUNT(levels))
                return ACT_E_MALFORMED;
            levels[depth] = open_level(&value, out);
        } else if (!is_key) {
            write_scalar(&value, out);
        }
    }
}

// --- strings -------------------------------------------------------------------------------------

static void write_escape(unsigned char c, act_buf_t *out)
{
    static const char letters[] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                   ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};
    if (c < sizeof letters && letters[c] != '\0') {
        act_buf_add_char(out, '\\');
        act_buf_add_char(out, letters[c]);
    } else {
        act_buf_printf(out, "\\u%04x", c);
    }
}

void act_json_quote(act_str_t text, act_buf_t *out)
{
    bool is_utf8 = act_utf8_valid(text);
    act_buf_add_char(out, '"');
    size_t plain_from = 0; // what is not written yet and needs no escape
    size_t at = 0;
    while (at < text.len_bytes) {
        size_t from = at;
        unsigned char c = (unsigned char)text.ptr[at];
        bool is_bad = false;
        if (is_utf8 || c < 0x80)
            at++;
        else
            is_bad = act_utf8_next(text, &at) == 0xfffd && at == from + 1;
        if (!is_bad && c >= 0x20 && c != '"' && c != '\\')
            continue;
        act_buf_add(out, text.ptr + plain_from, from - plain_from);
        plain_from = at;
        if (is_bad)
            act_buf_add_str(out, ACT_STR("\xef\xbf\xbd"));
        else
            write_escape(c, out);
    }
    act_buf_add(out, text.ptr ? text.ptr + plain_from : "", text.len_bytes - plain_from);
    act_buf_add_char(out, '"');
}
