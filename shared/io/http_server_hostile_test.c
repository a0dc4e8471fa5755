// http_server: clients that are slow, greedy, gone, or talk nonsense; and the end of the server
// itself.
#include "io/http_server_fixture.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

// A peer that goes on sending while its request is open is made to wait by the kernel.
static void stops_reading_behind_an_open_request(void **state)
{
    (void)state;
    static const char request[] = "GET /count HTTP/1.1\r\n" HOST "\r\n";
    const size_t request_bytes = sizeof request - 1;
    const int small = 65536;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    (void)setsockopt(fixture.listen_descriptor, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    int client = fixture_connect(&fixture);
    (void)setsockopt(client, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    fixture_send_text(&fixture, client, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    fixture_wait_held(&fixture, 1);
    size_t sent_bytes = 0;
    for (int full_count = 0; full_count < 20;) { // the socket stays full: nobody reads
        size_t at = sent_bytes % request_bytes;
        ssize_t sent = send(client, request + at, request_bytes - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        full_count = sent < 0 ? full_count + 1 : 0;
        sent_bytes += sent > 0 ? (size_t)sent : 0;
        assert_true(sent_bytes < GOT_MAX_BYTES);
        fixture_turn(&fixture);
    }
    fixture_answer_held(&fixture, ACT_STR("now"));
    size_t at = sent_bytes % request_bytes;
    assert_true(fixture_send(&fixture, client, request + at, request_bytes - at));
    fixture_send_text(&fixture, client, "GET / HTTP/1.1\r\n" HOST "\r\n");
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    assert_true(fixture_read_until(&fixture, client, "[GET", &got));
    assert_int_equal(fixture_count_of(&got, "\r\n\r\n0"), sent_bytes / request_bytes + 1);
    act_buf_fini(&got);
    (void)close(client);
    fixture_close(&fixture);
}

static void refuses_large_bodies_unread(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){.body_max_bytes = 1000});
    fixture_expect_and_end(&fixture, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n",
                           "HTTP/1.1 413 Content Too Large\r\n");
    fixture_expect_and_end(
        &fixture, "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n",
        "HTTP/1.1 413");
    fixture_expect_and_end(&fixture,
                           "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3e9\r\n",
                           "HTTP/1.1 413");
    // The answer arrives although the client is in the middle of sending.
    int client = fixture_connect(&fixture);
    fixture_send_text(&fixture, client,
                      "POST / HTTP/1.1\r\n" HOST "Content-Length: 1048576\r\n\r\n");
    char *body = calloc(1, 1u << 20);
    assert_true(fixture_send(&fixture, client, body, 1u << 20));
    free(body);
    fixture_expect(&fixture, client, "", "HTTP/1.1 413");
    (void)close(client);
    assert_int_equal(fixture.handled_count, 0);
    assert_int_equal(act_http_server_counts(fixture.server).refused_count, 4);
    fixture_close(&fixture);
}

static void refuses_what_is_not_http(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    const struct {
        const char *request;
        const char *answer;
    } rows[] = {
        {"\x16\x03\x01\x02", "HTTP/1.1 400 Bad Request\r\n"},
        {"hello\r\n\r\n", "HTTP/1.1 400"},
        {"GET /\n\n", "HTTP/1.1 400"},
        {"GET /%zz HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 400"},
        {"GET /%00 HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 400"},
        {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
        {"GET / HTTP/3.0\r\n" HOST "\r\n", "HTTP/1.1 505 HTTP Version Not Supported"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n", "HTTP/1.1 400"},
        {"GET / HTTP/1.1\r\n" HOST "\r\n\r\n\r\nx", "HTTP/1.1 400"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        fixture_expect_and_end(&fixture, rows[i].request, rows[i].answer);
    fixture_close(&fixture);
}

static void ends_slow_connections(void **state)
{
    (void)state;
    fixture_t fixture;
    act_http_server_limits_t limits = {.request_timeout_ms = 60, .idle_timeout_ms = 60};
    fixture_open(&fixture, limits);
    fixture_expect_and_end(&fixture, "GET / HTTP/1.1\r\nHost:", "HTTP/1.1 408 Request Timeout\r\n");
    fixture_expect_and_end(&fixture, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhel",
                           "HTTP/1.1 408");
    fixture_expect_and_end(&fixture, "GET / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200"); // then idle
    assert_int_equal(act_http_server_counts(fixture.server).timeouts_count, 2);
    fixture_expect_and_end(&fixture, "", ""); // silent from the start
    // A byte now and then does not help.
    int client = fixture_connect(&fixture);
    int64_t start_ms = act_loop_now_ms(fixture.loop);
    fixture_send_text(&fixture, client, "GET / HTTP/1.1\r\n");
    while (send(client, "A: b\r\n", 6, MSG_NOSIGNAL) == 6) {
        struct pollfd ready = {.fd = client, .events = POLLIN};
        if (poll(&ready, 1, 5) == 1)
            break;
        fixture_turn(&fixture);
        assert_true(act_loop_now_ms(fixture.loop) < start_ms + PATIENCE_MS);
    }
    (void)close(client);
    // A handler's time is not limited.
    client = fixture_connect(&fixture);
    fixture_send_text(&fixture, client, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    fixture_wait_held(&fixture, 1);
    for (start_ms = act_loop_now_ms(fixture.loop); act_loop_now_ms(fixture.loop) < start_ms + 150;)
        fixture_turn(&fixture);
    assert_false(act_http_is_gone(fixture.held[0]));
    fixture_answer_held(&fixture, ACT_STR("slowly"));
    fixture_expect(&fixture, client, "", "slowly");
    (void)close(client);
    fixture_close(&fixture);
}

static void notices_a_client_that_went_away(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int client = fixture_connect(&fixture);
    fixture_send_text(&fixture, client,
                      "POST /hold HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab");
    fixture_wait_held(&fixture, 1);
    assert_false(act_http_is_gone(fixture.held[0]));
    (void)close(client);
    for (int64_t start_ms = act_loop_now_ms(fixture.loop); !act_http_is_gone(fixture.held[0]);) {
        fixture_turn(&fixture);
        assert_true(act_loop_now_ms(fixture.loop) < start_ms + PATIENCE_MS);
    }
    assert_true(act_str_is(act_http_body(fixture.held[0]), "ab"));
    assert_true(act_str_is(act_http_peer(fixture.held[0]), "127.0.0.1"));
    fixture_answer_held(&fixture, ACT_STR("nobody hears"));
    assert_int_equal(act_http_server_counts(fixture.server).connections_count, 0);
    // In the middle of a request as well.
    client = fixture_connect(&fixture);
    fixture_send_text(&fixture, client,
                      "POST /hold HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\na");
    (void)close(client);
    for (int turns = 0; turns < 10; turns++)
        fixture_turn(&fixture);
    assert_int_equal(fixture.handled_count, 1);
    fixture_close(&fixture);
}

static void ends_readers_that_stopped(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){.idle_timeout_ms = 50});
    int client = fixture_connect(&fixture);
    fixture_send_text(&fixture, client, "GET /large HTTP/1.1\r\n" HOST "\r\n");
    for (int64_t start_ms = act_loop_now_ms(fixture.loop);
         act_http_server_counts(fixture.server).timeouts_count == 0;) {
        fixture_turn(&fixture);
        assert_true(act_loop_now_ms(fixture.loop) < start_ms + PATIENCE_MS);
    }
    assert_int_equal(act_http_server_counts(fixture.server).connections_count, 0);
    (void)close(client);
    fixture_close(&fixture);
}

static void keeps_to_the_cap_of_connections(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){.connections_max_count = 2});
    int clients[4];
    for (size_t i = 0; i < ACT_COUNT(clients); i++) {
        clients[i] = fixture_connect(&fixture);
        fixture_send_text(&fixture, clients[i], "GET /count HTTP/1.1\r\n" HOST "\r\n");
    }
    for (int turns = 0; turns < 10; turns++)
        fixture_turn(&fixture);
    assert_int_equal(fixture.handled_count, 2);
    for (size_t i = 0; i < ACT_COUNT(clients); i++) {
        fixture_expect(&fixture, clients[i], "", "\r\n\r\n0");
        (void)close(clients[i]);
    }
    assert_int_equal(fixture.handled_count, 4);
    fixture_close(&fixture);
}

static void dies_at_any_moment(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    fixture_close(&fixture);

    // With a request in hand, one arriving, one pipelined, and one answer not read.
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int clients[3];
    for (size_t i = 0; i < ACT_COUNT(clients); i++)
        clients[i] = fixture_connect(&fixture);
    fixture_send_text(&fixture, clients[0],
                      "GET /hold HTTP/1.1\r\n" HOST "\r\nGET /hold HTTP/1.1\r\n" HOST);
    fixture_send_text(&fixture, clients[1],
                      "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhel");
    fixture_send_text(&fixture, clients[2], "GET /large HTTP/1.1\r\n" HOST "\r\n");
    fixture_wait_held(&fixture, 1);
    act_http_server_destroy(&fixture.server);
    assert_null(fixture.server);
    assert_true(act_http_is_gone(fixture.held[0]));
    for (int turns = 0; turns < 8; turns++)
        fixture_turn(&fixture);
    assert_true(act_str_is(act_http_path(fixture.held[0]), "/hold")); // still the handler's
    fixture_close(&fixture);
    for (size_t i = 0; i < ACT_COUNT(clients); i++)
        (void)close(clients[i]);

    // From its own handler, with more requests behind.
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int client = fixture_connect(&fixture);
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    fixture_send_text(&fixture, client,
                      "GET /destroy HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST "\r\n");
    assert_true(fixture_read_until(&fixture, client, NULL, &got));
    assert_int_equal(got.len_bytes, 0);
    assert_int_equal(fixture.handled_count, 1);
    act_buf_fini(&got);
    (void)close(client);
    fixture_close(&fixture);
}

// Requests with bytes changed, cut and doubled at random: no crash, and always an answer or an end.
static void survives_garbage(void **state)
{
    (void)state;
    static const char seed_text[] =
        "POST /count?a=%20b HTTP/1.1\r\n" HOST
        "Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"
        "POST /count HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    fixture_t fixture;
    fixture_open(&fixture,
                 (act_http_server_limits_t){.request_timeout_ms = 20, .idle_timeout_ms = 20});
    uint32_t seed = 12345;
    for (int round = 0; round < 3000; round++) {
        char text[2 * sizeof seed_text];
        size_t len_bytes = sizeof seed_text - 1;
        memcpy(text, seed_text, len_bytes);
        for (int changes = 0; changes < 3; changes++) {
            seed = seed * 1664525u + 1013904223u;
            size_t at = (seed >> 8) % len_bytes;
            seed = seed * 1664525u + 1013904223u;
            text[at] = "\r\n\0 :;,%\xff\x7f"
                       "0F"[(seed >> 12) % 12];
        }
        seed = seed * 1664525u + 1013904223u;
        int client = fixture_connect(&fixture);
        (void)fixture_send(&fixture, client, text, len_bytes - (seed >> 8) % len_bytes);
        fixture_turn(&fixture);
        (void)close(client);
    }
    for (int64_t start_ms = act_loop_now_ms(fixture.loop);
         act_http_server_counts(fixture.server).connections_count > 0;) {
        fixture_turn(&fixture);
        assert_true(act_loop_now_ms(fixture.loop) < start_ms + PATIENCE_MS);
    }
    fixture_expect_and_end(&fixture, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200");
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_reading_behind_an_open_request),
        cmocka_unit_test(refuses_large_bodies_unread),
        cmocka_unit_test(refuses_what_is_not_http),
        cmocka_unit_test(ends_slow_connections),
        cmocka_unit_test(notices_a_client_that_went_away),
        cmocka_unit_test(ends_readers_that_stopped),
        cmocka_unit_test(keeps_to_the_cap_of_connections),
        cmocka_unit_test(dies_at_any_moment),
        cmocka_unit_test(survives_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
