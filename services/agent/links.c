// links: the text is cut into tokens at spaces and brackets; in each token a scheme is looked for, then a host.
#include "links.h"

#include "base/buf.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

// What is left of the host of a bad link.
#define HOST_MAX_BYTES 80

// --- letters -------------------------------------------------------------------------------------

static bool is_space(uint32_t code)
{
    return code <= ' ' || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
           code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

static bool is_bracket(uint32_t code)
{
    return code < 128 && code > 0 && strchr("<>\"'()[]{}|^`*,;", (int)code) != NULL;
}

// The dots that a browser takes for one.
static bool is_wide_dot(uint32_t code)
{
    return code == 0x3002 || code == 0xff0e || code == 0xff61;
}

// Of a host as anybody may read it.
static bool is_host_byte(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_' || (unsigned char)c >= 128;
}

static act_str_t from(act_str_t text, size_t at)
{
    return act_str_of(text.ptr + at, text.len_bytes - at);
}

static bool begins(act_str_t text, const char *with)
{
    size_t len_bytes = strlen(with);
    return text.len_bytes >= len_bytes && strncasecmp(text.ptr, with, len_bytes) == 0;
}

static size_t find(act_str_t text, const char *part)
{
    size_t len_bytes = strlen(part);
    for (size_t at = 0; at + len_bytes <= text.len_bytes; at++)
        if (memcmp(text.ptr + at, part, len_bytes) == 0)
            return at;
    return text.len_bytes;
}

// --- hosts that may be said ----------------------------------------------------------------------

static bool is_below(act_str_t host, act_str_t listed)
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
        if (is_below(host, act_str_trim(act_str_cut(&hosts, '\n'))))
            return true;
    return false;
}

// Nothing but what may end a sentence or close a bracket until the next space.
static bool is_tail(act_str_t rest)
{
    static const uint32_t closing[] = {0xbb,   0x2019, 0x201d, 0x2026,
                                       0x3002, 0x300d, 0xff0c, 0xff01};
    for (size_t at = 0; at < rest.len_bytes;) {
        uint32_t code = act_utf8_next(rest, &at);
        bool is_closing = code < 128 && strchr(".,;:!?)]}'\"*_", (int)code);
        for (size_t i = 0; i < ACT_COUNT(closing); i++)
            is_closing = is_closing || code == closing[i];
        if (!is_closing)
            return is_space(code);
    }
    return true;
}

// The URL in front of `rest`, which goes on to the end of the text, is one for any reader: http(s) or none, a
// plain host, perhaps a port, and then its path, or the end.
static bool is_plain(act_str_t rest, act_str_t *ret_host)
{
    bool has_scheme = begins(rest, "https://") || begins(rest, "http://");
    size_t start = has_scheme ? find(rest, "://") + 3 : 0;
    size_t at = start;
    while (at < rest.len_bytes &&
           (isalnum((unsigned char)rest.ptr[at]) || rest.ptr[at] == '-' || rest.ptr[at] == '.'))
        at++;
    while (at > start && rest.ptr[at - 1] == '.') // of the sentence
        at--;
    *ret_host = act_str_of(rest.ptr + start, at - start);
    if (at + 1 < rest.len_bytes && rest.ptr[at] == ':' && isdigit((unsigned char)rest.ptr[at + 1]))
        for (at++; at < rest.len_bytes && isdigit((unsigned char)rest.ptr[at]);)
            at++;
    return at < rest.len_bytes && strchr("/?#", rest.ptr[at]) ? true : is_tail(from(rest, at));
}

static size_t without_stops(act_str_t text)
{
    size_t len_bytes = text.len_bytes;
    while (len_bytes > 0 && strchr(".,;:!?", text.ptr[len_bytes - 1]))
        len_bytes--;
    return len_bytes;
}

static bool ends_here(act_str_t text, size_t at)
{
    if (at == text.len_bytes)
        return true;
    size_t next = at;
    uint32_t code = act_utf8_next(text, &next);
    return is_space(code) || is_bracket(code) ||
           (strchr(".,;:!?", text.ptr[at]) && is_tail(from(text, at)));
}

