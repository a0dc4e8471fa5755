// server: a list of tools that is replaced whole, and a count of what is open.
#include "server.h"

#include "mcp/mcp_client.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

server_t *server_new(server_world_t *world, const server_kind_t *kind, const char *tenant,
                     const char *name)
{
    server_t *self = act_alloc(sizeof *self);
    *self = (server_t){.world = world, .kind = kind};
    act_str_copy(act_str(tenant), self->tenant, sizeof self->tenant);
    act_str_copy(act_str(name), self->name, sizeof self->name);
    return self;
}

static void forget_tools(server_t *self)
{
    for (uint32_t i = 0; i < self->tools_count; i++)
        foreign_fini(&self->tools[i]);
    act_free(self->tools);
    self->tools = NULL;
    self->tools_count = 0;
}

void server_destroy(server_t **self_p)
{
    server_t *self = act_take(self_p);
    if (!self)
        return;
    self->kind->close(self);
    forget_tools(self);
    json_decref(self->pins);
    json_decref(self->arguments);
    if (self->secret)
        sodium_memzero(self->secret, strlen(self->secret));
    act_free(self->secret);
    act_free(self->url);
    act_free(self);
}

static void free_now(void *context)
{
    server_t *self = context;
    server_destroy(&self);
}

// Later: this may be a callback of what it owns.
static void free_if_idle(server_t *self)
{
    if (self->is_gone && self->open_count == 0)
        act_loop_post(act_actor_loop(self->world->actor), free_now, self);
}

void server_leave(server_t **self_p)
{
    server_t *self = act_take(self_p);
    self->is_gone = true;
    free_if_idle(self);
}

// --- its tools -------------------------------------------------------------------------------------

void server_list(server_t *self)
{
    if (self->is_listing)
        return;
    self->is_listing = true;
    self->open_count++;
    self->kind->list(self);
}

static void take_tools(server_t *self, const json_t *tools)
{
    forget_tools(self);
    self->tools = act_alloc_array(SERVER_TOOLS_MAX_COUNT, sizeof *self->tools);
    for (size_t i = 0; i < json_array_size(tools) && self->tools_count < SERVER_TOOLS_MAX_COUNT;
         i++) {
        foreign_t *tool = &self->tools[self->tools_count];
        const json_t *description = json_array_get(tools, i);
        bool is_mcp = self->kind == &server_mcp;
        if (!foreign_read(tool, self->name, description, is_mcp, self->arguments))
            continue;
        if (is_mcp)
            mcp_tool_pin(description, tool->pin); // as `parley mcp approve` has it
        if (server_find(self, act_str(tool->name)))
            foreign_fini(tool); // named twice: the first counts
        else
            self->tools_count++;
    }
}

void server_listed(server_t *self, const json_t *tools, const char *error)
{
    act_str_copy(act_str(error), self->error, sizeof self->error);
    // Calls hold on to the cards: they are replaced when none is open, else the next time.
    if (tools && self->open_count == 1)
        take_tools(self, tools);
    self->is_listing = false;
    self->open_count--;
    if (self->is_gone)
        free_if_idle(self);
    else
        self->listed(self->context, self);
}

static const char *pinned_state(const server_t *self, const foreign_t *tool)
{
    if (self->kind == &server_mcp) {
        static const char *const states[] = {"new", "ready", "changed"};
        return states[mcp_pins_state_of(self->world->pins, self->name, tool->remote, tool->pin)];
    }
    const char *pin = json_string_value(json_object_get(self->pins, tool->remote));
    return !pin ? "new" : strcmp(pin, tool->pin) == 0 ? "ready" : "changed";
}

const char *server_state(const server_t *self, const foreign_t *tool)
{
    return tool->card ? pinned_state(self, tool) : "off";
}

const foreign_t *server_find(const server_t *self, act_str_t name)
{
    for (uint32_t i = 0; i < self->tools_count; i++)
        if (act_str_is(name, self->tools[i].name))
            return &self->tools[i];
    return NULL;
}

char *server_approve(server_t *self)
{
    json_t *pins = json_object();
    for (uint32_t i = 0; i < self->tools_count; i++)
        if (self->tools[i].card)
            json_object_set_new(pins, self->tools[i].remote, json_string(self->tools[i].pin));
    json_decref(self->pins);
    self->pins = pins;
    return json_dumps(pins, JSON_COMPACT | JSON_SORT_KEYS);
}

// --- calls -----------------------------------------------------------------------------------------

void server_call(server_t *self, const foreign_t *tool, act_tool_call_t *call)
{
    self->open_count++;
    self->kind->call(self, tool, call);
}

void server_end_call(server_t *self)
{
    self->open_count--;
    free_if_idle(self);
}
