// exfiltration_test: 40 hosts in 102 forms (tests/attacks/exfiltration.txt), as a model might write them, through what
// makes speech of it (promises.md S-32). What comes out is read by somebody who takes for a link whatever any app
// might take for one, and knows no code of links.c: none leads anywhere but to the tenant.
#include "speech.h"

#include "base/buf.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define LINES_MAX_COUNT 200
#define SECRET "sk-4711-secret"
#define GIVEN "https://menu.example/today.pdf"

// --- the file --------------------------------------------------------------------------------------

typedef struct {
    char text[32 << 10];
    const char *hosts[LINES_MAX_COUNT], *forms[LINES_MAX_COUNT];
    uint32_t hosts_count, forms_count;
} attacks_t;

static void read_file(attacks_t *self)
{
    FILE *file = fopen(PARLEY_ATTACKS_DIR "/exfiltration.txt", "r");
    assert_non_null(file);
    self->text[fread(self->text, 1, sizeof self->text - 1, file)] = '\0';
    fclose(file);
    bool is_form = false;
    for (char *line = strtok(self->text, "\n"); line; line = strtok(NULL, "\n")) {
        if (strcmp(line, "[forms]") == 0)
            is_form = true;
        else if (*line != '#' && strcmp(line, "[hosts]") != 0 && is_form)
            self->forms[self->forms_count++] = line;
        else if (*line != '#' && strcmp(line, "[hosts]") != 0)
            self->hosts[self->hosts_count++] = line;
        assert_true(self->forms_count < LINES_MAX_COUNT && self->hosts_count < LINES_MAX_COUNT);
    }
}

static void add_code(act_buf_t *out, unsigned long code)
{
    char bytes[4];
    if (code < 0x80) {
        act_buf_add_char(out, (char)code);
        return;
    }
    size_t count = code < 0x800 ? 2 : 3;
    for (size_t i = count; i-- > 1; code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)((count == 2 ? 0xc0 : 0xe0) | code);
    act_buf_add(out, bytes, count);
}

static void expand(act_buf_t *out, const char *form, const char *host)
{
    while (*form) {
        if (strncmp(form, "{H}", 3) == 0) {
            expand(out, host, "");
            form += 3;
        } else if (strncmp(form, "{D}", 3) == 0) {
            act_buf_add_str(out, ACT_STR(SECRET));
            form += 3;
        } else if (strncmp(form, "{U+", 3) == 0) {
            add_code(out, strtoul(form + 3, NULL, 16));
            form = strchr(form, '}') + 1;
        } else {
            act_buf_add_char(out, *form++);
        }
    }
}

// --- the reader ------------------------------------------------------------------------------------

static bool is_end(const char *at)
{
    return *at == '\0' || isspace((unsigned char)*at) || strchr("<>\"", *at);
}

static bool is_of_tenant(const char *host, size_t len_bytes)
{
    static const char *const hosts[] = {"shop.example", "menu.example"};
    for (size_t i = 0; i < ACT_COUNT(hosts); i++) {
        size_t wanted = strlen(hosts[i]);
        if (len_bytes >= wanted && strncasecmp(host + len_bytes - wanted, hosts[i], wanted) == 0 &&
            (len_bytes == wanted || host[len_bytes - wanted - 1] == '.'))
            return true;
    }
    return false;
}

// Of an authority, as programs read it that end it at any of `ends`.
static bool leads_home(const char *authority, const char *ends)
{
    const char *end = authority, *host = authority;
    for (; !is_end(end) && !strchr(ends, *end); end++)
        if (*end == '@')
            host = end + 1;
    const char *host_end = host;
    while (host_end < end && *host_end != ':' && *host_end != ',' && *host_end != ')' &&
           *host_end != ']')
        host_end++;
    while (host_end > host && strchr(".!?;", host_end[-1]))
        host_end--;
    return host_end == host || is_of_tenant(host, (size_t)(host_end - host));
}

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || strchr("-_.", c) || (unsigned char)c >= 128;
}

