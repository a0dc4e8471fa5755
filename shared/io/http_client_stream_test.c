// http_client: bodies that are read while they come, and fields of the response's head.
#include "io/http_client_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const act_http_client_limits_t local = {.allow_private_addresses = true};

#define STREAM "HTTP/1.1 200 OK\r\nX-Should-Retry:  false \r\nTransfer-Encoding: chunked\r\n\r\n"

typedef struct {
    fixture_t fixture;
    uint64_t id;
    char text[256]; // of all chunks
    int chunks_count;
    int done_count;
    act_err_t err;
    uint16_t status;
    char body[64];
    char field[32];
    bool cancels;  // at the first chunk
    bool destroys; // the client, at the first chunk
} stream_t;

static void on_chunk(void *context, act_str_t bytes)
{
    stream_t *self = context;
    size_t len_bytes = strlen(self->text);
    assert_int_equal(self->done_count, 0);
    self->chunks_count++;
    (void)snprintf(self->text + len_bytes, sizeof self->text - len_bytes, "%" ACT_STR_FMT,
                   ACT_STR_ARG(bytes));
    if (self->cancels)
        act_http_cancel(self->fixture.client, self->id);
    if (self->destroys)
        act_http_client_destroy(&self->fixture.client);
}

static void on_done(void *context, const act_http_in_t *in)
{
    stream_t *self = context;
    act_str_t field = ACT_STR("-");
    self->done_count++;
    self->err = in->err;
    self->status = in->status;
    (void)act_http_in_field(in, "x-should-retry", &field);
    (void)act_str_copy(in->body, self->body, sizeof self->body);
    (void)act_str_copy(field, self->field, sizeof self->field);
}

// The stream is asked for and the peer has read the request.
static int ask(stream_t *self, act_http_client_limits_t limits)
{
    *self = (stream_t){.cancels = self->cancels, .destroys = self->destroys};
    fixture_open(&self->fixture, limits);
    act_http_out_t request = {.method = "POST",
                              .url = self->fixture.peer_url,
                              .body = ACT_STR("ask"),
                              .on_chunk = on_chunk,
                              .keeps_head = true};
    self->id = act_http_send(self->fixture.client, &request, on_done, self);
    int peer = peer_accept(&self->fixture);
    peer_read(&self->fixture, peer, "ask");
    return peer;
}

static void wait_chunks(stream_t *self, int count)
{
    for (int64_t start_ms = act_loop_now_ms(self->fixture.loop); self->chunks_count < count;) {
        fixture_turn(&self->fixture);
        assert_true(act_loop_now_ms(self->fixture.loop) < start_ms + PATIENCE_MS);
    }
}

static void wait_done(stream_t *self)
{
    for (int64_t start_ms = act_loop_now_ms(self->fixture.loop); self->done_count == 0;) {
        fixture_turn(&self->fixture);
        assert_true(act_loop_now_ms(self->fixture.loop) < start_ms + PATIENCE_MS);
    }
}

static void end(stream_t *self, int peer)
{
    (void)close(peer);
    fixture_close(&self->fixture);
    assert_int_equal(self->done_count, 1);
}

static void hands_on_what_comes(void **state)
{
    (void)state;
    stream_t stream = {.id = 0};
    int peer = ask(&stream, local);
    peer_say(peer, STREAM "3\r\none\r\n");
    wait_chunks(&stream, 1);
    assert_string_equal(stream.text, "one");
    assert_int_equal(stream.done_count, 0);
    peer_say(peer, "4\r\n two\r\n");
    wait_chunks(&stream, 2);
    peer_say(peer, "6\r\n three\r\n0\r\n\r\n");
    wait_done(&stream);
    assert_string_equal(stream.text, "one two three");
    assert_int_equal(stream.err, ACT_E_OK);
    assert_int_equal(stream.status, 200);
    assert_string_equal(stream.body, "");
    assert_string_equal(stream.field, "false");
    end(&stream, peer);
}

// What came before a cut is handed on; then the end is an error.
static void says_when_a_stream_is_cut(void **state)
{
    (void)state;
    stream_t stream = {.id = 0};
    int peer = ask(&stream, local);
    peer_say(peer, STREAM "3\r\none\r\n5\r\nha");
    (void)close(peer);
    wait_done(&stream);
    assert_string_equal(stream.text, "oneha");
    assert_int_equal(stream.err, ACT_E_IO);
    fixture_close(&stream.fixture);
}

static void keeps_other_bodies_whole(void **state)
{
    (void)state;
    stream_t stream = {.id = 0};
    int peer = ask(&stream, local);
    peer_say(peer, "HTTP/1.1 529 Busy\r\nContent-Length: 4\r\n\r\nbusy");
    wait_done(&stream);
    assert_int_equal(stream.chunks_count, 0);
    assert_int_equal(stream.status, 529);
    assert_string_equal(stream.body, "busy");
    assert_string_equal(stream.field, "-");
    end(&stream, peer);
}

static void may_be_cancelled_by_its_reader(void **state)
{
    (void)state;
    stream_t stream = {.cancels = true};
    int peer = ask(&stream, local);
    peer_say(peer, STREAM "3\r\none\r\n");
    wait_done(&stream);
    assert_int_equal(stream.err, ACT_E_CANCELLED);
    assert_int_equal(stream.chunks_count, 1);
    char byte = 0;
    assert_int_equal(read(peer, &byte, 1), 0); // the connection is closed, not kept
    end(&stream, peer);
}

static void may_end_the_client(void **state)
{
    (void)state;
    stream_t stream = {.destroys = true};
    int peer = ask(&stream, local);
    peer_say(peer, STREAM "3\r\none\r\n");
    wait_done(&stream);
    assert_int_equal(stream.err, ACT_E_CANCELLED);
    end(&stream, peer);
}

// The limit is for what comes at once, not for the whole.
static void bounds_what_comes_at_once(void **state)
{
    (void)state;
    stream_t stream = {.id = 0};
    int peer = ask(&stream, (act_http_client_limits_t){.response_max_bytes = 32,
                                                       .buffer_bytes = 2048,
                                                       .allow_private_addresses = true});
    peer_say(peer, STREAM);
    for (int i = 1; i <= 6; i++) {
        peer_say(peer, "a\r\n0123456789\r\n");
        wait_chunks(&stream, i);
    }
    assert_int_equal(stream.done_count, 0);
    peer_say(peer, "28\r\n0123456789012345678901234567890123456789\r\n");
    wait_done(&stream);
    assert_int_equal(stream.err, ACT_E_TOO_LARGE);
    end(&stream, peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_on_what_comes),
        cmocka_unit_test(says_when_a_stream_is_cut),
        cmocka_unit_test(keeps_other_bodies_whole),
        cmocka_unit_test(may_be_cancelled_by_its_reader),
        cmocka_unit_test(may_end_the_client),
        cmocka_unit_test(bounds_what_comes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
