// mcp_servers
#include "mcp/mcp_servers.h"

#include "base/arena.h"
#include "io/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX_COUNT 64

struct mcp_servers {
    json_t *root;
    mcp_secrets_t *secrets;
    act_arena_t *arena;
    const char *argv[WORDS_MAX_COUNT + 2];
    const char *env[WORDS_MAX_COUNT + 3];
};

mcp_servers_t *mcp_servers_new(const char *data, const act_seal_key_t *key)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/mcp.json", data);
    mcp_servers_t *self = act_alloc(sizeof *self);
    self->arena = act_arena_new();
    self->secrets = mcp_secrets_new(data, key);
    self->root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    return self;
}

void mcp_servers_destroy(mcp_servers_t **self_p)
{
    mcp_servers_t *self = act_take(self_p);
    if (!self)
        return;
    json_decref(self->root);
    mcp_secrets_destroy(&self->secrets);
    act_arena_destroy(&self->arena);
    act_free(self);
}

static const char *inherit(mcp_servers_t *self, const char *name)
{
    const char *value = getenv(name);
    return act_arena_printf(self->arena, "%s=%s", name, value ? value : "").ptr;
}

static const char *read_process(mcp_servers_t *self, const json_t *server, mcp_client_spec_t *spec)
{
    size_t argc = 0, envc = 0;
    self->argv[argc++] = json_string_value(json_object_get(server, "command"));
    const json_t *args = act_json_array(server, "args");
    for (size_t i = 0; i < json_array_size(args); i++) {
        const char *word = json_string_value(json_array_get(args, i));
        if (!word || argc > WORDS_MAX_COUNT)
            return "args: not strings, or too many";
        self->argv[argc++] = word;
    }
    self->argv[argc] = NULL;
    self->env[envc++] = inherit(self, "PATH");
    self->env[envc++] = inherit(self, "HOME");
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)act_json_object(server, "env"), name, value)
    {
        if (!json_is_string(value) || envc > WORDS_MAX_COUNT + 1)
            return "env: not strings, or too many";
        self->env[envc++] =
            act_arena_printf(self->arena, "%s=%s", name, json_string_value(value)).ptr;
    }
    self->env[envc] = NULL;
    spec->process = (mcp_process_spec_t){.argv = self->argv, .env = self->env};
    return NULL;
}

// One of two words, the first when nothing is said. False: another.
static bool read_choice(const json_t *object, const char *name, const char *usual,
                        const char *other, bool *ret_is_other)
{
    act_str_t text = act_json_str(object, name);
    *ret_is_other = act_str_is(text, other);
    return !json_object_get(object, name) || *ret_is_other || act_str_is(text, usual);
}

static const char *read_oauth(const json_t *oauth, const char *url, mcp_auth_spec_t *auth)
{
    const json_t *resource = json_object_get(oauth, "resource");
    *auth = (mcp_auth_spec_t){
        .token_url = json_string_value(json_object_get(oauth, "token_url")),
        .client_id = json_string_value(json_object_get(oauth, "client_id")),
        .scope = json_string_value(json_object_get(oauth, "scope")),
        .resource = resource ? json_string_value(resource) : url,
    };
    if (!auth->token_url || !auth->client_id)
        return "oauth: token_url and client_id are texts that must be there";
    if (!read_choice(oauth, "grant", "client_credentials", "refresh_token", &auth->is_refresh))
        return "oauth: grant is client_credentials or refresh_token";
    if (!read_choice(oauth, "client_auth", "basic", "post", &auth->is_secret_in_body))
        return "oauth: client_auth is basic or post";
    return NULL;
}

static bool is_sent_openly(const json_t *server, const char *url)
{
    return !act_str_starts_with(act_str(url), "https://") &&
           !json_is_true(json_object_get(server, "allow_private_addresses"));
}

static const char *read_url(const mcp_servers_t *self, const char *name, const json_t *server,
                            mcp_client_spec_t *spec)
{
    const json_t *oauth = act_json_object(server, "oauth");
    const char *token_env = json_string_value(json_object_get(server, "token_env"));
    const char *token = token_env ? getenv(token_env) : NULL;
    if (token_env && !token)
        return "token_env: there is no such environment variable";
    if (token && oauth)
        return "token_env or oauth, not both";
    spec->http = (mcp_http_spec_t){
        .url = json_string_value(json_object_get(server, "url")),
        .auth = {.token = token},
        .allow_private_addresses = json_is_true(json_object_get(server, "allow_private_addresses")),
    };
    const char *fault = oauth ? read_oauth(oauth, spec->http.url, &spec->http.auth) : NULL;
    if (!fault && oauth && is_sent_openly(server, spec->http.auth.token_url))
        fault = "oauth: token_url must be https";
    spec->http.auth.secrets = self->secrets;
    spec->http.auth.server = name;
    return fault;
}

const char *mcp_servers_find(mcp_servers_t *self, const char *name, mcp_client_spec_t *spec)
{
    const json_t *servers = act_json_object(self->root, "mcpServers");
    const json_t *server = act_json_object(servers, name);
    if (!servers)
        return "there is no such file, or no mcpServers in it";
    if (!server)
        return "there is no such server in it";
    if (json_is_string(json_object_get(server, "command")))
        return read_process(self, server, spec);
    if (json_is_string(json_object_get(server, "url")))
        return read_url(self, name, server, spec);
    return "it has neither command nor url";
}

const json_t *mcp_servers_arguments(const mcp_servers_t *self, const char *name)
{
    const json_t *server = act_json_object(act_json_object(self->root, "mcpServers"), name);
    return act_json_object(server, "arguments");
}

bool mcp_servers_name(const mcp_servers_t *self, uint32_t index, const char **ret_name)
{
    const char *name = NULL;
    json_t *server = NULL;
    json_object_foreach((json_t *)act_json_object(self->root, "mcpServers"), name, server)
    {
        *ret_name = name;
        if (index-- == 0)
            return true;
    }
    return false;
}
