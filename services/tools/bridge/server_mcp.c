// server_mcp: an MCP server of mcp.json. Its program is started when it is first asked, and again at the next
// list when it has ended.
#include "mcp/mcp_client.h"
#include "mcp/mcp_servers.h"
#include "server.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    mcp_servers_t *file;
    mcp_client_t *client; // NULL: not started, or it has ended
} own_t;

static own_t *own_of(server_t *self)
{
    if (!self->own)
        self->own = act_alloc(sizeof(own_t));
    return self->own;
}

static void close_mcp(server_t *self)
{
    own_t *own = self->own;
    if (own && own->client)
        mcp_client_destroy(&own->client);
    if (own && own->file)
        mcp_servers_destroy(&own->file);
    act_free(own);
}

static void on_program_gone(void *context)
{
    server_world_t *world = context;
    world->programs_count--;
}

static const char *start(server_t *self, own_t *own)
{
    mcp_client_spec_t spec = {.name = "parley", .version = PARLEY_VERSION};
    if (own->client && !*self->error)
        return NULL;
    if (own->client)
        mcp_client_destroy(&own->client); // it did not answer the last time
    if (own->file)
        mcp_servers_destroy(&own->file);
    own->file = mcp_servers_new(self->world->data_dir, self->world->key);
    const char *fault = mcp_servers_find(own->file, self->name, &spec);
    if (fault)
        return fault;
    spec.http.allow_private_addresses =
        spec.http.allow_private_addresses || self->world->allow_private_addresses;
    spec.process.on_gone = on_program_gone;
    spec.process.context = self->world;
    own->client = mcp_client_new(act_actor_loop(self->world->actor), &spec);
    self->world->programs_count += own->client && spec.process.argv;
    return own->client ? NULL : "it cannot be started";
}

// --- list ------------------------------------------------------------------------------------------

static void on_list(void *context, const mcp_answer_t *answer)
{
    const json_t *tools = act_json_array(answer->result, "tools");
    server_listed(context, answer->err == ACT_E_OK ? tools : NULL,
                  answer->err == ACT_E_OK ? ""
                  : answer->text          ? answer->text
                                          : act_err_code(answer->err));
}

static void fail_later(void *context)
{
    server_t *self = context;
    server_listed(self, NULL, self->error);
}

static void list(server_t *self)
{
    own_t *own = own_of(self);
    // A client that broke while calls are open is replaced when they have ended.
    const char *fault = self->open_count > 1 && own->client ? NULL : start(self, own);
    if (fault) {
        act_str_copy(act_str(fault), self->error, sizeof self->error);
        act_loop_post(act_actor_loop(self->world->actor), fail_later, self);
        return;
    }
    (void)mcp_client_list(own->client, on_list, self);
}

// --- call ------------------------------------------------------------------------------------------

typedef struct {
    server_t *server;
    act_tool_call_t *call;
    uint64_t request_id;
} asking_t;

static void add_texts(const json_t *content, act_buf_t *text)
{
    for (size_t i = 0; i < json_array_size(content); i++) {
        const json_t *item = json_array_get(content, i);
        if (!act_str_is(act_json_str(item, "type"), "text"))
            continue;
        if (text->len_bytes > 0)
            act_buf_add_char(text, '\n');
        act_buf_add_str(text, act_json_str(item, "text"));
    }
}

static void end_call(act_tool_call_t *call, const mcp_answer_t *answer)
{
    if (answer->err != ACT_E_OK) {
        tool_call_break(&call, answer->err, act_str(answer->text));
        return;
    }
    act_buf_t text;
    act_buf_init(&text, ACT_TOOL_JSON_MAX_BYTES);
    add_texts(act_json_array(answer->result, "content"), &text);
    json_t *structured = json_object_get(answer->result, "structuredContent");
    if (text.is_overflowed) {
        tool_call_break(&call, ACT_E_TOO_LARGE, ACT_STR("the result is too large"));
    } else if (json_is_true(json_object_get(answer->result, "isError"))) {
        tool_call_fail(&call, text.len_bytes > 0 ? act_buf_str(&text)
                                                 : ACT_STR("The tool refused this call."));
    } else {
        json_t *result = json_object();
        json_object_set_new(result, "text", json_stringn(text.ptr ? text.ptr : "", text.len_bytes));
        if (structured)
            json_object_set(result, "structured", structured);
        if (call->card->effects != ACT_TOOL_READ)
            call->receipt = json_incref(result);
        tool_call_end(&call, result);
    }
    act_buf_fini(&text);
}

static void on_answer(void *context, const mcp_answer_t *answer)
{
    asking_t *asking = context;
    act_tool_call_t *call = asking->call;
    server_t *server = asking->server;
    act_call_on_cancel(call->call, NULL, NULL);
    end_call(call, answer);
    server_end_call(server);
}

static void on_cancel(void *context)
{
    asking_t *asking = context;
    server_t *server = asking->server;
    act_tool_call_t *call = asking->call;
    mcp_client_cancel(((own_t *)server->own)->client, asking->request_id);
    act_call_on_cancel(call->call, NULL, NULL);
    tool_call_break(&call, ACT_E_CANCELLED, ACT_STR(""));
    server_end_call(server);
}

static void call_tool(server_t *self, const foreign_t *tool, act_tool_call_t *call)
{
    own_t *own = self->own;
    if (!own || !own->client) {
        tool_call_break(&call, ACT_E_UNAVAILABLE, ACT_STR("the server does not run"));
        server_end_call(self);
        return;
    }
    asking_t *asking = act_arena_alloc(act_call_arena(call->call), sizeof *asking);
    *asking = (asking_t){.server = self, .call = call};
    act_call_on_cancel(call->call, on_cancel, asking);
    asking->request_id =
        mcp_client_call(own->client, act_str(tool->remote), call->arguments, on_answer, asking);
}

const server_kind_t server_mcp = {
    .name = "mcp", .list = list, .call = call_tool, .close = close_mcp};
