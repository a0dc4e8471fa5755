// server: one place outside that has tools: what it had when it was last asked, and calls to it. Two kinds,
// behind one table of functions each (server_http.c, server_mcp.c). Nothing here blocks, and everything a
// server says is bounded and untrusted.
#pragma once
#include "actor/actor.h"
#include "base/seal.h"
#include "foreign.h"
#include "io/http_client.h"
#include "mcp/mcp_pins.h"
#include "tool_call.h"

#define SERVER_TOOLS_MAX_COUNT 64

typedef struct server server_t;
typedef void server_listed_fn(void *context, server_t *self);

typedef struct {
    act_actor_t *actor;
    act_http_client_t *http; // of tool servers
    bool allow_private_addresses;
    const char *data_dir;      // of mcp.json
    const act_seal_key_t *key; // of secrets
    const mcp_pins_t *pins;    // of MCP servers
    uint32_t programs_count;   // of MCP servers, on the loop
} server_world_t;

// What a kind does. list ends with exactly one server_listed, later; call ends the tool call.
typedef struct {
    const char *name;
    void (*list)(server_t *self);
    void (*call)(server_t *self, const foreign_t *tool, act_tool_call_t *call);
    void (*close)(server_t *self); // nothing is open any more
} server_kind_t;
extern const server_kind_t server_http, server_mcp;

struct server {
    server_t *next;
    server_world_t *world;
    const server_kind_t *kind;
    char tenant[65]; // empty: for all
    char name[FOREIGN_SERVER_MAX_BYTES + 1];
    char *url;         // of http
    char *secret;      // bearer token, in clear; NULL: none
    uint64_t stamp;    // hash of the row it was made from
    json_t *pins;      // {remote: hash}; of http
    json_t *arguments; // what the tenant says of them (provenance.h); may be NULL
    foreign_t *tools;
    uint32_t tools_count;
    char error[256];     // of the last list; empty: it answered
    uint32_t open_count; // lists and calls
    bool is_listing, is_gone;
    void *own; // of the kind
    server_listed_fn *listed;
    void *context;
};

server_t *server_new(server_world_t *world, const server_kind_t *kind, const char *tenant,
                     const char *name);
// Frees it when what is open has ended, never before this has returned.
void server_leave(server_t **self_p);
// At the end of the process: now.
void server_destroy(server_t **self_p);

// Asks for the tools; `listed` is called when that has ended. Not while it is asking.
void server_list(server_t *self);
const char *server_state(const server_t *self, const foreign_t *tool);
const foreign_t *server_find(const server_t *self, act_str_t name);
void server_call(server_t *self, const foreign_t *tool, act_tool_call_t *call);
// What it has now is approved; the pins as JSON, to be freed.
char *server_approve(server_t *self);

// For the kinds. tools: descriptions, or NULL when `error` says why there is none.
void server_listed(server_t *self, const json_t *tools, const char *error);
// Before the call is ended: the server may go now.
void server_end_call(server_t *self);
