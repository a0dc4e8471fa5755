// http_server_stream: connections that leave HTTP.
#include "io/http_server_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define UPGRADE "GET /stream HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: echo\r\n\r\n"
#define SWITCHED "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n"

static int open_stream(fixture_t *fixture, act_http_server_limits_t limits)
{
    fixture_open(fixture, limits);
    int client = fixture_connect(fixture);
    fixture_expect(fixture, client, UPGRADE, SWITCHED);
    assert_non_null(fixture->stream);
    return client;
}

static void wait_closed(fixture_t *fixture)
{
    for (int64_t start_ms = act_loop_now_ms(fixture->loop); fixture->closed_count == 0;) {
        fixture_turn(fixture);
        assert_true(act_loop_now_ms(fixture->loop) < start_ms + PATIENCE_MS);
    }
}

static void carries_bytes_both_ways(void **state)
{
    (void)state;
    fixture_t fixture;
    int client = open_stream(&fixture, (act_http_server_limits_t){0});
    fixture_expect(&fixture, client, "GET / is no request any more\n", "no request any more\n");
    assert_int_equal(fixture.handled_count, 1);
    (void)close(client);
    wait_closed(&fixture);
    fixture_close(&fixture);
}

static void takes_bytes_that_came_behind_the_request(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int client = fixture_connect(&fixture);
    fixture_expect(&fixture, client, UPGRADE "early", SWITCHED "early");
    (void)close(client);
    fixture_close(&fixture);
}

static void refuses_a_write_while_the_peer_is_slow(void **state)
{
    (void)state;
    fixture_t fixture;
    int client = open_stream(&fixture, (act_http_server_limits_t){0});
    fixture_send_text(&fixture, client, "#");
    for (int64_t start_ms = act_loop_now_ms(fixture.loop);
         !act_http_stream_is_busy(fixture.stream);) {
        fixture_turn(&fixture);
        assert_true(act_loop_now_ms(fixture.loop) < start_ms + PATIENCE_MS);
    }
    assert_false(act_http_stream_write(fixture.stream, ACT_STR("more")));
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    while (got.len_bytes < fixture.reply_bytes) {
        act_buf_t part;
        act_buf_init(&part, GOT_MAX_BYTES);
        assert_true(fixture_read_until(&fixture, client, "z", &part));
        act_buf_add_str(&got, act_buf_str(&part));
        act_buf_fini(&part);
    }
    assert_int_equal(got.len_bytes, fixture.reply_bytes);
    for (int64_t start_ms = act_loop_now_ms(fixture.loop); fixture.drained_count == 0;) {
        fixture_turn(&fixture);
        assert_true(act_loop_now_ms(fixture.loop) < start_ms + PATIENCE_MS);
    }
    fixture_expect(&fixture, client, "again", "again");
    act_buf_fini(&got);
    (void)close(client);
    fixture_close(&fixture);
}

static void closes_from_inside_an_event(void **state)
{
    (void)state;
    fixture_t fixture;
    int client = open_stream(&fixture, (act_http_server_limits_t){0});
    fixture_send_text(&fixture, client, "!");
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    assert_true(fixture_read_until(&fixture, client, NULL, &got));
    assert_int_equal(got.len_bytes, 0);
    assert_int_equal(fixture.closed_count, 0); // no event after the own close
    act_buf_fini(&got);
    (void)close(client);
    fixture_close(&fixture);
}

static void has_no_deadline(void **state)
{
    (void)state;
    fixture_t fixture;
    int client = open_stream(
        &fixture, (act_http_server_limits_t){.request_timeout_ms = 20, .idle_timeout_ms = 20});
    for (int64_t start_ms = act_loop_now_ms(fixture.loop);
         act_loop_now_ms(fixture.loop) < start_ms + 100;)
        fixture_turn(&fixture);
    fixture_expect(&fixture, client, "still here", "still here");
    (void)close(client);
    fixture_close(&fixture);
}

static void ends_with_the_server(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        fixture_t fixture;
        int client = open_stream(&fixture, (act_http_server_limits_t){0});
        if (how == 0)
            act_http_server_drain(fixture.server);
        else
            act_http_server_destroy(&fixture.server);
        wait_closed(&fixture);
        (void)close(client);
        fixture_close(&fixture);
    }
}

static void is_not_opened_while_draining(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_server_limits_t){0});
    int client = fixture_connect(&fixture);
    fixture_expect(&fixture, client, "GET / HTTP/1.1\r\n" HOST "\r\n", "[GET");
    act_http_server_drain(fixture.server);
    (void)fixture_send(&fixture, client, UPGRADE, strlen(UPGRADE));
    act_buf_t got;
    act_buf_init(&got, GOT_MAX_BYTES);
    assert_true(fixture_read_until(&fixture, client, NULL, &got));
    assert_null(fixture.stream);
    act_buf_fini(&got);
    (void)close(client);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_bytes_both_ways),
        cmocka_unit_test(takes_bytes_that_came_behind_the_request),
        cmocka_unit_test(refuses_a_write_while_the_peer_is_slow),
        cmocka_unit_test(closes_from_inside_an_event),
        cmocka_unit_test(has_no_deadline),
        cmocka_unit_test(ends_with_the_server),
        cmocka_unit_test(is_not_opened_while_draining),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
