// tool_unit: the process of a tool, or of a kit of tools: its entry for the supervisor, its row of rights,
// its socket. Only tool_folder uses it.
#pragma once
#include "tool_folder.h"

#define TOOL_UNIT_TOOLS_MAX_COUNT 64

typedef struct tool_unit tool_unit_t;

typedef struct {
    act_log_t *log;
    acl_t *acl;
    router_t *router;
    supervisor_t *supervisor;
    const tool_folder_opts_t *opts;
} tool_unit_surroundings_t;

typedef struct {
    const act_tool_card_t *card;
    const char *folder;
    bool is_builtin;
} tool_unit_tool_t;

// Starts it. NULL: *error says why not.
tool_unit_t *tool_unit_new(const tool_unit_surroundings_t *surroundings, const char *name,
                           const tool_unit_tool_t *tools, uint32_t tools_count, act_buf_t *error);
// Its tools have changed: rolls it over. CONFLICT: not now, ask again.
ACT_MUST_CHECK act_err_t tool_unit_change(tool_unit_t *self, const tool_unit_tool_t *tools,
                                          uint32_t tools_count, act_buf_t *error);
// Ends it; gone is called once, when its name is free again and it has been freed.
void tool_unit_end(tool_unit_t *self, void (*gone)(void *context), void *context);
// At the end of the broker, after the supervisor.
void tool_unit_destroy(tool_unit_t **self_p);

const char *tool_unit_service(const tool_unit_t *self);
