// integration: parley integration set | remove: what stands outside for a tenant.
#include "integration.h"

#include "base/seal.h"
#include "command.h"
#include "io/json.h"
#include "options.h"
#include "proto/persistence_service.h"
#include "tool/card.h"

#include <stdio.h>
#include <string.h>

static int fail(const char *text)
{
    fprintf(stderr, "parley integration: %s\n", text);
    return EXIT_USAGE;
}

int integration_put(client_t *client, const instance_t *instance, const integration_row_t *row)
{
    act_arena_t *arena = client_arena(client);
    put_integration_request_t request = {.integration_id = act_str(row->name),
                                         .kind = act_str(row->kind),
                                         .url = act_str(row->url),
                                         .config = act_str(row->config)};
    if (!act_tool_name_is_good(request.integration_id) || request.integration_id.len_bytes > 20)
        return fail("a name is at most 20 lower case letters, digits and underscores, a letter "
                    "first (example: crm)");
    const char *sealed_name = act_arena_printf(arena, ACT_SEAL_INTEGRATION "%s", row->name).ptr;
    if (model_key_seal_as(instance, &row->secret, row->tenant, sealed_name, arena,
                          &request.secret) != ACT_E_OK)
        return EXIT_SETTING;
    empty_t empty;
    return client_call(client, &persistence_service, PERSISTENCE_PUT_INTEGRATION, row->tenant,
                       &request, &empty, /* is_loud= */ true) == ACT_E_OK
               ? 0
               : EXIT_UNAVAILABLE;
}

int integration_remove(client_t *client, const char *tenant, const char *name)
{
    const remove_integration_request_t request = {.integration_id = act_str(name)};
    remove_integration_reply_t reply;
    if (client_call(client, &persistence_service, PERSISTENCE_REMOVE_INTEGRATION, tenant, &request,
                    &reply, /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    return reply.was_there ? 0 : fail("there is none of this name");
}

static bool is_object(const char *text)
{
    json_t *root = NULL;
    bool is_good =
        act_json_parse(act_str(text), &root, NULL, NULL) == ACT_E_OK && json_is_object(root);
    json_decref(root);
    return is_good;
}

static int run(client_t *client, const instance_t *instance, const char *action,
               const integration_row_t *row)
{
    if (strcmp(action, "remove") == 0)
        return integration_remove(client, row->tenant, row->name);
    if (strcmp(action, "set") != 0)
        return fail("set or remove (example: parley integration remove crm)");
    if (!row->kind)
        return fail("--kind is one of email, webhook, channel, projects, tool_server");
    if (row->config && !is_object(row->config))
        return fail("--config is a JSON object (example: --config '{\"to\": \"me@example.org\"}')");
    return integration_put(client, instance, row);
}

int command_integration(int argc, char **argv)
{
    const char *data = NULL, *words[2] = {NULL};
    uint32_t words_count = 0;
    integration_row_t row = {.tenant = "demo"};
    const option_t table[] = {
        {"tenant", &row.tenant, NULL, "whose (default demo)"},
        {"kind", &row.kind, NULL, "email, webhook, channel, projects or tool_server"},
        {"url", &row.url, NULL, "of a webhook or a tool server"},
        {"config", &row.config, NULL, "a JSON object, by kind (docs/plugins.md)"},
        {"secret-env", &row.secret.environment, NULL, "environment variable with the secret"},
        {"secret-file", &row.secret.file, NULL, "file with the secret; - is standard input"},
        {0},
    };
    const options_spec_t spec = {
        .summary = "what stands outside for a tenant: ways to the owner, projects, tool servers",
        .usage = "set|remove NAME",
        .examples = "parley integration set mail --kind email --secret-env SMTP_PASSWORD \\\n"
                    "  --config '{\"host\": \"smtp.example.org\", \"user\": \"bot\", \"from\": "
                    "\"bot@example.org\", \"to\": \"me@example.org\"}'\n",
        .table = table,
        .words = words,
        .words_max = 2,
        .words_count = &words_count,
    };
    int code = 0;
    instance_t instance;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if (words_count < 2 || instance_locate(data, &instance) != ACT_E_OK)
        return fail("set or remove, and a name (example: parley integration remove crm)");
    client_t *client = client_open_loud(&instance, "integration");
    if (!client)
        return EXIT_UNAVAILABLE;
    row.name = words[1];
    code = run(client, &instance, words[0], &row);
    client_close(&client);
    return code;
}
