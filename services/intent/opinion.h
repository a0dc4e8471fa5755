// opinion: what a model says of a text, read with distrust: its answer, an instance of the schema, may say
// nothing that is not in the text. What it says of risks comes on top of what the built-in
// classifier found, never instead of it.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "proto/intent.h"

#include <jansson.h>

// A JSON Schema, for ChatRequest.output_schema.
const char *opinion_schema(void);

// Fills the model_* fields, situation and entities; all texts are copied into the arena. On
// ACT_E_INVALID_ARGUMENT *error (initialised by the caller) has one line that a model can act on, which quotes
// nothing of the answer. Entities that do not stand in the text are left out.
ACT_MUST_CHECK act_err_t opinion_read(const json_t *answer, act_str_t text, act_arena_t *arena,
                                      understanding_t *ret, act_buf_t *error);

// The reply, which holds the built-in's result, becomes that of both: the model's intent and sentiment, and
// the risks of both. When both name the same intent the higher confidence counts.
void opinion_merge(const understanding_t *opinion, act_arena_t *arena, classify_reply_t *reply);
