// integration: what stands outside for a tenant (org_integrations), as the command line writes it.
#pragma once
#include "client.h"
#include "model_key.h"

typedef struct {
    const char *tenant, *name, *kind;
    const char *url, *config; // NULL: what is stored stays
    model_key_source_t secret;
} integration_row_t;

// Seals the secret and stores the row. The exit code; what is wrong has been said.
int integration_put(client_t *client, const instance_t *instance, const integration_row_t *row);
int integration_remove(client_t *client, const char *tenant, const char *name);
