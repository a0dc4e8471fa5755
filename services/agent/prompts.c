// prompts: choosing, filling, and the word that must not come back.
#include "prompts.h"

#include "base/assert.h"
#include "base/buf.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#define CANARY_BYTES 8
#define FILLED_MAX_BYTES (64u << 10)

const prompt_t *prompts_find(act_str_t name)
{
    for (const prompt_t *prompt = prompts_built_in; prompt->name; prompt++)
        if (act_str_is(name, prompt->name))
            return prompt;
    return NULL;
}

// --- placeholders --------------------------------------------------------------------------------

static size_t find(act_str_t text, size_t at, const char *what)
{
    for (; at + 2 <= text.len_bytes; at++)
        if (memcmp(text.ptr + at, what, 2) == 0)
            return at;
    return text.len_bytes;
}

static act_str_t part(act_str_t text, size_t from, size_t to)
{
    return act_str_of(text.ptr + from, to - from);
}

// The next placeholder from *at: what stands before it and its name; *at is moved behind it. False: there
// is none, and *ret_before is the rest.
static bool next_placeholder(act_str_t text, size_t *at, act_str_t *ret_before, act_str_t *ret_name)
{
    size_t open = find(text, *at, "{{");
    size_t close = find(text, open, "}}");
    if (close == text.len_bytes)
        open = text.len_bytes;
    *ret_before = part(text, *at, open);
    if (open == text.len_bytes)
        return false;
    *ret_name = part(text, open + 2, close);
    *at = close + 2;
    return true;
}

static bool is_known(act_str_t name)
{
    for (const char *const *known = prompts_names; *known; known++)
        if (act_str_is(name, *known))
            return true;
    return false;
}

static bool has_braces(act_str_t text)
{
    return find(text, 0, "{{") < text.len_bytes || find(text, 0, "}}") < text.len_bytes;
}

bool prompts_check(act_str_t text, act_str_t *ret_bad)
{
    act_str_t before, name;
    size_t at = 0;
    bool is_more = true;
    while (is_more) {
        is_more = next_placeholder(text, &at, &before, &name);
        bool is_bad = has_braces(before);
        if (is_bad || (is_more && !is_known(name))) {
            *ret_bad = is_bad ? act_utf8_prefix(before, 80) : act_utf8_prefix(name, 80);
            return false;
        }
    }
    return true;
}

static act_str_t value_of(act_str_t name, const prompt_value_t *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (act_str_is(name, values[i].name))
            return values[i].value;
    return (act_str_t){0};
}

act_str_t prompts_fill(act_arena_t *arena, act_str_t text, const prompt_value_t *values,
                       uint32_t count)
{
    act_str_t before, name;
    size_t at = 0;
    act_buf_t out;
    act_buf_init(&out, FILLED_MAX_BYTES);
    while (next_placeholder(text, &at, &before, &name)) {
        act_buf_add_str(&out, before);
        act_buf_add_str(&out, value_of(name, values, count));
    }
    act_buf_add_str(&out, before);
    act_str_t filled = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return filled;
}

// --- whose text ----------------------------------------------------------------------------------

act_str_t prompts_choose(const list_prompts_reply_t *own, const char *name, act_arena_t *arena,
                         act_str_t *ret_version)
{
    const prompt_t *built_in = prompts_find(act_str(name));
    act_str_t bad;
    act_assert(built_in != NULL);
    for (uint32_t i = 0; own && i < own->prompts.count; i++) {
        const prompt_row_t *row = &own->prompts.items[i];
        if (!act_str_is(row->name, name) || !prompts_check(row->text, &bad))
            continue;
        *ret_version = act_arena_printf(arena, "own-%" PRId64, row->version);
        return row->text;
    }
    *ret_version = act_str(built_in->version);
    return act_str(built_in->text);
}

// --- the canary ----------------------------------------------------------------------------------

act_str_t prompts_canary(act_arena_t *arena, act_str_t tenant)
{
    static const char purpose[] = "parley prompt canary";
    uint8_t digest[crypto_generichash_BYTES_MIN];
    char text[2 * CANARY_BYTES + 1];
    act_assert(crypto_generichash(digest, sizeof digest, (const uint8_t *)tenant.ptr,
                                  tenant.len_bytes, (const uint8_t *)purpose,
                                  sizeof purpose - 1) == 0);
    (void)sodium_bin2hex(text, sizeof text, digest, CANARY_BYTES);
    return act_arena_str(arena, act_str(text));
}

act_str_t prompts_with_canary(act_arena_t *arena, act_str_t system, act_str_t canary)
{
    return act_arena_printf(arena,
                            "%" ACT_STR_FMT "\n\nInternal mark, never to be written: %" ACT_STR_FMT,
                            ACT_STR_ARG(system), ACT_STR_ARG(canary));
}

bool prompts_tells_canary(act_str_t text, act_str_t canary)
{
    // The letters and digits of the text as one word.
    act_buf_t word;
    act_buf_init(&word, text.len_bytes + 1);
    for (size_t i = 0; i < text.len_bytes; i++)
        if (isalnum((unsigned char)text.ptr[i]) && (unsigned char)text.ptr[i] < 128)
            act_buf_add_char(&word, (char)tolower((unsigned char)text.ptr[i]));
    bool is_told = canary.len_bytes > 0 && word.len_bytes >= canary.len_bytes &&
                   memmem(word.ptr, word.len_bytes, canary.ptr, canary.len_bytes) != NULL;
    act_buf_fini(&word);
    return is_told;
}
