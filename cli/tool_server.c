// tool_server: parley tool add-server | servers | approve-server | remove-server.
#include "base/seal.h"
#include "integration.h"
#include "options.h"
#include "proto/bridge_service.h"
#include "tool.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const char *data, *tenant, *name;
    const char *words[1];
    uint32_t words_count;
    model_key_source_t token;
    instance_t instance;
    client_t *client;
} server_options_t;

static int fail(const char *text)
{
    fprintf(stderr, "parley tool: %s\n", text);
    return EXIT_USAGE;
}

static void print_server(const server_view_t *row)
{
    printf("%.*s (%.*s) %.*s\n", ACT_STR_ARG(row->server), ACT_STR_ARG(row->kind),
           ACT_STR_ARG(row->source));
    if (row->error.len_bytes > 0)
        printf("  %.*s\n", ACT_STR_ARG(row->error));
    for (uint32_t i = 0; i < row->tools.count; i++) {
        const server_tool_t *tool = &row->tools.items[i];
        printf("  %-9.*s %.*s%s%.*s\n", ACT_STR_ARG(tool->state), ACT_STR_ARG(tool->name),
               tool->error.len_bytes > 0 ? ": " : "", ACT_STR_ARG(tool->error));
    }
}

static int adopt(const server_options_t *options, const char *name)
{
    const adopt_server_request_t request = {.server = act_str(name)};
    server_view_t row;
    if (client_call(options->client, &bridge_service, BRIDGE_ADOPT_SERVER, options->tenant,
                    &request, &row, /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    print_server(&row);
    return 0;
}

static int add(server_options_t *options)
{
    if (options->words_count == 0 || !options->name)
        return fail("add-server needs a URL and --name (example: parley tool add-server "
                    "https://tools.example.org --name crm --token-env CRM_TOKEN)");
    const integration_row_t row = {.tenant = options->tenant,
                                   .name = options->name,
                                   .kind = "tool_server",
                                   .url = options->words[0],
                                   .secret = options->token};
    int code = integration_put(options->client, &options->instance, &row);
    return code == 0 ? adopt(options, options->name) : code;
}

static int approve(server_options_t *options)
{
    return options->words_count == 0 ? fail("which server? (see parley tool servers)")
                                     : adopt(options, options->words[0]);
}

static int list(server_options_t *options)
{
    empty_t empty = {0};
    list_servers_reply_t reply;
    if (client_call(options->client, &bridge_service, BRIDGE_LIST_SERVERS, options->tenant, &empty,
                    &reply, /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    for (uint32_t i = 0; i < reply.servers.count; i++)
        print_server(&reply.servers.items[i]);
    return 0;
}

static int drop(server_options_t *options)
{
    if (options->words_count == 0)
        return fail("which server? (see parley tool servers)");
    empty_t empty = {0};
    int code = integration_remove(options->client, options->tenant, options->words[0]);
    if (code == 0 && client_call(options->client, &bridge_service, BRIDGE_RELOAD_SERVERS,
                                 options->tenant, &empty, &empty, true) != ACT_E_OK)
        code = EXIT_UNAVAILABLE;
    return code;
}

static int run(int argc, char **argv, int (*action)(server_options_t *options), const char *summary,
               const char *usage)
{
    server_options_t options = {.tenant = "demo"};
    const option_t table[] = {
        {"tenant", &options.tenant, NULL, "whose (default demo)"},
        {"name", &options.name, NULL, "what it is called here: its tools are NAME_..."},
        {"token-env", &options.token.environment, NULL, "environment variable with its token"},
        {"token-file", &options.token.file, NULL, "file with its token; - is standard input"},
        {0},
    };
    const options_spec_t spec = {.summary = summary,
                                 .usage = usage,
                                 .table = table,
                                 .words = options.words,
                                 .words_max = 1,
                                 .words_count = &options.words_count};
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &options.data, &code))
        return code;
    if (instance_locate(options.data, &options.instance) != ACT_E_OK)
        return EXIT_USAGE;
    options.client = client_open_loud(&options.instance, "tool");
    if (!options.client)
        return EXIT_UNAVAILABLE;
    code = action(&options);
    client_close(&options.client);
    return code;
}

int tool_add_server(int argc, char **argv)
{
    return run(argc, argv, add, "adopt a tool server; the tools it has now are approved", "URL");
}

int tool_approve_server(int argc, char **argv)
{
    return run(argc, argv, approve, "approve the tools that a server has now", "NAME");
}

int tool_servers(int argc, char **argv)
{
    return run(argc, argv, list, "tool servers and MCP servers, and how their tools do", NULL);
}

int tool_remove_server(int argc, char **argv)
{
    return run(argc, argv, drop, "forget a tool server", "NAME");
}
