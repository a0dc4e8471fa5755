// http_client: requests that are answered, wait, are cancelled; and the end of the client itself.
#include "io/http_client_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

// Most tests talk to this machine.
static const act_http_client_limits_t local = {.allow_private_addresses = true};

static void sends_what_it_was_given(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, local);
    const struct {
        const char *method;
        act_http_out_t out;
        const char *body;
    } rows[] = {
        {"POST", {.body = ACT_STR_INIT("{}")}, "[POST||application/json||2|{}]"},
        {"POST",
         {.bearer_token = "t", .content_type = "text/x", .body = ACT_STR_INIT("a")},
         "[POST|Bearer t|text/x||1|a]"},
        {"GET", {.bearer_token = "t"}, "[GET|Bearer t||||]"},
        {"POST", {0}, "[POST||||0|]"},
        {"DELETE", {0}, "[DELETE|||||]"},
        {"PUT", {.body = ACT_STR_INIT("p")}, "[PUT||application/json||1|p]"},
        {"PATCH", {.headers = (const char *const[]){"X-Extra: 1", NULL}}, "[PATCH|||1|0|]"},
        {"DELETE", {.body = ACT_STR_INIT("d")}, "[DELETE||application/json||1|d]"},
        {"HEAD", {0}, ""},
        {"GET", {0}, "[GET|||||]"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        result_t result = {.fixture = &fixture};
        (void)fixture_request(&result, rows[i].method, fixture.url, rows[i].out);
        assert_int_equal(result.calls_count, 0);
        fixture_wait_calls(&result, 1);
        assert_int_equal(result.err, ACT_E_OK);
        assert_int_equal(result.status, 200);
        assert_string_equal(result.body, rows[i].body);
    }
    assert_int_equal(act_http_server_counts(fixture.server).accepted_count, 1);
    fixture_close(&fixture);
}

static void ignores_proxies_of_the_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("all_proxy", "socks5://127.0.0.1:1", 1), 0);
    fixture_t fixture;
    fixture_open(&fixture, local);
    result_t result = {.fixture = &fixture};
    (void)fixture_request(&result, "GET", fixture.url, (act_http_out_t){0});
    fixture_wait_calls(&result, 1);
    assert_int_equal(result.err, ACT_E_OK);
    fixture_close(&fixture);
    (void)unsetenv("http_proxy");
    (void)unsetenv("all_proxy");
}

static void uses_as_many_connections_as_it_may(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_client_limits_t){.connections_max_count = 2,
                                                      .requests_max_count = 5,
                                                      .allow_private_addresses = true});
    result_t results[7];
    for (size_t i = 0; i < ACT_COUNT(results); i++) {
        results[i] = (result_t){.fixture = &fixture};
        (void)fixture_request(&results[i], "POST", fixture_url(&fixture, "/hold"),
                              (act_http_out_t){0});
    }
    fixture_wait_calls(&results[5], 1);
    fixture_wait_calls(&results[6], 1);
    assert_int_equal(results[5].err, ACT_E_OVERLOADED);
    assert_int_equal(results[6].err, ACT_E_OVERLOADED);
    assert_false(results[5].was_sent);
    for (size_t i = 0; i < 5; i++) {
        fixture_wait_held(&fixture, i < 4 ? 2 : 1);
        for (int turns = 0; turns < 10; turns++)
            fixture_turn(&fixture);
        assert_int_equal(fixture.held_count, i < 4 ? 2 : 1);
        fixture_answer_held(&fixture);
        fixture_wait_calls(&results[i], 1);
        assert_string_equal(results[i].body, "held");
    }
    assert_int_equal(act_http_server_counts(fixture.server).accepted_count, 2);
    fixture_close(&fixture);
}

static void reads_retry_after(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, local);
    result_t result = {.fixture = &fixture};
    (void)fixture_request(&result, "GET", fixture_url(&fixture, "/busy"), (act_http_out_t){0});
    fixture_wait_calls(&result, 1);
    assert_int_equal(result.err, ACT_E_OK);
    assert_int_equal(result.status, 503);
    assert_int_equal(result.retry_after_s, 7);
    time_t soon = time(NULL) + 100;
    time_t past = 1000000000;
    char soon_text[64];
    char past_text[64];
    struct tm utc;
    (void)strftime(soon_text, sizeof soon_text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&soon, &utc));
    (void)strftime(past_text, sizeof past_text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&past, &utc));
    const struct {
        const char *value;
        uint32_t from_s;
        uint32_t to_s;
    } rows[] = {
        {"30", 30, 30}, {soon_text, 95, 100}, {past_text, 0, 0}, {"soon", 0, 0}, {"-5", 0, 0}};
    (void)fixture_request(&result, "GET", fixture.peer_url, (act_http_out_t){0});
    int peer = peer_accept(&fixture);
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "HTTP/1.1 429 Too Many\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n",
                       rows[i].value);
        peer_read(&fixture, peer, "\r\n\r\n");
        peer_say(peer, text);
        fixture_wait_calls(&result, 2 + (int)i);
        assert_int_equal(result.status, 429);
        assert_in_range(result.retry_after_s, rows[i].from_s, rows[i].to_s);
        (void)fixture_request(&result, "GET", fixture.peer_url, (act_http_out_t){0});
    }
    (void)close(peer);
    fixture_close(&fixture);
}

