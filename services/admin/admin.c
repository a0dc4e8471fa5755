// admin: composition of the management port. It listens on the loopback address only.
#include "admin.h"

#include "problem.h"
#include "prometheus.h"
#include "proto/broker_service.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX_BYTES (2u << 20)
#define CONNECTIONS_MAX_COUNT 256

const act_config_row_t admin_settings[] = {
    {"admin_port", "PARLEY_ADMIN_PORT", ACT_CONFIG_INT, "8081", 0, 65535, "8081",
     "port of health, metrics and status", false},
    {"admin_address", "PARLEY_ADMIN_ADDRESS", ACT_CONFIG_TEXT, "127.0.0.1", 0, 0, "0.0.0.0",
     "address it listens on; another one only in a container, behind a published port", false},
    {"admin_token", "X_ADMIN_TOKEN", ACT_CONFIG_TEXT, "", 0, 0, "at-least-16-random-characters",
     "token of the management API and the console", true},
    {"admin_token_file", "PARLEY_ADMIN_TOKEN_FILE", ACT_CONFIG_TEXT, "", 0, 0,
     "var/keys/admin.token",
     "file with the token, read when X_ADMIN_TOKEN is empty; without both /api answers 401", false},
    {"admin_hosts", "PARLEY_ADMIN_HOSTS", ACT_CONFIG_TEXT, "", 0, 0, "parley.example",
     "names under which /mcp may be reached beside those of this machine, with commas", false},
    {"console_dir", "PARLEY_CONSOLE_DIR", ACT_CONFIG_TEXT, "" PARLEY_CONSOLE_FOLDER, 0, 0,
     "/usr/share/parley/console", "folder of the built web console", false},
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
    act_call_opts_t opts = {.budget_ms = ADMIN_CALL_BUDGET_MS};
    bus_status(waiting->admin->actor, &opts, &(empty_t){0}, on_metrics_status, waiting);
}

static void get_metrics(admin_t *self, act_http_request_t *request)
{
    act_call_opts_t opts = {.budget_ms = ADMIN_CALL_BUDGET_MS};
    bus_metrics(self->actor, &opts, &(empty_t){0}, on_metrics, wait_for(self, request));
}

static void get_health(admin_t *self, act_http_request_t *request)
{
    (void)self;
    answer(&request, 200, NULL, act_str("ok\n"));
}

// --- requests ------------------------------------------------------------------------------------

// Beside the API of openapi.yaml: what probes ask for, without a token.
static const struct {
    const char *path;
    void (*get)(admin_t *self, act_http_request_t *request);
} probes[] = {
    {"/healthz", get_health},
    {"/metrics", get_metrics},
};

static bool serve_probe(admin_t *self, act_http_request_t *request)
{
    for (size_t i = 0; i < ACT_COUNT(probes); i++) {
        if (!act_str_is(act_http_path(request), probes[i].path))
            continue;
        if (act_str_is(act_http_method(request), "GET"))
            probes[i].get(self, request);
        else
            problem_answer(&request, &(problem_t){.status = 405, .title = "only GET here"});
        return true;
    }
    return false;
}

static void on_request(void *context, act_http_request_t *request)
{
    admin_t *self = context;
    if (serve_probe(self, request) || admin_api(self, request) || admin_mcp(self, request) ||
        assets_serve(self->assets, request))
        return;
    problem_answer(&request,
                   &(problem_t){.status = 404,
                                .err = ACT_E_NOT_FOUND,
                                .detail = ACT_STR("there is /, /healthz, /metrics, /mcp and "
                                                  "/api/openapi.json")});
}

// --- life ----------------------------------------------------------------------------------------

// The token of the setting, else of the file; empty when there is none.
static act_str_t read_token(act_actor_t *actor, char *room, size_t room_bytes)
{
    act_str_t token = act_str(act_config_text(act_actor_config(actor), "admin_token"));
    const char *path = act_config_text(act_actor_config(actor), "admin_token_file");
    if (!act_str_empty(token) || *path == '\0')
        return token;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = descriptor < 0 ? -1 : read(descriptor, room, room_bytes);
    if (descriptor >= 0)
        close(descriptor);
    if (len < 0)
        act_log_error(act_actor_log(actor), "admin_token_unreadable", "file=%s", path);
    return act_str_trim(act_str_of(room, len < 0 ? 0 : (size_t)len));
}

static void load_token(admin_t *self)
{
    char room[1024];
    act_str_t token = read_token(self->actor, room, sizeof room);
    if (token.len_bytes < AUTH_TOKEN_MIN_BYTES) {
        act_log_warn(act_actor_log(self->actor), "admin_token_missing", "effect=%s",
                     "api_answers_401");
        token = (act_str_t){0};
    }
    self->auth = auth_new(token);
    sodium_memzero(room, sizeof room);
}

static act_err_t open_admin(void *context, act_actor_t *actor)
{
    admin_t *self = context;
    self->actor = actor;
    self->listener = -1;
    if (sodium_init() < 0)
        return ACT_E_INTERNAL;
    uint16_t port = (uint16_t)act_config_int(act_actor_config(actor), "admin_port");
    act_err_t err = act_listen(act_config_text(act_actor_config(actor), "admin_address"), port,
                               &self->listener, &port);
    if (err != ACT_E_OK) {
        act_log_error(act_actor_log(actor), "admin_port_in_use", "port=%u", port);
        return err;
    }
    load_token(self);
    self->assets = assets_new(act_config_text(act_actor_config(actor), "console_dir"));
    self->live = live_new(self);
    self->mcp = admin_mcp_new(self);
    act_log_info(act_actor_log(actor), "admin_listens", "port=%u,console_files=%zu", port,
                 assets_count(self->assets));
    act_http_server_limits_t limits = {.body_max_bytes = BODY_MAX_BYTES,
                                       .connections_max_count = CONNECTIONS_MAX_COUNT};
    return act_http_server_new(act_actor_loop(actor), self->listener, &limits, on_request, self,
                               &self->server);
}

static void close_admin(void *context)
{
    admin_t *self = context;
    live_destroy(&self->live);
    act_http_server_destroy(&self->server);
    mcp_server_destroy(&self->mcp);
    assets_destroy(&self->assets);
    auth_destroy(&self->auth);
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
