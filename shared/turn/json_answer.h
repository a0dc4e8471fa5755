// json_answer: what a model says when it was asked for one JSON object (ChatRequest.output_schema). Pure functions.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "proto/model.h"

#include <jansson.h>

// Finds the object, around which some models put a fence or a sentence, and checks it. `schema`: a JSON
// Schema's text, or NULL: whoever asks checks it. On OK *ret_root is yours; on ACT_E_INVALID_ARGUMENT *error
// (initialised by the caller) has one line that a model can act on, which quotes nothing of the answer.
ACT_MUST_CHECK act_err_t act_json_answer_read(act_str_t said, const char *schema, json_t **ret_root,
                                              act_buf_t *error);

// The request once more, with what was said and what is wrong with it behind its messages. When nothing was
// said it is the same again: providers refuse an empty message. New messages are in the arena.
chat_request_t act_json_answer_dispute(const chat_request_t *asked, const chat_message_t *said,
                                       act_str_t error, act_arena_t *arena);
