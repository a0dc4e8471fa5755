// http_client: outgoing HTTP on the loop, by CURL multi. Connections are kept and reused; http and
// https only; certificates verified; no proxy from the environment; redirects are not followed.
#pragma once
#include "io/loop.h"
#include "base/arena.h"
#include "base/err.h"

typedef struct act_http_client act_http_client_t;

typedef struct {
    uint32_t connections_max_count; // to all hosts; 0: 64
    uint32_t requests_max_count;    // in flight and waiting; more are refused OVERLOADED; 0: 1024
    uint32_t response_max_bytes;    // more ends the request TOO_LARGE; 0: 4 MiB
    bool allow_private_addresses;   // false: loopback, private and link-local targets are refused
} act_http_client_limits_t;

typedef struct {
    const char *method;          // "POST"
    const char *url;
    const char *bearer_token;    // NULL: none; never logged
    const char *content_type;    // NULL: application/json
    const char *const *headers;  // "Name: value", NULL-terminated; may be NULL
    act_str_t body;              // copied
    uint32_t timeout_ms;         // whole request; 0: 10000
} act_http_out_t;

typedef struct {
    act_err_t err;     // OK: an HTTP response came, whatever its status. IO: none came.
                       // DEADLINE, TOO_LARGE, FORBIDDEN (address refused), CANCELLED
    bool was_sent;     // with an error: request bytes may have reached the server (outcome unknown)
    uint16_t status;
    act_str_t body;    // borrowed for the callback
    uint32_t retry_after_s; // from Retry-After, 0 when absent
    const char *text;  // what went wrong, for developers
} act_http_in_t;

typedef void act_http_done_fn(void *context, const act_http_in_t *response);

act_http_client_t *act_http_client_new(act_loop_t *loop, const act_http_client_limits_t *limits);
// Requests in flight end with CANCELLED first.
void act_http_client_destroy(act_http_client_t **self_p);

// Exactly one callback follows, never before this returned. Returns an id for cancel.
uint64_t act_http_send(act_http_client_t *self, const act_http_out_t *request,
                       act_http_done_fn *done, void *context);
void act_http_cancel(act_http_client_t *self, uint64_t id);
