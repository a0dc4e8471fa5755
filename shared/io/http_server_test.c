// http_server: what it does for clients that mean well.
#include "io/http_server_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void serves_one_request_after_the_other(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int client = fixture_connect(&fixture);
    for (int i = 0; i < 3; i++) {
        fixture_expect(&fixture, client,
                       "POST /a%20b?x=1&hub.challenge=4+2%21 HTTP/1.1\r\n" HOST
                       "X-Hub-Signature-256: sha256=ab\r\nContent-Length: 5\r\n\r\nhello",
                       "\r\n\r\n[POST|/a b|4 2!|sha256=ab|127.0.0.1|hello]");
        fixture_expect(&fixture, client, "GET /?hub.challenge HTTP/1.1\r\n" HOST "\r\n",
                       "Content-Length: 24\r\n\r\n[GET|/||none|127.0.0.1|]");
        fixture_expect(&fixture, client,
                       "PUT / HTTP/1.1\r\n" HOST
                       "X-Hub-Signature-256: a\r\nx-hub-signature-256: b\r\n\r\n",
                       "[PUT|/|none|a, b|127.0.0.1|]");
    }
    assert_int_equal(act_http_server_counts(fixture.server).requests_count, 9);
    assert_int_equal(act_http_server_counts(fixture.server).accepted_count, 1);
    (void)close(client);
    fixture_close(&fixture);
}

static void answers_as_told(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int client = fixture_connect(&fixture);
    fixture_expect(
        &fixture, client, "GET /busy HTTP/1.1\r\n" HOST "\r\n",
        "Content-Type: application/json\r\nContent-Length: 2\r\nRetry-After: 7\r\n\r\n{}");
    fixture_expect(&fixture, client, "GET /busy HTTP/1.1\r\n" HOST "\r\n",
                   "HTTP/1.1 503 Service Unavailable\r\nDate: ");
    fixture_expect(&fixture, client, "GET /fields HTTP/1.1\r\n" HOST "\r\n",
                   "Content-Length: 1\r\nA: 1\r\nB: 2\r\n\r\nx");
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    fixture_send_text(&fixture, client,
                      "HEAD /busy HTTP/1.1\r\n" HOST "\r\nGET /empty HTTP/1.1\r\n" HOST "\r\n");
    assert_true(fixture_read_until(&fixture, client, "204 No Content", &got));
    assert_true(fixture_holds(&got, "Content-Length: 2\r\nRetry-After: 7\r\n\r\nHTTP/1.1 204"));
    assert_int_equal(fixture_count_of(&got, "Content-Length"), 1);
    act_buf_fini(&got);
    (void)close(client);
    fixture_expect_and_end(&fixture, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
                           "Connection: close\r\n\r\n[GET");
    fixture_expect_and_end(&fixture, "GET / HTTP/1.0\r\n\r\n", "Connection: close\r\n\r\n[GET");
    client = fixture_connect(&fixture);
    fixture_expect(&fixture, client, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                   "Connection: keep-alive\r\n\r\n[GET");
    fixture_expect(&fixture, client, "GET / HTTP/1.1\r\n" HOST "\r\n", "[GET");
    (void)close(client);
    fixture_close(&fixture);
}

static void takes_requests_in_any_pieces(void **state)
{
    (void)state;
    const char *const request =
        "POST /count HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\nhello world"
        "POST /count HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n"
        "GET /count HTTP/1.1\r\n" HOST "\r\n";
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    for (size_t piece_bytes = 1; piece_bytes < 60; piece_bytes += 7) {
        act_buf_t got;
        act_buf_init(&got, GOT_MAX_BYTES);
        int client = fixture_connect(&fixture);
        for (size_t at = 0; at < strlen(request); at += piece_bytes) {
            size_t left_bytes = strlen(request) - at;
            size_t len_bytes = left_bytes < piece_bytes ? left_bytes : piece_bytes;
            assert_true(fixture_send(&fixture, client, request + at, len_bytes));
            fixture_turn(&fixture);
        }
        assert_true(fixture_read_until(&fixture, client, "\r\n\r\n0", &got));
        assert_true(fixture_holds(&got, "\r\n\r\n11HTTP/1.1"));
        assert_true(fixture_holds(&got, "\r\n\r\n6HTTP/1.1"));
        act_buf_fini(&got);
        (void)close(client);
    }
    fixture_close(&fixture);
}

static void takes_large_bodies(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){.body_max_bytes = 3000000});
    int client = fixture_connect(&fixture);
    char *body = calloc(1, 3000000);
    for (int i = 0; i < 2; i++) {
        fixture_send_text(&fixture, client,
                          "POST /count HTTP/1.1\r\n" HOST "Content-Length: 3000000\r\n\r\n");
        assert_true(fixture_send(&fixture, client, body, 3000000));
        fixture_expect(&fixture, client, "", "\r\n\r\n3000000");
    }
    free(body);
    (void)close(client);
    fixture_close(&fixture);
}

static void answers_pipelined_requests_in_order(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int client = fixture_connect(&fixture);
    fixture_send_text(&fixture, client,
                      "GET /hold HTTP/1.1\r\n" HOST "\r\nGET /hold HTTP/1.1\r\n" HOST
                      "\r\nGET /hold HT");
    fixture_wait_held(&fixture, 1);
    for (int turns = 0; turns < 5; turns++)
        fixture_turn(&fixture);
    assert_int_equal(fixture.handled_count, 1);
    fixture_answer_held(&fixture, ACT_STR("first"));
    assert_int_equal(fixture.held_count, 0); // never inside the call
    fixture_wait_held(&fixture, 1);
    fixture_send_text(&fixture, client, "TP/1.1\r\n" HOST "\r\n");
    fixture_answer_held(&fixture, ACT_STR("second"));
    fixture_wait_held(&fixture, 1);
    fixture_answer_held(&fixture, ACT_STR("third"));
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    assert_true(fixture_read_until(&fixture, client, "third", &got));
    assert_true(fixture_holds(&got, "\r\n\r\nfirstHTTP/1.1 200 OK"));
    assert_true(fixture_holds(&got, "\r\n\r\nsecondHTTP/1.1 200 OK"));
    act_buf_fini(&got);
    (void)close(client);
    fixture_close(&fixture);
}

