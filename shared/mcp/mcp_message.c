// mcp_message
#include "mcp/mcp_message.h"

#include <string.h>

const char *const mcp_legacy_versions[] = {MCP_LEGACY, "2025-06-18", "2025-03-26", NULL};

bool mcp_is_legacy_version(act_str_t version)
{
    for (const char *const *known = mcp_legacy_versions; *known; known++)
        if (act_str_is(version, *known))
            return true;
    return false;
}

// --- reading -------------------------------------------------------------------------------------

static bool is_id(const json_t *id)
{
    return json_is_string(id) || json_is_integer(id);
}

static int read_call(mcp_message_t *self, const json_t *root)
{
    const json_t *params = json_object_get(root, "params");
    self->kind = self->id ? MCP_REQUEST : MCP_NOTIFICATION;
    self->method = act_json_str(root, "method");
    if (act_str_empty(self->method) || json_object_get(root, "result") ||
        json_object_get(root, "error"))
        return MCP_INVALID_REQUEST;
    if (params && !json_is_object(params))
        return MCP_INVALID_PARAMS;
    self->params = params;
    self->meta = act_json_object(params, "_meta");
    return 0;
}

static int read_response(mcp_message_t *self, const json_t *root)
{
    self->kind = MCP_RESPONSE;
    self->result = json_object_get(root, "result");
    self->error = act_json_object(root, "error");
    bool is_one = (self->result != NULL) != (self->error != NULL);
    return is_one && self->id ? 0 : MCP_INVALID_REQUEST;
}

int mcp_message_read(act_str_t text, mcp_message_t *ret_message)
{
    *ret_message = (mcp_message_t){.root = NULL};
    json_t *root = NULL;
    if (act_json_parse(text, &root, NULL, NULL) != ACT_E_OK)
        return MCP_PARSE_ERROR;
    ret_message->root = root;
    if (!json_is_object(root))
        return MCP_INVALID_REQUEST;
    const json_t *id = json_object_get(root, "id");
    bool is_call = json_object_get(root, "method") != NULL;
    if (id && !is_id(id) && (is_call || !json_is_null(id)))
        return MCP_INVALID_REQUEST;
    ret_message->id = id;
    if (!act_str_is(act_json_str(root, "jsonrpc"), "2.0"))
        return MCP_INVALID_REQUEST;
    return is_call ? read_call(ret_message, root) : read_response(ret_message, root);
}

void mcp_message_fini(mcp_message_t *self)
{
    json_decref(self->root);
    *self = (mcp_message_t){.root = NULL};
}

// --- composing -----------------------------------------------------------------------------------

static json_t *envelope(const json_t *id)
{
    json_t *message = json_object();
    json_object_set_new(message, "jsonrpc", json_string("2.0"));
    json_object_set_new(message, "id", id ? json_deep_copy(id) : json_null());
    return message;
}

json_t *mcp_request(json_t *id, const char *method, json_t *params)
{
    json_t *message = json_object();
    json_object_set_new(message, "jsonrpc", json_string("2.0"));
    if (id)
        json_object_set_new(message, "id", id);
    json_object_set_new(message, "method", json_string(method));
    if (params)
        json_object_set_new(message, "params", params);
    return message;
}

json_t *mcp_result(const json_t *id, json_t *result)
{
    json_t *message = envelope(id);
    json_object_set_new(message, "result", result);
    return message;
}

json_t *mcp_error(const json_t *id, mcp_code_t code, const char *message, json_t *data)
{
    json_t *error = json_object();
    json_object_set_new(error, "code", json_integer(code));
    json_object_set_new(error, "message", json_string(message));
    if (data)
        json_object_set_new(error, "data", data);
    json_t *answer = envelope(id);
    json_object_set_new(answer, "error", error);
    return answer;
}

json_t *mcp_implementation(const char *name, const char *version)
{
    json_t *info = json_object();
    json_object_set_new(info, "name", json_string(name));
    json_object_set_new(info, "version", json_string(version));
    return info;
}

json_t *mcp_text_content(act_str_t text)
{
    json_t *content = json_object();
    json_object_set_new(content, "type", json_string("text"));
    json_t *value = json_stringn(text.ptr ? text.ptr : "", text.len_bytes);
    json_object_set_new(content, "text", value ? value : json_string("(no text: not UTF-8)"));
    return content;
}

json_t *mcp_tool_error(act_str_t text)
{
    json_t *content = json_array();
    json_array_append_new(content, mcp_text_content(text));
    json_t *result = json_object();
    json_object_set_new(result, "content", content);
    json_object_set_new(result, "isError", json_true());
    return result;
}

static int add(const char *bytes, size_t len_bytes, void *context)
{
    act_buf_add(context, bytes, len_bytes);
    return 0;
}

void mcp_dump(const json_t *value, act_buf_t *out)
{
    (void)json_dump_callback(value, add, out, JSON_COMPACT | JSON_ENCODE_ANY);
}
