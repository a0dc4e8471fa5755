// http_client: what goes wrong, and whether the request may have had an effect.
#include "io/http_client_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

// Most tests talk to this machine.
static const act_http_client_limits_t local = {.allow_private_addresses = true};

static void keeps_deadlines(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_client_limits_t){.connections_max_count = 1,
                                                      .allow_private_addresses = true});
    result_t running = {.fixture = &fixture};
    result_t waiting = {.fixture = &fixture};
    (void)fixture_request(&running, "POST", fixture_url(&fixture, "/hold"),
                          (act_http_out_t){.timeout_ms = 200});
    (void)fixture_request(&waiting, "POST", fixture_url(&fixture, "/hold"),
                          (act_http_out_t){.timeout_ms = 50});
    fixture_wait_calls(&waiting, 1);
    assert_int_equal(waiting.err, ACT_E_DEADLINE);
    assert_false(waiting.was_sent);
    fixture_wait_calls(&running, 1);
    assert_int_equal(running.err, ACT_E_DEADLINE);
    assert_true(running.was_sent);
    fixture_close(&fixture);
}

static void knows_when_nothing_was_sent(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, local);
    result_t result = {.fixture = &fixture};
    (void)close(fixture.peer_listen_descriptor);
    (void)fixture_request(&result, "POST", fixture.peer_url, (act_http_out_t){0});
    fixture_wait_calls(&result, 1);
    assert_int_equal(result.err, ACT_E_IO);
    assert_false(result.was_sent);
    // With or without a name server: no such name, or no answer in time. Giving up must not block.
    (void)fixture_request(&result, "POST", "http://nothing.invalid/",
                          (act_http_out_t){.timeout_ms = 300});
    fixture_wait_calls(&result, 2);
    assert_true(result.err == ACT_E_IO || result.err == ACT_E_DEADLINE);
    assert_false(result.was_sent);
    assert_int_equal(result.status, 0);
    fixture.peer_listen_descriptor = -1;
    fixture_close(&fixture);
}

static void refuses_what_it_cannot_send(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, local);
    const char *const bad_header[] = {"X-A: b\r\nX-C: d", NULL};
    const char *const no_header[] = {"X-A", NULL};
    const struct {
        const char *method;
        const char *url;
        act_http_out_t out;
        act_err_t err;
    } rows[] = {
        {"GET", "file:///etc/passwd", {0}, ACT_E_FORBIDDEN},
        {"GET", "ftp://127.0.0.1/", {0}, ACT_E_FORBIDDEN},
        {"GET", "gopher://127.0.0.1/", {0}, ACT_E_FORBIDDEN},
        {"GET", "http://user:secret@127.0.0.1/", {0}, ACT_E_INVALID_ARGUMENT},
        {"GET", "http://", {0}, ACT_E_INVALID_ARGUMENT},
        {"GET", "", {0}, ACT_E_INVALID_ARGUMENT},
        {"GET", "http://a b/", {0}, ACT_E_INVALID_ARGUMENT},
        {"GET", "http://a/\r\nX: y", {0}, ACT_E_INVALID_ARGUMENT},
        {"GET", NULL, {0}, ACT_E_INVALID_ARGUMENT},
        {"GET /", fixture.url, {0}, ACT_E_INVALID_ARGUMENT},
        {"", fixture.url, {0}, ACT_E_INVALID_ARGUMENT},
        {"GET", fixture.url, {.bearer_token = "a\r\nX: y"}, ACT_E_INVALID_ARGUMENT},
        {"GET", fixture.url, {.content_type = "a\nb"}, ACT_E_INVALID_ARGUMENT},
        {"GET", fixture.url, {.headers = bad_header}, ACT_E_INVALID_ARGUMENT},
        {"GET", fixture.url, {.headers = no_header}, ACT_E_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        result_t result = {.fixture = &fixture};
        (void)fixture_request(&result, rows[i].method, rows[i].url, rows[i].out);
        assert_int_equal(result.calls_count, 0);
        fixture_wait_calls(&result, 1);
        assert_int_equal(result.err, rows[i].err);
        assert_false(result.was_sent);
    }
    assert_int_equal(act_http_server_counts(fixture.server).accepted_count, 0);
    fixture_close(&fixture);
}

static void goes_to_public_addresses_only(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_client_limits_t){0});
    const char *const hosts[] = {
        "127.0.0.1",
        "localhost",
        "localhost.",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00::1]",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.0.1",
        "172.16.0.1",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "%31%32%37.0.0.1",
    };
    const char *port = strrchr(fixture.url, ':');
    for (size_t i = 0; i < ACT_COUNT(hosts); i++) {
        char url[128];
        (void)snprintf(url, sizeof url, "http://%s%s/", hosts[i], port);
        result_t result = {.fixture = &fixture};
        (void)fixture_request(&result, "POST", url, (act_http_out_t){0});
        fixture_wait_calls(&result, 1);
        // Not every resolver knows "localhost.".
        assert_true(result.err == ACT_E_FORBIDDEN || result.err == ACT_E_INVALID_ARGUMENT ||
                    result.err == ACT_E_IO);
        assert_true(result.err != ACT_E_IO || strcmp(hosts[i], "localhost.") == 0);
        assert_false(result.was_sent);
    }
    assert_int_equal(act_http_server_counts(fixture.server).accepted_count, 0);
    fixture_close(&fixture);
}

