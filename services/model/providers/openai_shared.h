// openai_shared: what both dialects of OpenAI write alike: usage, embeddings and transcription.
#pragma once
#include "provider.h"

// `input` and `output` are the dialect's names, such as "input_tokens"; the details of the input are at
// the first with "_details". Cached input is part of the input there, not here. usage may be NULL.
void openai_shared_read_usage(reading_t *reading, const json_t *usage, const char *input,
                              const char *output);
bool openai_shared_write_embed(writing_t *writing, const embed_request_t *request);
bool openai_shared_read_embed(vectors_t *vectors, const json_t *body);
// A multipart form. False: the type of the audio is none.
bool openai_shared_write_transcribe(writing_t *writing, const transcribe_request_t *request);
bool openai_shared_read_transcribe(const json_t *body, act_arena_t *arena,
                                   transcribe_reply_t *ret_reply, model_usage_t *ret_usage);
