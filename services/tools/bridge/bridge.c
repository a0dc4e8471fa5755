// bridge: settings, methods, life.
#include "bridge.h"

#include "book.h"
#include "proto/persistence_service.h"

#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX_COUNT 64
#define RESPONSE_MAX_BYTES (1u << 20)

typedef struct {
    act_actor_t *actor;
    act_seal_key_t *key;
    server_world_t world;
    book_t *book;
} bridge_t;

static const act_config_row_t settings[] = {
    {"master_key_file", "PARLEY_MASTER_KEY_FILE", ACT_CONFIG_TEXT, NULL, 0, 0,
     "/var/lib/parley/master.key", "file with the key that tokens of tool servers are sealed with",
     false},
    {"mcp_dir", "PARLEY_MCP_DIR", ACT_CONFIG_TEXT, "var", 0, 0, "/var/lib/parley",
     "folder of mcp.json and mcp.approved.json", false},
    {"allow_private_addresses", "PARLEY_ALLOW_PRIVATE_ADDRESSES", ACT_CONFIG_BOOL, "false", 0, 0,
     "true", "may tool servers be at private and loopback addresses?", false},
    {0},
};

// --- a call ----------------------------------------------------------------------------------------

static void on_call(void *context, act_call_t *call, const tool_call_request_t *request)
{
    bridge_t *self = context;
    const foreign_t *tool = NULL;
    server_t *server =
        book_find_tool(self->book, act_call_header(call)->tenant, request->tool, &tool);
    if (!server || strcmp(server_state(server, tool), "ready") != 0) {
        act_call_fail(&call, server ? ACT_E_FORBIDDEN : ACT_E_NOT_FOUND,
                      server ? "the tool is not as a person approved it, or nobody has"
                             : "there is no such tool");
        return;
    }
    act_tool_call_t *one = tool_call_new(tool->card, call, request);
    if (one && request->is_dry_run && tool->card->effects != ACT_TOOL_READ)
        tool_call_fail(&one, ACT_STR("This was a trial; nothing was changed."));
    else if (one)
        server_call(server, tool, one);
}

// --- adopt, list, reload ---------------------------------------------------------------------------

typedef struct {
    bridge_t *bridge;
    act_call_t *call;
    const adopt_server_request_t *request;
} adoption_t;

static void on_pinned(void *context, const act_reply_t *reply, const empty_t *nothing)
{
    adoption_t *adoption = context;
    (void)nothing;
    if (reply->err != ACT_E_OK) {
        act_call_fail(&adoption->call, reply->err, "the approval could not be stored");
        return;
    }
    server_t *server = book_find_server(
        adoption->bridge->book, act_call_header(adoption->call)->tenant, adoption->request->server);
    server_view_t row = {.server = adoption->request->server};
    if (server)
        book_describe(server, act_call_arena(adoption->call), &row);
    book_tell(adoption->bridge->book);
    bridge_adopt_server_reply(&adoption->call, &row);
}

static void on_asked(void *context, act_err_t err)
{
    adoption_t *adoption = context;
    bridge_t *self = adoption->bridge;
    act_str_t tenant = act_call_header(adoption->call)->tenant;
    server_t *server = book_find_server(self->book, tenant, adoption->request->server);
    if (err != ACT_E_OK || !server || *server->error) {
        act_call_fail(&adoption->call,
                      err != ACT_E_OK ? err
                      : server        ? ACT_E_UNAVAILABLE
                                      : ACT_E_NOT_FOUND,
                      server ? server->error : "there is no such server");
        return;
    }
    char *pins = server_approve(server);
    const put_integration_pins_request_t request = {.integration_id = adoption->request->server,
                                                    .pins = act_str(pins)};
    const act_call_opts_t opts = {.parent = adoption->call};
    persistence_put_integration_pins(self->actor, &opts, &request, on_pinned, adoption);
    free(pins);
}

static void on_adopt(void *context, act_call_t *call, const adopt_server_request_t *request)
{
    adoption_t *adoption = act_arena_alloc(act_call_arena(call), sizeof *adoption);
    *adoption = (adoption_t){.bridge = context, .call = call, .request = request};
    book_refresh(adoption->bridge->book, on_asked, adoption);
}

static void on_list(void *context, act_call_t *call, const empty_t *nothing)
{
    bridge_t *self = context;
    (void)nothing;
    act_arena_t *arena = act_call_arena(call);
    server_view_t *rows = act_arena_alloc_array(arena, BOOK_SERVERS_MAX_COUNT, sizeof *rows);
    uint32_t count = 0;
    while (count < BOOK_SERVERS_MAX_COUNT &&
           book_row(self->book, act_call_header(call)->tenant, count, arena, &rows[count]))
        count++;
    bridge_list_servers_reply(&call, &(list_servers_reply_t){.servers = {rows, count}});
}

static void on_reloaded(void *context, act_err_t err)
{
    act_call_t *call = context;
    if (err == ACT_E_OK)
        bridge_reload_servers_reply(&call, &(empty_t){0});
    else
        act_call_fail(&call, err, "the rows could not be read");
}

static void on_reload(void *context, act_call_t *call, const empty_t *nothing)
{
    bridge_t *self = context;
    (void)nothing;
    book_refresh(self->book, on_reloaded, call);
}

// --- life ------------------------------------------------------------------------------------------

static act_err_t open_bridge(void *context, act_actor_t *actor)
{
    bridge_t *self = context;
    self->actor = actor;
    const act_config_t *config = act_actor_config(actor);
    act_err_t err = act_seal_key_open(config, act_actor_log(actor), &self->key);
    if (err != ACT_E_OK)
        return err;
    bool allow_private = act_config_bool(config, "allow_private_addresses");
    const act_http_client_limits_t limits = {.connections_max_count = CONNECTIONS_MAX_COUNT,
                                             .response_max_bytes = RESPONSE_MAX_BYTES,
                                             .allow_private_addresses = allow_private};
    self->world = (server_world_t){.actor = actor,
                                   .key = self->key,
                                   .http = act_http_client_new(act_actor_loop(actor), &limits),
                                   .allow_private_addresses = allow_private,
                                   .data_dir = act_config_text(config, "mcp_dir")};
    self->book = self->world.http ? book_new(&self->world, self->key) : NULL;
    return self->book ? ACT_E_OK : ACT_E_INTERNAL;
}

static void drain_bridge(void *context)
{
    bridge_t *self = context;
    book_drain(self->book);
}

static bool is_busy(const void *context)
{
    const bridge_t *self = context;
    return self->world.programs_count > 0;
}

static void close_bridge(void *context)
{
    bridge_t *self = context;
    if (self->world.http)
        act_http_client_destroy(&self->world.http); // calls end first
    book_destroy(&self->book);
    act_seal_key_destroy(&self->key);
}

static const bridge_server_t server = {
    .call = on_call,
    .adopt_server = on_adopt,
    .list_servers = on_list,
    .reload_servers = on_reload,
};

const act_spec_t bridge_spec = {
    .name = "bridge",
    .service = &bridge_service,
    .server = &server,
    .config = settings,
    .self_size_bytes = sizeof(bridge_t),
    .open = open_bridge,
    .drain = drain_bridge,
    .is_busy = is_busy,
    .close = close_bridge,
};
