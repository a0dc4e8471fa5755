// model_words: what model_sim answers, written in each dialect, whole or as a stream of events.
#pragma once
#include "base/buf.h"

#include <jansson.h>

typedef enum {
    WORDS_ANTHROPIC,
    WORDS_RESPONSES,
    WORDS_COMPLETIONS,
    WORDS_GEMINI,
    WORDS_EMBEDDINGS,
    WORDS_GEMINI_EMBEDDINGS,
    WORDS_TRANSCRIPT,
    WORDS_NONE,
} words_dialect_t;

typedef struct {
    words_dialect_t dialect;
    bool is_streaming;
    const json_t *request; // NULL: it is no JSON
    const json_t *step;    // of the script; NULL: the default answer
} words_t;

words_dialect_t words_dialect_of(const char *path);
// Why the real provider would refuse the request; NULL: it would not.
const char *words_refusal(const words_t *self, const char *version);
void words_error(const words_t *self, const char *type, act_buf_t *out);
void words_answer(const words_t *self, act_buf_t *out);
