// mcp: the management API as tools of the Model Context Protocol. The tools are the rows of openapi.yaml
// with x-mcp; a call is checked by the rpc's own model, allowed to whom the API is, and audited as there.
#include "admin.h"

#include "base/assert.h"
#include "base/model_json.h"
#include "io/json.h"
#include "mcp/mcp_origin.h"
#include "problem.h"
#include "routes.h"

#include <stdio.h>
#include <string.h>

#define MCP_PATH "/mcp"
#define BODY_MAX_BYTES (1u << 20)
// What a language model is given at a time; it asks for fewer rows then.
#define ANSWER_MAX_BYTES (256u << 10)
#define LIST_TTL_MS (60 * 60 * 1000)
#define TOOLS_MAX_COUNT 64
#define INSTRUCTIONS                                                                               \
    "Parley: conversations of businesses with their customers. Start with list_tenants; most tools want "  \
    "a tenant. send_message writes to a customer as a person and takes the conversation over from the bot."

// A call on its way.
typedef struct {
    admin_t *admin;
    mcp_call_t *call;
    const route_t *route;
    act_str_t tenant;
    act_str_t details;
} asked_t;

static const act_method_t *method_of(const route_t *route)
{
    return &route->service->methods[route->rpc];
}

static const route_t *route_of(size_t tool)
{
    const route_t *route = routes;
    while (!route->tool || tool-- > 0)
        route++;
    return route;
}

// --- answer ----------------------------------------------------------------------------------------

static void fail(asked_t *asked, const char *code, act_str_t text)
{
    act_str_t line =
        act_arena_printf(mcp_call_arena(asked->call), "%s: %" ACT_STR_FMT, code, ACT_STR_ARG(text));
    mcp_call_reply(&asked->call, mcp_tool_error(line));
}

static void answer_body(asked_t *asked, act_arena_t *arena, act_str_t body)
{
    const act_model_t *model = method_of(asked->route)->reply;
    const void *reply = act_model_decode(model, body, arena, NULL);
    act_buf_t out;
    act_buf_init(&out, ANSWER_MAX_BYTES);
    if (reply)
        act_model_to_json(model, reply, &out);
    json_t *value = NULL;
    if (out.is_overflowed) {
        fail(asked, act_err_code(ACT_E_TOO_LARGE), ACT_STR("ask for fewer rows"));
    } else if (!reply || act_json_parse(act_buf_str(&out), &value, NULL, NULL) != ACT_E_OK) {
        fail(asked, act_err_code(ACT_E_MALFORMED), act_str(model->name));
    } else {
        json_t *content = json_array();
        json_array_append_new(content, mcp_text_content(act_buf_str(&out)));
        json_t *result = json_object();
        json_object_set_new(result, "content", content);
        json_object_set_new(result, "structuredContent", value);
        mcp_call_reply(&asked->call, result);
    }
    act_buf_fini(&out);
}

static void on_reply(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)fn;
    asked_t *asked = context;
    if (asked->route->is_audited)
        admin_audit(asked->admin, &(admin_command_t){.operation = asked->route->operation,
                                                     .path = ACT_STR(MCP_PATH),
                                                     .actor = mcp_call_caller(asked->call),
                                                     .details = asked->details,
                                                     .err = reply->err});
    if (asked->route->wakes_delivery && reply->err == ACT_E_OK)
        admin_wake_delivery(asked->admin, asked->tenant);
    if (reply->err == ACT_E_OK)
        answer_body(asked, arena, reply->body);
    else
        fail(asked, act_err_code(reply->err),
             act_str_empty(reply->text) ? act_str(act_err_text(reply->err)) : reply->text);
}

// --- the request -------------------------------------------------------------------------------------

static bool is_listed(const char *const *names, const char *name, size_t step)
{
    for (; names && *names; names += step)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static bool is_argument(const route_t *route, const char *name)
{
    return is_listed(route->params, name, 1) || is_listed(route->query, name, 1) ||
           is_listed(route->body, name, 1) || is_listed(route->headers, name, 2);
}

static bool wants_tenant(const route_t *route)
{
    return route->tenant && strcmp(route->tenant, "query") == 0;
}

// The fields of the rpc; NULL: the call was answered.
static json_t *fields_of(asked_t *asked, const json_t *arguments)
{
    act_arena_t *arena = mcp_call_arena(asked->call);
    json_t *fields = json_object();
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)arguments, name, value)
    {
        if (is_argument(asked->route, name)) {
            json_object_set(fields, name, value);
        } else if (strcmp(name, "tenant") != 0 || !wants_tenant(asked->route)) {
            fail(asked, act_err_code(ACT_E_INVALID_ARGUMENT),
                 act_arena_printf(arena, "%s is no argument of this tool", name));
            json_decref(fields);
            return NULL;
        }
    }
    act_str_t actor = mcp_call_caller(asked->call);
    if (act_model_field(method_of(asked->route)->request, ACT_STR("actor")))
        json_object_set_new(fields, "actor", json_stringn(actor.ptr, actor.len_bytes));
    return fields;
}

