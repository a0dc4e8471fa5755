// tool: parley tool list | call | new | build | test.
#include "tool.h"

#include "io/json.h"
#include "options.h"
#include "show.h"
#include "tool/json_schema.h"
#include "tool_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_TOOL 1 // the tool said no

// --- list ------------------------------------------------------------------------------------------

static void print_row(const tool_view_t *tool)
{
    act_tool_card_t *card = NULL;
    act_buf_t error;
    act_buf_init(&error, 1024);
    bool has_card =
        tool->card.len_bytes > 0 && act_tool_card_parse(tool->card, &card, &error) == ACT_E_OK;
    printf("%-22.*s %-9.*s %4u %-13s %-8s %s\n", ACT_STR_ARG(tool->name), ACT_STR_ARG(tool->state),
           tool->generation, has_card ? act_tool_effects_name(card->effects) : "-",
           tool->is_builtin             ? "built in"
           : tool->tenant.len_bytes > 0 ? "tenant"
                                        : "yours",
           has_card ? card->title : "");
    if (tool->error.len_bytes > 0)
        printf("    %.*s\n", ACT_STR_ARG(tool->error));
    act_tool_card_destroy(&card);
    act_buf_fini(&error);
}

static int list(int argc, char **argv)
{
    const char *data = NULL;
    bool is_json = false;
    const option_t table[] = {{"json", NULL, &is_json, "one JSON object"}, {0}};
    int code = 0;
    if (!options_parse(argc, argv, table, "the tools that an agent may be offered", &data, &code))
        return code;
    client_t *client = NULL;
    code = client_reach(data, "tool list", &client);
    if (code != 0)
        return code;
    tools_reply_t reply;
    bool is_good = tool_link_list(client, "", "", &reply);
    if (is_good && is_json) {
        show_json(&tools_reply_model, &reply);
    } else if (is_good) {
        printf("%-22s %-9s %4s %-13s %-8s %s\n", "tool", "state", "gen", "effects", "from",
               "title");
        for (uint32_t i = 0; i < reply.tools.count; i++)
            print_row(&reply.tools.items[i]);
    }
    client_close(&client);
    return is_good ? 0 : EXIT_UNAVAILABLE;
}

// --- call ------------------------------------------------------------------------------------------

static int say(const char *text)
{
    fprintf(stderr, "parley tool call: %s\n", text);
    return EXIT_USAGE;
}

// Arguments are held to the card before anything is sent, as an agent's are.
static int check_arguments(const tool_view_t *tool, const char *arguments)
{
    act_tool_card_t *card = NULL;
    json_t *value = NULL;
    act_buf_t error;
    act_buf_init(&error, 2048);
    int code = 0;
    if (tool->card.len_bytes == 0 || act_tool_card_parse(tool->card, &card, &error) != ACT_E_OK)
        code = say("the tool has no card that is right (see parley tool list)");
    else if (act_json_parse(act_str(arguments), &value, NULL, NULL) != ACT_E_OK)
        code = say("the arguments must be a JSON object (example: '{\"city\": \"Lyon\"}')");
    else if (act_json_schema_validate(card->input, value, "arguments", &error) != ACT_E_OK) {
        act_buf_add_char(&error, '\0');
        code = say(error.ptr);
    }
    json_decref(value);
    act_tool_card_destroy(&card);
    act_buf_fini(&error);
    return code;
}

static int print_reply(const tool_call_reply_t *reply)
{
    if (reply->result.len_bytes > 0)
        printf("%.*s\n", ACT_STR_ARG(reply->result));
    if (reply->text.len_bytes > 0)
        fprintf(reply->is_error ? stderr : stdout, "%.*s\n", ACT_STR_ARG(reply->text));
    return reply->is_error ? EXIT_TOOL : 0;
}

