// foreign: a tool as a server outside describes it (a plain HTTP tool server, or MCP), made a card of ours. What
// the server says is not believed beyond what a person approves: the pin is a hash of everything that a model
// or the policy gets to see, so that a tool that changes is another tool.
#pragma once
#include "io/json.h"
#include "tool/card.h"

#define FOREIGN_PIN_BYTES 65
#define FOREIGN_SERVER_MAX_BYTES 20

typedef struct {
    char name[ACT_TOOL_NAME_MAX_BYTES + 1]; // "<server>_<tool>", in letters that ours have
    char remote[129];                       // as the server calls it
    char pin[FOREIGN_PIN_BYTES];
    act_tool_card_t *card; // NULL: error says why
    char error[256];
} foreign_t;

// The description is {name, title, description, input or inputSchema, output, effects or annotations (hints
// of MCP), timeout_ms, approval}. Who says nothing of effects is taken for irreversible, with approval. False: it
// has no name that could be called. arguments: what the tenant says of them (provenance.h), which is no part of the pin;
// may be NULL.
bool foreign_read(foreign_t *self, const char *server, const json_t *description, bool is_mcp,
                  const json_t *arguments);
void foreign_fini(foreign_t *self);
