// texts: look-up by binary search and filling of placeholders.
#include "texts/texts.h"

#include "base/assert.h"
#include "base/buf.h"

#include <string.h>

// A filled text; far over what any channel sends.
#define FILLED_MAX_BYTES (64u << 10)

uint32_t act_text_language(act_str_t language)
{
    act_str_t code = act_str_of(language.ptr, language.len_bytes < 2 ? 0 : 2);
    bool is_tagged = language.len_bytes > 2 && (language.ptr[2] == '-' || language.ptr[2] == '_');
    if (language.len_bytes != 2 && !is_tagged)
        return 0;
    for (uint32_t i = 0; i < ACT_TEXT_LANGUAGES_COUNT; i++)
        if (act_str_is(code, act_text_languages[i]))
            return i;
    return 0;
}

static int compare(act_str_t key, const char *other)
{
    size_t length_bytes = strlen(other);
    size_t common_bytes = key.len_bytes < length_bytes ? key.len_bytes : length_bytes;
    int order = common_bytes ? memcmp(key.ptr, other, common_bytes) : 0;
    if (order != 0)
        return order;
    return (key.len_bytes > length_bytes) - (key.len_bytes < length_bytes);
}

static const act_text_row_t *row_of(act_str_t key)
{
    uint32_t low = 0;
    uint32_t high = ACT_TEXT_KEYS_COUNT;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare(key, act_text_rows[middle].key);
        if (order == 0)
            return &act_text_rows[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

act_str_t act_text_find(act_str_t key, act_str_t language)
{
    const act_text_row_t *row = row_of(key);
    return row ? row->texts[act_text_language(language)] : (act_str_t){0};
}

act_str_t act_text(const char *key, act_str_t language)
{
    const act_text_row_t *row = row_of(act_str(key));
    act_assert(row != NULL);
    return row->texts[act_text_language(language)];
}

const act_str_t *act_text_in_all(const char *key)
{
    const act_text_row_t *row = row_of(act_str(key));
    act_assert(row != NULL);
    return row->texts;
}

// "error.QUOTA_EXCEEDED" of an error; its text has the same name in small letters.
static const char *error_key(act_err_t err)
{
    static const struct {
        act_err_t err;
        const char *key;
    } keys[] = {
#define X(name, number, code, is_retryable, text, customer) {ACT_E_##name, "error." #name},
        ACT_ERRORS(X)
#undef X
    };
    for (size_t i = 0; i < ACT_COUNT(keys); i++)
        if (keys[i].err == err)
            return keys[i].key;
    return "";
}

act_str_t act_text_error(act_err_t err, act_str_t language)
{
    char key[64] = "";
    if (!act_str_copy(act_str(error_key(err)), key, sizeof key))
        return (act_str_t){0};
    for (char *c = key; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return act_text_find(act_str(key), language);
}

// --- placeholders --------------------------------------------------------------------------------

bool act_text_next_name(act_str_t text, size_t *offset, act_str_t *ret_name)
{
    for (size_t at = *offset; at < text.len_bytes; at++) {
        if (text.ptr[at] != '{')
            continue;
        const char *start = text.ptr + at + 1;
        const char *end = memchr(start, '}', text.len_bytes - at - 1);
        if (!end)
            break;
        *ret_name = act_str_of(start, (size_t)(end - start));
        *offset = (size_t)(end - text.ptr) + 1;
        return true;
    }
    *offset = text.len_bytes;
    return false;
}

static bool has_empty(act_str_t part, act_text_value_fn *value, void *context)
{
    size_t offset = 0;
    act_str_t name;
    while (act_text_next_name(part, &offset, &name))
        if (act_str_empty(value(context, name)))
            return true;
    return false;
}

static void fill_plain(act_buf_t *out, act_str_t text, act_text_value_fn *value, void *context)
{
    size_t done = 0;
    size_t offset = 0;
    act_str_t name;
    while (act_text_next_name(text, &offset, &name)) {
        size_t brace = offset - name.len_bytes - 2;
        act_buf_add(out, text.ptr + done, brace - done);
        act_buf_add_str(out, value(context, name));
        done = offset;
    }
    if (done < text.len_bytes)
        act_buf_add(out, text.ptr + done, text.len_bytes - done);
}

// What stands before the next optional part, and that part; the rest stays in *rest.
static bool next_optional(act_str_t *rest, act_str_t *ret_before, act_str_t *ret_part)
{
    const char *open = rest->len_bytes ? memchr(rest->ptr, '[', rest->len_bytes) : NULL;
    if (!open)
        return false;
    size_t before_bytes = (size_t)(open - rest->ptr);
    const char *end = memchr(open, ']', rest->len_bytes - before_bytes);
    if (!end)
        return false;
    *ret_before = act_str_of(rest->ptr, before_bytes);
    *ret_part = act_str_of(open + 1, (size_t)(end - open) - 1);
    size_t used_bytes = (size_t)(end - rest->ptr) + 1;
    *rest = act_str_of(rest->ptr + used_bytes, rest->len_bytes - used_bytes);
    return true;
}

act_str_t act_text_fill(act_arena_t *arena, act_str_t text, act_text_value_fn *value, void *context)
{
    act_buf_t out;
    act_buf_init(&out, FILLED_MAX_BYTES);
    act_str_t before;
    act_str_t part;
    while (next_optional(&text, &before, &part)) {
        fill_plain(&out, before, value, context);
        if (!has_empty(part, value, context))
            fill_plain(&out, part, value, context);
    }
    fill_plain(&out, text, value, context);
    act_str_t filled = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return filled;
}

typedef struct {
    const act_text_value_t *values;
    uint32_t count;
} list_t;

static act_str_t value_of_list(void *context, act_str_t name)
{
    const list_t *list = context;
    for (uint32_t i = 0; i < list->count; i++)
        if (act_str_is(name, list->values[i].name))
            return list->values[i].value;
    return (act_str_t){0};
}

act_str_t act_text_format(act_arena_t *arena, const char *key, act_str_t language,
                          const act_text_value_t *values, uint32_t count)
{
    list_t list = {values, count};
    return act_text_fill(arena, act_text(key, language), value_of_list, &list);
}
