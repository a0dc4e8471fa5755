// http_server: raw sockets against a server in the same process. The loop is turned by hand between
// looks at the sockets, so nothing sleeps and a test is as fast as the server.
#include "io/http_server.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define HOST "Host: x\r\n"
#define PATIENCE_MS 10000
#define HELD_MAX_COUNT 8
#define GOT_MAX_BYTES (32u << 20)

// --- a server whose handler does as the path says ------------------------------------------------

typedef struct {
    act_loop_t *loop;
    act_http_server_t *server;
    int listen_descriptor;
    uint16_t port;
    act_http_request_t *held[HELD_MAX_COUNT]; // requests for "/hold", not answered yet
    int held_count;
    int handled_count;
    size_t reply_bytes; // what "/large" answers
} fixture_t;

static void respond(act_http_request_t *request, uint16_t status, act_str_t body)
{
    act_http_respond(&request, &(act_http_response_t){.status = status, .body = body});
}

static void answer_with_all(act_http_request_t *request)
{
    act_str_t signature = ACT_STR("none");
    act_str_t challenge = ACT_STR("none");
    (void)act_http_header(request, "x-hub-signature-256", &signature);
    (void)act_http_query(request, "hub.challenge", &challenge);
    act_str_t method = act_http_method(request);
    act_str_t path = act_http_path(request);
    act_str_t peer = act_http_peer(request);
    act_str_t body = act_http_body(request);
    act_str_t text = act_arena_printf(
        act_http_arena(request), "[%.*s|%.*s|%.*s|%.*s|%.*s|%.*s]", ACT_STR_ARG(method),
        ACT_STR_ARG(path), ACT_STR_ARG(challenge), ACT_STR_ARG(signature), ACT_STR_ARG(peer),
        ACT_STR_ARG(body));
    respond(request, 200, text);
}

static void answer_large(fixture_t *fixture, act_http_request_t *request)
{
    char *body = act_arena_alloc(act_http_arena(request), fixture->reply_bytes);
    memset(body, 'z', fixture->reply_bytes);
    respond(request, 200, act_str_of(body, fixture->reply_bytes));
}

static void answer_busy(act_http_request_t *request)
{
    act_http_respond(&request, &(act_http_response_t){.status = 503,
                                                      .content_type = "application/json",
                                                      .body = ACT_STR("{}"),
                                                      .retry_after_s = 7});
}

static void handle(void *context, act_http_request_t *request)
{
    fixture_t *fixture = context;
    fixture->handled_count++;
    act_str_t path = act_http_path(request);
    if (act_str_is(path, "/hold"))
        fixture->held[fixture->held_count++] = request;
    else if (act_str_is(path, "/large"))
        answer_large(fixture, request);
    else if (act_str_is(path, "/busy"))
        answer_busy(request);
    else if (act_str_is(path, "/empty"))
        respond(request, 204, ACT_STR(""));
    else if (act_str_is(path, "/count"))
        respond(request, 200, act_arena_printf(act_http_arena(request), "%zu",
                                               act_http_body(request).len_bytes));
    else if (act_str_is(path, "/drain"))
        act_http_server_drain(fixture->server), respond(request, 200, ACT_STR("bye"));
    else if (act_str_is(path, "/destroy"))
        act_http_server_destroy(&fixture->server), respond(request, 200, ACT_STR("void"));
    else
        answer_with_all(request);
}

static void fixture_open(fixture_t *fixture, act_http_server_limits_t limits)
{
    *fixture = (fixture_t){.loop = act_loop_new(), .reply_bytes = 8u << 20};
    assert_int_equal(act_listen("127.0.0.1", 0, &fixture->listen_descriptor, &fixture->port), ACT_E_OK);
    assert_int_equal(act_http_server_new(fixture->loop, fixture->listen_descriptor, &limits, handle,
                                         fixture, &fixture->server),
                     ACT_E_OK);
}

static void turn(fixture_t *fixture)
{
    (void)uv_run(act_loop_uv(fixture->loop), UV_RUN_NOWAIT);
}

static void answer_held(fixture_t *fixture, act_str_t body)
{
    act_http_request_t *request = fixture->held[0];
    fixture->held_count--;
    memmove(fixture->held, fixture->held + 1, (size_t)fixture->held_count * sizeof fixture->held[0]);
    respond(request, 200, body);
}