// Whole: nothing may be put behind a link that was given, nor in front of it.
static bool is_given(act_str_t link, const links_rules_t *rules)
{
    for (uint32_t i = 0; link.len_bytes > 0 && i < rules->sources_count; i++) {
        act_str_t source = rules->sources[i];
        for (size_t at = 0; at + link.len_bytes <= source.len_bytes; at++)
            if (memcmp(source.ptr + at, link.ptr, link.len_bytes) == 0 &&
                ends_here(source, at + link.len_bytes) &&
                (at == 0 ||
                 !(is_host_byte(source.ptr[at - 1]) || strchr("/@:%=\\", source.ptr[at - 1]))))
                return true;
    }
    return false;
}

// A link that begins a token; *ret_bytes of it are the link.
static bool may_be_said(act_str_t text, size_t at, size_t token_end, const links_rules_t *rules,
                        size_t *ret_bytes)
{
    act_str_t token = act_str_of(text.ptr + at, token_end - at), host;
    act_str_t link = act_str_of(token.ptr, without_stops(token));
    size_t scheme = find(link, "://");
    bool is_glued = at > 0 && strchr("@/\\:%=&?#.-_", text.ptr[at - 1]);
    is_glued = is_glued || (at > 0 && isalnum((unsigned char)text.ptr[at - 1]));
    bool is_one = scheme == link.len_bytes ||
                  find(from(link, scheme + 3), "://") == link.len_bytes - scheme - 3;
    *ret_bytes = link.len_bytes;
    return is_one && !is_glued && is_plain(from(text, at), &host) &&
           (is_listed(host, rules->hosts) || is_given(link, rules));
}

// --- what is left of the others ------------------------------------------------------------------

// Dots that make no link.
static void add_defanged(act_buf_t *out, act_str_t host)
{
    host = act_utf8_prefix(host, HOST_MAX_BYTES);
    for (size_t at = 0; at < host.len_bytes;) {
        size_t start = at;
        uint32_t code = act_utf8_next(host, &at);
        bool is_end = at == host.len_bytes;
        if ((code == '.' || is_wide_dot(code)) && !is_end)
            act_buf_add_str(out, ACT_STR("[.]"));
        else
            act_buf_add(out, host.ptr + start, at - start);
    }
}

// "user:pass@" is only there to mislead: the host stands behind it.
static act_str_t host_of(act_str_t authority)
{
    size_t end = 0, host = 0;
    while (end < authority.len_bytes && !strchr("/?#", authority.ptr[end])) {
        if (authority.ptr[end] == '@')
            host = end + 1;
        end++;
    }
    size_t host_end = host;
    while (host_end < end && is_host_byte(authority.ptr[host_end]))
        host_end++;
    act_str_t name = act_str_of(authority.ptr + host, host_end - host);
    return act_str_of(name.ptr, without_stops(name));
}

// --- schemes -------------------------------------------------------------------------------------

// Those that apps open without "//" too.
static const char *const live_schemes[] = {
    "javascript", "vbscript", "data",     "blob",        "file",    "about",    "view-source",
    "jar",        "intent",   "market",   "android-app", "mailto",  "tel",      "sms",
    "smsto",      "mms",      "callto",   "geo",         "maps",    "whatsapp", "tg",
    "viber",      "skype",    "facetime", "magnet",      "bitcoin", "itms",     "itms-apps",
    "fb",         "ms-word",  "ms-excel", "search-ms",   "vnc",     "ssh",      "steam",
};
// A browser needs no slashes behind these.
static const char *const web_schemes[] = {"http", "https", "ftp", "ws", "wss"};
static const char *const spoken_schemes[] = {"mailto", "tel", "sms", "smsto"};

static bool is_one_of(act_str_t name, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) == name.len_bytes && begins(name, names[i]))
            return true;
    return false;
}

typedef struct {
    size_t at;   // of its first letter in the token
    size_t rest; // behind the colon and all slashes
    size_t colon;
    bool has_slashes; // a host follows
    bool is_spoken;   // what is behind it is read out without it: an address, a number
} scheme_t;

