// mcp_secrets: what MCP servers are to be shown, each sealed with the master key, in mcp.secrets.json of the data
// folder: {SERVER: {token | client_secret | refresh_token: SEALED}}. Written by `parley mcp secret`, and by
// whoever is given a new refresh token.
#pragma once
#include "base/seal.h"

#define MCP_SECRET_TOKEN "token"
#define MCP_SECRET_CLIENT "client_secret"
#define MCP_SECRET_REFRESH "refresh_token"
#define MCP_SECRET_MAX_BYTES 8192u

typedef struct mcp_secrets mcp_secrets_t;

// key: borrowed; NULL: nothing can be read or written.
mcp_secrets_t *mcp_secrets_new(const char *data, const act_seal_key_t *key);
void mcp_secrets_destroy(mcp_secrets_t **self_p);

bool mcp_secrets_is_name(act_str_t name);
// As the file is now. NOT_FOUND: there is none (or no such file); CONFIG: there is no key; MALFORMED,
// UNAUTHORISED: as act_open. To be wiped.
ACT_MUST_CHECK act_err_t mcp_secrets_read(const mcp_secrets_t *self, const char *server,
                                          const char *name, act_arena_t *arena,
                                          act_str_t *ret_secret);
// One writer at a time, whole under another name first. The empty secret removes. CONFIG, TOO_LARGE, IO.
ACT_MUST_CHECK act_err_t mcp_secrets_write(const mcp_secrets_t *self, const char *server,
                                           const char *name, act_str_t secret);
