// http_server_head: good heads whole and byte by byte, and the ways to write a bad one.
#include "io/http_server_head.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOST "Host: x\r\n"

// Parses a copy in the arena. Returns the status, 0 for a good head, 1 for one that is not
// complete.
static uint16_t parse(act_arena_t *arena, act_str_t text, act_http_head_t *ret_head)
{
    size_t checked_bytes = 0;
    uint16_t status = 0;
    size_t end = 0;
    for (size_t len_bytes = 1; len_bytes <= text.len_bytes && end == 0 && status == 0; len_bytes++)
        end = act_http_head_end(act_str_of(text.ptr, len_bytes), &checked_bytes, &status);
    size_t again = 0;
    uint16_t status_again = 0;
    assert_int_equal(act_http_head_end(text, &again, &status_again), end);
    assert_int_equal(status, status_again);
    if (end == 0)
        return status == 0 ? 1 : status;
    act_str_t copy = act_arena_str(arena, act_str_of(text.ptr, end));
    return act_http_head_parse((char *)(uintptr_t)copy.ptr, end, ret_head);
}

static uint16_t status_of(const char *text)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_http_head_t head;
    return parse(arena, act_str(text), &head);
}

static void parses_a_webhook(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_http_head_t head;
    act_str_t text = ACT_STR("POST /webhook/whatsapp?hub.mode=x&a=%20 HTTP/1.1\r\n" HOST
                             "X-Hub-Signature-256:\t sha256=00 \t\r\nContent-Length: 600\r\n"
                             "Accept: \xc3\xa4\r\nEmpty:\r\n\r\nbody");
    assert_int_equal(parse(arena, text, &head), 0);
    assert_true(act_str_is(head.method, "POST"));
    assert_true(act_str_is(head.path, "/webhook/whatsapp"));
    assert_true(act_str_is(head.query, "hub.mode=x&a=%20"));
    assert_int_equal(head.content_length_bytes, 600);
    assert_int_equal(head.fields_count, 5);
    assert_true(act_str_is(head.fields[1].name, "x-hub-signature-256"));
    assert_true(act_str_is(head.fields[1].value, "sha256=00"));
    assert_true(act_str_is(head.fields[4].value, ""));
    assert_true(head.is_keep_alive);
    assert_false(head.is_chunked);
    assert_false(head.is_http_1_0);
    assert_false(head.expects_continue);
}

