// http_server_fixture: for the tests of http_server: a server in this process whose handler does as
// the path says ("/hold", "/large", "/busy", "/empty", "/count", "/drain", "/destroy", "/stream", "/fields"; others
// echo), and raw sockets against it. The loop is turned by hand between looks at the sockets, so
// nothing sleeps and a test is as fast as the server. Every wait gives up after PATIENCE_MS and
// fails the test.
#pragma once
#include "base/buf.h"
#include "io/http_server.h"

#define HOST "Host: x\r\n"
#define PATIENCE_MS 10000
#define HELD_MAX_COUNT 8
#define GOT_MAX_BYTES (32u << 20)

typedef struct {
    act_loop_t *loop;
    act_http_server_t *server;
    int listen_descriptor;
    uint16_t port;
    act_http_request_t *held[HELD_MAX_COUNT]; // requests for "/hold", not answered yet
    int held_count;
    int handled_count;
    size_t reply_bytes; // what "/large" answers
    // After "/stream": bytes are echoed; "!" closes, "#" asks for reply_bytes again and again.
    act_http_stream_t *stream;
    int drained_count;
    int closed_count;
} fixture_t;

void fixture_open(fixture_t *fixture, act_http_server_limits_t limits);
void fixture_close(fixture_t *fixture);
void fixture_turn(fixture_t *fixture);

// Until the handler holds `count` requests; answers the oldest.
void fixture_wait_held(fixture_t *fixture, int count);
void fixture_answer_held(fixture_t *fixture, act_str_t body);

// A connected socket; yours to close.
int fixture_connect(const fixture_t *fixture);
// Sends all, turning the loop while the socket is full; false when the server has closed.
bool fixture_send(fixture_t *fixture, int descriptor, const void *bytes, size_t len_bytes);
void fixture_send_text(fixture_t *fixture, int descriptor, const char *text);
// Reads until `text` has come (NULL: until the end). False when the end came before.
bool fixture_read_until(fixture_t *fixture, int descriptor, const char *text, act_buf_t *got);

// Sends, expects `text` in what comes back; the second on a connection of its own, which the server
// must end.
void fixture_expect(fixture_t *fixture, int client, const char *request, const char *text);
void fixture_expect_and_end(fixture_t *fixture, const char *request, const char *text);

bool fixture_holds(const act_buf_t *got, const char *text);
int fixture_count_of(const act_buf_t *got, const char *text);
