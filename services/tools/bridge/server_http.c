// server_http: a plain HTTP tool server. GET <url>/tools gives {"tools": [..]}; POST <url>/tools/<name> with the
// arguments as the body gives the result. 400 to 422 is an answer for the model ({"error": "..."}); what else
// is no success is a failure of the call. Calls carry the step key as Idempotency-Key: a server with effects
// does its work once for a key.
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MS 5000

// --- list ------------------------------------------------------------------------------------------

static void on_list(void *context, const act_http_in_t *in)
{
    server_t *self = context;
    json_t *root = NULL;
    char why[128] = "";
    if (in->err != ACT_E_OK)
        snprintf(why, sizeof why, "%s: %s", act_err_code(in->err), in->text ? in->text : "");
    else if (in->status != 200)
        snprintf(why, sizeof why, "GET /tools gave status %d", in->status);
    else if (act_json_parse(in->body, &root, NULL, NULL) != ACT_E_OK)
        snprintf(why, sizeof why, "GET /tools gave no JSON");
    const json_t *tools = json_is_array(root) ? root : json_object_get(root, "tools");
    if (!*why && !json_is_array(tools))
        snprintf(why, sizeof why, "GET /tools gave no list of tools");
    server_listed(self, *why ? NULL : tools, why);
    json_decref(root);
}

static void list(server_t *self)
{
    char url[600];
    snprintf(url, sizeof url, "%s/tools", self->url);
    const act_http_out_t request = {
        .method = "GET", .url = url, .bearer_token = self->secret, .timeout_ms = LIST_MS};
    act_http_send(self->world->http, &request, on_list, self);
}

// --- call ------------------------------------------------------------------------------------------

typedef struct {
    server_t *server;
    act_tool_call_t *call;
    uint64_t request_id;
} asking_t;

static act_str_t text_of(const json_t *root)
{
    const json_t *error = json_object_get(root, "error");
    act_str_t text =
        json_is_object(error) ? act_json_str(error, "message") : act_json_str(root, "error");
    if (act_str_empty(text))
        text = act_json_str(root, "message");
    return act_str_empty(text) ? ACT_STR("The tool refused this call.") : text;
}

static void end_with_result(act_tool_call_t **call_p, json_t **root_p)
{
    if (!json_is_object(*root_p)) {
        tool_call_break(call_p, ACT_E_MALFORMED, ACT_STR("the result is no JSON object"));
        return;
    }
    if ((*call_p)->card->effects != ACT_TOOL_READ)
        (*call_p)->receipt = json_incref(*root_p);
    tool_call_end(call_p, act_take(root_p));
}

static bool is_answer(uint16_t status)
{
    return status >= 400 && status <= 422 && status != 401 && status != 408;
}

static void end_call(act_tool_call_t *call, const act_http_in_t *in)
{
    json_t *root = NULL;
    act_err_t err = in->err == ACT_E_OK ? act_json_parse(in->body, &root, NULL, NULL) : in->err;
    if (in->err != ACT_E_OK)
        tool_call_break(&call, in->err, act_str(in->text));
    else if (in->status >= 200 && in->status < 300 && err == ACT_E_OK)
        end_with_result(&call, &root);
    else if (is_answer(in->status))
        tool_call_fail(&call, text_of(root));
    else
        tool_call_break(&call,
                        in->status == 429 || in->status == 503 ? ACT_E_OVERLOADED
                        : in->status == 401                    ? ACT_E_UNAUTHORISED
                        : in->status >= 500                    ? ACT_E_UNAVAILABLE
                                                               : ACT_E_MALFORMED,
                        ACT_STR("the tool server did not do it"));
    json_decref(root);
}

static void on_answer(void *context, const act_http_in_t *in)
{
    asking_t *asking = context;
    act_tool_call_t *call = asking->call;
    server_t *server = asking->server;
    act_call_on_cancel(call->call, NULL, NULL);
    end_call(call, in); // the card goes with the server, so it is last
    server_end_call(server);
}

static void on_cancel(void *context)
{
    asking_t *asking = context;
    act_http_cancel(asking->server->world->http, asking->request_id);
}

static void call_tool(server_t *self, const foreign_t *tool, act_tool_call_t *call)
{
    asking_t *asking = act_arena_alloc(act_call_arena(call->call), sizeof *asking);
    *asking = (asking_t){.server = self, .call = call};
    act_arena_t *arena = act_call_arena(call->call);
    int64_t left_ms = act_call_left_ms(call->call);
    char *body = json_dumps(call->arguments, JSON_COMPACT);
    const char *const headers[] = {act_arena_printf(arena, "Idempotency-Key: %" ACT_STR_FMT,
                                                    ACT_STR_ARG(call->request->step_key))
                                       .ptr,
                                   NULL};
    const act_http_out_t request = {
        .method = "POST",
        .url = act_arena_printf(arena, "%s/tools/%s", self->url, tool->remote).ptr,
        .bearer_token = self->secret,
        .headers = headers,
        .body = act_str(body),
        .timeout_ms = left_ms < call->card->timeout_ms ? (uint32_t)(left_ms > 1 ? left_ms : 1)
                                                       : call->card->timeout_ms,
    };
    act_call_on_cancel(call->call, on_cancel, asking);
    asking->request_id = act_http_send(self->world->http, &request, on_answer, asking);
    free(body);
}

static void close_http(server_t *self)
{
    (void)self;
}

const server_kind_t server_http = {
    .name = "http", .list = list, .call = call_tool, .close = close_http};
