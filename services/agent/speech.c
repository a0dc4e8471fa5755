// speech: passes: what is invisible goes, then markup, links are judged, the rest is cut at its limit.
#include "speech.h"

#include "base/buf.h"
#include "unseen.h"

#include <ctype.h>
#include <string.h>

// --- text ----------------------------------------------------------------------------------------

// The end of a tag that begins at `at` ("<b>", "</p>", "<!-- x -->"); `at` when there is none.
static size_t tag_end(act_str_t text, size_t at)
{
    if (text.ptr[at] != '<' || at + 1 == text.len_bytes)
        return at;
    unsigned char next = (unsigned char)text.ptr[at + 1];
    if (!isalpha(next) && next != '/' && next != '!' && next != '?')
        return at;
    const char *end = memchr(text.ptr + at, '>', text.len_bytes - at);
    return end ? (size_t)(end - text.ptr) + 1 : text.len_bytes;
}

// First what nobody sees, then tags, then what has become the beginning of one by that.
static act_str_t without(act_arena_t *arena, act_str_t text,
                         size_t (*end_of)(act_str_t text, size_t at))
{
    act_buf_t out;
    act_buf_init(&out, text.len_bytes + 1);
    for (size_t at = 0; at < text.len_bytes;) {
        size_t end = end_of(text, at);
        if (end > at) {
            at = end;
            continue;
        }
        size_t from = at;
        (void)act_utf8_next(text, &at);
        act_buf_add(&out, text.ptr + from, at - from);
    }
    act_str_t kept = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return kept;
}

static size_t unseen_end(act_str_t text, size_t at)
{
    size_t end = at;
    return unseen_is(act_utf8_next(text, &end)) ? end : at;
}

static size_t tag_begin_end(act_str_t text, size_t at)
{
    size_t end = at;
    while (end < text.len_bytes && text.ptr[end] == '<')
        end++;
    return end > at && tag_end(text, end - 1) >= end ? end : at;
}

// "![x](y)" and "[x](y)" become "[x] (y)"; y is then judged as any link.
static act_str_t open_markdown(act_arena_t *arena, act_str_t text)
{
    act_buf_t out;
    act_buf_init(&out, 2 * text.len_bytes + 1);
    for (size_t at = 0; at < text.len_bytes; at++) {
        bool has_next = at + 1 < text.len_bytes;
        bool is_seam = has_next && text.ptr[at] == ']' && text.ptr[at + 1] == '(';
        bool is_image = has_next && text.ptr[at] == '!' && text.ptr[at + 1] == '[';
        if (is_seam)
            act_buf_add_str(&out, ACT_STR("] "));
        else if (!is_image)
            act_buf_add_char(&out, text.ptr[at]);
    }
    act_str_t kept = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return kept;
}

// --- length --------------------------------------------------------------------------------------

#define CUTS_MAX_COUNT 4

static bool is_long(act_str_t text, size_t max_chars)
{
    return max_chars > 0 && act_utf8_count(text) > max_chars;
}

// At the end of a sentence, if there is one in the second half; else at a space.
static act_str_t cut(act_arena_t *arena, act_str_t text, size_t max_chars)
{
    if (!is_long(text, max_chars))
        return text;
    act_str_t prefix = act_utf8_prefix(text, max_chars - 1);
    size_t space = prefix.len_bytes;
    for (size_t at = prefix.len_bytes; at > prefix.len_bytes / 2; at--) {
        bool is_space = isspace((unsigned char)prefix.ptr[at - 1]);
        if (is_space && at > 1 && strchr(".!?", prefix.ptr[at - 2]))
            return act_str_trim(act_str_of(prefix.ptr, at - 1));
        if (is_space && space == prefix.len_bytes)
            space = at - 1;
    }
    return act_arena_printf(arena, "%" ACT_STR_FMT "…", (int)space, prefix.ptr);
}

act_str_t speech_clean(act_arena_t *arena, act_str_t text, const speech_rules_t *rules)
{
    act_str_t kept = without(arena, without(arena, text, unseen_end), tag_end);
    kept = open_markdown(arena, without(arena, kept, tag_begin_end));
    kept = act_str_trim(kept);
    // A link that is cut is another link, so it is cut first; what is written out is longer, up to three times.
    size_t max_chars = rules->max_chars;
    act_str_t said = links_judge(arena, cut(arena, kept, max_chars), &rules->links);
    for (uint32_t i = 0; i < CUTS_MAX_COUNT && is_long(said, rules->max_chars); i++) {
        size_t over = act_utf8_count(said) - rules->max_chars;
        max_chars = i + 1 < CUTS_MAX_COUNT && over < max_chars * 2 / 3 ? max_chars - over
                                                                       : rules->max_chars / 3;
        said = links_judge(arena, cut(arena, kept, max_chars), &rules->links);
    }
    return act_str_trim(said);
}
