// card: what a tool says of itself, its tool.yaml. Read by the broker (to start it), by the process that
// runs it, and by whoever calls it (to check arguments and results). docs/plugins.md has every field.
#pragma once
#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

#define ACT_TOOL_NAME_MAX_BYTES 40
// The largest arguments and results, as JSON text.
#define ACT_TOOL_JSON_MAX_BYTES (256u << 10)

typedef enum { ACT_TOOL_READ, ACT_TOOL_WRITE, ACT_TOOL_IRREVERSIBLE } act_tool_effects_t;

// Texts are borrowed from root.
typedef struct {
    json_t *root; // all of it, as JSON
    const char *name;
    const char *title;
    const char *description;
    act_tool_effects_t effects;
    uint32_t timeout_ms;
    uint32_t cost_micro_usd; // of one call
    bool needs_approval;
    bool has_network;
    bool is_for_staff;         // never in a customer's turn
    const json_t *run;         // words of the command line; NULL: a C plugin <name>.so
    const char *kit;           // shares a process with the others of its kit; NULL: its own
    const char *rpc;           // of a record tool: the method of `persistence`; NULL: none
    const char *system;        // another one may do it for a tenant; NULL: none
    const json_t *permissions; // what it may call: ["persistence.list_projects"]; may be NULL
    uint32_t memory_mb;
    uint32_t open_files_count;
    uint32_t processes_count;
    uint32_t scratch_mb;
    uint32_t instances_count;
    const json_t *input; // schemas
    const json_t *output;
    const json_t *examples; // of {arguments, result}; may be NULL
} act_tool_card_t;

// Reads <folder>/tool.yaml. On ACT_E_CONFIG *error has one line that names the file, the field and an
// example of how it is meant; on ACT_E_NOT_FOUND there is no such file.
ACT_MUST_CHECK act_err_t act_tool_card_load(const char *folder, act_tool_card_t **ret_card,
                                            act_buf_t *error);
// The same from JSON (bus.tools); it was checked when the broker read it.
ACT_MUST_CHECK act_err_t act_tool_card_parse(act_str_t json, act_tool_card_t **ret_card,
                                             act_buf_t *error);
void act_tool_card_destroy(act_tool_card_t **self_p);

const char *act_tool_effects_name(act_tool_effects_t effects);
// Lower case letters, digits and underscores, a letter first: part of file names and of service names.
bool act_tool_name_is_good(act_str_t name);