static int call_tool(client_t *client, const char *name, const char *arguments,
                     const tool_link_opts_t *opts)
{
    tools_reply_t tools;
    if (!tool_link_list(client, opts->tenant, name, &tools))
        return EXIT_UNAVAILABLE;
    if (tools.tools.count == 0)
        return say("there is no such tool (see parley tool list)");
    int code = check_arguments(&tools.tools.items[0], arguments);
    if (code != 0)
        return code;
    tool_call_reply_t reply;
    if (tool_link_call(client, &tools.tools.items[0], opts, arguments, &reply,
                       /* is_loud= */ true) != ACT_E_OK)
        return EXIT_UNAVAILABLE;
    return print_reply(&reply);
}

static int call(int argc, char **argv)
{
    const char *data = NULL, *words[2] = {NULL, "{}"};
    uint32_t words_count = 0;
    tool_link_opts_t opts = {.tenant = "demo"};
    const option_t table[] = {
        {"tenant", &opts.tenant, NULL, "for whom (default demo)"},
        {"step-key", &opts.step_key, NULL, "the same key asks for the same effect again"},
        {"conversation", &opts.conversation, NULL, "id of the conversation (default none)"},
        {"contact", &opts.contact, NULL, "id of the contact (default none)"},
        {"language", &opts.language, NULL, "of the customer (default none)"},
        {"role", &opts.role, NULL, "who asks: staff (default) or customer"},
        {"dry-run", NULL, &opts.is_dry_run, "check everything, change nothing"},
        {0},
    };
    const options_spec_t spec = {
        .summary = "call a tool as an agent would",
        .usage = "NAME [ARGUMENTS]",
        .examples = "parley tool call current_time '{\"time_zone\": \"Europe/Paris\"}'\n",
        .table = table,
        .words = words,
        .words_max = 2,
        .words_count = &words_count,
    };
    int code = 0;
    if (!options_parse_words(argc, argv, &spec, &data, &code))
        return code;
    if (words_count == 0)
        return say("which tool? (see parley tool list)");
    client_t *client = NULL;
    code = client_reach(data, "tool call", &client);
    if (code != 0)
        return code;
    code = call_tool(client, words[0], words_count > 1 ? words[1] : "{}", &opts);
    client_close(&client);
    return code;
}

// --- the parts -------------------------------------------------------------------------------------

static const struct {
    const char *name;
    command_fn *run;
    const char *help;
} parts[] = {
    {"list", list, "the tools there are, and how they do"},
    {"call", call, "call one: parley tool call NAME ARGUMENTS"},
    {"new", tool_new, "make one that works: parley tool new NAME --lang python"},
    {"build", tool_build, "compile one in C again"},
    {"test", tool_test, "hold one to what every tool must do"},
    {"log", tool_log, "what the agent did with tools"},
    {"rules", tool_rules, "which tools the agent may use"},
    {"rule", tool_rule, "set one: parley tool rule NAME allow"},
    {"value", tool_value, "a recipient, amount or URL that the agent may use"},
    {"add-server", tool_add_server, "adopt a tool server: parley tool add-server URL --name NAME"},
    {"servers", tool_servers, "tool servers and MCP servers, and how their tools do"},
    {"approve-server", tool_approve_server, "approve the tools that a server has now"},
    {"remove-server", tool_remove_server, "forget a tool server"},
};

static int help(FILE *file)
{
    fprintf(file, "parley tool: tools that an agent may call (docs/plugins.md)\n\n");
    for (size_t i = 0; i < ACT_COUNT(parts); i++)
        fprintf(file, "  parley tool %-14s %s\n", parts[i].name, parts[i].help);
    return file == stderr ? EXIT_USAGE : 0;
}

int command_tool(int argc, char **argv)
{
    int place = 1; // --data may come first, as everywhere
    while (place < argc && strncmp(argv[place], "--data", 6) == 0)
        place += argv[place][6] == '=' ? 1 : 2;
    const char *name = place < argc ? argv[place] : "--help";
    for (int i = place; i > 1 && i < argc; i--)
        argv[i] = argv[i - 1];
    if (place < argc)
        argv[1] = (char *)(uintptr_t)name;
    for (size_t i = 0; i < ACT_COUNT(parts); i++)
        if (strcmp(name, parts[i].name) == 0)
            return parts[i].run(argc - 1, argv + 1);
    return help(strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ? stdout : stderr);
}
