// mcp_resume: what is done for a request whose event stream ended before its answer came. With sessions (2025-11-25
// and before) a stream whose events have ids is taken up again behind the last one, as soon as the server
// wants it; without them (2026-07-28) streams are not taken up: the request is asked again under a new id, if
// that changes nothing. A pure function over what ended.
#pragma once
#include "base/err.h"
#include "io/sse.h"

#define MCP_RESUMES_MAX_COUNT 5  // in a row without anything new
#define MCP_REPEATS_MAX_COUNT 2  // without sessions
#define MCP_RESUME_WAIT_MS 1000  // when the server names no time; doubled each time nothing new comes
#define MCP_RESUME_FLOOR_MS 100  // a server that ends each stream at once is not asked more often
#define MCP_RESUME_CEILING_MS 30000 // of our own doubling; a server may ask for more

typedef struct {
    char event_id[ACT_SSE_ID_MAX_BYTES]; // empty: the stream cannot be taken up
    uint32_t retry_ms;                   // 0: none was said
    uint32_t tries_count;                // since something new came
} mcp_resume_t;

typedef struct {
    bool is_modern;
    bool is_repeatable; // the request may be asked twice
    act_err_t err;
    uint16_t status;    // 0: none came
    act_str_t event_id; // of this stream, or empty
    uint32_t retry_ms;  // ACT_SSE_NO_RETRY: none was said
} mcp_resume_end_t;

typedef enum { MCP_RESUME_NO, MCP_RESUME_STREAM, MCP_RESUME_REPEAT } mcp_resume_step_t;

mcp_resume_step_t mcp_resume_next(mcp_resume_t *self, const mcp_resume_end_t *end,
                                  uint32_t *ret_wait_ms);
