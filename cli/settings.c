// settings: a table, and the few rules a table cannot say.
#include "settings.h"

#include "dotenv.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const act_config_row_t table[] = {
    {"database_url", "DATABASE_URL", ACT_CONFIG_TEXT, "", 0, 0,
     "postgresql://parley:secret@db.example.com/parley",
     "PostgreSQL to use; without it a private one runs in the data folder", true},
    {"verify_token", "VERIFY_TOKEN", ACT_CONFIG_TEXT, "", 0, 0, "a-word-only-you-and-meta-know",
     "the word entered in Meta's webhook form", true},
    {"wh_token", "WH_TOKEN", ACT_CONFIG_TEXT, "", 0, 0, "EAAG...",
     "access token of the WhatsApp Cloud API", true},
    {"wh_phone_id", "WH_PHONE_ID", ACT_CONFIG_TEXT, "", 0, 0, "800001",
     "phone number id of the WhatsApp number", false},
    {"wh_app_secret", "WH_APP_SECRET", ACT_CONFIG_TEXT, "", 0, 0,
     "5f2a0c9e7b1d4836a0f1c2d3e4b59687", "app secret that signs Meta's webhooks", true},
    {"wh_unknown_policy", "WH_UNKNOWN_POLICY", ACT_CONFIG_TEXT, "resend", 0, 0, "park",
     "a message that may not have arrived is sent once more (resend), or a person decides (park)",
     false},
    {"openai_api_key", "OPENAI_API_KEY", ACT_CONFIG_TEXT, "", 0, 0, "sk-...",
     "key of the language model; without one Parley answers from flows and FAQ", true},
    {"openai_model", "OPENAI_MODEL", ACT_CONFIG_TEXT, "", 0, 0, "gpt-6-luna", "model to ask",
     false},
    {"openai_base_url", "OPENAI_BASE_URL", ACT_CONFIG_TEXT, "", 0, 0, "http://127.0.0.1:11434/v1",
     "another server that speaks the same API", false},
    {"x_admin_token", "X_ADMIN_TOKEN", ACT_CONFIG_TEXT, "", 0, 0, "at-least-16-random-characters",
     "token of the management API", true},
    {"graph_api_base", "GRAPH_API_BASE", ACT_CONFIG_TEXT, "https://graph.facebook.com", 0, 0,
     "http://127.0.0.1:9000", "where the WhatsApp Cloud API is", false},
    {0},
};

typedef struct {
    const char *name;
    bool (*is_good)(const char *value);
    const char *rule;
} rule_t;

static bool is_database_url(const char *value)
{
    return strncmp(value, "postgres://", 11) == 0 || strncmp(value, "postgresql://", 13) == 0;
}

static bool is_http_url(const char *value)
{
    return strncmp(value, "http://", 7) == 0 || strncmp(value, "https://", 8) == 0;
}

static bool is_digits(const char *value)
{
    return strspn(value, "0123456789") == strlen(value);
}

static bool is_app_secret(const char *value)
{
    return strlen(value) == 32 && strspn(value, "0123456789abcdef") == 32;
}

static bool is_long_token(const char *value)
{
    return strlen(value) >= 16;
}

static bool is_unknown_policy(const char *value)
{
    return strcmp(value, "resend") == 0 || strcmp(value, "park") == 0;
}

static const rule_t rules[] = {
    {"database_url", is_database_url, "must begin with postgresql://"},
    {"wh_phone_id", is_digits, "must be digits only"},
    {"wh_app_secret", is_app_secret, "must be 32 characters of 0-9a-f"},
    {"wh_unknown_policy", is_unknown_policy, "must be resend or park"},
    {"openai_base_url", is_http_url, "must begin with http:// or https://"},
    {"graph_api_base", is_http_url, "must begin with http:// or https://"},
    {"x_admin_token", is_long_token, "must have at least 16 characters"},
};

// One cannot work without the others.
static const char *const whatsapp_group[] = {"verify_token", "wh_token", "wh_phone_id",
                                             "wh_app_secret"};

static const act_config_row_t *row_of(const char *name)
{
    const act_config_row_t *row = table;
    while (strcmp(row->name, name) != 0)
        row++;
    return row;
}

static act_err_t refuse(const char *name, const char *why, act_buf_t *error)
{
    const act_config_row_t *row = row_of(name);
    act_buf_printf(error, "%s %s: %s (example: %s=%s)", row->env, why, row->help, row->env,
                   row->example);
    return ACT_E_CONFIG;
}

bool settings_has_whatsapp(const act_config_t *settings)
{
    for (size_t i = 0; i < ACT_COUNT(whatsapp_group); i++)
        if (*act_config_text(settings, whatsapp_group[i]) == '\0')
            return false;
    return true;
}

static act_err_t check(const act_config_t *settings, act_buf_t *error)
{
    for (size_t i = 0; i < ACT_COUNT(rules); i++) {
        const char *value = act_config_text(settings, rules[i].name);
        if (*value && !rules[i].is_good(value))
            return refuse(rules[i].name, rules[i].rule, error);
    }
    bool is_any_set = false;
    for (size_t i = 0; i < ACT_COUNT(whatsapp_group); i++)
        is_any_set = is_any_set || *act_config_text(settings, whatsapp_group[i]);
    for (size_t i = 0; is_any_set && i < ACT_COUNT(whatsapp_group); i++)
        if (!*act_config_text(settings, whatsapp_group[i]))
            return refuse(whatsapp_group[i], "is missing, WhatsApp needs it", error);
    return ACT_E_OK;
}

act_err_t settings_load(const char *source, act_config_t **ret_settings, act_buf_t *error)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/.env", source);
    act_err_t err = dotenv_load(path, error);
    if (err != ACT_E_OK)
        return err;
    const act_config_row_t *tables[] = {table, NULL};
    ACT_AUTO(act_config) *settings = NULL;
    err = act_config_load(tables, NULL, &settings, error);
    if (err == ACT_E_OK)
        err = check(settings, error);
    if (err == ACT_E_OK)
        *ret_settings = act_take(&settings);
    return err;
}
