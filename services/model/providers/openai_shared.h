// openai_shared: embeddings and transcription, which both dialects of OpenAI write alike.
#pragma once
#include "provider.h"

bool openai_shared_write_embed(writing_t *writing, const embed_request_t *request);
bool openai_shared_read_embed(vectors_t *vectors, const json_t *body);
// A multipart form. False: the type of the audio is none.
bool openai_shared_write_transcribe(writing_t *writing, const transcribe_request_t *request);
bool openai_shared_read_transcribe(const json_t *body, act_arena_t *arena,
                                   transcribe_reply_t *ret_reply, model_usage_t *ret_usage);
