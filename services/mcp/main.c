// parley-mcp: MCP servers from the command line (`parley mcp`): which tools they have, which of them are
// approved, and a call of one. The servers are those of mcp.json in the data folder, in the form that
// other MCP clients use; what was approved is kept beside it, as hashes, and secrets, sealed.
#include "io/json.h"
#include "mcp/mcp_client.h"
#include "mcp/mcp_pins.h"
#include "mcp/mcp_secrets.h"
#include "mcp/mcp_servers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EXIT_USAGE 64
#define EXIT_UNAVAILABLE 69
#define EXIT_SETTING 78

typedef struct {
    act_loop_t *loop;
    mcp_client_t *client;
    mcp_pins_t *pins;
    act_seal_key_t *key; // NULL: none, as key_reason says
    const char *key_reason;
    const char *server, *action, *tool;
    json_t *arguments;
    int code;
} world_t;

static void stop(world_t *world, int code)
{
    world->code = code;
    act_loop_stop(world->loop);
}

static void complain(world_t *world, const mcp_answer_t *answer)
{
    fprintf(stderr, "parley mcp: %s: %s", world->server, act_err_code(answer->err));
    if (answer->code)
        fprintf(stderr, " (%d)", answer->code);
    fprintf(stderr, ": %s\n", answer->text ? answer->text : "");
    stop(world, EXIT_UNAVAILABLE);
}

// --- list, approve -------------------------------------------------------------------------------

// What a server says of itself is not to be trusted, in a terminal least of all.
static void print_line(act_str_t text)
{
    for (size_t at = 0; at < text.len_bytes;) {
        size_t from = at;
        uint32_t point = act_utf8_next(text, &at);
        bool is_shown = point >= 0x20 && point != 0x7f && !(point >= 0x80 && point < 0xa0);
        if (is_shown)
            fwrite(text.ptr + from, 1, at - from, stdout);
        else
            putchar(' ');
    }
    putchar('\n');
}

static void print_tool(world_t *world, const json_t *tool)
{
    static const char *const states[] = {"new", "approved", "CHANGED"};
    act_str_t name = act_json_str(tool, "name");
    printf("%-9s ", states[mcp_pins_state(world->pins, world->server, tool)]);
    print_line(name);
    printf("          ");
    print_line(act_utf8_prefix(act_json_str(tool, "description"), 160));
}

static void on_list(void *context, const mcp_answer_t *answer)
{
    world_t *world = context;
    const json_t *tools = act_json_array(answer->result, "tools");
    if (answer->err != ACT_E_OK) {
        complain(world, answer);
        return;
    }
    bool is_approval = strcmp(world->action, "approve") == 0;
    size_t count = 0;
    printf("%s speaks %s\n", world->server, mcp_client_version(world->client));
    for (size_t i = 0; i < json_array_size(tools); i++) {
        const json_t *tool = json_array_get(tools, i);
        bool is_meant = !world->tool || act_str_is(act_json_str(tool, "name"), world->tool);
        if (is_approval && is_meant)
            mcp_pins_approve(world->pins, world->server, tool);
        if (is_meant)
            print_tool(world, tool), count++;
    }
    if (is_approval && !mcp_pins_save(world->pins)) {
        perror("parley mcp: the approvals cannot be written");
        count = 0;
    }
    stop(world, count > 0 || !world->tool ? 0 : 1);
}

// --- call ----------------------------------------------------------------------------------------

static void on_called(void *context, const mcp_answer_t *answer)
{
    world_t *world = context;
    if (answer->err != ACT_E_OK) {
        complain(world, answer);
        return;
    }
    (void)json_dumpf(answer->result, stdout, JSON_INDENT(2));
    putchar('\n');
    stop(world, json_is_true(json_object_get(answer->result, "isError")) ? 1 : 0);
}

static void on_progress(void *context, uint64_t id, double progress, double total, act_str_t text)
{
    (void)context;
    (void)id;
    (void)text; // it is the server's
    if (total > 0)
        fprintf(stderr, "progress: %g of %g\n", progress, total);
    else
        fprintf(stderr, "progress: %g\n", progress);
}

static void on_list_to_call(void *context, const mcp_answer_t *answer)
{
    world_t *world = context;
    const json_t *tools = act_json_array(answer->result, "tools");
    if (answer->err != ACT_E_OK) {
        complain(world, answer);
        return;
    }
    const json_t *found = NULL;
    for (size_t i = 0; i < json_array_size(tools) && !found; i++)
        if (act_str_is(act_json_str(json_array_get(tools, i), "name"), world->tool))
            found = json_array_get(tools, i);
    if (!found || mcp_pins_state(world->pins, world->server, found) != MCP_PINS_APPROVED) {
        fprintf(stderr, "parley mcp: %s has %s of this name%s\n", world->server,
                found ? "a tool" : "no tool",
                found
                    ? ", but not as it was approved: look at it (parley mcp list), then parley mcp "
                      "approve"
                    : "");
        stop(world, 1);
        return;
    }
    mcp_client_call(world->client, act_str(world->tool), world->arguments, on_called, world);
}

// --- secret --------------------------------------------------------------------------------------

static void load_key(world_t *world, const char *data)
{
    char path[PATH_MAX];
    const char *named = getenv("PARLEY_MASTER_KEY_FILE");
    (void)snprintf(path, sizeof path, "%s/keys/master.key", data);
    if (act_seal_key_load(named ? named : path, &world->key, &world->key_reason) != ACT_E_OK)
        world->key = NULL; // told when it is needed
}

