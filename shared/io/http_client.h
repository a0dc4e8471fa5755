// http_client: outgoing HTTP on the loop, by CURL multi. Connections are kept and reused; http and
// https only; certificates verified; no proxy from the environment; redirects are not followed; no
// compression is asked for. A request is put on the wire once: one that may have been sent is never
// repeated here (GET and HEAD excepted), the caller is told with was_sent. A body can be read while it
// comes (on_chunk): event streams of model providers.
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "io/loop.h"

typedef struct act_http_client act_http_client_t;

typedef struct {
    uint32_t connections_max_count; // in use at once, to all hosts; 0: 64
    uint32_t requests_max_count;    // in flight and waiting; more are refused OVERLOADED; 0: 1024
    uint32_t response_max_bytes;    // more ends the request TOO_LARGE; 0: 4 MiB
    bool allow_private_addresses;   // false: only public addresses (see http_address.h)
    uint32_t buffer_bytes; // of each request in flight, each way; 0: curl's own (16 and 64 KiB)
} act_http_client_limits_t;

// The next bytes of a 2xx body, borrowed. It may cancel its request, send others, and destroy the client.
typedef void act_http_chunk_fn(void *context, act_str_t bytes);

typedef struct {
    const char *method;         // "POST"
    const char *url;            // without user name or password
    const char *bearer_token;   // NULL: none; never logged
    const char *content_type;   // NULL: application/json; sent when there is a body
    const char *const *headers; // "Name: value", NULL-terminated; may be NULL
    act_str_t body;             // copied, as is all else
    uint32_t timeout_ms;        // whole request, waiting included; 0: 10000
    // A stream: takes the body of a 2xx response as it comes; then in_t.body is empty and
    // response_max_bytes holds for what comes at once. Other bodies come whole. NULL: none.
    act_http_chunk_fn *on_chunk;
    bool keeps_head; // in_t.head is wanted
} act_http_out_t;

typedef struct {
    // OK: an HTTP response came, whatever its status. IO: none came, or not all of it. DEADLINE,
    // TOO_LARGE, FORBIDDEN (address or protocol refused), CANCELLED, OVERLOADED, INVALID_ARGUMENT
    // (method, URL or header is malformed).
    act_err_t err;
    bool was_sent;   // with an error: request bytes may have reached the server (outcome unknown)
    uint16_t status; // 0 when none came
    act_str_t body;  // borrowed for the callback; empty with an error
    uint32_t retry_after_s; // from Retry-After, seconds or date; 0 when absent or past
    const char *text;       // what went wrong, for developers; borrowed for the callback
    act_str_t head;         // field lines of the response, if asked for; borrowed for the callback
} act_http_in_t;

// The value of the first field of that name in a head, white space trimmed. False: there is none.
bool act_http_in_field(const act_http_in_t *in, const char *name, act_str_t *ret_value);

typedef void act_http_done_fn(void *context, const act_http_in_t *response);

// NULL only when curl cannot start.
act_http_client_t *act_http_client_new(act_loop_t *loop, const act_http_client_limits_t *limits);
// Requests in flight end with CANCELLED first. May be called from a done callback.
void act_http_client_destroy(act_http_client_t **self_p);

// Exactly one callback follows, never before this returned. Returns an id for cancel.
uint64_t act_http_send(act_http_client_t *self, const act_http_out_t *request,
                       act_http_done_fn *done, void *context);
// The callback follows in a later turn with CANCELLED (or with what had already come). Unknown ids
// are ignored: the request may just have ended.
void act_http_cancel(act_http_client_t *self, uint64_t id);
