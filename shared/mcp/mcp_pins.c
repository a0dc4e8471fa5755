// mcp_pins
#include "mcp/mcp_pins.h"

#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

struct mcp_pins {
    char path[PATH_MAX];
    json_t *servers; // {server: {tool: hash}}
};

static int hash_more(const char *bytes, size_t len_bytes, void *context)
{
    crypto_generichash_update(context, (const unsigned char *)bytes, len_bytes);
    return 0;
}

void mcp_tool_pin(const json_t *tool, char *ret_pin)
{
    static const char *const seen[] = {"name",        "title",        "description",
                                       "inputSchema", "outputSchema", "annotations"};
    json_t *view = json_object();
    for (size_t i = 0; i < ACT_COUNT(seen); i++)
        if (json_object_get(tool, seen[i]))
            json_object_set(view, seen[i], json_object_get(tool, seen[i]));
    crypto_generichash_state state;
    unsigned char hash[32];
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    (void)json_dump_callback(view, hash_more, &state, JSON_COMPACT | JSON_SORT_KEYS);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(ret_pin, MCP_PIN_BYTES, hash, sizeof hash);
    json_decref(view);
}

mcp_pins_t *mcp_pins_new(const char *data)
{
    mcp_pins_t *self = act_alloc(sizeof *self);
    snprintf(self->path, sizeof self->path, "%s/mcp.approved.json", data);
    self->servers = json_load_file(self->path, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(self->servers)) {
        json_decref(self->servers);
        self->servers = json_object();
    }
    return self;
}

void mcp_pins_destroy(mcp_pins_t **self_p)
{
    mcp_pins_t *self = act_take(self_p);
    if (!self)
        return;
    json_decref(self->servers);
    act_free(self);
}

mcp_pins_state_t mcp_pins_state_of(const mcp_pins_t *self, const char *server, const char *tool,
                                   const char *pin)
{
    const json_t *tools = json_object_get(self->servers, server);
    const char *approved = tool ? json_string_value(json_object_get(tools, tool)) : NULL;
    if (!approved)
        return MCP_PINS_NEW;
    return strcmp(approved, pin) == 0 ? MCP_PINS_APPROVED : MCP_PINS_CHANGED;
}

mcp_pins_state_t mcp_pins_state(const mcp_pins_t *self, const char *server, const json_t *tool)
{
    char now[MCP_PIN_BYTES];
    mcp_tool_pin(tool, now);
    return mcp_pins_state_of(self, server, json_string_value(json_object_get(tool, "name")), now);
}

void mcp_pins_approve(mcp_pins_t *self, const char *server, const json_t *tool)
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

bool mcp_pins_save(const mcp_pins_t *self)
{
    char fresh[PATH_MAX + 8];
    snprintf(fresh, sizeof fresh, "%s.new", self->path);
    return json_dump_file(self->servers, fresh, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 &&
           rename(fresh, self->path) == 0;
}