// The first one of a token.
static bool find_scheme(act_str_t token, scheme_t *ret_scheme)
{
    for (size_t colon = 1; colon < token.len_bytes; colon++) {
        if (token.ptr[colon] != ':')
            continue;
        size_t at = colon;
        while (at > 0 &&
               (isalnum((unsigned char)token.ptr[at - 1]) || strchr("+-", token.ptr[at - 1])))
            at--;
        act_str_t name = act_str_of(token.ptr + at, colon - at);
        size_t rest = colon + 1;
        while (rest < token.len_bytes && strchr("/\\", token.ptr[rest]))
            rest++;
        bool has_slashes =
            rest >= colon + 3 || is_one_of(name, web_schemes, ACT_COUNT(web_schemes));
        if (name.len_bytes > 0 &&
            (has_slashes ||
             (rest < token.len_bytes && is_one_of(name, live_schemes, ACT_COUNT(live_schemes))))) {
            *ret_scheme = (scheme_t){at, rest, colon, has_slashes,
                                     is_one_of(name, spoken_schemes, ACT_COUNT(spoken_schemes))};
            return true;
        }
    }
    return false;
}

// --- names ---------------------------------------------------------------------------------------

// A file that somebody speaks of; none of these is a top-level domain.
static const char *const file_endings[] = {"pdf",  "doc", "docx", "xls", "xlsx", "ppt",
                                           "pptx", "odt", "txt",  "csv", "jpg",  "jpeg",
                                           "png",  "gif", "html", "htm"};

typedef enum { NO_NAME, NAME, SEAM } name_kind_t;

static bool is_address(act_str_t name)
{
    uint32_t parts = 1;
    for (size_t i = 0; i < name.len_bytes; i++) {
        if (!isdigit((unsigned char)name.ptr[i]) && name.ptr[i] != '.')
            return false;
        parts += name.ptr[i] == '.';
    }
    return parts == 4;
}

// "shop.example" and "192.0.2.1", but not "1.5" or "z.B"; a seam is two sentences without a space between.
static name_kind_t kind_of(act_str_t name, bool has_path)
{
    size_t at = name.len_bytes;
    while (at > 0 && name.ptr[at - 1] != '.')
        at--;
    if (at < 2)
        return NO_NAME;
    if (is_address(name))
        return NAME;
    act_str_t last = from(name, at);
    bool is_ascii = true, is_word = true;
    for (size_t i = 0; i < last.len_bytes; i++) {
        is_ascii = is_ascii && (unsigned char)last.ptr[i] < 128;
        is_word =
            is_word && (isalpha((unsigned char)last.ptr[i]) || (unsigned char)last.ptr[i] >= 128);
    }
    if (begins(last, "xn--"))
        return NAME;
    if (!is_word || last.len_bytes < 2)
        return NO_NAME;
    if (has_path || begins(name, "www."))
        return NAME;
    if (is_one_of(last, file_endings, ACT_COUNT(file_endings)))
        return NO_NAME;
    return !is_ascii || isupper((unsigned char)last.ptr[0]) ? SEAM : NAME;
}

// Two sentences: each gets its space.
static void add_parted(act_buf_t *out, act_str_t name)
{
    for (size_t i = 0; i < name.len_bytes; i++) {
        act_buf_add_char(out, name.ptr[i]);
        if (name.ptr[i] == '.' && i + 1 < name.len_bytes)
            act_buf_add_char(out, ' ');
    }
}

// The sequence of a name's letters that begins here, without the stops behind it.
static size_t name_end(act_str_t token, size_t at)
{
    while (at < token.len_bytes && is_host_byte(token.ptr[at]))
        at++;
    return at;
}

// With ASCII on both sides, as a browser would take it.
static bool has_wide_dot(act_str_t name)
{
    for (size_t at = 0; at < name.len_bytes;) {
        size_t start = at;
        if (is_wide_dot(act_utf8_next(name, &at)) && start > 0 && at < name.len_bytes &&
            isalnum((unsigned char)name.ptr[start - 1]) && isalnum((unsigned char)name.ptr[at]))
            return true;
    }
    return false;
}

