// mcp_client_send: messages as each era wants them: _meta and headers.
#include "mcp/mcp_client_private.h"
#include "mcp/mcp_header.h"

#include <string.h>

#define TIMEOUT_MS 30000
#define HEADERS_MAX_COUNT (8 + MCP_PARAMS_MAX_COUNT)

typedef struct {
    const char *lines[HEADERS_MAX_COUNT + 1];
    size_t count;
    act_arena_t *arena;
} headers_t;

static void add_header(headers_t *self, const char *name, act_str_t value)
{
    if (self->count < HEADERS_MAX_COUNT)
        self->lines[self->count++] =
            act_arena_printf(self->arena, "%s: %" ACT_STR_FMT, name, ACT_STR_ARG(value)).ptr;
}

static bool add_param(void *context, act_str_t header, const act_str_t *text)
{
    headers_t *self = context;
    if (text)
        add_header(self, header.ptr, mcp_header_encode(*text, self->arena));
    return true;
}

static const json_t *tool_of(const mcp_client_t *self, act_str_t name)
{
    for (size_t i = 0; i < json_array_size(self->tools); i++)
        if (act_str_eq(act_json_str(json_array_get(self->tools, i), "name"), name))
            return json_array_get(self->tools, i);
    return NULL;
}

bool mcp_client_is_modern(const mcp_client_t *self)
{
    return self->state == MCP_IS_MODERN || self->state == MCP_PROBING;
}

static void add_session(const mcp_client_t *self, headers_t *headers)
{
    if (self->state == MCP_IS_LEGACY)
        add_header(headers, "MCP-Protocol-Version", act_str(self->version));
    if (self->session[0] != '\0')
        add_header(headers, "Mcp-Session-Id", act_str(self->session));
}

static void add_headers(const mcp_client_t *self, headers_t *headers, const char *method,
                        const json_t *params)
{
    add_header(headers, "Accept", ACT_STR("application/json, text/event-stream"));
    if (!mcp_client_is_modern(self)) {
        add_session(self, headers);
        return;
    }
    add_header(headers, "MCP-Protocol-Version", ACT_STR(MCP_MODERN));
    add_header(headers, "Mcp-Method", act_str(method));
    act_str_t name = act_json_str(params, "name");
    if (strcmp(method, "tools/call") != 0)
        return;
    add_header(headers, "Mcp-Name", mcp_header_encode(name, headers->arena));
    const json_t *schema = act_json_object(tool_of(self, name), "inputSchema");
    (void)mcp_params_walk(schema, json_object_get(params, "arguments"), headers->arena, add_param,
                          headers);
}

static json_t *with_meta(const mcp_client_t *self, const mcp_asking_t *asking)
{
    json_t *params = asking->params ? json_copy(asking->params) : json_object();
    json_t *meta = json_object();
    if (mcp_client_is_modern(self)) {
        json_object_set_new(meta, MCP_META_VERSION, json_string(MCP_MODERN));
        json_object_set_new(meta, MCP_META_CAPABILITIES, json_object());
        json_object_set_new(meta, MCP_META_CLIENT,
                            mcp_implementation(self->spec.name, self->spec.version));
    }
    if (self->spec.on_progress && strcmp(asking->method, "tools/call") == 0)
        json_object_set_new(meta, "progressToken", json_integer((json_int_t)asking->wire_id));
    if (json_object_size(meta) > 0)
        json_object_set(params, "_meta", meta);
    json_decref(meta);
    return params;
}

static void send_message(mcp_client_t *self, uint64_t id, const char *method, json_t *message,
                         uint32_t timeout_ms)
{
    act_arena_t *arena = act_arena_new();
    headers_t headers = {.arena = arena};
    add_headers(self, &headers, method, json_object_get(message, "params"));
    act_buf_t text;
    act_buf_init(&text, MCP_MESSAGE_MAX_BYTES);
    mcp_dump(message, &text);
    mcp_asking_t *asking = mcp_client_find(self, id);
    if (!text.is_overflowed)
        self->link->send(self->link, &(mcp_out_t){.id = id,
                                                  .text = act_buf_str(&text),
                                                  .headers = headers.lines,
                                                  .timeout_ms = timeout_ms});
    else if (asking)
        act_timer_start(asking->timer, 0, 0);
    act_buf_fini(&text);
    act_arena_destroy(&arena);
    json_decref(message);
}

void mcp_client_send(mcp_client_t *self, mcp_asking_t *asking, uint32_t timeout_ms)
{
    asking->is_sent = true;
    asking->deadline_ms = act_loop_now_ms(self->loop) + timeout_ms;
    act_timer_start(asking->timer, timeout_ms, 0);
    json_t *message = mcp_request(json_integer((json_int_t)asking->wire_id), asking->method,
                                  with_meta(self, asking));
    send_message(self, asking->wire_id, asking->method, message, timeout_ms);
}

void mcp_client_notify(mcp_client_t *self, const char *method, json_t *params)
{
    send_message(self, 0, method, mcp_request(NULL, method, params), TIMEOUT_MS);
}

void mcp_client_reply(mcp_client_t *self, json_t *reply)
{
    send_message(self, 0, "", reply, TIMEOUT_MS);
}

void mcp_client_send_resume(mcp_client_t *self, mcp_asking_t *asking)
{
    int64_t left_ms = asking->deadline_ms - act_loop_now_ms(self->loop);
    act_arena_t *arena = act_arena_new();
    headers_t headers = {.arena = arena};
    add_header(&headers, "Accept", ACT_STR("text/event-stream"));
    add_header(&headers, "Last-Event-ID", act_str(asking->resume.event_id));
    add_session(self, &headers);
    self->link->send(self->link, &(mcp_out_t){.id = asking->wire_id,
                                              .is_get = true,
                                              .headers = headers.lines,
                                              .timeout_ms = left_ms > 1 ? (uint32_t)left_ms : 1});
    act_arena_destroy(&arena);
}

bool mcp_client_is_repeatable(const mcp_client_t *self, const mcp_asking_t *asking)
{
    if (strcmp(asking->method, "tools/call") != 0)
        return true;
    const json_t *hints =
        act_json_object(tool_of(self, act_json_str(asking->params, "name")), "annotations");
    return json_is_true(json_object_get(hints, "readOnlyHint")) ||
           json_is_true(json_object_get(hints, "idempotentHint"));
}
