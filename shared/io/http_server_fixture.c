// http_server_fixture: the server, its handler, and the raw client of the tests.
#include "io/http_server_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

// --- a server whose handler does as the path says ------------------------------------------------

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
    act_str_t text =
        act_arena_printf(act_http_arena(request), "[%.*s|%.*s|%.*s|%.*s|%.*s|%.*s]",
                         ACT_STR_ARG(method), ACT_STR_ARG(path), ACT_STR_ARG(challenge),
                         ACT_STR_ARG(signature), ACT_STR_ARG(peer), ACT_STR_ARG(body));
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

static void write_reply(fixture_t *fixture)
{
    act_buf_t reply;
    act_buf_init(&reply, GOT_MAX_BYTES);
    char *room = act_buf_reserve(&reply, fixture->reply_bytes);
    memset(room, 'z', fixture->reply_bytes);
    act_http_stream_write(fixture->stream, act_str_of(room, fixture->reply_bytes));
    act_buf_fini(&reply);
}

static void on_stream_bytes(void *context, act_str_t bytes)
{
    fixture_t *fixture = context;
    if (act_str_is(bytes, "!"))
        act_http_stream_close(&fixture->stream);
    else if (act_str_is(bytes, "#"))
        write_reply(fixture);
    else
        act_http_stream_write(fixture->stream, bytes);
}

static void on_stream_drained(void *context)
{
    fixture_t *fixture = context;
    fixture->drained_count++;
}

static void on_stream_closed(void *context)
{
    fixture_t *fixture = context;
    fixture->closed_count++;
    fixture->stream = NULL;
}

static void upgrade(fixture_t *fixture, act_http_request_t *request)
{
    static const act_http_stream_events_t events = {on_stream_bytes, on_stream_drained,
                                                    on_stream_closed};
    fixture->stream = act_http_upgrade(&request, ACT_STR("Upgrade: echo\r\n"), &events, fixture);
}

static void answer_with_fields(act_http_request_t *request)
{
    act_http_respond(&request, &(act_http_response_t){.status = 200,
                                                      .headers = ACT_STR("A: 1\r\nB: 2\r\n"),
                                                      .body = ACT_STR("x")});
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
        respond(request, 200,
                act_arena_printf(act_http_arena(request), "%zu", act_http_body(request).len_bytes));
    else if (act_str_is(path, "/drain"))
        act_http_server_drain(fixture->server), respond(request, 200, ACT_STR("bye"));
    else if (act_str_is(path, "/destroy"))
        act_http_server_destroy(&fixture->server), respond(request, 200, ACT_STR("void"));
    else if (act_str_is(path, "/stream"))
        upgrade(fixture, request);
    else if (act_str_is(path, "/fields"))
        answer_with_fields(request);
    else
        answer_with_all(request);
}

void fixture_open(fixture_t *fixture, act_http_server_limits_t limits)
{
    *fixture = (fixture_t){.loop = act_loop_new(), .reply_bytes = 8u << 20};
    assert_int_equal(act_listen("127.0.0.1", 0, &fixture->listen_descriptor, &fixture->port),
                     ACT_E_OK);
    assert_int_equal(act_http_server_new(fixture->loop, fixture->listen_descriptor, &limits, handle,
                                         fixture, &fixture->server),
                     ACT_E_OK);
}

void fixture_turn(fixture_t *fixture)
{
    (void)uv_run(act_loop_uv(fixture->loop), UV_RUN_NOWAIT);
}

void fixture_answer_held(fixture_t *fixture, act_str_t body)
{
    act_http_request_t *request = fixture->held[0];
    fixture->held_count--;
    memmove(fixture->held, fixture->held + 1,
            (size_t)fixture->held_count * sizeof fixture->held[0]);
    respond(request, 200, body);
}

void fixture_close(fixture_t *fixture)
{
    act_http_server_destroy(&fixture->server);
    while (fixture->held_count > 0)
        fixture_answer_held(fixture, ACT_STR("too late"));
    act_loop_destroy(&fixture->loop);
    (void)close(fixture->listen_descriptor);
}

// --- a client ------------------------------------------------------------------------------------

int fixture_connect(const fixture_t *fixture)
{
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    return descriptor;
}

// Sends all, turning the loop while the socket is full; false when the server has closed.
bool fixture_send(fixture_t *fixture, int descriptor, const void *bytes, size_t len_bytes)
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
        fixture_turn(fixture);
    }
    return true;
}

void fixture_send_text(fixture_t *fixture, int descriptor, const char *text)
{
    assert_true(fixture_send(fixture, descriptor, text, strlen(text)));
}

bool fixture_holds(const act_buf_t *got, const char *text)
{
    return text[0] == '\0' ||
           (got->len_bytes > 0 && memmem(got->ptr, got->len_bytes, text, strlen(text)));
}

// Reads until `text` has come (NULL: until the end). False when the end came before.
bool fixture_read_until(fixture_t *fixture, int descriptor, const char *text, act_buf_t *got)
{
    for (int64_t start_ms = act_loop_now_ms(fixture->loop);
         act_loop_now_ms(fixture->loop) < start_ms + PATIENCE_MS;) {
        if (text && fixture_holds(got, text))
            return true;
        fixture_turn(fixture);
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

void fixture_wait_held(fixture_t *fixture, int count)
{
    for (int64_t start_ms = act_loop_now_ms(fixture->loop); fixture->held_count < count;) {
        fixture_turn(fixture);
        assert_true(act_loop_now_ms(fixture->loop) < start_ms + PATIENCE_MS);
    }
}

int fixture_count_of(const act_buf_t *got, const char *text)
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
void fixture_expect_and_end(fixture_t *fixture, const char *request, const char *text)
{
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    int client = fixture_connect(fixture);
    fixture_send_text(fixture, client, request);
    assert_true(fixture_read_until(fixture, client, NULL, &got));
    if (!fixture_holds(&got, text))
        fail_msg("%s: %.*s", request, (int)got.len_bytes, got.ptr ? got.ptr : "");
    act_buf_fini(&got);
    (void)close(client);
}

// Sends, expects `text` in what comes back.
void fixture_expect(fixture_t *fixture, int client, const char *request, const char *text)
{
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    fixture_send_text(fixture, client, request);
    if (!fixture_read_until(fixture, client, text, &got))
        fail_msg("%s: %.*s", request, (int)got.len_bytes, got.ptr ? got.ptr : "");
    act_buf_fini(&got);
}
