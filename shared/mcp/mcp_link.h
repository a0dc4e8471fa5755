// mcp_link: how messages get to an MCP server and back: a process with its standard streams, or HTTP. Knows
// nothing of what the messages say.
#pragma once
#include "mcp/mcp_auth.h"

#define MCP_MESSAGE_MAX_BYTES (4u << 20)

typedef struct mcp_link mcp_link_t;

typedef struct {
    uint64_t id;                // of a request; 0: a notification
    act_str_t text;             // one line of JSON
    bool is_get;                // of HTTP: no message, a stream is taken up
    const char *const *headers; // of HTTP, NULL-terminated
    uint32_t timeout_ms;
} mcp_out_t;

// How an exchange ended. Of a process: id 0, everything that is open has ended.
typedef struct {
    uint64_t id;
    act_err_t err;
    uint16_t status;    // of HTTP, 0 without one
    act_str_t body;     // of a status that is no success
    act_str_t session;  // Mcp-Session-Id, or empty
    act_str_t event_id; // of the last event of a stream; empty: none, or no stream
    uint32_t retry_ms;  // before it is taken up; ACT_SSE_NO_RETRY: none was said
    const char *text;   // what went wrong, for developers
} mcp_end_t;

typedef struct {
    void (*on_message)(void *context, act_str_t text); // borrowed
    void (*on_end)(void *context, const mcp_end_t *end);
    void *context;
} mcp_link_events_t;

struct mcp_link {
    void (*send)(mcp_link_t *self, const mcp_out_t *out); // no event before it has returned
    void (*cancel)(mcp_link_t *self, uint64_t id);        // no event for it any more; HTTP only
    void (*destroy)(mcp_link_t *self);                    // no event any more
    mcp_link_events_t events;
    bool is_http;
};

typedef struct {
    const char *const *argv; // NULL-terminated; argv[0] is looked for in PATH
    const char *const *env;  // "NAME=value", all that the program sees; NULL-terminated
    // Optional: once, when the program has ended and nothing of it is on the loop any more, which is some
    // time after destroy; a loop may not end before.
    void (*on_gone)(void *context);
    void *context;
} mcp_process_spec_t;
// Standard error goes to ours. Ended by closing its input, then SIGTERM, then SIGKILL.
mcp_link_t *mcp_link_process(act_loop_t *loop, const mcp_process_spec_t *spec,
                             const mcp_link_events_t *events);

typedef struct {
    const char *url;
    mcp_auth_spec_t auth;
    bool allow_private_addresses;
} mcp_http_spec_t;
mcp_link_t *mcp_link_http(act_loop_t *loop, const mcp_http_spec_t *spec,
                          const mcp_link_events_t *events);