static void bounds_responses(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_client_limits_t){.response_max_bytes = 100000,
                                                      .allow_private_addresses = true});
    result_t result = {.fixture = &fixture};
    (void)fixture_request(&result, "GET", fixture_url(&fixture, "/large"), (act_http_out_t){0});
    fixture_wait_calls(&result, 1);
    assert_int_equal(result.err, ACT_E_TOO_LARGE);
    assert_true(result.was_sent);
    assert_int_equal(result.body_bytes, 0);
    // Without a length the end is only known by reading.
    (void)fixture_request(&result, "GET", fixture.peer_url, (act_http_out_t){0});
    int peer = peer_accept(&fixture);
    peer_read(&fixture, peer, "\r\n\r\n");
    peer_say(peer, "HTTP/1.1 200 OK\r\n\r\n");
    char *chunk = calloc(1, 65536);
    while (result.calls_count == 1) {
        (void)send(peer, chunk, 65536, MSG_NOSIGNAL | MSG_DONTWAIT);
        fixture_turn(&fixture);
    }
    free(chunk);
    assert_int_equal(result.err, ACT_E_TOO_LARGE);
    (void)close(peer);
    fixture_close(&fixture);
}

static void says_when_the_outcome_is_unknown(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, local);
    const char *const answers[] = {
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "nonsense\r\n\r\n",
    };
    for (size_t i = 0; i < ACT_COUNT(answers); i++) {
        result_t result = {.fixture = &fixture};
        (void)fixture_request(&result, "POST", fixture.peer_url,
                              (act_http_out_t){.body = ACT_STR("xyz")});
        int peer = peer_accept(&fixture);
        peer_read(&fixture, peer, "xyz");
        peer_say(peer, answers[i]);
        (void)close(peer);
        fixture_wait_calls(&result, 1);
        assert_int_equal(result.err, ACT_E_IO);
        assert_true(result.was_sent);
        assert_int_equal(result.body_bytes, 0);
        assert_false(peer_has_another(&fixture));
    }
    fixture_close(&fixture);
}

// Opens a connection that stays.
static int open_kept_connection(fixture_t *fixture)
{
    result_t result = {.fixture = fixture};
    (void)fixture_request(&result, "POST", fixture->peer_url,
                          (act_http_out_t){.body = ACT_STR("xyz")});
    int peer = peer_accept(fixture);
    peer_read(fixture, peer, "xyz");
    peer_say(peer, OK_AB);
    fixture_wait_calls(&result, 1);
    assert_int_equal(result.err, ACT_E_OK);
    assert_string_equal(result.body, "ab");
    return peer;
}

static void never_sends_a_post_twice(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, local);
    int peer = open_kept_connection(&fixture);
    result_t result = {.fixture = &fixture};
    (void)fixture_request(&result, "POST", fixture.peer_url,
                          (act_http_out_t){.body = ACT_STR("xyz")});
    peer_read(&fixture, peer, "xyz");
    (void)close(peer);
    fixture_wait_calls(&result, 1);
    assert_int_equal(result.err, ACT_E_IO);
    assert_true(result.was_sent);
    if (peer_has_another(&fixture)) { // curl connects before it asks; nothing may come through that
        peer = peer_accept(&fixture);
        char byte = 0;
        assert_true(recv(peer, &byte, 1, MSG_DONTWAIT) <= 0);
        (void)close(peer);
    }
    // A GET may be repeated.
    peer = open_kept_connection(&fixture);
    (void)fixture_request(&result, "GET", fixture.peer_url, (act_http_out_t){0});
    peer_read(&fixture, peer, "\r\n\r\n");
    (void)close(peer);
    peer = peer_accept(&fixture);
    peer_read(&fixture, peer, "\r\n\r\n");
    peer_say(peer, OK_AB);
    fixture_wait_calls(&result, 2);
    assert_int_equal(result.err, ACT_E_OK);
    (void)close(peer);
    fixture_close(&fixture);
}

// A kept connection that the server closed, or spoke on, while it was idle is not used again.
static void leaves_connections_that_ended_while_idle(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, local);
    for (int speaks = 0; speaks < 2; speaks++) {
        int peer = open_kept_connection(&fixture);
        if (speaks)
            peer_say(peer, OK_AB);
        else
            (void)close(peer);
        for (int turns = 0; turns < 10; turns++)
            fixture_turn(&fixture);
        result_t result = {.fixture = &fixture};
        (void)fixture_request(&result, "POST", fixture.peer_url,
                              (act_http_out_t){.body = ACT_STR("xyz")});
        int second = peer_accept(&fixture);
        peer_read(&fixture, second, "xyz");
        peer_say(second, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew");
        fixture_wait_calls(&result, 1);
        assert_int_equal(result.err, ACT_E_OK);
        assert_string_equal(result.body, "new");
        if (speaks)
            (void)close(peer);
        (void)close(second);
        for (int turns = 0; turns < 10; turns++)
            fixture_turn(&fixture);
    }
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_deadlines),
        cmocka_unit_test(knows_when_nothing_was_sent),
        cmocka_unit_test(refuses_what_it_cannot_send),
        cmocka_unit_test(goes_to_public_addresses_only),
        cmocka_unit_test(bounds_responses),
        cmocka_unit_test(says_when_the_outcome_is_unknown),
        cmocka_unit_test(never_sends_a_post_twice),
        cmocka_unit_test(leaves_connections_that_ended_while_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
