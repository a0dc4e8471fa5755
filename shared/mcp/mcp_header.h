// mcp_header: what the modern protocol says twice, in the body and in a header. Values that a header
// cannot hold as they are stand there as =?base64?...?=.
#pragma once
#include "base/arena.h"
#include "io/json.h"

// A header's value as the text it stands for. False: it says base64 and is none.
bool mcp_header_decode(act_str_t value, act_arena_t *arena, act_str_t *ret_text);
// And back: as it is where that is safe.
act_str_t mcp_header_encode(act_str_t text, act_arena_t *arena);

// Arguments that a tool's schema wants in headers too (x-mcp-header). Annotations further in than this
// are not looked for; more of them make the schema invalid.
#define MCP_PARAMS_MAX_DEPTH 8
#define MCP_PARAMS_MAX_COUNT 32

// One argument: fn is called for each annotation with "Mcp-Param-NAME" and the argument (NULL: it is
// absent or null) as text. Stops, and is false, when fn says so.
typedef bool mcp_param_fn(void *context, act_str_t header, const act_str_t *text);
bool mcp_params_walk(const json_t *schema, const json_t *arguments, act_arena_t *arena,
                     mcp_param_fn *fn, void *context);

// Are all annotations of a schema as the protocol wants them: tokens, each once, on string, integer or
// boolean, reached through `properties` alone?
bool mcp_params_are_valid(const json_t *schema);