static void fixture_close(fixture_t *fixture)
{
    act_http_server_destroy(&fixture->server);
    while (fixture->held_count > 0)
        answer_held(fixture, ACT_STR("too late"));
    for (int turns = 0; turns < 8; turns++)
        turn(fixture);
    act_loop_destroy(&fixture->loop);
    (void)close(fixture->listen_descriptor);
}

// --- a client ------------------------------------------------------------------------------------

static int connect_to(const fixture_t *fixture)
{
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    return descriptor;
}

// Sends all, turning the loop while the socket is full; false when the server has closed.
static bool send_bytes(fixture_t *fixture, int descriptor, const void *bytes, size_t len_bytes)
{
    const char *at = bytes;
    while (len_bytes > 0) {
        ssize_t sent = send(descriptor, at, len_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN)
            return false;
        if (sent > 0) {
            at += sent;
            len_bytes -= (size_t)sent;
        }
        turn(fixture);
    }
    return true;
}

static void send_text(fixture_t *fixture, int descriptor, const char *text)
{
    assert_true(send_bytes(fixture, descriptor, text, strlen(text)));
}

static bool holds(const act_buf_t *got, const char *text)
{
    return text[0] == '\0' ||
           (got->len_bytes > 0 && memmem(got->ptr, got->len_bytes, text, strlen(text)));
}

// Reads until `text` has come (NULL: until the end). False when the end came before.
static bool read_until(fixture_t *fixture, int descriptor, const char *text, act_buf_t *got)
{
    for (int64_t start_ms = act_loop_now_ms(fixture->loop);
         act_loop_now_ms(fixture->loop) < start_ms + PATIENCE_MS;) {
        if (text && holds(got, text))
            return true;
        turn(fixture);
        struct pollfd ready = {.fd = descriptor, .events = POLLIN};
        if (poll(&ready, 1, 1) == 0)
            continue;
        char *room = act_buf_reserve(got, 65536);
        assert_non_null(room);
        ssize_t len = recv(descriptor, room, 65536, MSG_DONTWAIT);
        if (len <= 0)
            return !text;
        got->len_bytes += (size_t)len;
    }
    fail_msg("nothing for %d ms", PATIENCE_MS);
    return false;
}

static void wait_held(fixture_t *fixture, int count)
{
    for (int64_t start_ms = act_loop_now_ms(fixture->loop); fixture->held_count < count;) {
        turn(fixture);
        assert_true(act_loop_now_ms(fixture->loop) < start_ms + PATIENCE_MS);
    }
}

static int count_of(const act_buf_t *got, const char *text)
{
    int count = 0;
    const char *at = got->ptr;
    const char *end = got->ptr + got->len_bytes;
    while (at && (at = memmem(at, (size_t)(end - at), text, strlen(text)))) {
        count++;
        at += strlen(text);
    }
    return count;
}

// Sends, expects `text` in what comes back until the server closes.
static void expect_and_end(fixture_t *fixture, const char *request, const char *text)
{
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    int client = connect_to(fixture);
    send_text(fixture, client, request);
    assert_true(read_until(fixture, client, NULL, &got));
    if (!holds(&got, text))
        fail_msg("%s: %.*s", request, (int)got.len_bytes, got.ptr ? got.ptr : "");
    act_buf_fini(&got);
    (void)close(client);
}

// Sends, expects `text` in what comes back.
static void expect(fixture_t *fixture, int client, const char *request, const char *text)
{
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    send_text(fixture, client, request);
    if (!read_until(fixture, client, text, &got))
        fail_msg("%s: %.*s", request, (int)got.len_bytes, got.ptr ? got.ptr : "");
    act_buf_fini(&got);
}

// --- tests ---------------------------------------------------------------------------------------

