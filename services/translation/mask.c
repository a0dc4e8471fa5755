// mask: cut, number, count, put back.
#include "mask.h"

#include "protect.h"

#include <stdio.h>
#include <string.h>

// Characters that turn the direction of what follows: a text may keep its own, and gets no others.
static const char *const turners[] = {"\u202A", "\u202B", "\u202C", "\u202D", "\u202E",
                                      "\u2066", "\u2067", "\u2068", "\u2069"};

// --- to masks ------------------------------------------------------------------------------------

// The longest name that stands here as words of its own.
static size_t name_at(act_str_t text, size_t at, mask_names_t names)
{
    size_t longest_bytes = 0;
    for (uint32_t i = 0; i < names.count; i++) {
        size_t len_bytes = names.items[i].len_bytes;
        if (len_bytes > longest_bytes && at + len_bytes <= text.len_bytes &&
            memcmp(text.ptr + at, names.items[i].ptr, len_bytes) == 0 &&
            !protect_is_word_before(text, at) && !protect_is_word_at(text, at + len_bytes))
            longest_bytes = len_bytes;
    }
    return longest_bytes;
}

act_err_t mask_text(act_str_t text, mask_names_t names, act_arena_t *arena, masked_t *ret_masked)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    ret_masked->count = 0;
    size_t at = 0;
    while (at < text.len_bytes && ret_masked->count <= MASK_MAX_PARTS) {
        size_t name_bytes = name_at(text, at, names);
        size_t len_bytes = protect_at(text, at);
        if (name_bytes > len_bytes)
            len_bytes = name_bytes;
        size_t next = at;
        if (len_bytes == 0) {
            (void)act_utf8_next(text, &next);
            act_buf_add(&out, text.ptr + at, next - at);
            at = next;
        } else if (ret_masked->count == MASK_MAX_PARTS) {
            break;
        } else {
            ret_masked->parts[ret_masked->count++] = act_str_of(text.ptr + at, len_bytes);
            act_buf_printf(&out, "<x%u/>", ret_masked->count);
            at += len_bytes;
        }
    }
    ret_masked->text = act_arena_str(arena, act_buf_str(&out));
    bool is_whole = at == text.len_bytes && !out.is_overflowed;
    act_buf_fini(&out);
    return is_whole ? ACT_E_OK : ACT_E_TOO_LARGE;
}

// --- from masks ----------------------------------------------------------------------------------

// "<x12/>", also "<x12 />". Returns its length and number; 0: none is here.
static size_t mask_at(act_str_t text, size_t at, uint32_t *ret_number)
{
    size_t i = at;
    uint32_t number = 0;
    if (at + 5 > text.len_bytes || memcmp(text.ptr + at, "<x", 2) != 0)
        return 0;
    for (i = at + 2; i < text.len_bytes && i < at + 6 && text.ptr[i] >= '0' && text.ptr[i] <= '9';
         i++)
        number = number * 10 + (uint32_t)(text.ptr[i] - '0');
    if (i == at + 2)
        return 0;
    if (i < text.len_bytes && text.ptr[i] == ' ')
        i++;
    if (i + 2 > text.len_bytes || memcmp(text.ptr + i, "/>", 2) != 0)
        return 0;
    *ret_number = number;
    return i + 2 - at;
}

bool mask_is_all(const masked_t *self)
{
    size_t at = 0;
    uint32_t number;
    while (at < self->text.len_bytes) {
        size_t len_bytes = mask_at(self->text, at, &number);
        if (len_bytes == 0 && protect_is_word_at(self->text, at))
            return false;
        if (len_bytes == 0) {
            size_t next = at;
            (void)act_utf8_next(self->text, &next);
            len_bytes = next - at;
        }
        at += len_bytes;
    }
    return true;
}

typedef struct {
    const masked_t *masked;
    act_buf_t *out;
    act_buf_t *error;
    act_str_t words; // of the text, without its masks
    size_t rest_end; // of the translation that is looked at: the next mask is there
    uint32_t seen_counts[MASK_MAX_PARTS];
} undo_t;

