// api: one gateway for all operations that are rpcs: the request is put together from path, query and
// body as the route says, checked by the rpc's own model, called, and its reply shown as JSON.
#include "base/model_json.h"
#include "io/json.h"
#include "problem.h"
#include "proto/delivery_service.h"
#include "proto/persistence_service.h"
#include "routes.h"

#include <string.h>

#define BODY_MAX_BYTES (2u << 20)
// Rows of audit_log that belong to no tenant.
#define SYSTEM_TENANT "system"

// A command or question on its way.
typedef struct {
    admin_t *admin;
    act_http_request_t *request;
    const route_t *route;
    act_str_t actor;
    act_str_t tenant;
    act_str_t details; // the request as JSON
} asked_t;

static const act_method_t *method_of(const route_t *route)
{
    return &route->service->methods[route->rpc];
}

// --- audit -----------------------------------------------------------------------------------------

static void on_audited(void *context, const act_reply_t *reply, const empty_t *body)
{
    (void)body;
    act_actor_t *actor = context;
    if (reply->err != ACT_E_OK)
        act_log_error(act_actor_log(actor), "audit_lost", "error=%s", act_err_code(reply->err));
}

void admin_audit(admin_t *self, const admin_command_t *command)
{
    act_log_info(act_actor_log(self->actor), "admin_command",
                 "operation=%s,path=%" ACT_STR_FMT ",actor=%" ACT_STR_FMT ",result=%s",
                 command->operation, ACT_STR_ARG(command->path), ACT_STR_ARG(command->actor),
                 act_err_code(command->err));
    put_audit_request_t row = {
        .actor = command->actor,
        .action = act_str(command->operation),
        .object = command->path,
        .result = act_str(act_err_code(command->err)),
        .details = command->details,
    };
    act_call_opts_t opts = {.budget_ms = ADMIN_CALL_BUDGET_MS, .tenant = ACT_STR(SYSTEM_TENANT)};
    persistence_put_audit(self->actor, &opts, &row, on_audited, self->actor);
}

static void audit(const asked_t *asked, act_err_t err)
{
    admin_audit(asked->admin, &(admin_command_t){.operation = asked->route->operation,
                                                 .path = act_http_path(asked->request),
                                                 .actor = asked->actor,
                                                 .details = asked->details,
                                                 .err = err});
}

void admin_wake_delivery(admin_t *self, act_str_t tenant)
{
    act_call_opts_t opts = {.budget_ms = ADMIN_CALL_BUDGET_MS, .tenant = tenant};
    delivery_wake(self->actor, &opts, &(delivery_wake_request_t){0});
}

// --- answer ----------------------------------------------------------------------------------------

static void answer_error(asked_t *asked, const act_reply_t *reply)
{
    problem_t problem = {.status = problem_status(reply->err),
                         .err = reply->err,
                         .detail = reply->text,
                         .retry_after_s = (reply->retry_after_ms + 999) / 1000};
    problem_answer(&asked->request, &problem);
}

static void answer_body(asked_t *asked, act_arena_t *arena, act_str_t body)
{
    const act_model_t *model = method_of(asked->route)->reply;
    const void *reply = act_model_decode(model, body, arena, NULL);
    if (!reply) {
        problem_answer(
            &asked->request,
            &(problem_t){.status = 502, .err = ACT_E_MALFORMED, .detail = act_str(model->name)});
        return;
    }
    act_buf_t out;
    act_buf_init(&out, 4 * ACT_BUF_DEFAULT_MAX_BYTES);
    act_model_to_json(model, reply, &out);
    problem_answer_json(&asked->request, 200, act_buf_str(&out), ACT_STR(""));
    act_buf_fini(&out);
}

static void on_reply(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)fn;
    asked_t *asked = context;
    if (asked->route->is_audited)
        audit(asked, reply->err);
    if (asked->route->wakes_delivery && reply->err == ACT_E_OK)
        admin_wake_delivery(asked->admin, asked->tenant);
    if (reply->err != ACT_E_OK)
        answer_error(asked, reply);
    else
        answer_body(asked, arena, reply->body);
}

// --- putting the request together --------------------------------------------------------------------