static void serves_one_request_after_the_other(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int client = connect_to(&fixture);
    for (int i = 0; i < 3; i++) {
        expect(&fixture, client,
               "POST /a%20b?x=1&hub.challenge=4+2%21 HTTP/1.1\r\n" HOST
               "X-Hub-Signature-256: sha256=ab\r\nContent-Length: 5\r\n\r\nhello",
               "\r\n\r\n[POST|/a b|4 2!|sha256=ab|127.0.0.1|hello]");
        expect(&fixture, client, "GET /?hub.challenge HTTP/1.1\r\n" HOST "\r\n",
               "Content-Length: 24\r\n\r\n[GET|/||none|127.0.0.1|]");
        expect(&fixture, client,
               "PUT / HTTP/1.1\r\n" HOST "X-Hub-Signature-256: a\r\nx-hub-signature-256: b\r\n\r\n",
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
    int client = connect_to(&fixture);
    expect(&fixture, client, "GET /busy HTTP/1.1\r\n" HOST "\r\n",
           "Content-Type: application/json\r\nContent-Length: 2\r\nRetry-After: 7\r\n\r\n{}");
    expect(&fixture, client, "GET /busy HTTP/1.1\r\n" HOST "\r\n",
           "HTTP/1.1 503 Service Unavailable\r\nDate: ");
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    send_text(&fixture, client, "HEAD /busy HTTP/1.1\r\n" HOST "\r\nGET /empty HTTP/1.1\r\n" HOST "\r\n");
    assert_true(read_until(&fixture, client, "204 No Content", &got));
    assert_true(holds(&got, "Content-Length: 2\r\nRetry-After: 7\r\n\r\nHTTP/1.1 204"));
    assert_int_equal(count_of(&got, "Content-Length"), 1);
    act_buf_fini(&got);
    (void)close(client);
    expect_and_end(&fixture, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
                   "Connection: close\r\n\r\n[GET");
    expect_and_end(&fixture, "GET / HTTP/1.0\r\n\r\n", "Connection: close\r\n\r\n[GET");
    client = connect_to(&fixture);
    expect(&fixture, client, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
           "Connection: keep-alive\r\n\r\n[GET");
    expect(&fixture, client, "GET / HTTP/1.1\r\n" HOST "\r\n", "[GET");
    (void)close(client);
    fixture_close(&fixture);
}

static void takes_requests_in_any_pieces(void **state)
{
    (void)state;
    const char *const request = "POST /count HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\nhello world"
                                "POST /count HTTP/1.1\r\n" HOST
                                "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n"
                                "GET /count HTTP/1.1\r\n" HOST "\r\n";
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    for (size_t piece_bytes = 1; piece_bytes < 60; piece_bytes += 7) {
        act_buf_t got;
        act_buf_init(&got, GOT_MAX_BYTES);
        int client = connect_to(&fixture);
        for (size_t at = 0; at < strlen(request); at += piece_bytes) {
            size_t left_bytes = strlen(request) - at;
            size_t len_bytes = left_bytes < piece_bytes ? left_bytes : piece_bytes;
            assert_true(send_bytes(&fixture, client, request + at, len_bytes));
            turn(&fixture);
        }
        assert_true(read_until(&fixture, client, "\r\n\r\n0", &got));
        assert_true(holds(&got, "\r\n\r\n11HTTP/1.1"));
        assert_true(holds(&got, "\r\n\r\n6HTTP/1.1"));
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
    int client = connect_to(&fixture);
    char *body = calloc(1, 3000000);
    for (int i = 0; i < 2; i++) {
        send_text(&fixture, client, "POST /count HTTP/1.1\r\n" HOST "Content-Length: 3000000\r\n\r\n");
        assert_true(send_bytes(&fixture, client, body, 3000000));
        expect(&fixture, client, "", "\r\n\r\n3000000");
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
    int client = connect_to(&fixture);
    send_text(&fixture, client,
              "GET /hold HTTP/1.1\r\n" HOST "\r\nGET /hold HTTP/1.1\r\n" HOST "\r\nGET /hold HT");
    wait_held(&fixture, 1);
    for (int turns = 0; turns < 5; turns++)
        turn(&fixture);
    assert_int_equal(fixture.handled_count, 1);
    answer_held(&fixture, ACT_STR("first"));
    assert_int_equal(fixture.held_count, 0); // never inside the call
    wait_held(&fixture, 1);
    send_text(&fixture, client, "TP/1.1\r\n" HOST "\r\n");
    answer_held(&fixture, ACT_STR("second"));
    wait_held(&fixture, 1);
    answer_held(&fixture, ACT_STR("third"));
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    assert_true(read_until(&fixture, client, "third", &got));
    assert_true(holds(&got, "\r\n\r\nfirstHTTP/1.1 200 OK"));
    assert_true(holds(&got, "\r\n\r\nsecondHTTP/1.1 200 OK"));
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
    int client = connect_to(&fixture);
    assert_true(send_bytes(&fixture, client, all.ptr, all.len_bytes));
    assert_true(read_until(&fixture, client, "[GET", &got));
    assert_int_equal(count_of(&got, "\r\n\r\n5"), 1000);
    act_buf_fini(&all);
    act_buf_fini(&got);
    (void)close(client);
    fixture_close(&fixture);
}

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
    int client = connect_to(&fixture);
    (void)setsockopt(client, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    send_text(&fixture, client, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    wait_held(&fixture, 1);
    size_t sent_bytes = 0;
    for (int full_count = 0; full_count < 20;) { // the socket stays full: nobody reads
        size_t at = sent_bytes % request_bytes;
        ssize_t sent =
            send(client, request + at, request_bytes - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        full_count = sent < 0 ? full_count + 1 : 0;
        sent_bytes += sent > 0 ? (size_t)sent : 0;
        assert_true(sent_bytes < GOT_MAX_BYTES);
        turn(&fixture);
    }
    answer_held(&fixture, ACT_STR("now"));
    size_t at = sent_bytes % request_bytes;
    assert_true(send_bytes(&fixture, client, request + at, request_bytes - at));
    send_text(&fixture, client, "GET / HTTP/1.1\r\n" HOST "\r\n");
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    assert_true(read_until(&fixture, client, "[GET", &got));
    assert_int_equal(count_of(&got, "\r\n\r\n0"), sent_bytes / request_bytes + 1);
    act_buf_fini(&got);
    (void)close(client);
    fixture_close(&fixture);
}

static void refuses_large_bodies_unread(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){.body_max_bytes = 1000});
    expect_and_end(&fixture, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n",
                   "HTTP/1.1 413 Content Too Large\r\n");
    expect_and_end(&fixture,
                   "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n",
                   "HTTP/1.1 413");
    expect_and_end(&fixture, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3e9\r\n",
                   "HTTP/1.1 413");
    // The answer arrives although the client is in the middle of sending.
    int client = connect_to(&fixture);
    send_text(&fixture, client, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1048576\r\n\r\n");
    char *body = calloc(1, 1u << 20);
    assert_true(send_bytes(&fixture, client, body, 1u << 20));
    free(body);
    expect(&fixture, client, "", "HTTP/1.1 413");
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
        expect_and_end(&fixture, rows[i].request, rows[i].answer);
    fixture_close(&fixture);
}

static void says_continue(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int client = connect_to(&fixture);
    expect(&fixture, client,
           "POST /count HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
           "HTTP/1.1 100 Continue\r\n\r\n");
    expect(&fixture, client, "ab", "\r\n\r\n2");
    expect(&fixture, client,
           "POST /count HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
           "\r\n\r\n3");
    (void)close(client);
    fixture_close(&fixture);
}

static void ends_slow_connections(void **state)
{
    (void)state;
    fixture_t fixture;
    act_http_server_limits_t limits = {.request_timeout_ms = 60, .idle_timeout_ms = 60};
    fixture_open(&fixture, limits);
    expect_and_end(&fixture, "GET / HTTP/1.1\r\nHost:", "HTTP/1.1 408 Request Timeout\r\n");
    expect_and_end(&fixture, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhel",
                   "HTTP/1.1 408");
    expect_and_end(&fixture, "GET / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200"); // then idle
    assert_int_equal(act_http_server_counts(fixture.server).timeouts_count, 2);
    expect_and_end(&fixture, "", ""); // silent from the start
    // A byte now and then does not help.
    int client = connect_to(&fixture);
    int64_t start_ms = act_loop_now_ms(fixture.loop);
    send_text(&fixture, client, "GET / HTTP/1.1\r\n");
    while (send(client, "A: b\r\n", 6, MSG_NOSIGNAL) == 6) {
        struct pollfd ready = {.fd = client, .events = POLLIN};
        if (poll(&ready, 1, 5) == 1)
            break;
        turn(&fixture);
        assert_true(act_loop_now_ms(fixture.loop) < start_ms + PATIENCE_MS);
    }
    (void)close(client);
    // A handler's time is not limited.
    client = connect_to(&fixture);
    send_text(&fixture, client, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    wait_held(&fixture, 1);
    for (start_ms = act_loop_now_ms(fixture.loop); act_loop_now_ms(fixture.loop) < start_ms + 150;)
        turn(&fixture);
    assert_false(act_http_is_gone(fixture.held[0]));
    answer_held(&fixture, ACT_STR("slowly"));
    expect(&fixture, client, "", "slowly");
    (void)close(client);
    fixture_close(&fixture);
}

static void notices_a_client_that_went_away(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int client = connect_to(&fixture);
    send_text(&fixture, client, "POST /hold HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab");
    wait_held(&fixture, 1);
    assert_false(act_http_is_gone(fixture.held[0]));
    (void)close(client);
    for (int64_t start_ms = act_loop_now_ms(fixture.loop); !act_http_is_gone(fixture.held[0]);) {
        turn(&fixture);
        assert_true(act_loop_now_ms(fixture.loop) < start_ms + PATIENCE_MS);
    }
    assert_true(act_str_is(act_http_body(fixture.held[0]), "ab"));
    assert_true(act_str_is(act_http_peer(fixture.held[0]), "127.0.0.1"));
    answer_held(&fixture, ACT_STR("nobody hears"));
    assert_int_equal(act_http_server_counts(fixture.server).connections_count, 0);
    // In the middle of a request as well.
    client = connect_to(&fixture);
    send_text(&fixture, client, "POST /hold HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\na");
    (void)close(client);
    for (int turns = 0; turns < 10; turns++)
        turn(&fixture);
    assert_int_equal(fixture.handled_count, 1);
    fixture_close(&fixture);
}

static void writes_large_answers_to_slow_readers(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    int client = connect_to(&fixture);
    send_text(&fixture, client,
              "GET /large HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    for (int turns = 0; turns < 100; turns++)
        turn(&fixture);
    assert_int_equal(fixture.handled_count, 1); // the second waits until the first is read
    assert_true(read_until(&fixture, client, NULL, &got));
    assert_true(got.len_bytes > fixture.reply_bytes);
    assert_true(holds(&got, "zzzHTTP/1.1 200 OK"));
    (void)close(client);
    act_buf_reset(&got);
    client = connect_to(&fixture);
    send_text(&fixture, client, "GET /large HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    assert_true(read_until(&fixture, client, NULL, &got));
    assert_true(got.len_bytes > fixture.reply_bytes);
    (void)close(client);
    act_buf_fini(&got);
    fixture_close(&fixture);
}

static void ends_readers_that_stopped(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){.idle_timeout_ms = 50});
    int client = connect_to(&fixture);
    send_text(&fixture, client, "GET /large HTTP/1.1\r\n" HOST "\r\n");
    for (int64_t start_ms = act_loop_now_ms(fixture.loop);
         act_http_server_counts(fixture.server).timeouts_count == 0;) {
        turn(&fixture);
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
        clients[i] = connect_to(&fixture);
        send_text(&fixture, clients[i], "GET /count HTTP/1.1\r\n" HOST "\r\n");
    }
    for (int turns = 0; turns < 10; turns++)
        turn(&fixture);
    assert_int_equal(fixture.handled_count, 2);
    for (size_t i = 0; i < ACT_COUNT(clients); i++) {
        expect(&fixture, clients[i], "", "\r\n\r\n0");
        (void)close(clients[i]);
    }
    assert_int_equal(fixture.handled_count, 4);
    fixture_close(&fixture);
}

static void drains(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int idle = connect_to(&fixture);
    int silent = connect_to(&fixture);
    int busy = connect_to(&fixture);
    expect(&fixture, idle, "GET /count HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\n0");
    send_text(&fixture, busy, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    wait_held(&fixture, 1);
    int told = connect_to(&fixture);
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    send_text(&fixture, told, "GET /drain HTTP/1.1\r\n" HOST "\r\n");
    assert_true(read_until(&fixture, told, NULL, &got));
    assert_true(holds(&got, "Connection: close\r\n\r\nbye"));
    assert_true(read_until(&fixture, idle, NULL, &got));
    assert_true(read_until(&fixture, silent, NULL, &got));
    int late = connect_to(&fixture); // waits in the kernel for the next server
    send_text(&fixture, late, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    for (int turns = 0; turns < 10; turns++)
        turn(&fixture);
    assert_int_equal(fixture.held_count, 1);
    answer_held(&fixture, ACT_STR("finished"));
    act_buf_reset(&got);
    assert_true(read_until(&fixture, busy, NULL, &got));
    assert_true(holds(&got, "Connection: close\r\n\r\nfinished"));
    act_buf_fini(&got);
    const int all[] = {idle, silent, busy, told, late};
    for (size_t i = 0; i < ACT_COUNT(all); i++)
        (void)close(all[i]);
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
        clients[i] = connect_to(&fixture);
    send_text(&fixture, clients[0], "GET /hold HTTP/1.1\r\n" HOST "\r\nGET /hold HTTP/1.1\r\n" HOST);
    send_text(&fixture, clients[1], "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhel");
    send_text(&fixture, clients[2], "GET /large HTTP/1.1\r\n" HOST "\r\n");
    wait_held(&fixture, 1);
    act_http_server_destroy(&fixture.server);
    assert_null(fixture.server);
    assert_true(act_http_is_gone(fixture.held[0]));
    for (int turns = 0; turns < 8; turns++)
        turn(&fixture);
    assert_true(act_str_is(act_http_path(fixture.held[0]), "/hold")); // still the handler's
    fixture_close(&fixture);
    for (size_t i = 0; i < ACT_COUNT(clients); i++)
        (void)close(clients[i]);

    // From its own handler, with more requests behind.
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int client = connect_to(&fixture);
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    send_text(&fixture, client, "GET /destroy HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST "\r\n");
    assert_true(read_until(&fixture, client, NULL, &got));
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
    static const char seed_text[] = "POST /count?a=%20b HTTP/1.1\r\n" HOST
                                    "Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"
                                    "POST /count HTTP/1.1\r\n" HOST
                                    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){.request_timeout_ms = 20, .idle_timeout_ms = 20});
    uint32_t seed = 12345;
    for (int round = 0; round < 3000; round++) {
        char text[2 * sizeof seed_text];
        size_t len_bytes = sizeof seed_text - 1;
        memcpy(text, seed_text, len_bytes);
        for (int changes = 0; changes < 3; changes++) {
            seed = seed * 1664525u + 1013904223u;
            size_t at = (seed >> 8) % len_bytes;
            seed = seed * 1664525u + 1013904223u;
            text[at] = "\r\n\0 :;,%\xff\x7f" "0F"[(seed >> 12) % 12];
        }
        seed = seed * 1664525u + 1013904223u;
        int client = connect_to(&fixture);
        (void)send_bytes(&fixture, client, text, len_bytes - (seed >> 8) % len_bytes);
        turn(&fixture);
        (void)close(client);
    }
    for (int64_t start_ms = act_loop_now_ms(fixture.loop);
         act_http_server_counts(fixture.server).connections_count > 0;) {
        turn(&fixture);
        assert_true(act_loop_now_ms(fixture.loop) < start_ms + PATIENCE_MS);
    }
    expect_and_end(&fixture, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200");
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
        cmocka_unit_test(stops_reading_behind_an_open_request),
        cmocka_unit_test(refuses_large_bodies_unread),
        cmocka_unit_test(refuses_what_is_not_http),
        cmocka_unit_test(says_continue),
        cmocka_unit_test(ends_slow_connections),
        cmocka_unit_test(notices_a_client_that_went_away),
        cmocka_unit_test(writes_large_answers_to_slow_readers),
        cmocka_unit_test(ends_readers_that_stopped),
        cmocka_unit_test(keeps_to_the_cap_of_connections),
        cmocka_unit_test(drains),
        cmocka_unit_test(dies_at_any_moment),
        cmocka_unit_test(survives_garbage),
        cmocka_unit_test(listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