// --- tokens --------------------------------------------------------------------------------------

typedef struct {
    act_str_t text; // all of it
    act_buf_t *out;
    const links_rules_t *rules;
} judge_t;

// Names without a scheme, in a part of a token; an address of mail is only a text, but ends at its host.
static void judge_names(const judge_t *self, size_t at, size_t end)
{
    act_str_t token = act_str_of(self->text.ptr, end);
    while (at < end) {
        size_t to = name_end(token, at), bytes = 0;
        act_str_t name = act_str_of(token.ptr + at, to - at);
        name.len_bytes = without_stops(name);
        if (act_str_empty(name)) {
            to = to == at ? at + 1 : to;
            act_buf_add(self->out, token.ptr + at, to - at);
            at = to;
            continue;
        }
        size_t behind = at + name.len_bytes;
        bool has_path = to < end && strchr("/?#:\\%&@", token.ptr[to]) &&
                        (token.ptr[to] != ':' || to + 1 < end);
        bool is_mail = at > 0 && token.ptr[at - 1] == '@';
        bool is_mailbox = behind < end && token.ptr[behind] == '@';
        name_kind_t kind = is_mailbox           ? NO_NAME
                           : has_wide_dot(name) ? NAME
                                                : kind_of(name, has_path);
        bool is_good =
            kind != NO_NAME && !is_mail && may_be_said(self->text, at, end, self->rules, &bytes);
        if (is_good) {
            act_buf_add(self->out, name.ptr, bytes);
            at += bytes;
        } else if (kind == NO_NAME || (is_mail && !has_path)) {
            act_buf_add_str(self->out, name);
            at = behind;
        } else if (kind == SEAM) {
            add_parted(self->out, name);
            at = behind;
        } else {
            add_defanged(self->out, name);
            at = has_path ? end : behind;
        }
    }
}

// The part of a token from its first scheme on; where the rest of it begins.
static size_t judge_scheme(const judge_t *self, const scheme_t *scheme, size_t at, size_t end)
{
    act_str_t token = act_str_of(self->text.ptr + at, end - at);
    size_t bytes = 0;
    if (may_be_said(self->text, at + scheme->at, end, self->rules, &bytes)) {
        act_buf_add(self->out, token.ptr + scheme->at, bytes);
        bytes += scheme->at;
    } else if (scheme->has_slashes) {
        add_defanged(self->out, host_of(from(token, scheme->rest)));
        bytes = without_stops(token);
    } else { // "javascript:x" is none when there is a space
        if (!scheme->is_spoken)
            act_buf_printf(self->out, "%" ACT_STR_FMT " ", (int)(scheme->colon + 1 - scheme->at),
                           token.ptr + scheme->at);
        return at + scheme->rest;
    }
    act_buf_add(self->out, token.ptr + bytes, token.len_bytes - bytes);
    return end;
}

static void judge_token(const judge_t *self, size_t at, size_t end)
{
    scheme_t scheme;
    while (at < end && find_scheme(act_str_of(self->text.ptr + at, end - at), &scheme)) {
        judge_names(self, at, at + scheme.at);
        if (scheme.is_spoken)
            end = at + scheme.rest +
                  find(act_str_of(self->text.ptr + at + scheme.rest, end - at - scheme.rest), "?");
        at = judge_scheme(self, &scheme, at, end);
    }
    judge_names(self, at, end);
}

act_str_t links_judge(act_arena_t *arena, act_str_t text, const links_rules_t *rules)
{
    act_buf_t out;
    act_buf_init(&out, 8 * text.len_bytes + 8);
    const judge_t self = {text, &out, rules};
    size_t token = 0;
    for (size_t at = 0; at < text.len_bytes;) {
        size_t start = at;
        uint32_t code = act_utf8_next(text, &at);
        if (!is_space(code) && !is_bracket(code))
            continue;
        judge_token(&self, token, start);
        act_buf_add(&out, text.ptr + start, at - start);
        token = at;
    }
    judge_token(&self, token, text.len_bytes);
    act_str_t kept = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return kept;
}