// The bridge looks at mcp.json every few seconds, and at everything when it changed.
static void touch(const char *data)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/mcp.json", data);
    (void)utimensat(AT_FDCWD, path, NULL, 0);
}

static int put_secret(const world_t *world, const char *data, act_str_t secret)
{
    mcp_secrets_t *secrets = mcp_secrets_new(data, world->key);
    act_err_t err = mcp_secrets_write(secrets, world->server, world->tool, secret);
    mcp_secrets_destroy(&secrets);
    if (err == ACT_E_CONFIG)
        fprintf(stderr, "parley mcp: the master key %s\n", world->key_reason);
    else if (err != ACT_E_OK)
        fprintf(stderr, "parley mcp: %s/mcp.secrets.json: %s\n", data, strerror(errno));
    else
        touch(data);
    return err == ACT_E_OK ? 0 : EXIT_SETTING;
}

static int run_secret(const world_t *world, const char *data)
{
    char text[MCP_SECRET_MAX_BYTES + 2];
    if (!mcp_secrets_is_name(act_str(world->tool))) {
        fprintf(stderr, "parley mcp: a secret is token, client_secret or refresh_token\n");
        return EXIT_USAGE;
    }
    size_t len_bytes = fread(text, 1, sizeof text, stdin);
    int code = EXIT_USAGE;
    if (len_bytes > MCP_SECRET_MAX_BYTES)
        fprintf(stderr, "parley mcp: the secret is longer than %u bytes\n", MCP_SECRET_MAX_BYTES);
    else
        code = put_secret(world, data, act_str_trim(act_str_of(text, len_bytes)));
    explicit_bzero(text, sizeof text);
    return code;
}

// --- the command ---------------------------------------------------------------------------------

static const char usage[] =
    "Tools of MCP servers. Usage: parley mcp [--data DIR] ACTION\n\n"
    "  list SERVER               its tools: approved, new, or CHANGED since they were approved\n"
    "  approve SERVER [TOOL]     what is listed now may be called\n"
    "  call SERVER TOOL [JSON]   arguments are an object; the result is printed\n"
    "  secret SERVER NAME        what it is shown, from standard input, sealed; nothing removes it:\n"
    "                            token, or client_secret and refresh_token of OAuth\n\n"
    "Servers stand in mcp.json of the data folder (default var):\n"
    "  {\"mcpServers\": {\"files\": {\"command\": \"mcp-server-filesystem\", \"args\": [\"/srv/docs\"], "
    "\"env\": {}},\n"
    "                   \"crm\": {\"url\": \"https://crm.example/mcp\"},\n"
    "                   \"erp\": {\"url\": \"https://erp.example/mcp\", \"oauth\": {\"token_url\": "
    "\"https://login.example/token\",\n"
    "                           \"client_id\": \"parley\", \"scope\": \"orders\"}}}}\n";

static bool read_words(world_t *world, int argc, char **argv, const char **ret_data)
{
    const char *words[4] = {NULL};
    int count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--data") == 0 && i + 1 < argc)
            *ret_data = argv[++i];
        else if (count == 4)
            return false;
        else
            words[count++] = argv[i];
    }
    if (count < 2)
        return false;
    world->action = words[0];
    world->server = words[1];
    world->tool = words[2];
    bool is_call = strcmp(world->action, "call") == 0;
    if (strcmp(world->action, "secret") == 0)
        return count == 3;
    if (!is_call)
        return (strcmp(world->action, "list") == 0 && count == 2) ||
               (strcmp(world->action, "approve") == 0 && count <= 3);
    act_str_t text = words[3] ? act_str(words[3]) : ACT_STR("{}");
    return world->tool && act_json_parse(text, &world->arguments, NULL, NULL) == ACT_E_OK &&
           json_is_object(world->arguments);
}

static int run(world_t *world, const char *data)
{
    mcp_servers_t *servers = mcp_servers_new(data, world->key);
    mcp_client_spec_t spec = {
        .name = "parley", .version = PARLEY_VERSION, .on_progress = on_progress};
    const char *fault = mcp_servers_find(servers, world->server, &spec);
    if (fault)
        fprintf(stderr, "parley mcp: %s/mcp.json: %s: %s\n", data, world->server, fault);
    world->client = fault ? NULL : mcp_client_new(world->loop, &spec);
    if (!fault && !world->client)
        fprintf(stderr, "parley mcp: %s: it cannot be started\n", world->server);
    world->code = fault ? EXIT_USAGE : EXIT_UNAVAILABLE;
    if (world->client) {
        mcp_client_list(world->client,
                        strcmp(world->action, "call") == 0 ? on_list_to_call : on_list, world);
        act_loop_run(world->loop);
        mcp_client_destroy(&world->client);
    }
    act_loop_run(world->loop); // until the server is gone
    mcp_servers_destroy(&servers);
    return world->code;
}

int main(int argc, char **argv)
{
    const char *data = "var";
    world_t world = {.loop = NULL};
    if (!read_words(&world, argc, argv, &data)) {
        json_decref(world.arguments);
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    load_key(&world, data);
    if (strcmp(world.action, "secret") == 0) {
        int done = run_secret(&world, data);
        act_seal_key_destroy(&world.key);
        return done;
    }
    world.loop = act_loop_new();
    world.pins = mcp_pins_new(data);
    int code = run(&world, data);
    act_seal_key_destroy(&world.key);
    mcp_pins_destroy(&world.pins);
    json_decref(world.arguments);
    act_loop_destroy(&world.loop);
    return code;
}
