// seed: calls to persistence and ingress, and the key that seals tokens.
#include "seed.h"

#include "base/seal.h"
#include "command.h"
#include "proto/ingress_service.h"
#include "proto/persistence_service.h"
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_TENANT "demo"

// The key that seals tokens in the database. Losing it means entering them again.
act_err_t seed_master_key(const instance_t *instance, char ret_path[PATH_MAX])
{
    snprintf(ret_path, PATH_MAX, "%.*s/master.key", PATH_MAX - 16, instance->keys);
    return access(ret_path, F_OK) == 0 ? ACT_E_OK : act_seal_key_create(ret_path);
}

static act_str_t seal(client_t *client, const act_config_t *settings, const act_seal_key_t *key,
                      const char *name, const char *setting)
{
    act_buf_t sealed;
    act_buf_init(&sealed, ACT_BUF_DEFAULT_MAX_BYTES);
    act_seal(key, act_str(FIRST_TENANT), name, act_str(act_config_text(settings, setting)),
             &sealed);
    act_str_t kept = act_arena_str(client_arena(client), act_buf_str(&sealed));
    act_buf_fini(&sealed);
    return kept;
}

static act_err_t put_whatsapp(client_t *client, const act_config_t *settings)
{
    ACT_AUTO(act_seal_key) *key = NULL;
    const char *reason = "";
    const char *file = getenv("PARLEY_MASTER_KEY_FILE");
    act_err_t err = act_seal_key_load(file ? file : "", &key, &reason);
    if (err != ACT_E_OK) {
        fprintf(stderr, "parley: PARLEY_MASTER_KEY_FILE %s: %s\n", file ? file : "is missing",
                reason);
        return err;
    }
    put_channel_account_request_t request = {
        .channel = ACT_STR("whatsapp"),
        .external_id = act_str(act_config_text(settings, "wh_phone_id")),
        .app_secret = seal(client, settings, key, ACT_SEAL_APP_SECRET, "wh_app_secret"),
        .access_token = seal(client, settings, key, ACT_SEAL_ACCESS_TOKEN, "wh_token"),
        .verify_token = seal(client, settings, key, ACT_SEAL_VERIFY_TOKEN, "verify_token"),
        .api_base = act_str(act_config_text(settings, "graph_api_base")),
        .unknown_policy = act_str(act_config_text(settings, "wh_unknown_policy")),
    };
    put_channel_account_reply_t reply;
    return client_call(client, &persistence_service, PERSISTENCE_PUT_CHANNEL_ACCOUNT, FIRST_TENANT,
                       &request, &reply, /* is_loud= */ true);
}

act_err_t seed_first_tenant(client_t *client, const act_config_t *settings)
{
    empty_t empty = {0};
    act_err_t err = client_call(client, &persistence_service, PERSISTENCE_SEED_DEMO, FIRST_TENANT,
                                &empty, &empty, /* is_loud= */ true);
    if (err == ACT_E_OK && settings_has_whatsapp(settings))
        err = put_whatsapp(client, settings);
    if (err == ACT_E_OK)
        err = client_call(client, &ingress_service, INGRESS_RELOAD, "", &empty, &empty,
                          /* is_loud= */ true);
    return err;
}
