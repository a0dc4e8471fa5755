// mcp_auth: the bearer token that an MCP server is shown: one that is given, one that is sealed
// (mcp_secrets.h), or one that an OAuth 2 token endpoint gives for client credentials or a refresh token. It
// is kept until shortly before its end, asked for by one request at a time whoever waits for it, and asked
// for again once when a server refuses it. A refresh token that comes with it is stored before the access
// token is used: the old one may be void by then. Nothing of it is logged.
#pragma once
#include "io/http_client.h"
#include "mcp/mcp_secrets.h"

typedef struct {
    const char *token;     // NULL: the sealed one of this server, if there is one
    const char *token_url; // of OAuth 2; NULL: none of what follows
    const char *client_id;
    const char *scope;            // NULL: none
    const char *resource;         // NULL: none
    bool is_secret_in_body;       // client_secret_post
    bool is_refresh;              // grant refresh_token; else client_credentials
    const mcp_secrets_t *secrets; // NULL: none
    const char *server;           // whose secrets
} mcp_auth_spec_t;

typedef struct mcp_auth mcp_auth_t;
// token: borrowed for the callback; NULL with an error, or when there is none to show.
typedef void mcp_auth_fn(void *context, const char *token, act_err_t err, const char *text);

// After a failure the token endpoint is left alone for so long; who asks meanwhile hears of that failure.
#define MCP_AUTH_PAUSE_MS 5000
#define MCP_AUTH_WAITERS_MAX_COUNT 64

// The spec is copied but for `secrets`.
mcp_auth_t *mcp_auth_new(act_loop_t *loop, act_http_client_t *http, const mcp_auth_spec_t *spec);
// Without answers to who waits.
void mcp_auth_destroy(mcp_auth_t **self_p);

// fn is called once, never before this has returned. False: too many wait, it is not called.
bool mcp_auth_get(mcp_auth_t *self, mcp_auth_fn *fn, void *context);
// It is not called any more.
void mcp_auth_leave(mcp_auth_t *self, const void *context);
// The server took this token, or did not (401). False: there is no other, so nothing is asked again.
void mcp_auth_accepted(mcp_auth_t *self, const char *token);
bool mcp_auth_refused(mcp_auth_t *self, const char *token);
