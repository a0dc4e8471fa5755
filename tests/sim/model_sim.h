// model_sim: a server that speaks the four dialects of models (Anthropic Messages, OpenAI Responses, Chat
// Completions, Gemini), embeddings and transcription, by a script; for tests of our providers and agents.
//
// Every request takes the first step of the script that matches it; without one the answer is "echo: "
// and the customer's last words. POST /_sim/script puts steps at the end of the script, a JSON list of
//   {"match": "text in the request's body", "times": 1 (0: for ever), "text": "...", "tokens": 2000,
//    "tools": [{"name": "free_slots", "arguments": {"day": "2026-12-01"}}], "arguments_text": "not JSON",
//    "stop": "length"|"refused", "usage": {"input": 41, "cached": 3, "output": 38},
//    "status": 529, "headers": {"retry-after": "2"}, "error": "overloaded_error", "body": "raw body",
//    "delay_ms": before the answer, "write_bytes": 64 and "write_ms": 5 (a slow answer),
//    "cut_bytes": 100 (the connection ends there), "hang": true (never an answer),
//    "fault_after_text": true (an error event in the middle of the stream)}
// GET /_sim/ledger: what was asked, [{"path", "auth", "body", "status"}]; GET /_sim/stats: counts, most
// requests at a time, connections closed by the client before their answer; POST /_sim/reset.
//
// What the real ones refuse is refused with 400: sampling parameters with anthropic-version 2026-10-21, a
// tool_use without its tool_result, a functionCall without its thoughtSignature, reasoning_effort with
// tools in Chat Completions.
#pragma once
#include "base/err.h"
#include "io/loop.h"

typedef struct model_sim model_sim_t;

ACT_MUST_CHECK act_err_t model_sim_new(act_loop_t *loop, const char *host, uint16_t port,
                                       model_sim_t **ret_sim);
// Its connections are gone when the loop has turned a few times.
void model_sim_destroy(model_sim_t **self_p);
uint16_t model_sim_port(const model_sim_t *self);

// For tests in the same process.
void model_sim_script(model_sim_t *self, const char *steps_json);
void model_sim_reset(model_sim_t *self);

typedef struct {
    uint32_t requests_count; // to models, not to /_sim
    uint32_t open_count;     // being answered
    uint32_t open_max_count;
    uint32_t hung_up_count; // by the client, before the answer was whole
} model_sim_counts_t;
model_sim_counts_t model_sim_counts(const model_sim_t *self);
// The body of the request of that number, from 0; NULL: there was none.
const char *model_sim_body(const model_sim_t *self, uint32_t index);
