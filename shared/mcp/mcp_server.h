// mcp_server: the Model Context Protocol, server side, over Streamable HTTP: one endpoint for both eras.
// A request with the _meta of 2026-07-28 is complete in itself; `initialize` opens a session of the
// older revisions. Offers tools and nothing else, and declares nothing else (docs/mcp.md).
//
// Who asks, from which host and origin, is for whoever hands the request over (admin).
#pragma once
#include "io/http_server.h"
#include "mcp/mcp_message.h"

typedef struct mcp_server mcp_server_t;
typedef struct mcp_call mcp_call_t;

typedef struct {
    act_str_t json;         // the tool as tools/list shows it
    const char *capability; // of the client; without it the tool is refused. NULL: none
} mcp_tool_t;

// Leads to exactly one mcp_call_reply or mcp_call_fail, now or later. arguments is an object, borrowed
// for the call.
typedef void mcp_tool_fn(void *context, mcp_call_t *call, size_t tool, const json_t *arguments);

typedef struct {
    const char *name;
    const char *version;
    const char *instructions;
    const mcp_tool_t *tools; // in the order in which they are listed; read by _new
    size_t tools_count;
    size_t page_tools_count; // tools in one answer of tools/list; 0: 50
    uint32_t ttl_ms;         // how long a list is good
    mcp_tool_fn *call;
    void *context;
} mcp_server_spec_t;

// NULL when a tool is not the JSON of one.
mcp_server_t *mcp_server_new(act_loop_t *loop, const mcp_server_spec_t *spec);
// Not while calls are open.
void mcp_server_destroy(mcp_server_t **self_p);

// Any method; answers now or later. caller is what the tools are told about who asks; copied.
void mcp_server_serve(mcp_server_t *self, act_http_request_t *request, act_str_t caller);

// --- a call of a tool ------------------------------------------------------------------------------

act_arena_t *mcp_call_arena(mcp_call_t *self); // lives as long as the call
act_str_t mcp_call_caller(const mcp_call_t *self);
// The client is gone, and with it everybody who waits for the answer.
bool mcp_call_is_cancelled(const mcp_call_t *self);
// Progress, rising; nothing when the client did not ask for it. What a slow client does not read in
// time is left out.
void mcp_call_progress(mcp_call_t *self, double progress, double total, act_str_t text);
// {content, structuredContent?, isError?}; the result is consumed.
void mcp_call_reply(mcp_call_t **self_p, json_t *result);
// An error of the protocol, not of the tool.
void mcp_call_fail(mcp_call_t **self_p, mcp_code_t code, const char *text);
