// mcp_servers: mcp.json of the data folder: {"mcpServers": {NAME: {command, args, env} or {url, token_env or
// oauth, allow_private_addresses}}}, and its secrets (mcp_secrets.h). A program sees PATH, HOME and what `env`
// gives it, nothing else of ours. oauth: {token_url, client_id, grant, scope, resource, client_auth}.
#pragma once
#include "mcp/mcp_client.h"

typedef struct mcp_servers mcp_servers_t;

// key: of the secrets, borrowed; NULL: what needs one is refused.
mcp_servers_t *mcp_servers_new(const char *data, const act_seal_key_t *key);
void mcp_servers_destroy(mcp_servers_t **self_p);

// The names in the file, by index; false: no more.
bool mcp_servers_name(const mcp_servers_t *self, uint32_t index, const char **ret_name);

// `arguments` of an entry, for whoever makes cards of its tools; borrowed, NULL: there are none.
const json_t *mcp_servers_arguments(const mcp_servers_t *self, const char *name);

// Fills in the process or URL, borrowed from self until the next find, the secrets as long as it lives.
// NULL, or what is wrong.
const char *mcp_servers_find(mcp_servers_t *self, const char *name, mcp_client_spec_t *spec);
