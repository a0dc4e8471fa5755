// mcp_server: reads a request, finds out of which era it is, checks what that era wants of it, and
// answers by one table of methods.
#include "mcp/mcp_server.h"

#include "mcp/mcp_call.h"
#include "mcp/mcp_header.h"
#include "mcp/mcp_sessions.h"

#include <stdio.h>
#include <string.h>

#define PAGE_TOOLS_COUNT 50

struct mcp_server {
    act_loop_t *loop;
    mcp_server_spec_t spec;
    json_t **tools;            // as they are listed
    const char **capabilities; // that each needs
    json_t *info;
    mcp_sessions_t *sessions;
};

// --- life ----------------------------------------------------------------------------------------

static json_t *read_tool(act_str_t text)
{
    json_t *tool = NULL;
    if (act_json_parse(text, &tool, NULL, NULL) != ACT_E_OK)
        return NULL;
    const json_t *schema = act_json_object(tool, "inputSchema");
    bool is_tool = !act_str_empty(act_json_str(tool, "name")) &&
                   act_str_is(act_json_str(schema, "type"), "object") &&
                   mcp_params_are_valid(schema);
    if (!is_tool)
        json_decref(tool);
    return is_tool ? tool : NULL;
}

mcp_server_t *mcp_server_new(act_loop_t *loop, const mcp_server_spec_t *spec)
{
    mcp_server_t *self = act_alloc(sizeof *self);
    self->loop = loop;
    self->spec = *spec;
    if (self->spec.page_tools_count == 0)
        self->spec.page_tools_count = PAGE_TOOLS_COUNT;
    self->tools = act_alloc(spec->tools_count * sizeof *self->tools + 1);
    self->capabilities = act_alloc(spec->tools_count * sizeof *self->capabilities + 1);
    for (size_t i = 0; i < spec->tools_count; i++)
        self->capabilities[i] = spec->tools[i].capability;
    self->info = mcp_implementation(spec->name, spec->version);
    self->sessions = mcp_sessions_new();
    bool is_good = true;
    for (size_t i = 0; i < spec->tools_count; i++)
        is_good = (self->tools[i] = read_tool(spec->tools[i].json)) && is_good;
    if (!is_good)
        mcp_server_destroy(&self);
    return self;
}

void mcp_server_destroy(mcp_server_t **self_p)
{
    mcp_server_t *self = act_take(self_p);
    if (!self)
        return;
    for (size_t i = 0; i < self->spec.tools_count; i++)
        json_decref(self->tools[i]);
    act_free(self->tools);
    act_free((void *)self->capabilities);
    json_decref(self->info);
    mcp_sessions_destroy(&self->sessions);
    act_free(self);
}

static act_str_t header_of(mcp_call_t *call, const char *name)
{
    act_str_t value = {0};
    (void)act_http_header(call->request, name, &value);
    return act_str_trim(value);
}

// --- methods of both eras ------------------------------------------------------------------------

static json_t *capabilities(void)
{
    json_t *all = json_object();
    json_object_set_new(all, "tools", json_object());
    return all;
}

static void put_caching(const mcp_server_t *self, const mcp_call_t *call, json_t *result)
{
    if (!call->is_modern)
        return;
    json_object_set_new(result, "ttlMs", json_integer(self->spec.ttl_ms));
    json_object_set_new(result, "cacheScope", json_string("public"));
}

