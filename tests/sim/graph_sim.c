// graph_sim: the table of routes, media, and the life of the simulator.
#include "sim/graph_sim.h"

#include "base/id.h"
#include "io/json.h"
#include "sim/graph_sim_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define REQUEST_MAX_BYTES (18u << 20) // the largest upload that the reference names, and its form
#define CONNECTIONS_MAX_COUNT 4096
#define DELAYED_MAX_COUNT 100000
#define LEDGER_MAX_COUNT 1000000
#define LEDGER_MAX_BYTES ((size_t)256 << 20)
#define MEDIA_MAX_COUNT 1024
#define MEDIA_MAX_BYTES ((size_t)64 << 20)

// --- media ---------------------------------------------------------------------------------------

static void handle_upload(graph_exchange_t *exchange)
{
    act_str_t type = {0};
    const char *error = NULL;
    graph_file_t file;
    (void)act_http_header(exchange->request, "content-type", &type);
    if (!graph_media_parse(type, act_http_body(exchange->request),
                           act_http_arena(exchange->request), &file, &error)) {
        graph_fault_t fault = graph_fault(100, act_str(error));
        graph_respond_fault(exchange, &fault);
        return;
    }
    uint64_t id = graph_media_add(exchange->sim->media, &file);
    act_buf_printf(graph_fresh_out(exchange->sim), "{\"id\":\"%" PRIu64 "\"}", id);
    graph_respond(exchange, 200);
}

static const graph_file_t *find_or_refuse(graph_exchange_t *exchange)
{
    const graph_file_t *file = graph_media_find(exchange->sim->media, exchange->parts[1]);
    if (!file) {
        graph_fault_t fault = graph_fault(100, ACT_STR("Object with this id does not exist"));
        graph_respond_fault(exchange, &fault);
    }
    return file;
}

static void handle_media(graph_exchange_t *exchange)
{
    graph_sim_t *self = exchange->sim;
    const graph_file_t *file = find_or_refuse(exchange);
    if (!file)
        return;
    act_buf_t *out = graph_fresh_out(self);
    act_buf_printf(out, "{\"url\":\"http://%s:%u/_media/%" PRIu64 "\",\"mime_type\":", self->host,
                   self->port, file->id);
    act_json_quote(file->mime_type, out);
    act_buf_printf(
        out, ",\"file_size\":\"%zu\",\"id\":\"%" PRIu64 "\",\"messaging_product\":\"whatsapp\"}",
        file->bytes.len_bytes, file->id);
    graph_respond(exchange, 200);
}

static void handle_download(graph_exchange_t *exchange)
{
    const graph_file_t *file = find_or_refuse(exchange);
    if (!file)
        return;
    act_http_respond(&exchange->request,
                     &(act_http_response_t){.status = 200,
                                            .content_type = "application/octet-stream",
                                            .body = file->bytes});
}

static void handle_delete(graph_exchange_t *exchange)
{
    if (!find_or_refuse(exchange))
        return;
    (void)graph_media_remove(exchange->sim->media, exchange->parts[1]);
    graph_respond_text(exchange, 200, "{\"success\":true}");
}

// --- routes --------------------------------------------------------------------------------------

typedef struct {
    const char *method;
    const char *path; // "*" stands for any one part
    bool needs_token;
    void (*handle)(graph_exchange_t *exchange);
} route_t;

static const route_t routes[] = {
    {"POST", "_sim/behaviour", false, graph_handle_behaviour},
    {"GET", "_sim/ledger", false, graph_handle_ledger},
    {"GET", "_sim/stats", false, graph_handle_stats},
    {"POST", "_sim/reset", false, graph_handle_reset},
    {"POST", "_sim/wait", false, graph_handle_wait},
    {"GET", "_media/*", true, handle_download},
    {"POST", "*/*/messages", true, graph_handle_send},
    {"POST", "*/*/media", true, handle_upload},
    {"GET", "*/*", true, handle_media},
    {"DELETE", "*/*", true, handle_delete},
};

static bool matches(act_str_t path, const char *pattern, act_str_t *parts)
{
    act_str_t wanted = act_str(pattern);
    for (size_t i = 0; i < GRAPH_PARTS_MAX_COUNT && wanted.len_bytes > 0; i++) {
        act_str_t want = act_str_cut(&wanted, '/');
        parts[i] = act_str_cut(&path, '/');
        if (act_str_empty(parts[i]) || (!act_str_is(want, "*") && !act_str_eq(parts[i], want)))
            return false;
    }
    return act_str_empty(path);
}