static bool is_listed(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static act_err_t reject(asked_t *asked, uint16_t status, const char *detail, act_str_t field)
{
    problem_answer(&asked->request, &(problem_t){.status = status,
                                                 .err = ACT_E_INVALID_ARGUMENT,
                                                 .detail = act_str(detail),
                                                 .field = field});
    return ACT_E_INVALID_ARGUMENT;
}

// Text of a path or query as the field's own type.
static json_t *typed(const act_field_t *field, act_str_t text)
{
    int64_t number = 0;
    if (field->kind == ACT_FIELD_BOOL)
        return json_boolean(act_str_is(text, "true"));
    if (field->kind == ACT_FIELD_STRING)
        return json_stringn(text.ptr, text.len_bytes); // NULL unless UTF-8
    return act_str_to_int(text, &number) ? json_integer(number) : NULL;
}

static act_err_t put_text(asked_t *asked, json_t *fields, const char *name, act_str_t text)
{
    const act_field_t *field = act_model_field(method_of(asked->route)->request, act_str(name));
    json_t *value = typed(field, text);
    if (!value)
        return reject(asked, 422, "is not of the right kind", act_str(name));
    json_object_set_new(fields, name, value);
    return ACT_E_OK;
}

static act_err_t put_body(asked_t *asked, json_t *fields)
{
    act_str_t body = act_http_body(asked->request);
    if (!asked->route->body || act_str_empty(body))
        return ACT_E_OK;
    json_t *root = NULL;
    act_str_t error = {0};
    if (act_json_parse(body, &root, &error, act_http_arena(asked->request)) != ACT_E_OK ||
        !json_is_object(root)) {
        json_decref(root);
        return reject(asked, 400, "the body is not a JSON object", (act_str_t){0});
    }
    act_err_t err = ACT_E_OK;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(root, name, value)
    {
        if (err == ACT_E_OK && !is_listed(asked->route->body, name))
            err = reject(asked, 422, "is not a member of this body",
                         act_arena_str(act_http_arena(asked->request), act_str(name)));
        else
            json_object_set(fields, name, value);
    }
    json_decref(root);
    return err;
}

static act_err_t put_query(asked_t *asked, json_t *fields)
{
    for (const char *const *name = asked->route->query; name && *name; name++) {
        act_str_t text = {0};
        if (act_http_query(asked->request, *name, &text) && !act_str_empty(text) &&
            put_text(asked, fields, *name, text) != ACT_E_OK)
            return ACT_E_INVALID_ARGUMENT;
    }
    return ACT_E_OK;
}

static act_err_t put_headers(asked_t *asked, json_t *fields)
{
    for (const char *const *pair = asked->route->headers; pair && *pair; pair += 2) {
        act_str_t text = {0};
        if (act_http_header(asked->request, pair[1], &text) && !act_str_empty(text) &&
            put_text(asked, fields, pair[0], text) != ACT_E_OK)
            return ACT_E_INVALID_ARGUMENT;
    }
    return ACT_E_OK;
}

static act_err_t put_params(asked_t *asked, json_t *fields, const act_str_t *values)
{
    for (const char *const *name = asked->route->params; name && *name; name++)
        if (put_text(asked, fields, *name, *values++) != ACT_E_OK)
            return ACT_E_INVALID_ARGUMENT;
    return ACT_E_OK;
}

static void put_ours(asked_t *asked, json_t *fields)
{
    if (asked->route->fixed) {
        json_t *fixed = json_loads(asked->route->fixed, 0, NULL);
        json_object_update(fields, fixed);
        json_decref(fixed);
    }
    if (act_model_field(method_of(asked->route)->request, ACT_STR("actor")))
        json_object_set_new(fields, "actor",
                            json_stringn(asked->actor.ptr, asked->actor.len_bytes));
}

static act_err_t put_all(asked_t *asked, json_t *fields, const act_str_t *values)
{
    act_err_t err = put_body(asked, fields);
    if (err == ACT_E_OK)
        err = put_query(asked, fields);
    if (err == ACT_E_OK)
        err = put_headers(asked, fields);
    if (err == ACT_E_OK)
        err = put_params(asked, fields, values);
    if (err == ACT_E_OK)
        put_ours(asked, fields);
    return err;
}

// --- calling -----------------------------------------------------------------------------------------

static act_err_t tenant_of(asked_t *asked, act_str_t *ret_tenant)
{
    const char *tenant = asked->route->tenant;
    if (!tenant || strcmp(tenant, "query") != 0) {
        *ret_tenant = act_str(tenant);
        return ACT_E_OK;
    }
    if (act_http_query(asked->request, "tenant", ret_tenant) && !act_str_empty(*ret_tenant))
        return ACT_E_OK;
    return reject(asked, 422, "is missing", ACT_STR("tenant"));
}

// Checked by the rpc's model before it leaves; the copy in audit_log has no long texts.
static act_err_t check(asked_t *asked, act_str_t body)
{
    const act_model_t *model = method_of(asked->route)->request;
    act_arena_t *arena = act_http_arena(asked->request);
    const char *field = NULL;
    const void *request = act_model_decode(model, body, arena, &field);
    if (!request) {
        const char *dot = strchr(field, '.');
        return reject(asked, 422, "is missing, too long or not of the right kind",
                      act_str(dot ? dot + 1 : field));
    }
    if (!asked->route->is_audited)
        return ACT_E_OK;
    act_buf_t out;
    act_buf_init(&out, 4096);
    act_model_to_json(model, request, &out);
    asked->details = out.is_overflowed ? ACT_STR("{}") : act_arena_str(arena, act_buf_str(&out));
    act_buf_fini(&out);
    return ACT_E_OK;
}

static void ask(asked_t *asked, json_t *fields)
{
    act_buf_t body;
    act_buf_init(&body, BODY_MAX_BYTES);
    act_json_to_mp(fields, &body);
    if (body.is_overflowed)
        reject(asked, 413, "the request is too large", (act_str_t){0});
    else if (tenant_of(asked, &asked->tenant) == ACT_E_OK &&
             check(asked, act_buf_str(&body)) == ACT_E_OK) {
        act_call_opts_t opts = {.budget_ms = ADMIN_CALL_BUDGET_MS, .tenant = asked->tenant};
        act_actor_call(asked->admin->actor, asked->route->service->name, method_of(asked->route),
                       &opts, &body, on_reply, /* fn= */ NULL, asked);
    }
    act_buf_fini(&body);
}

static void serve_rpc(admin_t *self, act_http_request_t *request, const route_t *route,
                      admin_who_t who, const act_str_t *values)
{
    asked_t *asked = act_arena_alloc(act_http_arena(request), sizeof *asked);
    *asked = (asked_t){
        .admin = self, .request = request, .route = route, .actor = admin_actor_of(who, request)};
    json_t *fields = json_object();
    if (put_all(asked, fields, values) == ACT_E_OK)
        ask(asked, fields);
    json_decref(fields);
}

bool admin_api(admin_t *self, act_http_request_t *request)
{
    const route_t *route = NULL;
    act_str_t values[ROUTES_PARAMS_MAX_COUNT];
    act_str_t path = act_http_path(request);
    routes_result_t result = routes_find(act_http_method(request), path, &route, values);
    if (result == ROUTES_NO_PATH && !act_str_starts_with(path, "/api/"))
        return false;
    if (result != ROUTES_FOUND) {
        bool is_path = result == ROUTES_NO_METHOD;
        problem_answer(&request,
                       &(problem_t){.status = is_path ? 405 : 404,
                                    .title = is_path ? "not with this method" : "not found",
                                    .detail = ACT_STR("see /api/openapi.json")});
        return true;
    }
    admin_who_t who = ADMIN_NOBODY;
    if (!route->is_open && (who = admin_authenticate(self, &request)) == ADMIN_NOBODY)
        return true;
    if (route->handler)
        route->handler(self, request);
    else
        serve_rpc(self, request, route, who, values);
    return true;
}

void admin_openapi_get(admin_t *self, act_http_request_t *request)
{
    (void)self;
    problem_answer_json(&request, 200, routes_openapi(), ACT_STR(""));
}
