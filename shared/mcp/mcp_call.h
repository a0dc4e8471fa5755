// mcp_call: one request of the protocol from its reading to its answer; of mcp_server's files only.
// Answers as one JSON document, or, once progress was told, at the end of an event stream.
#pragma once
#include "mcp/mcp_server.h"

struct mcp_call {
    act_http_request_t *request; // NULL: answered, or a stream
    act_http_stream_t *stream;   // NULL: none, or the client is gone
    act_arena_t *arena;
    mcp_message_t message;
    json_t *server_info; // shared; into the answers of the modern protocol
    act_str_t caller;
    act_buf_t unsent; // of the stream, while it is busy
    bool is_modern;
    bool is_streaming; // there was a stream
    bool is_ended;     // everything is said; goes when it is sent
};

mcp_call_t *mcp_call_new(act_http_request_t *request, json_t *server_info, act_str_t caller);
const json_t *mcp_call_id(const mcp_call_t *self);

// The answer with these further field lines of the head; consumes the message and the call. body NULL: none.
void mcp_call_answer(mcp_call_t **self_p, uint16_t status, act_str_t headers, json_t *body);
// An error with the status that fits: 404 for unknown methods, else 400; 200 for what older revisions
// say inside the protocol.
void mcp_call_refuse(mcp_call_t **self_p, mcp_code_t code, const char *text, json_t *data);
// A result; the modern protocol's get their resultType and who answers.
void mcp_call_result(mcp_call_t **self_p, act_str_t headers, json_t *result);