static void knows_where_a_head_ends(void **state)
{
    (void)state;
    size_t checked_bytes = 0;
    uint16_t status = 0;
    act_str_t text = ACT_STR("\r\nGET / HTTP/1.1\r\n\r\nPOST");
    assert_int_equal(act_http_head_end(text, &checked_bytes, &status), text.len_bytes - 4);
    assert_int_equal(status_of("GET / HTTP/1.1\r\n" HOST), 1);
    assert_int_equal(status_of("\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), 0);
}

static void finds_the_path(void **state)
{
    (void)state;
    const struct {
        const char *line;
        const char *path;
        const char *query;
    } rows[] = {
        {"GET / HTTP/1.1", "/", ""},
        {"GET /a?b?c HTTP/1.1", "/a", "b?c"},
        {"GET /? HTTP/1.1", "/", ""},
        {"GET http://h/a?b HTTP/1.1", "/a", "b"},
        {"GET HTTPS://h:1 HTTP/1.1", "/", ""},
        {"GET http://h?q HTTP/1.1", "/", "q"},
        {"OPTIONS * HTTP/1.1", "*", ""},
        {"PURGE //..//x%2f HTTP/1.1", "//..//x%2f", ""},
        {"GET /{a}|^` HTTP/1.1", "/{a}|^`", ""},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        ACT_AUTO(act_arena) *arena = act_arena_new();
        act_http_head_t head;
        act_str_t text = act_arena_printf(arena, "%s\r\n" HOST "\r\n", rows[i].line);
        assert_int_equal(parse(arena, text, &head), 0);
        assert_true(act_str_is(head.path, rows[i].path));
        assert_true(act_str_is(head.query, rows[i].query));
    }
}

static void refuses_bad_request_lines(void **state)
{
    (void)state;
    const struct {
        const char *line;
        uint16_t status;
    } rows[] = {
        {"GET /", 400},
        {"GET", 400},
        {"GET  / HTTP/1.1", 400},
        {"GET / HTTP/1.1 ", 400},
        {"GET /\tHTTP/1.1", 400},
        {"GET / http/1.1", 400},
        {"GET / HTTP/1.10", 400},
        {"GET / HTTP/11", 400},
        {"GET / HTTP/1,1", 400},
        {"GET / HTTP/a.1", 400},
        {"PRI * HTTP/2.0", 505},
        {"GET / HTTP/0.9", 505},
        {"G@T / HTTP/1.1", 400},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH / HTTP/1.1", 400},
        {"GET x HTTP/1.1", 400},
        {"GET ?x HTTP/1.1", 400},
        {"GET * HTTP/1.1", 400},
        {"CONNECT a:1 HTTP/1.1", 400},
        {"GET /#f HTTP/1.1", 400},
        {"GET /\x7f HTTP/1.1", 400},
        {"GET /\xc3\xa4 HTTP/1.1", 400},
        {"GET http:///x HTTP/1.1", 400},
        {"GET ftp://h/x HTTP/1.1", 400},
        {"GET /\rHTTP/1.1", 400},
        {"\x16\x03\x01", 400},
        {" GET / HTTP/1.1", 400},
        {"\r\n\r\nGET / HTTP/1.1", 400},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "%s\r\n" HOST "\r\n", rows[i].line);
        if (status_of(text) != rows[i].status)
            fail_msg("%s: %d", rows[i].line, status_of(text));
    }
}

static void refuses_bad_fields(void **state)
{
    (void)state;
    const struct {
        const char *fields;
        uint16_t status;
    } rows[] = {
        {"Host: x\r\n", 0},
        {"", 400},
        {"Host: x\r\nHost: x\r\n", 400},
        {"Host: x y\r\n", 400},
        {"Host: x,y\r\n", 400},
        {HOST "A\r\n", 400},
        {HOST ": b\r\n", 400},
        {HOST "A : b\r\n", 400},
        {HOST " A: b\r\n", 400},
        {HOST "A: b\r\n c\r\n", 400},
        {HOST "A: b\r\n\tc: d\r\n", 400},
        {HOST "A(: b\r\n", 400},
        {HOST "A: \x01\r\n", 400},
        {HOST "A: \x7f\r\n", 400},
        {HOST "A: b\rc\r\n", 400},
        {HOST "A: b\n", 400},
        {HOST "A: b\r\n\n", 400},
        {HOST "Content-Length: 5\r\n", 0},
        {HOST "Content-Length: 5\r\nContent-Length: 5\r\n", 400},
        {HOST "Content-Length: 5, 5\r\n", 400},
        {HOST "Content-Length: +5\r\n", 400},
        {HOST "Content-Length: -5\r\n", 400},
        {HOST "Content-Length: 0x5\r\n", 400},
        {HOST "Content-Length: 5 5\r\n", 400},
        {HOST "Content-Length: \r\n", 400},
        {HOST "Content-Length: 99999999999999999999999999\r\n", 413},
        {HOST "Transfer-Encoding: chunked\r\n", 0},
        {HOST "Transfer-Encoding: Chunked\r\n", 0},
        {HOST "Transfer-Encoding: xchunked\r\n", 400},
        {HOST "Transfer-Encoding: gzip, chunked\r\n", 400},
        {HOST "Transfer-Encoding: chunked, identity\r\n", 400},
        {HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
        {HOST "Transfer-Encoding: \"chunked\"\r\n", 400},
        {HOST "Transfer-Encoding:\r\n", 400},
        {HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
        {HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
        {HOST "Expect: 100-continue\r\n", 0},
        {HOST "Expect: more\r\n", 417},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "POST / HTTP/1.1\r\n%s\r\n", rows[i].fields);
        if (status_of(text) != rows[i].status)
            fail_msg("%s: %d", rows[i].fields, status_of(text));
    }
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_http_head_t head;
    assert_int_equal(parse(arena, ACT_STR("GET / HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n"), &head),
                     400);
    assert_int_equal(parse(arena, ACT_STR("GET / HTTP/1.1\r\n" HOST "A\0: b\r\n\r\n"), &head), 400);
    assert_int_equal(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

static void knows_which_connections_stay(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool is_keep_alive;
    } rows[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", true},
        {"GET / HTTP/1.1\r\n" HOST "Connection: Close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: a, close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\nConnection: x\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\n\r\n", true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.9\r\n" HOST "\r\n", true},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        ACT_AUTO(act_arena) *arena = act_arena_new();
        act_http_head_t head;
        assert_int_equal(parse(arena, act_str(rows[i].text), &head), 0);
        assert_int_equal(head.is_keep_alive, rows[i].is_keep_alive);
    }
}

// A head with one part of len_bytes 'a'.
static uint16_t status_of_long(const char *before, size_t len_bytes, const char *after)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_http_head_t head;
    char *fill = act_arena_alloc(arena, len_bytes + 1);
    memset(fill, 'a', len_bytes);
    return parse(arena, act_arena_printf(arena, "%s%s%s", before, fill, after), &head);
}

static void bounds_every_part(void **state)
{
    (void)state;
    const char *const rest = " HTTP/1.1\r\n" HOST "\r\n";
    assert_int_equal(status_of_long("GET /", ACT_HTTP_TARGET_MAX_BYTES - 1, rest), 0);
    assert_int_equal(status_of_long("GET /", ACT_HTTP_TARGET_MAX_BYTES, rest), 414);
    assert_int_equal(status_of_long("GET /", ACT_HTTP_LINE_MAX_BYTES, ""), 414);
    const char *const line = "GET / HTTP/1.1\r\n" HOST "A:";
    assert_int_equal(status_of_long(line, ACT_HTTP_LINE_MAX_BYTES - 4, "\r\n\r\n"), 0);
    assert_int_equal(status_of_long(line, ACT_HTTP_LINE_MAX_BYTES - 3, "\r\n\r\n"), 431);
    assert_int_equal(status_of_long(line, ACT_HTTP_LINE_MAX_BYTES, ""), 431);

    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_http_head_t head;
    act_str_t text = ACT_STR("GET / HTTP/1.1\r\n" HOST);
    for (uint32_t i = 1; i < ACT_HTTP_FIELDS_MAX_COUNT; i++)
        text = act_arena_printf(arena, "%.*sA: b\r\n", (int)text.len_bytes, text.ptr);
    act_str_t good = act_arena_printf(arena, "%.*s\r\n", (int)text.len_bytes, text.ptr);
    assert_int_equal(parse(arena, good, &head), 0);
    act_str_t bad = act_arena_printf(arena, "%.*sA: b\r\n\r\n", (int)text.len_bytes, text.ptr);
    assert_int_equal(parse(arena, bad, &head), 431);

    char *fill = act_arena_alloc(arena, 6001);
    memset(fill, 'a', 6000);
    act_str_t large = act_arena_printf(arena, "%sA: %s\r\nB: %s\r\nC: %s\r\n\r\n",
                                       "GET / HTTP/1.1\r\n" HOST, fill, fill, fill);
    assert_int_equal(parse(arena, large, &head), 431);
}

static void decodes(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool is_query;
        const char *decoded;
        bool is_valid;
    } rows[] = {
        {"/a%20b%2fc+d", false, "/a b/c+d", true},
        {"a+b%2B", true, "a b+", true},
        {"%c3%A4", true, "\xc3\xa4", true},
        {"%", true, "%", false},
        {"%4", true, "%4", false},
        {"%4g%41", true, "%4gA", false},
        {"%00", true, "%00", false},
        {"", true, "", true},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        char room[32];
        bool is_valid = false;
        size_t len_bytes =
            act_http_decode(act_str(rows[i].text), rows[i].is_query, room, &is_valid);
        assert_true(act_str_is(act_str_of(room, len_bytes), rows[i].decoded));
        assert_int_equal(is_valid, rows[i].is_valid);
    }
}

// The bit masks of the parser against the characters written out.
static void knows_its_characters(void **state)
{
    (void)state;
    const char *const marks = "!#$%&'*+-.^_`|~";
    for (int c = 1; c < 256; c++) {
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        ACT_AUTO(act_arena) *arena = act_arena_new();
        act_http_head_t head;
        act_str_t text = act_arena_printf(arena, "GET / HTTP/1.1\r\n" HOST "A%cB: b\r\n\r\n", c);
        bool is_token = is_alnum || (c < 128 && strchr(marks, c));
        if (c != ':')
            assert_int_equal(parse(arena, text, &head) == 0, is_token);
        text = act_arena_printf(arena, "GET /a%cb HTTP/1.1\r\n" HOST "\r\n", c);
        assert_int_equal(parse(arena, text, &head) == 0,
                         c > ' ' && c < 127 && !strchr("#\"<>\\", c));
        text = act_arena_printf(arena, "GET / HTTP/1.1\r\n" HOST "A: a%cb\r\n\r\n", c);
        assert_int_equal(parse(arena, text, &head) == 0, c == '\t' || (c >= ' ' && c != 127));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_a_webhook),     cmocka_unit_test(knows_where_a_head_ends),
        cmocka_unit_test(finds_the_path),       cmocka_unit_test(refuses_bad_request_lines),
        cmocka_unit_test(refuses_bad_fields),   cmocka_unit_test(knows_which_connections_stay),
        cmocka_unit_test(bounds_every_part),    cmocka_unit_test(decodes),
        cmocka_unit_test(knows_its_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
