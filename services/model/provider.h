// provider: one API of models, as a table of functions: how a request is written, and how an answer is
// read. Nothing here waits or sends: asks.h does, the same for all. A function that is NULL is a thing
// the API does not have.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "caps.h"
#include "io/http_client.h"
#include "proto/model.h"
#include "reading.h"

// Who is asked.
typedef struct {
    act_str_t model;
    act_str_t base_url; // without a slash at the end
    act_str_t api_key;  // terminated; empty: none
    act_str_t identity; // provider, key and model: whose raw turns are ours
    caps_t caps;
} target_t;

// A request under way to be written. `body` is the writer's to fill; `http` borrows from the arena.
typedef struct {
    const target_t *target;
    act_arena_t *arena;
    act_buf_t *body;
    act_http_out_t http;
    const char *headers[4]; // "Name: value", for http.headers; ended by NULL
    bool is_streaming;
} writing_t;

// Vectors while they are read; each has length 1 when it is handed on.
typedef struct {
    act_arena_t *arena;
    embedding_t *items; // one a text, in order
    uint32_t count;     // of texts
    uint32_t filled_count;
    int64_t dimensions;
    model_usage_t usage;
} vectors_t;

typedef struct {
    const char *name;
    const char *base_url;
    // False: the request cannot be put into words (a schema that is no JSON object).
    bool (*write_chat)(writing_t *writing, const chat_request_t *request);
    void (*read_event)(reading_t *reading, act_str_t name, act_str_t data);
    void (*read_body)(reading_t *reading, const json_t *body);
    // False: texts or audio that the API does not take.
    bool (*write_embed)(writing_t *writing, const embed_request_t *request);
    bool (*read_embed)(vectors_t *vectors, const json_t *body);
    bool (*write_transcribe)(writing_t *writing, const transcribe_request_t *request);
    bool (*read_transcribe)(const json_t *body, act_arena_t *arena, transcribe_reply_t *ret_reply,
                            model_usage_t *ret_usage);
    // Instead of all that: answers at once, without a network.
    void (*answer_chat)(reading_t *reading, const chat_request_t *request);
    void (*answer_embed)(vectors_t *vectors, const embed_request_t *request);
} provider_t;

extern const provider_t provider_anthropic, provider_openai, provider_openai_compatible,
    provider_gemini, provider_builtin;

// NULL: there is none of that name.
const provider_t *provider_find(act_str_t name);

// --- what writers share --------------------------------------------------------------------------

bool target_can(const target_t *target, uint32_t cap);
// What the answer may have, reasoning (which counts as output) included.
int64_t target_max_tokens(const target_t *target, const chat_request_t *request);
// The effort to ask for, or empty: the model's own.
act_str_t target_effort(const target_t *target, const chat_request_t *request);
// Is this turn of the assistant the target's own, to be replayed as it is?
bool target_wrote(const target_t *target, const chat_message_t *message);
// The URL, method, and authorisation by this header ("x-api-key: "); NULL: as a bearer.
void writing_to(writing_t *writing, const char *path, const char *key_header);
void writing_add_header(writing_t *writing, const char *line);
// The system text, with the schema in words when the model does not take one.
act_str_t writing_system(const writing_t *writing, const chat_request_t *request);
// The name of the tool that a result belongs to, looked for in the turns before.
act_str_t provider_result_name(const chat_request_t *request, const tool_result_t *result);

// --- vectors -------------------------------------------------------------------------------------

// Puts the numbers at a place, with length 1. False: not as many as the others, or none, or absurd.
bool vectors_put(vectors_t *self, uint32_t index, const float *numbers, int64_t count);
// A list of numbers, or their float32 as base64.
bool vectors_put_json(vectors_t *self, uint32_t index, const json_t *value);