// Checked by the rpc's model before it leaves.
static bool check(asked_t *asked, act_str_t body)
{
    act_arena_t *arena = mcp_call_arena(asked->call);
    const act_model_t *model = method_of(asked->route)->request;
    const char *field = NULL;
    const void *request = act_model_decode(model, body, arena, &field);
    if (!request) {
        const char *dot = strchr(field, '.');
        fail(asked, act_err_code(ACT_E_INVALID_ARGUMENT),
             act_arena_printf(arena, "%s is missing, too long or not of the right kind",
                              dot ? dot + 1 : field));
        return false;
    }
    act_buf_t out;
    act_buf_init(&out, 4096);
    act_model_to_json(model, request, &out);
    asked->details = out.is_overflowed ? ACT_STR("{}") : act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return true;
}

static void ask(asked_t *asked, const json_t *fields)
{
    act_buf_t body;
    act_buf_init(&body, BODY_MAX_BYTES);
    act_json_to_mp(fields, &body);
    if (body.is_overflowed) {
        fail(asked, act_err_code(ACT_E_TOO_LARGE), ACT_STR("the arguments are too large"));
    } else if (check(asked, act_buf_str(&body))) {
        act_call_opts_t opts = {.budget_ms = ADMIN_CALL_BUDGET_MS, .tenant = asked->tenant};
        act_actor_call(asked->admin->actor, asked->route->service->name, method_of(asked->route),
                       &opts, &body, on_reply, /* fn= */ NULL, asked);
    }
    act_buf_fini(&body);
}

static void on_call(void *context, mcp_call_t *call, size_t tool, const json_t *arguments)
{
    act_arena_t *arena = mcp_call_arena(call);
    asked_t *asked = act_arena_alloc(arena, sizeof *asked);
    *asked = (asked_t){.admin = context, .call = call, .route = route_of(tool)};
    asked->tenant = act_str(asked->route->tenant);
    if (wants_tenant(asked->route))
        asked->tenant = act_arena_str(arena, act_json_str(arguments, "tenant"));
    if (wants_tenant(asked->route) && act_str_empty(asked->tenant)) {
        fail(asked, act_err_code(ACT_E_INVALID_ARGUMENT), ACT_STR("tenant is missing"));
        return;
    }
    json_t *fields = fields_of(asked, arguments);
    if (fields)
        ask(asked, fields);
    json_decref(fields);
}

// --- the endpoint ------------------------------------------------------------------------------------

mcp_server_t *admin_mcp_new(admin_t *self)
{
    mcp_tool_t tools[TOOLS_MAX_COUNT] = {0};
    size_t count = 0;
    for (const route_t *route = routes; route->method; route++) {
        act_assert(!route->tool || count < TOOLS_MAX_COUNT);
        if (route->tool)
            tools[count++].json = act_str(route->tool);
    }
    mcp_server_spec_t spec = {.name = "parley",
                              .version = PARLEY_VERSION,
                              .instructions = INSTRUCTIONS,
                              .tools = tools,
                              .tools_count = count,
                              .ttl_ms = LIST_TTL_MS,
                              .call = on_call,
                              .context = self};
    return mcp_server_new(act_actor_loop(self->actor), &spec);
}

bool admin_mcp(admin_t *self, act_http_request_t *request)
{
    if (!act_str_is(act_http_path(request), MCP_PATH))
        return false;
    act_str_t host = {0}, origin = {0};
    (void)act_http_header(request, "host", &host);
    (void)act_http_header(request, "origin", &origin);
    act_str_t names = act_str(act_config_text(act_actor_config(self->actor), "admin_hosts"));
    if (!mcp_origin_is_ours(host, origin, names)) {
        problem_answer(&request, &(problem_t){.status = 403,
                                              .err = ACT_E_FORBIDDEN,
                                              .detail = ACT_STR("not under this name, and not from "
                                                                "pages of others (admin_hosts)")});
        return true;
    }
    admin_who_t who = admin_authenticate(self, &request);
    if (who != ADMIN_NOBODY)
        mcp_server_serve(self->mcp, request, admin_actor_of(who, request));
    return true;
}