static void answers_a_thousand_pipelined_requests(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    act_buf_t all;
    act_buf_t got;
    act_buf_init(&all, GOT_MAX_BYTES);
    act_buf_init(&got, GOT_MAX_BYTES);
    for (int i = 0; i < 1000; i++)
        act_buf_printf(&all, "POST /count HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello");
    act_buf_printf(&all, "GET / HTTP/1.1\r\n" HOST "\r\n");
    int client = fixture_connect(&fixture);
    assert_true(fixture_send(&fixture, client, all.ptr, all.len_bytes));
    assert_true(fixture_read_until(&fixture, client, "[GET", &got));
    assert_int_equal(fixture_count_of(&got, "\r\n\r\n5"), 1000);
    act_buf_fini(&all);
    act_buf_fini(&got);
    (void)close(client);
    fixture_close(&fixture);
}

static void says_continue(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int client = fixture_connect(&fixture);
    fixture_expect(&fixture, client,
                   "POST /count HTTP/1.1\r\n" HOST
                   "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
                   "HTTP/1.1 100 Continue\r\n\r\n");
    fixture_expect(&fixture, client, "ab", "\r\n\r\n2");
    fixture_expect(&fixture, client,
                   "POST /count HTTP/1.1\r\n" HOST
                   "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
                   "\r\n\r\n3");
    (void)close(client);
    fixture_close(&fixture);
}

static void writes_large_answers_to_slow_readers(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    int client = fixture_connect(&fixture);
    fixture_send_text(&fixture, client,
                      "GET /large HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST
                      "Connection: close\r\n\r\n");
    for (int turns = 0; turns < 100; turns++)
        fixture_turn(&fixture);
    assert_int_equal(fixture.handled_count, 1); // the second waits until the first is read
    assert_true(fixture_read_until(&fixture, client, NULL, &got));
    assert_true(got.len_bytes > fixture.reply_bytes);
    assert_true(fixture_holds(&got, "zzzHTTP/1.1 200 OK"));
    (void)close(client);
    act_buf_reset(&got);
    client = fixture_connect(&fixture);
    fixture_send_text(&fixture, client, "GET /large HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    assert_true(fixture_read_until(&fixture, client, NULL, &got));
    assert_true(got.len_bytes > fixture.reply_bytes);
    (void)close(client);
    act_buf_fini(&got);
    fixture_close(&fixture);
}

static void drains(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int idle = fixture_connect(&fixture);
    int silent = fixture_connect(&fixture);
    int busy = fixture_connect(&fixture);
    fixture_expect(&fixture, idle, "GET /count HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\n0");
    fixture_send_text(&fixture, busy, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    fixture_wait_held(&fixture, 1);
    int told = fixture_connect(&fixture);
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    fixture_send_text(&fixture, told, "GET /drain HTTP/1.1\r\n" HOST "\r\n");
    assert_true(fixture_read_until(&fixture, told, NULL, &got));
    assert_true(fixture_holds(&got, "Connection: close\r\n\r\nbye"));
    assert_true(fixture_read_until(&fixture, idle, NULL, &got));
    assert_true(fixture_read_until(&fixture, silent, NULL, &got));
    int late = fixture_connect(&fixture); // waits in the kernel for the next server
    fixture_send_text(&fixture, late, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    for (int turns = 0; turns < 10; turns++)
        fixture_turn(&fixture);
    assert_int_equal(fixture.held_count, 1);
    fixture_answer_held(&fixture, ACT_STR("finished"));
    act_buf_reset(&got);
    assert_true(fixture_read_until(&fixture, busy, NULL, &got));
    assert_true(fixture_holds(&got, "Connection: close\r\n\r\nfinished"));
    act_buf_fini(&got);
    const int all[] = {idle, silent, busy, told, late};
    for (size_t i = 0; i < ACT_COUNT(all); i++)
        (void)close(all[i]);
    fixture_close(&fixture);
}

static void listens(void **state)
{
    (void)state;
    int descriptor = -1;
    int second = -1;
    uint16_t port = 0;
    assert_int_equal(act_listen("localhost", 0, &descriptor, &port), ACT_E_INVALID_ARGUMENT);
    assert_int_equal(act_listen("192.0.2.1", 0, &descriptor, &port), ACT_E_IO);
    assert_int_equal(act_listen("127.0.0.1", 0, &descriptor, &port), ACT_E_OK);
    assert_true(port > 0);
    assert_int_equal(act_listen("127.0.0.1", port, &second, NULL), ACT_E_IO);
    (void)close(descriptor);
    if (act_listen("::", 0, &descriptor, &port) == ACT_E_OK) // not every container has IPv6
        (void)close(descriptor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_one_request_after_the_other),
        cmocka_unit_test(answers_as_told),
        cmocka_unit_test(takes_requests_in_any_pieces),
        cmocka_unit_test(takes_large_bodies),
        cmocka_unit_test(answers_pipelined_requests_in_order),
        cmocka_unit_test(answers_a_thousand_pipelined_requests),
        cmocka_unit_test(says_continue),
        cmocka_unit_test(writes_large_answers_to_slow_readers),
        cmocka_unit_test(drains),
        cmocka_unit_test(listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
