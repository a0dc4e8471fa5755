// http_server_private: what the files of http_server share. Server: the listening socket, the
// libwebsockets context, deadlines. Connection: bytes in, answers out, one request at a time.
// Request: collects head and body; belongs to its connection until the handler has it, then to the
// handler until the answer.
#pragma once
#include "io/http_server.h"
#include "io/http_server_chunked.h"
#include "io/http_server_head.h"

#include <libwebsockets.h>
#include <netinet/in.h>

// One read, and so the most that can be behind a request in one piece.
#define ACT_HTTP_READ_MAX_BYTES 16384u

typedef struct act_http_connection act_http_connection_t;

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} act_http_peer_address_t;

// --- server --------------------------------------------------------------------------------------

// A connection is in the list of its state; entries are in the order in which they came, so the one
// whose time runs out first is the first.
typedef enum {
    ACT_HTTP_READING,   // a request is arriving, or the first one is awaited
    ACT_HTTP_IDLE,      // between requests
    ACT_HTTP_ANSWERING, // the handler has the request; how long is its own business
    ACT_HTTP_FLUSHING,  // the peer is slow to read the answer
    ACT_HTTP_LINGERING, // all is sent, our side is shut; waits for the peer's end
    ACT_HTTP_STREAMING, // has left HTTP (http_server_stream.c)
    ACT_HTTP_STATES
} act_http_state_t;

typedef struct {
    act_http_connection_t *first;
    act_http_connection_t *last;
} act_http_list_t;

struct act_http_server {
    act_loop_t *loop;
    act_http_server_limits_t limits;
    act_http_handler_fn *handler;
    void *context;

    int listen_descriptor;
    act_watch_t *listener;
    bool is_short; // of descriptors or memory; no accepting until the next sweep
    act_timer_t *sweeper;
    uint32_t sweep_ms;
    struct lws_context *lws; // NULL again when libwebsockets has freed it
    struct lws_vhost *vhost;
    int descriptors_max; // libwebsockets' table has no room for larger descriptors
    bool is_draining;
    int64_t drain_until_ms; // then connections without a request are closed
    bool is_dead;           // destroyed by its owner, waits for libwebsockets and for open requests
    bool is_reaped;
    uv_idle_t reaper; // never started; its close callbacks count the turns of the loop
    int reaper_turns;

    act_http_list_t lists[ACT_HTTP_STATES];
    uint32_t timeouts_ms[ACT_HTTP_STATES];
    act_http_request_t *spare_requests;
    uint32_t spare_requests_count;
    uint32_t open_requests_count;
    act_http_server_counts_t counts;

    act_buf_t out; // the answer being written, behind LWS_PRE bytes for libwebsockets
    int64_t date_s;
    char date[32];
};

// Frees a dead server when neither libwebsockets nor a request needs it any more.
void act_http_server_release(act_http_server_t *self);
// One connection is gone: there is room for another.
void act_http_server_connection_closed(act_http_server_t *self);

// --- connection ----------------------------------------------------------------------------------

struct act_http_connection {
    act_http_connection_t *previous;
    act_http_connection_t *next;
    act_http_server_t *server;
    struct lws *wsi;
    act_http_request_t *request; // from the first byte to the answer
    act_http_stream_t *stream;   // of STREAMING; its owner is the connection
    act_buf_t waiting;           // bytes behind a request that is not answered yet
    int64_t since_ms;            // when it came into its list
    act_http_state_t state;
    bool is_closing; // after the answer
    bool is_broken;  // cannot be written to
    bool is_paused;  // libwebsockets was told not to read
    bool is_inside;  // bytes are being taken; answers leave the rest to that
    act_http_peer_address_t peer;
};

act_http_connection_t *act_http_connection_new(act_http_server_t *server, struct lws *wsi,
                                               const act_http_peer_address_t *peer);
// What libwebsockets reports. Negative: close it.
int act_http_connection_on_bytes(act_http_connection_t *self, act_str_t bytes);
int act_http_connection_on_writable(act_http_connection_t *self);
// The connection is gone and freed.
void act_http_connection_on_closed(act_http_connection_t *self);
// Its time in its state has run out.
void act_http_connection_on_timeout(act_http_connection_t *self);
// Closes now; not from inside its own on_bytes or on_writable.
void act_http_connection_kill(act_http_connection_t *self);

// For http_server_stream.c. Into the list of another state.
void act_http_connection_set_state(act_http_connection_t *self, act_http_state_t state);
// Sends bytes that are no answer; libwebsockets keeps what the socket does not take.
void act_http_connection_send(act_http_connection_t *self, act_str_t bytes);
void act_http_connection_pause(act_http_connection_t *self);
void act_http_connection_resume(act_http_connection_t *self);
// Shuts our side and waits for the peer's end.
void act_http_connection_linger(act_http_connection_t *self);

// --- stream --------------------------------------------------------------------------------------

size_t act_http_stream_take(act_http_connection_t *connection, act_str_t bytes);
void act_http_stream_on_writable(act_http_connection_t *connection);
// The connection is gone; frees the stream.
void act_http_stream_on_closed(act_http_stream_t *self);

// --- request -------------------------------------------------------------------------------------

#define ACT_HTTP_REQUEST_DONE 1u

typedef enum { ACT_HTTP_IN_HEAD, ACT_HTTP_IN_BODY, ACT_HTTP_IN_CHUNKS } act_http_phase_t;

struct act_http_request {
    act_http_request_t *next; // among the spare ones
    act_http_server_t *server;
    act_http_connection_t *connection; // NULL when the client went away
    act_http_peer_address_t peer;
    act_arena_t *arena;
    act_http_phase_t phase;
    act_http_chunked_t chunked;
    act_buf_t in; // the head, and a body that came with it
    size_t checked_bytes;
    act_buf_t collected; // a body that came in pieces
    act_http_head_t head;
    act_str_t path; // decoded
    act_str_t body;
};

act_http_request_t *act_http_request_new(act_http_connection_t *connection);
void act_http_request_free(act_http_request_t *self);
void act_http_request_destroy_spare(act_http_server_t *server);

// Takes bytes until the request is whole and tells how many. *ret_status: 0 more is needed,
// ACT_HTTP_REQUEST_DONE, or the status to refuse it with.
size_t act_http_request_feed(act_http_request_t *self, act_str_t bytes, uint16_t *ret_status);
