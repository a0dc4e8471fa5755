// mcp_grant: what is asked of an OAuth 2 token endpoint (RFC 6749: client credentials, refresh token; RFC 8707:
// resource) and what its answer means. Pure; nothing here is logged.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define MCP_GRANT_ANSWER_MAX_BYTES (64u << 10)
#define MCP_GRANT_TOKEN_MAX_BYTES 8192u
// A token is renewed this long before its end, but not before nine tenths of its life.
#define MCP_GRANT_MARGIN_MS 60000

typedef struct {
    act_str_t client_id;
    act_str_t client_secret; // empty: a public client
    act_str_t refresh_token; // empty: client credentials
    act_str_t scope;         // empty: what the server gives
    act_str_t resource;      // empty: none
    bool is_secret_in_body;  // else HTTP Basic
} mcp_grant_ask_t;

// The form, and the header of HTTP Basic, or NULL; in the arena.
act_str_t mcp_grant_form(const mcp_grant_ask_t *ask, act_arena_t *arena);
const char *mcp_grant_header(const mcp_grant_ask_t *ask, act_arena_t *arena);

typedef struct {
    // OK. UNAUTHORISED: refused, `text` is the code of the standard. UNAVAILABLE: try later. MALFORMED:
    // neither, or a token that is none of ours (no Bearer, not of visible characters).
    act_err_t err;
    const char *text;
    bool is_grant_refused;   // invalid_grant: this refresh token is used up
    act_str_t access_token;  // in the arena
    act_str_t refresh_token; // empty: the one that was used stays
    int64_t expires_in_s;    // 0: was not said
} mcp_grant_answer_t;

void mcp_grant_read(uint16_t status, act_str_t body, act_arena_t *arena,
                    mcp_grant_answer_t *ret_answer);
// When a token that came now is renewed; INT64_MAX: when it is refused.
int64_t mcp_grant_renew_ms(int64_t now_ms, int64_t expires_in_s);
