// prompts: what models are told, as files of prompts/*.md with {{placeholders}}, built in, or a tenant's own in
// their place (table `prompts`). `tone` and `links` are parts: how the tenant speaks, and the hosts that its
// answers may link to, one a line.
//
// No secret stands in a prompt. Every system prompt ends with a word that nobody has a reason to say (the
// canary): an answer that holds it tells of our rules, and is not sent (promises.md S-33).
#pragma once
#include "base/arena.h"
#include "proto/persistence.h"

typedef struct {
    const char *name;
    const char *version; // of the text
    const char *text;
} prompt_t;

// Ends with a row without name.
extern const prompt_t prompts_built_in[];
// Placeholders that code fills, ends with NULL.
extern const char *const prompts_names[];

// NULL: there is no such prompt.
const prompt_t *prompts_find(act_str_t name);

// True when every placeholder is known and every brace belongs to one; else *ret_bad is what is wrong.
bool prompts_check(act_str_t text, act_str_t *ret_bad);

// The tenant's text of a prompt if it has a good one, else what is built in. *ret_version: "own-3", or the
// built-in's. The name must be of the table.
act_str_t prompts_choose(const list_prompts_reply_t *own, const char *name, act_arena_t *arena,
                         act_str_t *ret_version);

typedef struct {
    const char *name;
    act_str_t value;
} prompt_value_t;

// With its placeholders filled; one without a value becomes empty. Values are not looked at again.
act_str_t prompts_fill(act_arena_t *arena, act_str_t text, const prompt_value_t *values,
                       uint32_t count);

// The canary of a tenant: the same in all its prompts, so that providers can cache them.
act_str_t prompts_canary(act_arena_t *arena, act_str_t tenant);
// A system prompt with the canary behind it.
act_str_t prompts_with_canary(act_arena_t *arena, act_str_t system, act_str_t canary);
// Also in other case, and with anything that is no letter or digit in between.
bool prompts_tells_canary(act_str_t text, act_str_t canary);
