// mcp_call
#include "mcp/mcp_call.h"

#define ANSWER_MAX_BYTES (8u << 20)
#define EVENT_MAX_BYTES (16u << 10)
#define HEADERS "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"

mcp_call_t *mcp_call_new(act_http_request_t *request, json_t *server_info, act_str_t caller)
{
    mcp_call_t *self = act_alloc(sizeof *self);
    self->request = request;
    self->arena = act_arena_new();
    self->server_info = json_incref(server_info);
    self->caller = act_arena_str(self->arena, caller);
    act_buf_init(&self->unsent, ANSWER_MAX_BYTES + EVENT_MAX_BYTES);
    return self;
}

static void destroy(mcp_call_t *self)
{
    mcp_message_fini(&self->message);
    json_decref(self->server_info);
    act_buf_fini(&self->unsent);
    act_arena_destroy(&self->arena);
    act_free(self);
}

const json_t *mcp_call_id(const mcp_call_t *self)
{
    return self->message.id;
}

act_arena_t *mcp_call_arena(mcp_call_t *self)
{
    return self->arena;
}

act_str_t mcp_call_caller(const mcp_call_t *self)
{
    return self->caller;
}

bool mcp_call_is_cancelled(const mcp_call_t *self)
{
    return self->is_streaming ? !self->stream : act_http_is_gone(self->request);
}

// --- the event stream ----------------------------------------------------------------------------

static void end_if_sent(mcp_call_t *self)
{
    if (!self->is_ended || (self->stream && self->unsent.len_bytes > 0) ||
        (self->stream && act_http_stream_is_busy(self->stream)))
        return;
    if (self->stream)
        act_http_stream_close(&self->stream);
    destroy(self);
}

static void flush(mcp_call_t *self)
{
    if (self->stream && self->unsent.len_bytes > 0 &&
        act_http_stream_write(self->stream, act_buf_str(&self->unsent)))
        act_buf_reset(&self->unsent);
}

static void on_bytes(void *context, act_str_t bytes)
{
    (void)context;
    (void)bytes; // nothing is expected behind the request
}

static void on_drained(void *context)
{
    flush(context);
    end_if_sent(context);
}

static void on_closed(void *context)
{
    mcp_call_t *self = context;
    self->stream = NULL;
    end_if_sent(self);
}

static void open_stream(mcp_call_t *self)
{
    static const act_http_stream_events_t events = {
        .on_bytes = on_bytes, .on_drained = on_drained, .on_closed = on_closed};
    self->is_streaming = true;
    self->stream =
        act_http_respond_stream(&self->request, "text/event-stream",
                                ACT_STR(HEADERS "X-Accel-Buffering: no\r\n"), &events, self);
}

static void put_event(mcp_call_t *self, const json_t *message)
{
    act_buf_add_str(&self->unsent, ACT_STR("event: message\ndata: "));
    mcp_dump(message, &self->unsent);
    act_buf_add_str(&self->unsent, ACT_STR("\n\n"));
    flush(self);
}

static bool wants_progress(mcp_call_t *self)
{
    act_str_t accept = {0};
    if (!self->is_streaming)
        (void)act_http_header(self->request, "accept", &accept);
    bool is_accepted = self->is_streaming;
    for (act_str_t rest = accept; !is_accepted && !act_str_empty(rest);)
        is_accepted =
            act_str_starts_with(act_str_trim(act_str_cut(&rest, ',')), "text/event-stream");
    return is_accepted && json_object_get(self->message.meta, "progressToken");
}

void mcp_call_progress(mcp_call_t *self, double progress, double total, act_str_t text)
{
    if (!wants_progress(self) || self->unsent.len_bytes > EVENT_MAX_BYTES)
        return;
    if (!self->is_streaming)
        open_stream(self);
    if (!self->stream)
        return;
    json_t *params = json_object();
    json_object_set(params, "progressToken", json_object_get(self->message.meta, "progressToken"));
    json_object_set_new(params, "progress", json_real(progress));
    json_object_set_new(params, "total", json_real(total));
    if (!act_str_empty(text))
        json_object_set_new(params, "message", json_stringn(text.ptr, text.len_bytes));
    json_t *message = mcp_request(NULL, "notifications/progress", params);
    put_event(self, message);
    json_decref(message);
}

// --- the answer ----------------------------------------------------------------------------------

static void answer_document(mcp_call_t *self, uint16_t status, act_str_t headers,
                            const json_t *body)
{
    act_buf_t out;
    act_buf_init(&out, ANSWER_MAX_BYTES);
    if (body)
        mcp_dump(body, &out);
    act_str_t lines = act_arena_printf(self->arena, HEADERS "%" ACT_STR_FMT, ACT_STR_ARG(headers));
    act_http_response_t response = {.status = out.is_overflowed ? 500 : status,
                                    .content_type = "application/json",
                                    .body = out.is_overflowed ? ACT_STR("{}") : act_buf_str(&out),
                                    .headers = lines};
    act_http_respond(&self->request, &response);
    act_buf_fini(&out);
}

void mcp_call_answer(mcp_call_t **self_p, uint16_t status, act_str_t headers, json_t *body)
{
    mcp_call_t *self = act_take(self_p);
    self->is_ended = true;
    if (!self->is_streaming)
        answer_document(self, status, headers, body);
    else if (self->stream)
        put_event(self, body);
    json_decref(body);
    end_if_sent(self);
}

void mcp_call_refuse(mcp_call_t **self_p, mcp_code_t code, const char *text, json_t *data)
{
    mcp_call_t *self = *self_p;
    bool is_inside = !self->is_modern && self->message.kind == MCP_REQUEST && self->message.id &&
                     (code == MCP_UNKNOWN_METHOD || code == MCP_INVALID_PARAMS);
    uint16_t status = is_inside                    ? 200
                      : code == MCP_UNKNOWN_METHOD ? 404
                      : code == MCP_INTERNAL_ERROR ? 500
                                                   : 400;
    mcp_call_answer(self_p, status, ACT_STR(""), mcp_error(mcp_call_id(self), code, text, data));
}

void mcp_call_result(mcp_call_t **self_p, act_str_t headers, json_t *result)
{
    mcp_call_t *self = *self_p;
    if (self->is_modern) {
        json_t *meta = json_object();
        json_object_set(meta, MCP_META_SERVER, self->server_info);
        json_object_set_new(result, "_meta", meta);
        if (!json_object_get(result, "resultType"))
            json_object_set_new(result, "resultType", json_string("complete"));
    }
    mcp_call_answer(self_p, 200, headers, mcp_result(mcp_call_id(self), result));
}

void mcp_call_reply(mcp_call_t **self_p, json_t *result)
{
    mcp_call_result(self_p, ACT_STR(""), result);
}

void mcp_call_fail(mcp_call_t **self_p, mcp_code_t code, const char *text)
{
    mcp_call_refuse(self_p, code, text, NULL);
}
