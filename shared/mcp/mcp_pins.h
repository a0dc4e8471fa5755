// mcp_pins: which tools of MCP servers a person has approved, by the hash of what a model sees of them. A tool
// that changes afterwards is another tool. Kept in mcp.approved.json of the data folder.
#pragma once
#include "io/json.h"

// What a tool was when it was approved: a hash of all that a model sees of it (name, title,
// description, schemas, hints), in hex.
#define MCP_PIN_BYTES 65
void mcp_tool_pin(const json_t *tool, char *ret_pin);

typedef struct mcp_pins mcp_pins_t;
typedef enum { MCP_PINS_NEW, MCP_PINS_APPROVED, MCP_PINS_CHANGED } mcp_pins_state_t;

// A file that is missing or malformed approves nothing.
mcp_pins_t *mcp_pins_new(const char *data);
void mcp_pins_destroy(mcp_pins_t **self_p);

mcp_pins_state_t mcp_pins_state(const mcp_pins_t *self, const char *server, const json_t *tool);
// The same by its hash (mcp_tool_pin).
mcp_pins_state_t mcp_pins_state_of(const mcp_pins_t *self, const char *server, const char *tool,
                                   const char *pin);
void mcp_pins_approve(mcp_pins_t *self, const char *server, const json_t *tool);
// Written whole under another name first.
bool mcp_pins_save(const mcp_pins_t *self);
