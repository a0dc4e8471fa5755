// host: loads plugins at start (never unloads: a new version is a new process) and hands them calls.
#include "host.h"

#include "base/mem.h"
#include "proto/tool_service.h"
#include "providers.h"
#include "records.h"
#include "tool_call.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define TOOLS_MAX_COUNT 64

typedef struct {
    act_tool_card_t *card;
    const act_tool_t *plugin; // NULL: a record tool
} hosted_t;

typedef struct {
    act_actor_t *actor;
    providers_t *providers;
    hosted_t tools[TOOLS_MAX_COUNT];
    uint32_t tools_count;
} host_t;

const act_config_row_t host_config[] = {
    {"folders", "PARLEY_TOOL_FOLDERS", ACT_CONFIG_TEXT, "", 0, 0, "/tools/a:/tools/b",
     "folders of the tools that this process hosts, separated by colons", false},
    {"plugins", "PARLEY_TOOL_PLUGINS", ACT_CONFIG_TEXT, "", 0, 0, "/usr/lib/parley/tools",
     "folder of the plugins; empty: each in the folder of its tool", false},
    {0},
};

static act_err_t refuse(const host_t *self, const char *tool, const char *why)
{
    act_log_error(act_actor_log(self->actor), "tool_refused", "tool=%s,why=%s", tool, why);
    return ACT_E_CONFIG;
}

static act_err_t load_plugin(host_t *self, hosted_t *tool, const char *folder)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s.so", folder, tool->card->name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return refuse(self, tool->card->name, dlerror());
    tool->plugin = dlsym(library, "act_tool_export");
    if (!tool->plugin)
        return refuse(self, tool->card->name, "the plugin does not export act_tool_export");
    if (tool->plugin->abi != ACT_TOOL_ABI)
        return refuse(self, tool->card->name, "the plugin was made for another version of tool.h");
    if (!tool->plugin->run || strcmp(tool->plugin->name, tool->card->name) != 0)
        return refuse(self, tool->card->name, "the plugin has another name than its tool.yaml");
    return ACT_E_OK;
}

static act_err_t load_tool(host_t *self, const char *folder)
{
    if (self->tools_count == TOOLS_MAX_COUNT)
        return refuse(self, folder, "one process hosts no more tools");
    hosted_t *tool = &self->tools[self->tools_count];
    act_buf_t error;
    act_buf_init(&error, 4096);
    act_err_t err = act_tool_card_load(folder, &tool->card, &error);
    act_buf_add_char(&error, '\0');
    if (err != ACT_E_OK)
        err = refuse(self, folder, error.ptr);
    act_buf_fini(&error);
    if (err != ACT_E_OK)
        return err;
    self->tools_count++;
    const char *plugins = act_config_text(act_actor_config(self->actor), "plugins");
    if (tool->card->rpc)
        return records_has(tool->card->rpc) ? ACT_E_OK
                                            : refuse(self, tool->card->name, "no such rpc");
    return load_plugin(self, tool, *plugins ? plugins : folder);
}

static act_err_t open_host(void *context, act_actor_t *actor)
{
    host_t *self = context;
    self->actor = actor;
    self->providers = providers_new(actor);
    act_str_t rest = act_str(act_config_text(act_actor_config(actor), "folders"));
    act_err_t err = act_str_empty(rest) ? ACT_E_CONFIG : ACT_E_OK;
    while (err == ACT_E_OK && !act_str_empty(rest)) {
        char folder[4096];
        act_str_copy(act_str_cut(&rest, ':'), folder, sizeof folder);
        err = load_tool(self, folder);
    }
    return err;
}

static void close_host(void *context)
{
    host_t *self = context;
    providers_destroy(&self->providers);
    for (uint32_t i = 0; i < self->tools_count; i++)
        act_tool_card_destroy(&self->tools[i].card);
}

static const hosted_t *find(const host_t *self, act_str_t name)
{
    for (uint32_t i = 0; i < self->tools_count; i++)
        if (act_str_is(name, self->tools[i].card->name))
            return &self->tools[i];
    return NULL;
}

static void on_call(void *context, act_call_t *call, const tool_call_request_t *request)
{
    host_t *self = context;
    const hosted_t *tool = find(self, request->tool);
    if (!tool) {
        act_call_fail(&call, ACT_E_NOT_FOUND, "this process has no such tool");
        return;
    }
    act_tool_call_t *one = tool_call_new(tool->card, call, request);
    if (one && tool->plugin)
        tool->plugin->run(one);
    else if (one)
        providers_run(self->providers, one);
}

act_spec_t host_spec(const char *tool, host_identity_t *ret_identity)
{
    static const tool_server_t server = {.call = on_call};
    snprintf(ret_identity->name, sizeof ret_identity->name, "tool.%s", tool);
    ret_identity->service = tool_service; // the generated one, under this tool's name
    ret_identity->service.name = ret_identity->name;
    return (act_spec_t){
        .name = ret_identity->name,
        .service = &ret_identity->service,
        .server = &server,
        .config = host_config,
        .self_size_bytes = sizeof(host_t),
        .open = open_host,
        .close = close_host,
    };
}
