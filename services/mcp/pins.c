// pins
#include "pins.h"

#include "mcp/mcp_client.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

struct pins {
    char path[PATH_MAX];
    json_t *servers; // {server: {tool: hash}}
};

pins_t *pins_new(const char *data)
{
    pins_t *self = act_alloc(sizeof *self);
    snprintf(self->path, sizeof self->path, "%s/mcp.approved.json", data);
    self->servers = json_load_file(self->path, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(self->servers)) {
        json_decref(self->servers);
        self->servers = json_object();
    }
    return self;
}

void pins_destroy(pins_t **self_p)
{
    pins_t *self = act_take(self_p);
    if (!self)
        return;
    json_decref(self->servers);
    act_free(self);
}

pins_state_t pins_state(const pins_t *self, const char *server, const json_t *tool)
{
    const char *name = json_string_value(json_object_get(tool, "name"));
    const json_t *tools = json_object_get(self->servers, server);
    const char *pin = name ? json_string_value(json_object_get(tools, name)) : NULL;
    char now[MCP_PIN_BYTES];
    mcp_tool_pin(tool, now);
    if (!pin)
        return PINS_NEW;
    return strcmp(pin, now) == 0 ? PINS_APPROVED : PINS_CHANGED;
}

void pins_approve(pins_t *self, const char *server, const json_t *tool)
{
    json_t *tools = json_object_get(self->servers, server);
    if (!json_is_object(tools)) {
        tools = json_object();
        json_object_set_new(self->servers, server, tools);
    }
    char now[MCP_PIN_BYTES];
    mcp_tool_pin(tool, now);
    json_object_set_new(tools, json_string_value(json_object_get(tool, "name")), json_string(now));
}

bool pins_save(const pins_t *self)
{
    char fresh[PATH_MAX + 8];
    snprintf(fresh, sizeof fresh, "%s.new", self->path);
    return json_dump_file(self->servers, fresh, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 &&
           rename(fresh, self->path) == 0;
}