static void does_not_follow_redirects(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, local);
    result_t result = {.fixture = &fixture};
    (void)fixture_request(&result, "GET", fixture.peer_url, (act_http_out_t){0});
    int peer = peer_accept(&fixture);
    peer_read(&fixture, peer, "\r\n\r\n");
    peer_say(peer, "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
    fixture_wait_calls(&result, 1);
    assert_int_equal(result.err, ACT_E_OK);
    assert_int_equal(result.status, 302);
    assert_false(peer_has_another(&fixture));
    (void)close(peer);
    fixture_close(&fixture);
}

static void cancels(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_client_limits_t){.connections_max_count = 1,
                                                      .allow_private_addresses = true});
    result_t running = {.fixture = &fixture};
    result_t waiting = {.fixture = &fixture};
    result_t last = {.fixture = &fixture};
    uint64_t running_id =
        fixture_request(&running, "POST", fixture_url(&fixture, "/hold"), (act_http_out_t){0});
    uint64_t waiting_id = fixture_request(&waiting, "POST", fixture.url, (act_http_out_t){0});
    (void)fixture_request(&last, "POST", fixture.url, (act_http_out_t){0});
    fixture_wait_held(&fixture, 1);
    act_http_cancel(fixture.client, waiting_id);
    act_http_cancel(fixture.client, running_id);
    act_http_cancel(fixture.client, running_id);
    act_http_cancel(fixture.client, 0);
    assert_int_equal(running.calls_count + waiting.calls_count, 0);
    fixture_wait_calls(&last, 1);
    assert_int_equal(last.err, ACT_E_OK);
    assert_int_equal(running.calls_count, 1);
    assert_int_equal(running.err, ACT_E_CANCELLED);
    assert_true(running.was_sent);
    assert_int_equal(waiting.calls_count, 1);
    assert_int_equal(waiting.err, ACT_E_CANCELLED);
    assert_false(waiting.was_sent);
    fixture_close(&fixture);
}

static void sends_from_a_callback(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, local);
    result_t good = {.fixture = &fixture, .sends_again = true};
    result_t bad = {.fixture = &fixture, .sends_again = true};
    (void)fixture_request(&good, "GET", fixture.url, (act_http_out_t){0});
    (void)fixture_request(&bad, "", fixture.url, (act_http_out_t){0});
    fixture_wait_calls(&good, 2);
    fixture_wait_calls(&bad, 2);
    assert_int_equal(good.err, ACT_E_OK);
    assert_int_equal(bad.err, ACT_E_OK);
    fixture_close(&fixture);
}

static void dies_at_any_moment(void **state)
{
    (void)state;
    fixture_t fixture;
    fixture_open(&fixture, (act_http_client_limits_t){.connections_max_count = 2,
                                                      .allow_private_addresses = true});
    result_t results[4];
    for (size_t i = 0; i < ACT_COUNT(results); i++)
        results[i] = (result_t){.fixture = &fixture};
    (void)fixture_request(&results[0], "POST", fixture_url(&fixture, "/hold"), (act_http_out_t){0});
    (void)fixture_request(&results[1], "POST", "http://nothing.invalid/", (act_http_out_t){0});
    (void)fixture_request(&results[2], "POST", fixture.url, (act_http_out_t){0});
    fixture_wait_held(&fixture, 1);
    (void)fixture_request(&results[3], "", fixture.url, (act_http_out_t){0});
    act_http_client_destroy(&fixture.client);
    for (size_t i = 0; i < ACT_COUNT(results); i++)
        assert_int_equal(results[i].calls_count, 1);
    assert_int_equal(results[0].err, ACT_E_CANCELLED);
    assert_true(results[0].was_sent);
    assert_int_equal(results[3].err, ACT_E_INVALID_ARGUMENT);
    fixture_close(&fixture);

    for (int is_bad = 0; is_bad < 2; is_bad++) { // in a callback from curl, and in one of ours
        fixture_open(&fixture, local);
        result_t last = {.fixture = &fixture, .destroys = true};
        result_t other = {.fixture = &fixture};
        (void)fixture_request(&other, "POST", fixture_url(&fixture, "/hold"), (act_http_out_t){0});
        fixture_wait_held(&fixture, 1);
        (void)fixture_request(&last, is_bad ? "" : "GET", fixture.url, (act_http_out_t){0});
        fixture_wait_calls(&last, 1);
        assert_null(fixture.client);
        assert_int_equal(other.calls_count, 1);
        assert_int_equal(other.err, ACT_E_CANCELLED);
        fixture_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_what_it_was_given),
        cmocka_unit_test(ignores_proxies_of_the_environment),
        cmocka_unit_test(uses_as_many_connections_as_it_may),
        cmocka_unit_test(reads_retry_after),
        cmocka_unit_test(does_not_follow_redirects),
        cmocka_unit_test(cancels),
        cmocka_unit_test(sends_from_a_callback),
        cmocka_unit_test(dies_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