static void list_tools(mcp_server_t *self, mcp_call_t *call)
{
    const json_t *cursor = json_object_get(call->message.params, "cursor");
    int64_t from = 0;
    if (cursor && (!json_is_string(cursor) ||
                   !act_str_to_int(act_json_str(call->message.params, "cursor"), &from) ||
                   from <= 0 || from >= (int64_t)self->spec.tools_count)) {
        mcp_call_refuse(&call, MCP_INVALID_PARAMS, "this cursor is none of ours", NULL);
        return;
    }
    size_t end = (size_t)from + self->spec.page_tools_count;
    bool is_last = end >= self->spec.tools_count;
    json_t *tools = json_array();
    for (size_t i = (size_t)from; i < (is_last ? self->spec.tools_count : end); i++)
        json_array_append(tools, self->tools[i]);
    json_t *result = json_object();
    json_object_set_new(result, "tools", tools);
    char next[24];
    snprintf(next, sizeof next, "%zu", end);
    if (!is_last)
        json_object_set_new(result, "nextCursor", json_string(next));
    put_caching(self, call, result);
    mcp_call_result(&call, ACT_STR(""), result);
}

// Is a header there exactly when its argument is, and says it the same?
static bool is_param_right(void *context, act_str_t header, const act_str_t *text)
{
    mcp_call_t *call = context;
    char name[160];
    (void)act_str_copy(header, name, sizeof name);
    for (char *c = name; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    act_str_t value = {0};
    bool is_there = act_http_header(call->request, name, &value);
    act_str_t said = {0};
    if (!text || !is_there)
        return !text && !is_there;
    return mcp_header_decode(act_str_trim(value), call->arena, &said) && act_str_eq(said, *text);
}

static bool lacks_capability(mcp_call_t *call, const char *capability)
{
    if (!capability)
        return false;
    if (call->is_modern &&
        json_object_get(json_object_get(call->message.meta, MCP_META_CAPABILITIES), capability))
        return false;
    json_t *wanted = json_object();
    json_object_set_new(wanted, capability, json_object());
    json_t *data = json_object();
    json_object_set_new(data, "requiredCapabilities", wanted);
    mcp_call_refuse(&call, MCP_MISSING_CAPABILITY, "the client lacks a capability", data);
    return true;
}

static void call_tool(mcp_server_t *self, mcp_call_t *call)
{
    act_str_t name = act_json_str(call->message.params, "name");
    json_t *given = json_object_get(call->message.params, "arguments");
    size_t tool = 0;
    while (tool < self->spec.tools_count &&
           !act_str_eq(name, act_json_str(self->tools[tool], "name")))
        tool++;
    if (tool == self->spec.tools_count || (given && !json_is_object(given))) {
        mcp_call_refuse(&call, MCP_INVALID_PARAMS,
                        given && !json_is_object(given) ? "arguments is no object"
                                                        : "there is no such tool",
                        NULL);
        return;
    }
    const json_t *schema = json_object_get(self->tools[tool], "inputSchema");
    if (call->is_modern && !mcp_params_walk(schema, given, call->arena, is_param_right, call)) {
        mcp_call_refuse(&call, MCP_HEADER_MISMATCH, "Mcp-Param headers and arguments differ", NULL);
        return;
    }
    if (lacks_capability(call, self->capabilities[tool]))
        return;
    json_t *arguments = given ? json_incref(given) : json_object();
    self->spec.call(self->spec.context, call, tool, arguments);
    json_decref(arguments);
}

// --- methods of one era --------------------------------------------------------------------------

static void discover(mcp_server_t *self, mcp_call_t *call)
{
    json_t *versions = json_array();
    json_array_append_new(versions, json_string(MCP_MODERN));
    json_t *result = json_object();
    json_object_set_new(result, "supportedVersions", versions);
    json_object_set_new(result, "capabilities", capabilities());
    json_object_set_new(result, "instructions", json_string(self->spec.instructions));
    put_caching(self, call, result);
    mcp_call_result(&call, ACT_STR(""), result);
}

static void initialize(mcp_server_t *self, mcp_call_t *call)
{
    act_str_t wanted = act_json_str(call->message.params, "protocolVersion");
    if (act_str_empty(wanted)) {
        mcp_call_refuse(&call, MCP_INVALID_PARAMS, "protocolVersion is missing", NULL);
        return;
    }
    act_str_t version = mcp_is_legacy_version(wanted) ? wanted : ACT_STR(MCP_LEGACY);
    json_t *result = json_object();
    json_object_set_new(result, "protocolVersion", json_stringn(version.ptr, version.len_bytes));
    json_object_set_new(result, "capabilities", capabilities());
    json_object_set(result, "serverInfo", self->info);
    json_object_set_new(result, "instructions", json_string(self->spec.instructions));
    act_str_t session =
        act_arena_printf(call->arena, "Mcp-Session-Id: %s\r\n",
                         mcp_sessions_open(self->sessions, act_loop_now_ms(self->loop)));
    mcp_call_result(&call, session, result);
}

static void ping(mcp_server_t *self, mcp_call_t *call)
{
    (void)self;
    mcp_call_result(&call, ACT_STR(""), json_object());
}

static const struct {
    const char *name;
    bool is_modern, is_legacy;
    void (*serve)(mcp_server_t *self, mcp_call_t *call);
} methods[] = {
    {"server/discover", true, false, discover},
    {"initialize", false, true, initialize},
    {"ping", false, true, ping},
    {"tools/list", true, true, list_tools},
    {"tools/call", true, true, call_tool},
};

static void serve_method(mcp_server_t *self, mcp_call_t *call)
{
    for (size_t i = 0; i < ACT_COUNT(methods); i++)
        if ((call->is_modern ? methods[i].is_modern : methods[i].is_legacy) &&
            act_str_is(call->message.method, methods[i].name)) {
            methods[i].serve(self, call);
            return;
        }
    mcp_call_refuse(&call, MCP_UNKNOWN_METHOD, "there is no such method", NULL);
}

// --- the modern era ------------------------------------------------------------------------------

static json_t *versions_data(act_str_t requested)
{
    json_t *supported = json_array();
    json_array_append_new(supported, json_string(MCP_MODERN));
    json_t *data = json_object();
    json_object_set_new(data, "supported", supported);
    json_object_set_new(data, "requested", json_stringn(requested.ptr, requested.len_bytes));
    return data;
}

// What the headers say of the body. NULL: all is well.
static const char *header_fault(mcp_call_t *call, act_str_t version)
{
    if (!act_str_eq(header_of(call, "mcp-protocol-version"), version))
        return "the header MCP-Protocol-Version is missing or differs from _meta";
    if (call->message.kind == MCP_REQUEST &&
        !act_str_eq(header_of(call, "mcp-method"), call->message.method))
        return "the header Mcp-Method is missing or differs from the method";
    act_str_t name = {0};
    if (act_str_is(call->message.method, "tools/call") &&
        (!mcp_header_decode(header_of(call, "mcp-name"), call->arena, &name) ||
         !act_str_eq(name, act_json_str(call->message.params, "name"))))
        return "the header Mcp-Name is missing or differs from params.name";
    return NULL;
}

static void serve_modern(mcp_server_t *self, mcp_call_t *call)
{
    call->is_modern = true;
    act_str_t version = act_json_str(call->message.meta, MCP_META_VERSION);
    const json_t *client = act_json_object(call->message.meta, MCP_META_CAPABILITIES);
    const char *fault = NULL;
    if (call->message.kind == MCP_NOTIFICATION)
        mcp_call_answer(&call, 202, ACT_STR(""), NULL);
    else if (act_str_empty(version) || !client)
        mcp_call_refuse(&call, MCP_INVALID_PARAMS,
                        "_meta lacks " MCP_META_VERSION " or " MCP_META_CAPABILITIES, NULL);
    else if ((fault = header_fault(call, version)))
        mcp_call_refuse(&call, MCP_HEADER_MISMATCH, fault, NULL);
    else if (!act_str_is(version, MCP_MODERN))
        mcp_call_refuse(&call, MCP_UNSUPPORTED_VERSION, "this version is not spoken here",
                        versions_data(version));
    else
        serve_method(self, call);
}

// --- the era of sessions -------------------------------------------------------------------------

static void serve_legacy(mcp_server_t *self, mcp_call_t *call)
{
    act_str_t version = header_of(call, "mcp-protocol-version");
    act_str_t session = header_of(call, "mcp-session-id");
    bool is_first = act_str_is(call->message.method, "initialize");
    if (!is_first && act_str_empty(session))
        mcp_call_refuse(&call, MCP_INVALID_REQUEST,
                        "not initialized: Mcp-Session-Id is missing; or send _meta of " MCP_MODERN,
                        NULL);
    else if (!is_first && !mcp_sessions_use(self->sessions, session, act_loop_now_ms(self->loop)))
        mcp_call_answer(&call, 404, ACT_STR(""),
                        mcp_error(mcp_call_id(call), MCP_INVALID_REQUEST,
                                  "this session is over: initialize again", NULL));
    else if (!act_str_empty(version) && !mcp_is_legacy_version(version) && !is_first)
        mcp_call_refuse(&call, MCP_INVALID_REQUEST, "this MCP-Protocol-Version has no sessions",
                        NULL);
    else if (call->message.kind != MCP_REQUEST)
        mcp_call_answer(&call, 202, ACT_STR(""), NULL);
    else
        serve_method(self, call);
}

// A message of the modern era says so, in its body or by headers that the older ones do not have.
static bool is_modern(mcp_call_t *call)
{
    act_str_t version = header_of(call, "mcp-protocol-version");
    if (json_object_get(call->message.meta, MCP_META_VERSION) ||
        act_str_is(call->message.method, "server/discover"))
        return true;
    bool is_legacy = act_str_is(call->message.method, "initialize") ||
                     !act_str_empty(header_of(call, "mcp-session-id")) || act_str_empty(version) ||
                     mcp_is_legacy_version(version);
    return !is_legacy || (act_str_empty(version) && !act_str_empty(header_of(call, "mcp-method")));
}

// --- HTTP ----------------------------------------------------------------------------------------

static void end_session(mcp_server_t *self, mcp_call_t *call)
{
    bool was_open = mcp_sessions_end(self->sessions, header_of(call, "mcp-session-id"),
                                     act_loop_now_ms(self->loop));
    mcp_call_answer(&call, was_open ? 204 : 404, ACT_STR(""), NULL);
}

static bool accepts_json(mcp_call_t *call)
{
    act_str_t rest = header_of(call, "accept");
    bool is_accepted = act_str_empty(rest);
    while (!is_accepted && !act_str_empty(rest)) {
        act_str_t type = act_str_trim(act_str_cut(&rest, ','));
        is_accepted = act_str_starts_with(type, "application/json") ||
                      act_str_starts_with(type, "application/*") ||
                      act_str_starts_with(type, "*/*");
    }
    return is_accepted;
}

static void serve_post(mcp_server_t *self, mcp_call_t *call)
{
    if (!act_str_starts_with(header_of(call, "content-type"), "application/json")) {
        mcp_call_answer(&call, 415, ACT_STR(""), NULL);
        return;
    }
    if (!accepts_json(call)) {
        mcp_call_answer(&call, 406, ACT_STR(""), NULL);
        return;
    }
    int fault = mcp_message_read(act_http_body(call->request), &call->message);
    if (fault)
        mcp_call_refuse(&call, fault, fault == MCP_PARSE_ERROR ? "not JSON" : "no message", NULL);
    else if (is_modern(call))
        serve_modern(self, call);
    else
        serve_legacy(self, call);
}

void mcp_server_serve(mcp_server_t *self, act_http_request_t *request, act_str_t caller)
{
    mcp_call_t *call = mcp_call_new(request, self->info, caller);
    act_str_t method = act_http_method(request);
    if (act_str_is(method, "POST"))
        serve_post(self, call);
    else if (act_str_is(method, "DELETE") && !act_str_empty(header_of(call, "mcp-session-id")))
        end_session(self, call);
    else
        mcp_call_answer(&call, 405, ACT_STR("Allow: POST\r\n"), NULL);
}
