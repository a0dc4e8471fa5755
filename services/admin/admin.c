// admin: the management port. Today: health, Prometheus text and the status of every actor. It listens
// on the loopback address only.
#include "admin.h"

#include "io/http_server.h"
#include "prometheus.h"
#include "proto/broker_service.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define CALL_BUDGET_MS 3000

typedef struct {
    act_actor_t *actor;
    int listener;
    act_http_server_t *server;
} admin_t;

const act_config_row_t admin_settings[] = {
    {"admin_port", "PARLEY_ADMIN_PORT", ACT_CONFIG_INT, "8081", 0, 65535, "8081",
     "port of health, metrics and status, on 127.0.0.1", false},
    {"admin_token", "X_ADMIN_TOKEN", ACT_CONFIG_TEXT, "", 0, 0, "at-least-16-random-characters",
     "value of the X-Admin-Token header; without it /api answers 401", true},
    {0},
};

// One request that waits for the broker's answers.
typedef struct {
    admin_t *admin;
    act_http_request_t *request;
    metrics_reply_t metrics;
} waiting_t;

static void answer(act_http_request_t **request, uint16_t status, const char *type, act_str_t body)
{
    act_http_response_t response = {.status = status, .content_type = type, .body = body};
    act_http_respond(request, &response);
}

static waiting_t *wait_for(admin_t *self, act_http_request_t *request)
{
    waiting_t *waiting = act_arena_alloc(act_http_arena(request), sizeof *waiting);
    waiting->admin = self;
    waiting->request = request;
    return waiting;
}

static bool is_failed(waiting_t *waiting, const act_reply_t *reply)
{
    if (reply->err != ACT_E_OK)
        answer(&waiting->request, 503, NULL, act_str("the broker does not answer\n"));
    return reply->err != ACT_E_OK;
}

// --- /metrics ------------------------------------------------------------------------------------

static void on_metrics_status(void *context, const act_reply_t *reply, const status_reply_t *body)
{
    waiting_t *waiting = context;
    if (is_failed(waiting, reply))
        return;
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    prometheus_render(&waiting->metrics, body, &out);
    answer(&waiting->request, 200, "text/plain; version=0.0.4; charset=utf-8", act_buf_str(&out));
    act_buf_fini(&out);
}

static void on_metrics(void *context, const act_reply_t *reply, const metrics_reply_t *body)
{
    waiting_t *waiting = context;
    if (is_failed(waiting, reply) || !body)
        return;
    act_arena_t *arena = act_http_arena(waiting->request);
    if (metrics_reply_unpack(act_arena_str(arena, reply->body), arena, &waiting->metrics, NULL) !=
        ACT_E_OK)
        waiting->metrics = (metrics_reply_t){0};
    act_call_opts_t opts = {.budget_ms = CALL_BUDGET_MS};
    bus_status(waiting->admin->actor, &opts, &(empty_t){0}, on_metrics_status, waiting);
}

static void get_metrics(admin_t *self, act_http_request_t *request)
{
    act_call_opts_t opts = {.budget_ms = CALL_BUDGET_MS};
    bus_metrics(self->actor, &opts, &(empty_t){0}, on_metrics, wait_for(self, request));
}

// --- /api/status ---------------------------------------------------------------------------------

static void on_status(void *context, const act_reply_t *reply, const status_reply_t *body)
{
    waiting_t *waiting = context;
    if (is_failed(waiting, reply))
        return;
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    status_reply_to_json(body, &out);
    answer(&waiting->request, 200, "application/json", act_buf_str(&out));
    act_buf_fini(&out);
}

static void get_status(admin_t *self, act_http_request_t *request)
{
    act_call_opts_t opts = {.budget_ms = CALL_BUDGET_MS};
    bus_status(self->actor, &opts, &(empty_t){0}, on_status, wait_for(self, request));
}

static void get_health(admin_t *self, act_http_request_t *request)
{
    (void)self;
    answer(&request, 200, NULL, act_str("ok\n"));
}

// --- routes --------------------------------------------------------------------------------------

typedef struct {
    const char *path;
    bool needs_token;
    void (*get)(admin_t *self, act_http_request_t *request);
} route_t;

static const route_t routes[] = {
    {"/healthz", false, get_health},
    {"/metrics", false, get_metrics},
    {"/api/status", true, get_status},
};

// Both are hashed first, so that neither length nor content shows in the time it takes.
static bool is_token(const char *expected, act_str_t given)
{
    unsigned char a[crypto_generichash_BYTES], b[crypto_generichash_BYTES];
    crypto_generichash(a, sizeof a, (const unsigned char *)expected, strlen(expected), NULL, 0);
    crypto_generichash(b, sizeof b, (const unsigned char *)given.ptr, given.len_bytes, NULL, 0);
    return *expected != '\0' && sodium_memcmp(a, b, sizeof a) == 0;
}

static bool is_allowed(admin_t *self, act_http_request_t *request)
{
    act_str_t given = {0};
    return act_http_header(request, "x-admin-token", &given) &&
           is_token(act_config_text(act_actor_config(self->actor), "admin_token"), given);
}

static void on_request(void *context, act_http_request_t *request)
{
    admin_t *self = context;
    for (size_t i = 0; i < ACT_COUNT(routes); i++) {
        if (!act_str_is(act_http_path(request), routes[i].path))
            continue;
        if (!act_str_is(act_http_method(request), "GET"))
            answer(&request, 405, NULL, act_str("only GET here\n"));
        else if (routes[i].needs_token && !is_allowed(self, request))
            answer(&request, 401, NULL,
                   act_str("send the token of X_ADMIN_TOKEN in the header X-Admin-Token\n"));
        else
            routes[i].get(self, request);
        return;
    }
    answer(&request, 404, NULL, act_str("there is /healthz, /metrics and /api/status\n"));
}

// --- life ----------------------------------------------------------------------------------------

static act_err_t open_admin(void *context, act_actor_t *actor)
{
    admin_t *self = context;
    self->actor = actor;
    self->listener = -1;
    if (sodium_init() < 0)
        return ACT_E_INTERNAL;
    uint16_t port = (uint16_t)act_config_int(act_actor_config(actor), "admin_port");
    act_err_t err = act_listen("127.0.0.1", port, &self->listener, &port);
    if (err != ACT_E_OK) {
        act_log_error(act_actor_log(actor), "admin_port_in_use", "port=%u", port);
        return err;
    }
    act_log_info(act_actor_log(actor), "admin_listens", "port=%u", port);
    act_http_server_limits_t limits = {.body_max_bytes = 65536, .connections_max_count = 128};
    return act_http_server_new(act_actor_loop(actor), self->listener, &limits, on_request, self,
                               &self->server);
}

static void close_admin(void *context)
{
    admin_t *self = context;
    act_http_server_destroy(&self->server);
    if (self->listener >= 0)
        close(self->listener);
}

const act_spec_t admin_spec = {
    .name = "admin",
    .config = admin_settings,
    .self_size_bytes = sizeof(admin_t),
    .open = open_admin,
    .close = close_admin,
};
