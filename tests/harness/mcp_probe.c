// mcp_probe: our MCP client as the conformance suite drives it (docs/mcp.md): the server's address is the last
// argument, what to call comes in the environment. Lists, calls, prints, ends with 0.
#include "mcp/mcp_client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    act_loop_t *loop;
    mcp_client_t *client;
    json_t *calls; // [{name, arguments}]
    size_t next;
    int code;
} probe_t;

// Tools of scenarios that say nothing in the environment.
static const char defaults[] = "[{\"name\":\"add_numbers\",\"arguments\":{\"a\":5,\"b\":3}},"
                               "{\"name\":\"valid_tool\",\"arguments\":{\"region\":\"us-west1\"}},"
                               "{\"name\":\"test_reconnection\",\"arguments\":{}},"
                               "{\"name\":\"test_headers\",\"arguments\":{}}]";

static bool is_listed(const json_t *tools, const char *name)
{
    for (size_t i = 0; i < json_array_size(tools); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(tools, i), "name")), name) == 0)
            return true;
    return false;
}

static void call_next(probe_t *self);

static void on_called(void *context, const mcp_answer_t *answer)
{
    probe_t *self = context;
    printf("call: %s %s\n", act_err_code(answer->err), answer->text ? answer->text : "");
    self->code = answer->err == ACT_E_OK ? self->code : 1;
    call_next(self);
}

static void call_next(probe_t *self)
{
    const json_t *call = json_array_get(self->calls, self->next++);
    if (!call) {
        act_loop_stop(self->loop);
        return;
    }
    mcp_client_call(self->client, act_json_str(call, "name"), json_object_get(call, "arguments"),
                    on_called, self);
}

// A schema goes back as it came.
static void add_echo(probe_t *self, const json_t *tools)
{
    for (size_t i = 0; i < json_array_size(tools); i++) {
        const json_t *tool = json_array_get(tools, i);
        if (!act_str_is(act_json_str(tool, "name"), "json_schema_2020_12_tool"))
            continue;
        for (size_t k = 0; k < json_array_size(tools); k++) {
            const json_t *echo = json_array_get(tools, k);
            const json_t *properties =
                act_json_object(act_json_object(echo, "inputSchema"), "properties");
            if (!json_object_get(properties, "schema"))
                continue;
            json_t *call = json_object();
            json_t *arguments = json_object();
            json_object_set(arguments, "schema", json_object_get(tool, "inputSchema"));
            json_object_set(call, "name", json_object_get(echo, "name"));
            json_object_set_new(call, "arguments", arguments);
            json_array_append_new(self->calls, call);
        }
    }
}

static void on_list(void *context, const mcp_answer_t *answer)
{
    probe_t *self = context;
    const char *version = mcp_client_version(self->client);
    printf("list: %s %s, %s\n", act_err_code(answer->err), answer->text ? answer->text : "",
           version ? version : "no version");
    if (answer->err != ACT_E_OK) {
        self->code = 1;
        act_loop_stop(self->loop);
        return;
    }
    const json_t *tools = act_json_array(answer->result, "tools");
    for (size_t i = json_array_size(self->calls); i-- > 0;) {
        const char *name =
            json_string_value(json_object_get(json_array_get(self->calls, i), "name"));
        if (!name || !is_listed(tools, name))
            json_array_remove(self->calls, i);
    }
    add_echo(self, tools);
    call_next(self);
}

int main(int argc, char **argv)
{
    const char *context = getenv("MCP_CONFORMANCE_CONTEXT");
    json_t *told = context ? json_loads(context, 0, NULL) : NULL;
    probe_t self = {.loop = act_loop_new()};
    self.calls = json_incref(json_object_get(told, "toolCalls"));
    if (!self.calls)
        self.calls = json_loads(defaults, 0, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    mcp_client_spec_t spec = {
        .name = "parley-probe",
        .version = "1",
        .http = {.url = argc > 1 ? argv[argc - 1] : "", .allow_private_addresses = true}};
    self.client = mcp_client_new(self.loop, &spec);
    mcp_client_list(self.client, on_list, &self);
    act_loop_run(self.loop);
    mcp_client_destroy(&self.client);
    act_loop_run(self.loop);
    json_decref(self.calls);
    json_decref(told);
    act_loop_destroy(&self.loop);
    return self.code;
}