// The text with a byte that stands in no text in the place of each mask.
static act_str_t without_masks(act_str_t text, act_arena_t *arena)
{
    char *out = act_arena_alloc(arena, text.len_bytes + 1);
    size_t len_bytes = 0, at = 0;
    uint32_t number;
    while (at < text.len_bytes) {
        size_t mask_bytes = mask_at(text, at, &number);
        out[len_bytes++] = mask_bytes > 0 ? '\xFF' : text.ptr[at];
        at += mask_bytes > 0 ? mask_bytes : 1;
    }
    return act_str_of(out, len_bytes);
}

static bool stands_in(act_str_t part, act_str_t text)
{
    return text.len_bytes > 0 && memmem(text.ptr, text.len_bytes, part.ptr, part.len_bytes);
}

static bool take_mask(undo_t *self, uint32_t number)
{
    if (number == 0 || number > self->masked->count) {
        act_buf_printf(self->error, "<x%u/> is not in the text", number);
        return false;
    }
    self->seen_counts[number - 1]++;
    act_buf_add_str(self->out, self->masked->parts[number - 1]);
    return true;
}

// Where the next mask begins, or the text ends.
static size_t rest_end(act_str_t text, size_t at)
{
    uint32_t number;
    while (at < text.len_bytes && mask_at(text, at, &number) == 0)
        at++;
    return at;
}

// What stands between the masks is looked at as if it were to be masked; only what the text itself has there
// (and would not have been masked beside its neighbours) may be found.
static bool take_rest(undo_t *self, act_str_t text, size_t *at)
{
    size_t next = *at;
    if (*at >= self->rest_end)
        self->rest_end = rest_end(text, *at);
    size_t len_bytes = protect_at(act_str_of(text.ptr, self->rest_end), *at);
    if (len_bytes > 0 && !stands_in(act_str_of(text.ptr + *at, len_bytes), self->words)) {
        act_buf_printf(self->error,
                       "it has a number, a link, a code or a placeholder that the text does "
                       "not have: write only words and the masks");
        return false;
    }
    (void)act_utf8_next(text, &next);
    act_buf_add(self->out, text.ptr + *at, next - *at);
    *at = next;
    return true;
}

static bool take_all(undo_t *self, act_str_t text)
{
    size_t at = 0;
    uint32_t number = 0;
    while (at < text.len_bytes) {
        size_t len_bytes = mask_at(text, at, &number);
        if (len_bytes > 0 ? !take_mask(self, number) : !take_rest(self, text, &at))
            return false;
        at += len_bytes;
    }
    return true;
}

static bool has_each_once(const undo_t *self)
{
    for (uint32_t i = 0; i < self->masked->count; i++)
        if (self->seen_counts[i] != 1) {
            act_buf_printf(self->error, "<x%u/> must be in it exactly once, and is %s", i + 1,
                           self->seen_counts[i] == 0 ? "missing" : "there more often");
            return false;
        }
    return true;
}

static bool turns_alike(const undo_t *self, act_str_t translated)
{
    for (size_t i = 0; i < ACT_COUNT(turners); i++) {
        act_str_t turner = act_str_of(turners[i], strlen(turners[i]));
        if (stands_in(turner, translated) && !stands_in(turner, self->words)) {
            act_buf_printf(self->error, "it has characters that change the direction of writing");
            return false;
        }
    }
    return true;
}

static bool is_sound(const undo_t *self, act_str_t translated)
{
    if (!act_utf8_valid(translated)) {
        act_buf_printf(self->error, "it is no text");
        return false;
    }
    if (act_str_empty(act_str_trim(translated))) {
        act_buf_printf(self->error, "it is empty");
        return false;
    }
    return turns_alike(self, translated);
}

act_err_t mask_undo(const masked_t *self, act_str_t translated, act_arena_t *arena,
                    act_str_t *ret_text, act_buf_t *error)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    undo_t undo = {
        .masked = self, .out = &out, .error = error, .words = without_masks(self->text, arena)};
    bool is_good = is_sound(&undo, translated) && take_all(&undo, translated) &&
                   has_each_once(&undo) && !out.is_overflowed;
    if (is_good)
        *ret_text = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return is_good ? ACT_E_OK : ACT_E_INVALID_ARGUMENT;
}
