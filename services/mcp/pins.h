// pins: which tools of MCP servers a person has approved, by the hash of what a model sees of them. A tool
// that changes afterwards is another tool. Kept in mcp.approved.json of the data folder.
#pragma once
#include "io/json.h"

typedef struct pins pins_t;
typedef enum { PINS_NEW, PINS_APPROVED, PINS_CHANGED } pins_state_t;

// A file that is missing or malformed approves nothing.
pins_t *pins_new(const char *data);
void pins_destroy(pins_t **self_p);

pins_state_t pins_state(const pins_t *self, const char *server, const json_t *tool);
void pins_approve(pins_t *self, const char *server, const json_t *tool);
// Written whole under another name first.
bool pins_save(const pins_t *self);
