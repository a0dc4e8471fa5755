// caps: what a model can take, as flags. Defaults stand in a table by dialect and model (docs/models.md
// has it); the options of a tenant's configuration change them: "temperature,-forced_tool,
// max_output_tokens=2048". A flag that is off leaves the parameter out: sending it would be a 400.
#pragma once
#include "base/mem.h"
#include "base/str.h"

#define MODEL_CAPS(X)                                                                              \
    X(TOOLS, "tools", "function tools")                                                            \
    X(FORCED_TOOL, "forced_tool", "a tool may be demanded (tool_choice required or a name)")       \
    X(IMAGES, "images", "pictures in a user's message")                                            \
    X(STREAM, "stream", "answers as an event stream")                                              \
    X(STREAM_USAGE, "stream_usage", "takes stream_options.include_usage")                          \
    X(SCHEMA, "schema", "answers by a JSON Schema")                                                \
    X(JSON_OBJECT, "json_object", "takes response_format json_object, when it has no schemas")     \
    X(TEMPERATURE, "temperature", "takes a temperature")                                           \
    X(EFFORT, "effort", "takes an effort of reasoning")                                            \
    X(EFFORT_WITH_TOOLS, "effort_with_tools", "takes it in a request with tools, too")             \
    X(THINKING_OFF, "thinking_off", "reasoning can be switched off (effort none)")                 \
    X(THINKING_BETWEEN, "thinking_between", "instead of off it thinks between tools only")         \
    X(COMPLETION_TOKENS, "completion_tokens", "max_completion_tokens, not max_tokens")             \
    X(PROMPT_CACHE, "prompt_cache", "takes a mark where its prompt cache begins")                  \
    X(REPLAY_REASONING, "replay_reasoning", "wants its reasoning back with a replayed turn")       \
    X(DIMENSIONS, "dimensions", "embeddings can be shortened")

typedef enum {
#define X(id, name, help) CAP_INDEX_##id,
    MODEL_CAPS(X)
#undef X
        CAPS_COUNT
} cap_index_t;

enum {
#define X(id, name, help) CAP_##id = 1 << CAP_INDEX_##id,
    MODEL_CAPS(X)
#undef X
};

typedef struct {
    uint32_t flags;            // CAP_*
    int64_t max_output_tokens; // most a request asks for
    int64_t timeout_ms;        // most for one request
    int64_t idle_ms;           // most between two bytes of an answer
    // Micro-dollars for a million tokens; -1: as in the price table.
    int64_t input_price;
    int64_t output_price;
} caps_t;

// What is known of the model, changed by the options. False: an option is unknown or malformed, it is in
// *ret_bad, and the others hold.
bool caps_read(const char *dialect, act_str_t model, act_str_t options, caps_t *ret_caps,
               act_str_t *ret_bad);
