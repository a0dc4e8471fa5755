// http_client_fixture: for the tests of http_client: a client, our own http_server ("/hold",
// "/busy", "/large"; others echo), and a peer that the test plays byte by byte. The loop is turned
// by hand; nothing sleeps. Every wait gives up after PATIENCE_MS and fails the test.
#pragma once
#include "io/http_client.h"
#include "io/http_server.h"

#define PATIENCE_MS 10000
#define HELD_MAX_COUNT 16
#define OK_AB "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"

typedef struct {
    act_loop_t *loop;
    act_http_server_t *server;
    act_http_client_t *client;
    int listen_descriptor;
    int peer_listen_descriptor; // accepted and played by the test
    char url[64];
    char peer_url[64];
    act_http_request_t *held[HELD_MAX_COUNT];
    int held_count;
} fixture_t;

typedef struct {
    fixture_t *fixture;
    int calls_count;
    act_err_t err;
    bool was_sent;
    uint16_t status;
    uint32_t retry_after_s;
    char body[512];
    size_t body_bytes;
    bool destroys;    // the client, in the callback
    bool sends_again; // in the callback
} result_t;

void fixture_open(fixture_t *fixture, act_http_client_limits_t limits);
void fixture_close(fixture_t *fixture);
void fixture_turn(fixture_t *fixture);
// Borrowed until the next call.
const char *fixture_url(const fixture_t *fixture, const char *path);

// Sends; what comes back is in *result, which must stay until then. Returns the id.
uint64_t fixture_request(result_t *result, const char *method, const char *url,
                         act_http_out_t more);
void fixture_wait_calls(result_t *result, int count);

// Until the server's handler holds `count` requests; answers the oldest with "held".
void fixture_wait_held(fixture_t *fixture, int count);
void fixture_answer_held(fixture_t *fixture);

// The next connection to peer_url; yours to close.
int peer_accept(fixture_t *fixture);
bool peer_has_another(fixture_t *fixture);
// Reads one request, which ends with `end`.
void peer_read(fixture_t *fixture, int peer, const char *end);
void peer_say(int peer, const char *text);
