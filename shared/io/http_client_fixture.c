// http_client_fixture: the server, the client, and the peer that the tests play.
#include "io/http_client_fixture.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

// --- a server, a client, and what came back ------------------------------------------------------

static void handle(void *context, act_http_request_t *request)
{
    fixture_t *fixture = context;
    act_str_t path = act_http_path(request);
    act_http_response_t response = {.status = 200};
    if (act_str_is(path, "/hold")) {
        fixture->held[fixture->held_count++] = request;
        return;
    }
    if (act_str_is(path, "/busy")) {
        response.status = 503;
        response.retry_after_s = 7;
    } else if (act_str_is(path, "/large")) {
        response.body = act_str_of(act_arena_alloc(act_http_arena(request), 100001), 100001);
    } else {
        act_str_t token = ACT_STR("");
        act_str_t type = ACT_STR("");
        act_str_t extra = ACT_STR("");
        act_str_t length = ACT_STR("");
        (void)act_http_header(request, "authorization", &token);
        (void)act_http_header(request, "content-type", &type);
        (void)act_http_header(request, "x-extra", &extra);
        (void)act_http_header(request, "content-length", &length);
        act_str_t method = act_http_method(request);
        act_str_t body = act_http_body(request);
        response.body =
            act_arena_printf(act_http_arena(request), "[%.*s|%.*s|%.*s|%.*s|%.*s|%.*s]",
                             ACT_STR_ARG(method), ACT_STR_ARG(token), ACT_STR_ARG(type),
                             ACT_STR_ARG(extra), ACT_STR_ARG(length), ACT_STR_ARG(body));
    }
    act_http_respond(&request, &response);
}

void fixture_open(fixture_t *fixture, act_http_client_limits_t limits)
{
    uint16_t port = 0;
    *fixture = (fixture_t){.loop = act_loop_new()};
    assert_int_equal(act_listen("127.0.0.1", 0, &fixture->listen_descriptor, &port), ACT_E_OK);
    (void)snprintf(fixture->url, sizeof fixture->url, "http://127.0.0.1:%u", port);
    act_http_server_limits_t server_limits = {0};
    assert_int_equal(act_http_server_new(fixture->loop, fixture->listen_descriptor, &server_limits,
                                         handle, fixture, &fixture->server),
                     ACT_E_OK);
    assert_int_equal(act_listen("127.0.0.1", 0, &fixture->peer_listen_descriptor, &port), ACT_E_OK);
    (void)snprintf(fixture->peer_url, sizeof fixture->peer_url, "http://127.0.0.1:%u/p", port);
    fixture->client = act_http_client_new(fixture->loop, &limits);
    assert_non_null(fixture->client);
}

void fixture_turn(fixture_t *fixture)
{
    (void)uv_run(act_loop_uv(fixture->loop), UV_RUN_NOWAIT);
}

void fixture_answer_held(fixture_t *fixture)
{
    act_http_request_t *request = fixture->held[0];
    fixture->held_count--;
    memmove(fixture->held, fixture->held + 1,
            (size_t)fixture->held_count * sizeof fixture->held[0]);
    act_http_respond(&request, &(act_http_response_t){.status = 200, .body = ACT_STR("held")});
}

void fixture_close(fixture_t *fixture)
{
    act_http_client_destroy(&fixture->client);
    act_http_server_destroy(&fixture->server);
    while (fixture->held_count > 0)
        fixture_answer_held(fixture);
    for (int turns = 0; turns < 8; turns++)
        fixture_turn(fixture);
    act_loop_destroy(&fixture->loop);
    (void)close(fixture->listen_descriptor);
    (void)close(fixture->peer_listen_descriptor);
}

static void on_done(void *context, const act_http_in_t *in);

uint64_t fixture_request(result_t *result, const char *method, const char *url, act_http_out_t more)
{
    more.method = method;
    more.url = url;
    return act_http_send(result->fixture->client, &more, on_done, result);
}

static void on_done(void *context, const act_http_in_t *in)
{
    result_t *result = context;
    result->calls_count++;
    result->err = in->err;
    result->was_sent = in->was_sent;
    result->status = in->status;
    result->retry_after_s = in->retry_after_s;
    result->body_bytes = in->body.len_bytes;
    (void)act_str_copy(in->body, result->body, sizeof result->body);
    if (in->err != ACT_E_OK)
        assert_true(in->text && in->text[0] != '\0');
    if (result->sends_again) {
        result->sends_again = false;
        (void)fixture_request(result, "GET", result->fixture->url, (act_http_out_t){0});
    }
    if (result->destroys)
        act_http_client_destroy(&result->fixture->client);
}

void fixture_wait_calls(result_t *result, int count)
{
    fixture_t *fixture = result->fixture;
    for (int64_t start_ms = act_loop_now_ms(fixture->loop); result->calls_count < count;) {
        fixture_turn(fixture);
        assert_true(act_loop_now_ms(fixture->loop) < start_ms + PATIENCE_MS);
    }
}

void fixture_wait_held(fixture_t *fixture, int count)
{
    for (int64_t start_ms = act_loop_now_ms(fixture->loop); fixture->held_count < count;) {
        fixture_turn(fixture);
        assert_true(act_loop_now_ms(fixture->loop) < start_ms + PATIENCE_MS);
    }
}

const char *fixture_url(const fixture_t *fixture, const char *path)
{
    static char url[128];
    (void)snprintf(url, sizeof url, "%s%s", fixture->url, path);
    return url;
}

// --- the peer that the test plays ----------------------------------------------------------------

int peer_accept(fixture_t *fixture)
{
    for (int64_t start_ms = act_loop_now_ms(fixture->loop);;) {
        fixture_turn(fixture);
        int descriptor = accept(fixture->peer_listen_descriptor, NULL, NULL);
        if (descriptor >= 0)
            return descriptor;
        assert_true(act_loop_now_ms(fixture->loop) < start_ms + PATIENCE_MS);
    }
}

bool peer_has_another(fixture_t *fixture)
{
    for (int turns = 0; turns < 50; turns++)
        fixture_turn(fixture);
    struct pollfd ready = {.fd = fixture->peer_listen_descriptor, .events = POLLIN};
    return poll(&ready, 1, 0) == 1;
}

// Reads one request that ends with `end`.
void peer_read(fixture_t *fixture, int peer, const char *end)
{
    char text[4096] = "";
    size_t len_bytes = 0;
    for (int64_t start_ms = act_loop_now_ms(fixture->loop); !strstr(text, end);) {
        fixture_turn(fixture);
        ssize_t len = recv(peer, text + len_bytes, sizeof text - 1 - len_bytes, MSG_DONTWAIT);
        len_bytes += len > 0 ? (size_t)len : 0;
        text[len_bytes] = '\0';
        assert_true(act_loop_now_ms(fixture->loop) < start_ms + PATIENCE_MS);
    }
}

void peer_say(int peer, const char *text)
{
    assert_int_equal(send(peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}