// "x://" and what follows, read in two ways.
static const char *find_url(const char *text)
{
    for (const char *at = strstr(text, "://"); at; at = strstr(at + 1, "://")) {
        if (at == text || !isalnum((unsigned char)at[-1]))
            continue;
        bool is_given =
            at - text >= 5 && strncmp(at - 5, GIVEN, strlen(GIVEN)) == 0 &&
            (is_end(at - 5 + strlen(GIVEN)) || strchr(".,;)'`*|", at[strlen(GIVEN) - 5]));
        if (!is_given &&
            (is_end(at + 3) || !leads_home(at + 3, "/?#") || !leads_home(at + 3, "/?#\\") ||
             strncasecmp(at + 3, "menu.example", 12) == 0))
            return at;
    }
    return NULL;
}

static const char *find_scheme(const char *text)
{
    static const char *const schemes[] = {
        "javascript:", "data:",     "vbscript:", "blob:", "intent:", "view-source:",
        "mailto:",     "whatsapp:", "tel:",      "http:", "https:"};
    for (const char *at = text; *at; at++)
        for (size_t i = 0; i < ACT_COUNT(schemes); i++) {
            size_t len_bytes = strlen(schemes[i]);
            if (strncasecmp(at, schemes[i], len_bytes) == 0 && !is_end(at + len_bytes) &&
                strncmp(at + len_bytes, "//", 2) != 0)
                return at;
        }
    return NULL;
}

static bool is_top_level(const char *last, const char *end)
{
    size_t len_bytes = (size_t)(end - last);
    bool is_word = len_bytes >= 2;
    for (const char *at = last; at < end; at++)
        is_word = is_word && (isalpha((unsigned char)*at) || (unsigned char)*at >= 128);
    bool is_file = len_bytes == 3 && strncasecmp(last, "pdf", 3) == 0;
    return (is_word && !is_file) || strncasecmp(last, "xn--", 4) == 0;
}

static bool is_address(const char *from, const char *end)
{
    uint32_t dots = 0;
    for (; from < end; from++) {
        if (!isdigit((unsigned char)*from) && *from != '.')
            return false;
        dots += *from == '.';
    }
    return dots == 3;
}

// A name with a dot that no scheme stands before; behind an @ it is an address of mail, unless a path follows.
static const char *find_name(const char *text)
{
    for (const char *at = text; *at;) {
        const char *end = at;
        while (is_name_byte(*end) && *end)
            end++;
        const char *stop = end;
        while (stop > at && stop[-1] == '.')
            stop--;
        const char *last = stop;
        while (last > at && last[-1] != '.')
            last--;
        bool has_scheme = at - text >= 3 && strncmp(at - 3, "://", 3) == 0; // find_url's
        bool is_path = at > text && strchr("/=&?#%", at[-1]) && !has_scheme;
        bool is_mail = at > text && at[-1] == '@' && (*end == '\0' || !strchr("/?:#", *end));
        bool is_mailbox = *end == '@';
        bool is_name = last > at && (is_top_level(last, stop) || is_address(at, stop));
        if (is_name && !has_scheme && !is_path && !is_mail && !is_mailbox &&
            !is_of_tenant(at, (size_t)(stop - at)))
            return at;
        at = end == at ? at + 1 : end;
    }
    return NULL;
}

static const char *find_markup(const char *text)
{
    static const char *const marks[] = {"](",           "![",           "\xe2\x80\x8b",
                                        "\xe2\x80\xae", "\xe2\x81\xa0", "\xc2\xad"};
    for (size_t i = 0; i < ACT_COUNT(marks); i++)
        if (strstr(text, marks[i]))
            return strstr(text, marks[i]);
    for (const char *at = strchr(text, '<'); at; at = strchr(at + 1, '<'))
        if (isalpha((unsigned char)at[1]) || (at[1] && strchr("/!?", at[1])))
            return at;
    return NULL;
}

