// tool_folder: folders become tools (docs/plugins.md). A folder with a tool.yaml that is dropped into the
// tools folder appears as a service `tool.<name>` a moment later: it is checked, gets a row of rights, a
// socket of its own and a jailed process, which the supervisor looks after like any child. A change of
// its files is a new generation (rolled over), its removal the end. Nothing here needs a restart.
#pragma once
#include "acl.h"
#include "base/log.h"
#include "io/loop.h"
#include "router.h"
#include "supervisor.h"
#include "tool/card.h"

typedef struct tool_folder tool_folder_t;

typedef struct {
    const char *builtin_dir; // tools that come with Parley; NULL: none
    const char *user_dir;    // the operator's; NULL: none
    const char *bin_dir;     // of jail and host; plugins of the built-in tools are in its tools/
    const char *run_dir;     // 0700: sockets
    const char *sdk_dir;     // python/ and node/; NULL: none
    bool is_lenient;         // where the kernel refuses the jail
} tool_folder_opts_t;

// All is borrowed and outlives it; destroy before router and supervisor.
tool_folder_t *tool_folder_new(act_loop_t *loop, act_log_t *log, acl_t *acl, router_t *router,
                               supervisor_t *supervisor, const tool_folder_opts_t *opts);
void tool_folder_destroy(tool_folder_t **self_p);

typedef struct {
    const char *name;
    const char *folder;
    const char *service; // "": it has no process
    act_str_t error;     // of its tool.yaml; empty: it is right
    const json_t *card;  // NULL: none that is right
    uint32_t generation;
    bool is_builtin;
} tool_row_t;
// Index from 0; false: there is no more.
bool tool_folder_row(const tool_folder_t *self, uint32_t index, tool_row_t *ret_row);