// vN.M
static bool is_version(act_str_t part)
{
    int64_t major = 0;
    int64_t minor = 0;
    if (!act_str_starts_with(part, "v"))
        return act_str_starts_with(part, "_");
    act_str_t rest = act_str_of(part.ptr + 1, part.len_bytes - 1);
    act_str_t head = act_str_cut(&rest, '.');
    return act_str_to_int(head, &major) && act_str_to_int(rest, &minor) && major > 0 && minor >= 0;
}

static bool has_token(act_http_request_t *request)
{
    act_str_t value = {0};
    if (!act_http_header(request, "authorization", &value) ||
        !act_str_starts_with(value, "Bearer "))
        return false;
    act_str_t token = act_str_trim(act_str_of(value.ptr + 7, value.len_bytes - 7));
    return !act_str_empty(token) && !act_str_is(token, "expired");
}

static void on_request(void *context, act_http_request_t *request)
{
    graph_exchange_t exchange = {.sim = context, .request = request};
    act_str_t path = act_http_path(request);
    if (act_str_starts_with(path, "/"))
        path = act_str_of(path.ptr + 1, path.len_bytes - 1);
    for (size_t i = 0; i < ACT_COUNT(routes); i++) {
        const route_t *route = &routes[i];
        if (!act_str_is(act_http_method(request), route->method) ||
            !matches(path, route->path, exchange.parts) || !is_version(exchange.parts[0]))
            continue;
        if (!route->needs_token || has_token(request)) {
            route->handle(&exchange);
            return;
        }
        exchange.sim->counts.unauthorised_count++;
        graph_fault_t fault = graph_fault(190, ACT_STR("Invalid OAuth access token"));
        graph_respond_fault(&exchange, &fault);
        return;
    }
    graph_fault_t fault = graph_fault(2500, path);
    graph_respond_fault(&exchange, &fault);
}

// --- life ----------------------------------------------------------------------------------------

static act_err_t start(graph_sim_t *self, const graph_sim_options_t *options)
{
    act_http_server_limits_t limits = {.body_max_bytes = REQUEST_MAX_BYTES,
                                       .connections_max_count = CONNECTIONS_MAX_COUNT};
    uint32_t max_count = options->ledger_max_count ? options->ledger_max_count : LEDGER_MAX_COUNT;
    size_t max_bytes = options->ledger_max_bytes ? options->ledger_max_bytes : LEDGER_MAX_BYTES;
    act_err_t err = graph_ledger_new(options->ledger_path, max_count, max_bytes, &self->ledger);
    if (err == ACT_E_OK)
        err = act_listen(self->host, options->port, &self->listener, &self->port);
    if (err == ACT_E_OK)
        err = act_http_server_new(self->loop, self->listener, &limits, on_request, self,
                                  &self->server);
    return err;
}

act_err_t graph_sim_new(act_loop_t *loop, const graph_sim_options_t *options, graph_sim_t **ret_sim)
{
    graph_sim_t *self = act_alloc(sizeof *self);
    self->loop = loop;
    self->listener = -1;
    self->host = options->host ? options->host : "127.0.0.1";
    (void)snprintf(self->run, sizeof self->run, "%016" PRIx64, act_random_u64());
    graph_behaviour_reset(&self->behaviour);
    act_buf_init(&self->out, ACT_BUF_DEFAULT_MAX_BYTES * 2);
    self->media = graph_media_new(MEDIA_MAX_COUNT, MEDIA_MAX_BYTES);
    self->agenda = graph_agenda_new(loop, DELAYED_MAX_COUNT);
    self->hooks = graph_hooks_new(
        loop, &(graph_hooks_options_t){.url = options->webhook_url,
                                       .secret = options->secret ? options->secret : "",
                                       .waba_id = options->waba_id ? options->waba_id : "900001"});
    act_err_t err = start(self, options);
    if (err != ACT_E_OK)
        graph_sim_destroy(&self);
    else
        *ret_sim = self;
    return err;
}

void graph_sim_destroy(graph_sim_t **self_p)
{
    if (!*self_p)
        return;
    graph_sim_t *self = *self_p;
    graph_wake_waiters(self, /* is_ending= */ true);
    graph_agenda_destroy(&self->agenda);
    graph_hooks_destroy(&self->hooks);
    act_http_server_destroy(&self->server);
    if (self->listener >= 0)
        (void)close(self->listener);
    graph_ledger_destroy(&self->ledger);
    graph_media_destroy(&self->media);
    act_buf_fini(&self->out);
    act_free(act_take(self_p));
}

uint16_t graph_sim_port(const graph_sim_t *self)
{
    return self->port;
}
