// http_server: HTTP/1.1 on the loop; connections are carried by libwebsockets. Bounded: head, body,
// connections, time. Requests are handed over whole; the handler answers now or later, exactly
// once.
//
// The head is read by our own strict parser (http_server_head.h has the limits and says why): what
// is not good HTTP is answered with 4xx or 505 and the connection ends. Chunked bodies are decoded.
// A second request on a connection waits for the answer to the first. A client that shuts its
// sending side while its request is being answered counts as gone.
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "io/loop.h"

typedef struct act_http_server act_http_server_t;
typedef struct act_http_request act_http_request_t;

typedef struct {
    uint32_t body_max_bytes;        // larger: 413 without reading it all; 0: 1 MiB
    uint32_t connections_max_count; // more wait in the kernel's backlog; 0: 2048
    uint32_t request_timeout_ms;    // to receive one request whole; 0: 10000
    uint32_t idle_timeout_ms;       // without a request, or without reading the answer; 0: 60000
} act_http_server_limits_t;

// Called once a request with the whole body. It must lead to exactly one act_http_respond.
typedef void act_http_handler_fn(void *context, act_http_request_t *request);

// Serves on a listening socket opened by someone else (see act_listen): the launcher keeps it open,
// so that a restart refuses no connection. The descriptor is borrowed. ACT_E_CONFIG when
// libwebsockets cannot run on libuv here (its plugin libwebsockets-evlib-uv is missing).
ACT_MUST_CHECK act_err_t act_http_server_new(act_loop_t *loop, int listen_descriptor,
                                             const act_http_server_limits_t *limits,
                                             act_http_handler_fn *handler, void *context,
                                             act_http_server_t **ret_server);
// Closes all connections; requests still open are answered into the void, and must still be
// answered. May be called from a handler. The memory goes after the loop has turned four times.
void act_http_server_destroy(act_http_server_t **self_p);

// Accept no new connections; requests in hand are finished, and those that arrive on open connections
// are answered with "Connection: close". After half a second idle connections are closed.
void act_http_server_drain(act_http_server_t *self);

// Since the start, except connections_count, which is now.
typedef struct {
    uint32_t connections_count;
    uint64_t accepted_count;
    uint64_t requests_count; // given to the handler
    uint64_t refused_count;  // answered with an error without asking the handler
    uint64_t timeouts_count; // requests too slow to arrive, answers too slow to be read
} act_http_server_counts_t;
act_http_server_counts_t act_http_server_counts(const act_http_server_t *self);

// A bound, listening, non-blocking, close-on-exec TCP socket; port 0 picks one. "127.0.0.1", "::".
// ret_port may be NULL. ACT_E_INVALID_ARGUMENT when the address is none, ACT_E_IO when it is taken.
ACT_MUST_CHECK act_err_t act_listen(const char *address, uint16_t port, int *ret_descriptor,
                                    uint16_t *ret_port);

// --- a request; views live until act_http_respond ------------------------------------------------
act_str_t act_http_method(const act_http_request_t *self); // "GET"
// Decoded, without the query. "." and ".." are not resolved: compare it whole, never open files by
// it.
act_str_t act_http_path(const act_http_request_t *self);
act_str_t act_http_body(const act_http_request_t *self); // raw bytes
// Header names in lower case: "x-hub-signature-256". False when absent. Two headers of one name are
// joined with ", "; callers that must refuse that check the length.
bool act_http_header(act_http_request_t *self, const char *name, act_str_t *ret_value);
// Decoded value of the first query parameter of that name; names may hold dots ("hub.challenge").
bool act_http_query(act_http_request_t *self, const char *name, act_str_t *ret_value);
act_str_t act_http_peer(const act_http_request_t *self); // the peer's address as text, no port
act_arena_t *act_http_arena(act_http_request_t *self);   // lives as long as the request

// The client went away before the answer; the answer will go nowhere.
bool act_http_is_gone(const act_http_request_t *self);

typedef struct {
    uint16_t status;
    const char *content_type; // NULL: text/plain; charset=utf-8
    act_str_t body;           // copied; may be in the request's arena; not sent to HEAD
    uint32_t retry_after_s;   // Retry-After when not 0
    act_str_t headers;        // more field lines, each ended by CRLF; checked by whoever wrote them
} act_http_response_t;
void act_http_respond(act_http_request_t **self_p, const act_http_response_t *response);

// --- a connection that leaves HTTP -----------------------------------------------------------------

// Bytes both ways, no deadlines: whoever upgrades watches the peer (a WebSocket by its pings).
typedef struct act_http_stream act_http_stream_t;
typedef struct {
    void (*on_bytes)(void *context, act_str_t bytes); // borrowed; may be behind the request already
    void (*on_drained)(void *context); // what was written is with the kernel: write again
    void (*on_closed)(void *context);  // the stream is gone; not after act_http_stream_close
} act_http_stream_events_t;

// Answers 101 with these field lines and gives the connection over; NULL when the client is gone.
// No event comes before this has returned. Streams count as connections; they are closed when the
// server drains or is destroyed.
act_http_stream_t *act_http_upgrade(act_http_request_t **self_p, act_str_t headers,
                                    const act_http_stream_events_t *events, void *context);
// Answers 200 with a body that comes in pieces and ends with the connection (an event stream); the rest
// as above. What the client sends behind its request is given to on_bytes.
act_http_stream_t *act_http_respond_stream(act_http_request_t **self_p, const char *content_type,
                                           act_str_t headers,
                                           const act_http_stream_events_t *events, void *context);
// False, and nothing taken, while an earlier write is not through (on_drained tells when) or when
// the connection is broken.
bool act_http_stream_write(act_http_stream_t *self, act_str_t bytes);
bool act_http_stream_is_busy(const act_http_stream_t *self);
// Says no more and hears no more; no event comes any more. May be called in an event.
void act_http_stream_close(act_http_stream_t **self_p);
