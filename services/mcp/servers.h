// servers: mcp.json of the data folder: {"mcpServers": {NAME: {command, args, env} or {url, token_env,
// allow_private_addresses}}}. A program sees PATH, HOME and what `env` gives it, nothing else of ours.
#pragma once
#include "mcp/mcp_client.h"

typedef struct servers servers_t;

servers_t *servers_new(const char *data);
void servers_destroy(servers_t **self_p);

// Fills in the process or URL, borrowed from self until the next find. NULL, or what is wrong.
const char *servers_find(servers_t *self, const char *name, mcp_client_spec_t *spec);
