// speech: three passes: what is invisible or markup goes, links are judged, the rest is cut at its limit.
#include "speech.h"

#include "base/buf.h"
#include "unseen.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

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

static act_str_t without_markup(act_arena_t *arena, act_str_t text)
{
    act_buf_t out;
    act_buf_init(&out, text.len_bytes + 1);
    for (size_t at = 0; at < text.len_bytes;) {
        size_t end = tag_end(text, at);
        if (end > at) {
            at = end;
            continue;
        }
        size_t from = at;
        if (!unseen_is(act_utf8_next(text, &at)))
            act_buf_add(&out, text.ptr + from, at - from);
    }
    act_str_t kept = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return kept;
}

// --- links ---------------------------------------------------------------------------------------

static bool is_host_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.' || (unsigned char)c >= 128;
}

static bool ends_link(char c)
{
    return isspace((unsigned char)c) || strchr("<>\"'()[]{}|\\^`*", c) != NULL;
}

typedef struct {
    size_t from, to; // in the text
    act_str_t host;
    bool has_scheme;
} link_t;

static size_t host_end(act_str_t text, size_t at)
{
    while (at < text.len_bytes && is_host_char(text.ptr[at]))
        at++;
    return at;
}

static size_t link_end(act_str_t text, size_t at)
{
    while (at < text.len_bytes && !ends_link(text.ptr[at]))
        at++;
    while (at > 0 && strchr(".,;:!?", text.ptr[at - 1]))
        at--;
    return at;
}

// "user:pass@" is only there to mislead: the host stands behind it.
static size_t behind_user(act_str_t text, size_t at, size_t end)
{
    for (size_t i = at; i < end && text.ptr[i] != '/' && text.ptr[i] != '?'; i++)
        if (text.ptr[i] == '@')
            at = i + 1;
    return at;
}

// "shop.example", but not "1.5": the last part is letters.
static bool is_name(act_str_t host)
{
    size_t at = host.len_bytes;
    while (at > 0 && host.ptr[at - 1] != '.')
        if (!isalpha((unsigned char)host.ptr[--at]))
            return false;
    return at > 1 && host.len_bytes - at >= 2;
}

// A link that has a scheme ("x://"), or begins with "www.", or is host.name/path. False: none begins here.
static bool read_link(act_str_t text, size_t at, link_t *ret_link)
{
    act_str_t rest = act_str_of(text.ptr + at, text.len_bytes - at);
    size_t name_end = at;
    while (name_end < text.len_bytes && isalnum((unsigned char)text.ptr[name_end]))
        name_end++;
    bool has_scheme = name_end > at && name_end + 3 <= text.len_bytes &&
                      memcmp(text.ptr + name_end, "://", 3) == 0;
    size_t host_from = has_scheme ? name_end + 3 : at;
    size_t end = link_end(text, host_from);
    if (end <= host_from)
        return false;
    host_from = has_scheme ? behind_user(text, host_from, end) : host_from;
    size_t host_to = host_end(text, host_from);
    if (host_to > end)
        host_to = end;
    act_str_t host = act_str_of(text.ptr + host_from, host_to - host_from);
    bool has_path = host_to < end && strchr("/?#:", text.ptr[host_to]) != NULL;
    bool is_www = rest.len_bytes > 4 && strncasecmp(rest.ptr, "www.", 4) == 0;
    if (!has_scheme && !is_www && !(is_name(host) && has_path && text.ptr[host_to] != ':'))
        return false;
    *ret_link = (link_t){at, end, host, has_scheme};
    return true;
}

static bool is_same_host(act_str_t host, act_str_t listed)
{
    if (listed.len_bytes == 0 || host.len_bytes < listed.len_bytes)
        return false;
    size_t at = host.len_bytes - listed.len_bytes;
    return strncasecmp(host.ptr + at, listed.ptr, listed.len_bytes) == 0 &&
           (at == 0 || host.ptr[at - 1] == '.');
}

static bool is_listed(act_str_t host, act_str_t hosts)
{
    while (!act_str_empty(hosts))
        if (is_same_host(host, act_str_trim(act_str_cut(&hosts, '\n'))))
            return true;
    return false;
}

// Whole: nothing may be put behind a link that was given.
static bool is_given(act_str_t link, const speech_rules_t *rules)
{
    for (uint32_t i = 0; i < rules->sources_count; i++) {
        act_str_t source = rules->sources[i];
        for (size_t at = 0; at + link.len_bytes <= source.len_bytes; at++) {
            size_t end = at + link.len_bytes;
            if (memcmp(source.ptr + at, link.ptr, link.len_bytes) == 0 &&
                link_end(source, at) == end &&
                (at == 0 || !(isalnum((unsigned char)source.ptr[at - 1]) ||
                              strchr("./@-", source.ptr[at - 1]))))
                return true;
        }
    }
    return false;
}

static bool is_web(act_str_t text, const link_t *link)
{
    act_str_t whole = act_str_of(text.ptr + link->from, text.len_bytes - link->from);
    return !link->has_scheme || act_str_starts_with(whole, "https://") ||
           act_str_starts_with(whole, "http://");
}

static void add_link(act_buf_t *out, act_str_t text, const link_t *link,
                     const speech_rules_t *rules)
{
    act_str_t whole = act_str_of(text.ptr + link->from, link->to - link->from);
    // A name before an @ is never part of a good link.
    bool is_plain = memchr(whole.ptr, '@', whole.len_bytes) == NULL;
    bool is_good = is_web(text, link) &&
                   ((is_plain && is_listed(link->host, rules->hosts)) || is_given(whole, rules));
    act_buf_add_str(out, is_good ? whole : link->host);
}

// "![x](y)" and "[x](y)" become "x (y)"; y is then judged as any link.
static void open_markdown(act_arena_t *arena, act_str_t *text)
{
    act_buf_t out;
    act_buf_init(&out, 2 * text->len_bytes + 1);
    for (size_t at = 0; at < text->len_bytes; at++) {
        bool is_seam = at + 1 < text->len_bytes && text->ptr[at] == ']' && text->ptr[at + 1] == '(';
        bool is_image =
            at + 1 < text->len_bytes && text->ptr[at] == '!' && text->ptr[at + 1] == '[';
        if (is_seam)
            act_buf_add_str(&out, ACT_STR("] "));
        else if (!is_image)
            act_buf_add_char(&out, text->ptr[at]);
    }
    *text = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
}

static bool begins_word(act_str_t text, size_t at)
{
    return at == 0 || !(isalnum((unsigned char)text.ptr[at - 1]) || text.ptr[at - 1] == '@' ||
                        (unsigned char)text.ptr[at - 1] >= 128);
}

static act_str_t judge_links(act_arena_t *arena, act_str_t text, const speech_rules_t *rules)
{
    act_buf_t out;
    act_buf_init(&out, text.len_bytes + 1);
    for (size_t at = 0; at < text.len_bytes;) {
        link_t link;
        if (begins_word(text, at) && read_link(text, at, &link)) {
            add_link(&out, text, &link, rules);
            at = link.to;
        } else
            act_buf_add_char(&out, text.ptr[at++]);
    }
    act_str_t kept = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return kept;
}

// --- length --------------------------------------------------------------------------------------

// At the end of a sentence, if there is one in the second half; else at a space.
static act_str_t cut(act_arena_t *arena, act_str_t text, size_t max_chars)
{
    if (max_chars == 0 || act_utf8_count(text) <= max_chars)
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
    act_str_t kept = without_markup(arena, text);
    open_markdown(arena, &kept);
    kept = act_str_trim(judge_links(arena, kept, rules));
    return cut(arena, kept, rules->max_chars);
}
