// http_server_chunked: bodies in one piece and byte by byte, and what is no chunked body.
#include "io/http_server_chunked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

// Feeds in pieces of piece_bytes and gives back the last result.
static act_http_chunked_result_t feed(act_str_t bytes, size_t piece_bytes, act_buf_t *body,
                                      size_t *ret_used_bytes)
{
    act_http_chunked_t chunked;
    act_http_chunked_init(&chunked);
    act_buf_reset(body);
    act_http_chunked_result_t result = ACT_HTTP_CHUNKED_MORE;
    size_t at = 0;
    while (at < bytes.len_bytes && result == ACT_HTTP_CHUNKED_MORE) {
        size_t left_bytes = bytes.len_bytes - at;
        size_t used_bytes = 0;
        size_t len_bytes = left_bytes < piece_bytes ? left_bytes : piece_bytes;
        result = act_http_chunked_feed(&chunked, act_str_of(bytes.ptr + at, len_bytes), body,
                                       &used_bytes);
        at += used_bytes;
    }
    *ret_used_bytes = at;
    return result;
}

static void takes_bodies(void **state)
{
    (void)state;
    const struct {
        const char *bytes;
        const char *body;
    } rows[] = {
        {"0\r\n\r\n", ""},
        {"5\r\nhello\r\n0\r\n\r\n", "hello"},
        {"A;x=1;y=\"a\"\r\n0123456789\r\n00000001\r\n!\r\n000\r\nA: b\r\nC: d\r\n\r\n",
         "0123456789!"},
        {"5\r\n\r\n0\r\n\r\n0\r\n\r\n", "\r\n0\r\n"},
    };
    act_buf_t body;
    act_buf_init(&body, 64);
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        for (size_t piece_bytes = 1; piece_bytes < 70; piece_bytes++) {
            size_t used_bytes = 0;
            act_str_t bytes = act_str(rows[i].bytes);
            assert_int_equal(feed(bytes, piece_bytes, &body, &used_bytes), ACT_HTTP_CHUNKED_DONE);
            assert_int_equal(used_bytes, bytes.len_bytes);
            assert_true(act_str_is(act_buf_str(&body), rows[i].body));
        }
    }
    act_buf_fini(&body);
}

static void leaves_what_comes_behind(void **state)
{
    (void)state;
    act_buf_t body;
    act_buf_init(&body, 64);
    size_t used_bytes = 0;
    assert_int_equal(feed(ACT_STR("1\r\na\r\n0\r\n\r\nGET /"), 999, &body, &used_bytes),
                     ACT_HTTP_CHUNKED_DONE);
    assert_int_equal(used_bytes, 11);
    assert_int_equal(feed(ACT_STR("1\r\na\r\n0\r\n"), 999, &body, &used_bytes),
                     ACT_HTTP_CHUNKED_MORE);
    act_buf_fini(&body);
}

static void refuses_what_is_not_chunked(void **state)
{
    (void)state;
    const char *const texts[] = {
        "\r\n",      "g\r\n",      "-1\r\n",        "+1\r\n",  "0x1\r\n",  " 1\r\n",
        "1 \r\n",    "1\n",        "1\rx",          "\n",      ";a\r\n",   "000000001\r\n",
        "1\r\nab",   "1\r\na\n",   "1\r\na\rx",     "0\r\n\n", "0\r\n\rx", "0\r\na\n",
        "0\r\na\rx", "1;\x01\r\n", "0\r\na\x7f\r\n"};
    act_buf_t body;
    act_buf_init(&body, 64);
    for (size_t i = 0; i < ACT_COUNT(texts); i++) {
        size_t used_bytes = 0;
        assert_int_equal(feed(act_str(texts[i]), 1, &body, &used_bytes), ACT_HTTP_CHUNKED_BAD);
        assert_int_equal(feed(act_str(texts[i]), 999, &body, &used_bytes), ACT_HTTP_CHUNKED_BAD);
    }
    assert_int_equal(feed(act_str_of("1;\0\r\n", 5), 9, &body, &(size_t){0}), ACT_HTTP_CHUNKED_BAD);
    act_buf_fini(&body);
}

static void bounds_body_and_extras(void **state)
{
    (void)state;
    act_buf_t body;
    act_buf_init(&body, 4);
    size_t used_bytes = 0;
    assert_int_equal(feed(ACT_STR("5\r\n"), 9, &body, &used_bytes), ACT_HTTP_CHUNKED_TOO_LARGE);
    assert_int_equal(feed(ACT_STR("3\r\nabc\r\n2\r\n"), 1, &body, &used_bytes),
                     ACT_HTTP_CHUNKED_TOO_LARGE);
    assert_int_equal(feed(ACT_STR("ffffffff\r\nx"), 99, &body, &used_bytes),
                     ACT_HTTP_CHUNKED_TOO_LARGE);
    static char extension[ACT_HTTP_CHUNKED_EXTRA_MAX_BYTES + 3];
    memset(extension, 'x', sizeof extension);
    memcpy(extension, "1;", 2);
    assert_int_equal(feed(act_str_of(extension, sizeof extension), 512, &body, &used_bytes),
                     ACT_HTTP_CHUNKED_BAD);
    act_buf_fini(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_bodies),
        cmocka_unit_test(leaves_what_comes_behind),
        cmocka_unit_test(refuses_what_is_not_chunked),
        cmocka_unit_test(bounds_body_and_extras),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
