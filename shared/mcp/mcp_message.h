// mcp_message: what both sides of the Model Context Protocol share: JSON-RPC 2.0 messages read strictly,
// composed, and the names that the protocol gives to things. No batches.
#pragma once
#include "io/json.h"

// The stateless protocol, and the newest of those with sessions.
#define MCP_MODERN "2026-07-28"
#define MCP_LEGACY "2025-11-25"
// Revisions with sessions that are spoken, newest first; ends with NULL.
extern const char *const mcp_legacy_versions[];
bool mcp_is_legacy_version(act_str_t version);

// Keys of _meta.
#define MCP_META_VERSION "io.modelcontextprotocol/protocolVersion"
#define MCP_META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define MCP_META_CLIENT "io.modelcontextprotocol/clientInfo"
#define MCP_META_SERVER "io.modelcontextprotocol/serverInfo"

typedef enum {
    MCP_PARSE_ERROR = -32700,
    MCP_INVALID_REQUEST = -32600,
    MCP_UNKNOWN_METHOD = -32601,
    MCP_INVALID_PARAMS = -32602,
    MCP_INTERNAL_ERROR = -32603,
    MCP_HEADER_MISMATCH = -32020,
    MCP_MISSING_CAPABILITY = -32021,
    MCP_UNSUPPORTED_VERSION = -32022,
} mcp_code_t;

typedef enum { MCP_REQUEST, MCP_NOTIFICATION, MCP_RESPONSE } mcp_kind_t;

typedef struct {
    mcp_kind_t kind;
    json_t *root;                 // owned; the rest borrows from it
    const json_t *id;             // of a request or response; a response to nobody has a null
    act_str_t method;             // of a request or notification
    const json_t *params;         // an object, or NULL
    const json_t *meta;           // params._meta, an object, or NULL
    const json_t *result, *error; // of a response: one of them
} mcp_message_t;

// 0, or the code to answer with; then *ret_message has at most an id, to be named in the answer. To be
// ended with fini in both cases.
int mcp_message_read(act_str_t text, mcp_message_t *ret_message);
void mcp_message_fini(mcp_message_t *self);

// --- composing; what is given as json_t * is consumed unless const ---------------------------------

json_t *mcp_request(json_t *id, const char *method, json_t *params); // id NULL: a notification
json_t *mcp_result(const json_t *id, json_t *result);
json_t *mcp_error(const json_t *id, mcp_code_t code, const char *message, json_t *data);
json_t *mcp_implementation(const char *name, const char *version);
json_t *mcp_text_content(act_str_t text);
// {"content": [{"type": "text", ..}], "isError": true}
json_t *mcp_tool_error(act_str_t text);

// One line of JSON.
void mcp_dump(const json_t *value, act_buf_t *out);
