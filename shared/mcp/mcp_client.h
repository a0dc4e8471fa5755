// mcp_client: an MCP server as tools: over a process's standard streams or Streamable HTTP, of either
// era; which one is found out by what the server answers to its first message. Lists tools (all pages),
// calls them, hears of progress and of changed lists. Everything a server says is untrusted, bounded, and
// meant for a model's context at most.
#pragma once
#include "mcp/mcp_link.h"
#include "mcp/mcp_message.h"

typedef struct mcp_client mcp_client_t;

#define MCP_TOOLS_MAX_COUNT 512
#define MCP_PAGES_MAX_COUNT 64
#define MCP_REQUESTS_MAX_COUNT 64

typedef struct {
    const char *name; // who we say we are
    const char *version;
    mcp_process_spec_t process; // argv NULL: HTTP
    mcp_http_spec_t http;
    uint32_t timeout_ms; // of one request; 0: 30000
    // Progress of a call, borrowed; NULL: not wanted.
    void (*on_progress)(void *context, uint64_t id, double progress, double total, act_str_t text);
    void *context;
} mcp_client_spec_t;

typedef struct {
    // OK: a result. Else NOT_CONFIGURED (it speaks no version of ours), UNAVAILABLE, DEADLINE, CANCELLED,
    // OVERLOADED, TOO_LARGE, INTERNAL (an error of the protocol: code and text).
    act_err_t err;
    int code;
    const char *text;
    const json_t *data;   // of an error of the protocol; borrowed
    const json_t *result; // borrowed
} mcp_answer_t;
typedef void mcp_answer_fn(void *context, const mcp_answer_t *answer);

// NULL: the program does not start.
mcp_client_t *mcp_client_new(act_loop_t *loop, const mcp_client_spec_t *spec);
// Without answers to what is open.
void mcp_client_destroy(mcp_client_t **self_p);

// "2026-07-28", "2025-06-18", ..; NULL: not known yet.
const char *mcp_client_version(const mcp_client_t *self);

// One answer each, never before the function has returned. Returns an id.
// {"tools": [..]}: those that are as the protocol wants them; kept until the server says that they
// changed, or for the time it gave.
uint64_t mcp_client_list(mcp_client_t *self, mcp_answer_fn *fn, void *context);
// A result with isError is a result. The tools must have been listed: arguments may belong into headers.
uint64_t mcp_client_call(mcp_client_t *self, act_str_t tool, const json_t *arguments,
                         mcp_answer_fn *fn, void *context);
// The answer does not come any more, and the server is told.
void mcp_client_cancel(mcp_client_t *self, uint64_t id);