static const struct {
    const char *what;
    const char *(*find)(const char *text);
} readers[] = {
    {"a URL", find_url}, {"a scheme", find_scheme}, {"a name", find_name}, {"markup", find_markup}};

static const char *find_live(const char *text, const char **ret_where)
{
    for (size_t i = 0; i < ACT_COUNT(readers); i++) {
        *ret_where = readers[i].find(text);
        if (*ret_where)
            return readers[i].what;
    }
    return NULL;
}

// --- the test --------------------------------------------------------------------------------------

static const act_str_t sources[] = {ACT_STR_INIT("Our menu: " GIVEN ". Ask us!")};
static const speech_rules_t rules = {
    .links = {.hosts = ACT_STR_INIT("shop.example\n"), .sources = sources, .sources_count = 1},
    .max_chars = 1000,
};

static act_str_t write_form(act_arena_t *arena, const char *form, const char *host)
{
    act_buf_t out;
    act_buf_init(&out, 4096);
    expand(&out, form, host);
    act_str_t text = act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return text;
}

static void nothing_leads_out(void **state)
{
    (void)state;
    attacks_t *attacks = act_alloc(sizeof *attacks);
    read_file(attacks);
    uint32_t count = 0, live_before = 0, failed = 0;
    for (uint32_t f = 0; f < attacks->forms_count; f++)
        for (uint32_t h = 0; h < attacks->hosts_count; h++, count++) {
            ACT_AUTO(act_arena) *arena = act_arena_new();
            act_str_t written = write_form(arena, attacks->forms[f], attacks->hosts[h]);
            const char *where;
            live_before += find_live(written.ptr, &where) != NULL;
            act_str_t said = speech_clean(arena, written, &rules);
            const char *what = find_live(said.ptr, &where);
            if (what && failed++ < 20)
                print_error("%s: '%.*s' became '%.*s'\n", what, ACT_STR_ARG(written),
                            ACT_STR_ARG(said));
        }
    print_message("%u texts, %u of them lead out as they are, %u as they are said\n", count,
                  live_before, failed);
    assert_true(count >= 500);
    assert_true(live_before > count * 9 / 10); // else the reader sees nothing
    assert_int_equal(failed, 0);
    act_free(attacks);
}

// What a business wants to be said stays as it is.
static void innocent_texts_stay(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "We open at 9:30, 1.5/2 and and/or z.B./so.",
        "Write to ana@gmail.com or call +33 6 12 34 56 78.",
        "On 24.12.2026 it costs 1.234,50 €, i.e. 50 % off (see menu.pdf).",
        "Our site (https://shop.example) and https://www.shop.example/menu?x=1&y=2#z!",
        "Order: shop.example/order, or www.shop.example.",
        "« https://shop.example/a » ou “https://shop.example/b”…",
        "请看https://shop.example/a。",
        "The card: " GIVEN ".",
        "Ratio 3:2; note: bring tickets, a/b, C&A; {x} [y] *bold* _it_ ~no~ `code`",
        "Data: none. Maps: see below. About: us",
    };
    for (size_t i = 0; i < ACT_COUNT(texts); i++) {
        ACT_AUTO(act_arena) *arena = act_arena_new();
        act_str_t said = speech_clean(arena, act_str(texts[i]), &rules);
        if (!act_str_is(said, texts[i]))
            fail_msg("'%s' became '%.*s'", texts[i], ACT_STR_ARG(said));
    }
    ACT_AUTO(act_arena) *arena = act_arena_new();
    assert_true(
        act_str_is(speech_clean(arena, ACT_STR("We do.Come in"), &rules), "We do. Come in"));
    assert_true(
        act_str_is(speech_clean(arena, ACT_STR("tel:+33612345678"), &rules), "+33612345678"));
    assert_true(
        act_str_is(speech_clean(arena, ACT_STR("mailto:ana@shop.example?subject=x"), &rules),
                   "ana@shop.example"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_leads_out),
        cmocka_unit_test(innocent_texts_stay),
    };
    return cmocka_run_group_tests_name("exfiltration", tests, NULL, NULL);
}
