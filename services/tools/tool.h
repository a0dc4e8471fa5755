// tool: a tool in C, in one screen. A plugin is a shared object <name>.so beside its tool.yaml that
// exports one table:
//
//   #include "tool.h"
//   static void run(act_tool_call_t *call)
//   {
//       act_tool_set_number(call, "total", act_tool_number(call, "price", 0) * 1.2);
//       act_tool_reply(call);
//   }
//   const act_tool_t act_tool_export = {.abi = ACT_TOOL_ABI, .name = "gross", .run = run};
//
// The host has held the arguments to the schema of tool.yaml, and holds the result to it. A call ends with
// exactly one reply, reply_json or fail, now or later; until then everything it hands out is valid. One
// call runs at a time as long as run returns only when it has ended; run must not block for long.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define ACT_TOOL_ABI 1

typedef struct act_tool_call act_tool_call_t;

typedef struct {
    uint32_t abi;
    const char *name; // that of tool.yaml
    void (*run)(act_tool_call_t *call);
} act_tool_t;

// --- what was asked --------------------------------------------------------------------------------

// An argument by its name, or the fallback when it is not there or is of another type.
const char *act_tool_text(const act_tool_call_t *call, const char *name, const char *fallback);
double act_tool_number(const act_tool_call_t *call, const char *name, double fallback);
int64_t act_tool_integer(const act_tool_call_t *call, const char *name, int64_t fallback);
bool act_tool_flag(const act_tool_call_t *call, const char *name, bool fallback);
// All of them, as a JSON object.
const char *act_tool_arguments(const act_tool_call_t *call);

const char *act_tool_tenant(const act_tool_call_t *call);
const char *act_tool_conversation(const act_tool_call_t *call); // "": none
const char *act_tool_contact(const act_tool_call_t *call);
const char *act_tool_language(const act_tool_call_t *call);
// The same step asks again with the same key.
const char *act_tool_step_key(const act_tool_call_t *call);
// Check everything, change nothing.
bool act_tool_is_dry_run(const act_tool_call_t *call);

// --- the answer ------------------------------------------------------------------------------------

void act_tool_set_text(act_tool_call_t *call, const char *name, const char *text);
void act_tool_set_number(act_tool_call_t *call, const char *name, double number);
void act_tool_set_integer(act_tool_call_t *call, const char *name, int64_t number);
void act_tool_set_flag(act_tool_call_t *call, const char *name, bool flag);
// A whole JSON value under this name; false: it is not JSON.
bool act_tool_set_json(act_tool_call_t *call, const char *name, const char *json);
// A sentence for the model beside the result.
void act_tool_say(act_tool_call_t *call, const char *text);
void act_tool_reply(act_tool_call_t *call);
// It was asked for something that it cannot do; the text tells the model what is possible instead.
void act_tool_fail(act_tool_call_t *call, const char *text);
