// seed: the first tenant and its channel account, put into a running Parley. Again does no harm.
#pragma once
#include "base/config.h"
#include "client.h"

// The file of the master key, made when it is not there.
ACT_MUST_CHECK act_err_t seed_master_key(const instance_t *instance, char ret_path[PATH_MAX]);

// Says on standard error what went wrong. The master key's file is that of PARLEY_MASTER_KEY_FILE.
ACT_MUST_CHECK act_err_t seed_first_tenant(client_t *client, const act_config_t *settings);
