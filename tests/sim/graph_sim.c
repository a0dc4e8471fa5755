// graph_sim: routes as a table; each handler answers by itself, now or by the agenda.
#include "sim/graph_sim.h"

#include "base/id.h"
#include "io/http_server.h"
#include "io/json.h"
#include "sim/graph_agenda.h"
#include "sim/graph_behaviour.h"
#include "sim/graph_check.h"
#include "sim/graph_hang_up.h"
#include "sim/graph_hooks.h"
#include "sim/graph_ledger.h"
#include "sim/graph_media.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REQUEST_MAX_BYTES (18u << 20) // the largest upload that the reference names, and its form
#define SEND_MAX_BYTES (256u << 10)
#define CONNECTIONS_MAX_COUNT 4096
#define DELAYED_MAX_COUNT 100000
#define WAITERS_MAX_COUNT 64
#define WAIT_MAX_MS (10 * 60 * 1000)
#define LEDGER_MAX_COUNT 1000000
#define LEDGER_MAX_BYTES ((size_t)256 << 20)
#define MEDIA_MAX_COUNT 1024
#define MEDIA_MAX_BYTES ((size_t)64 << 20)
#define PARTS_MAX_COUNT 3
#define JSON_TYPE "application/json; charset=UTF-8"

typedef struct {
    act_http_request_t *request;
    act_timer_t *timer;
    graph_sim_t *sim;
    uint64_t count;
} waiter_t;

// What happened since the last reset. One row of stat_rows each.
typedef struct {
    uint64_t refused_count;
    uint64_t failed_count;
    uint64_t unauthorised_count;
    uint64_t hung_up_count;
    uint64_t accepted_then_hung_up_count;
    uint64_t reads_count;
    uint64_t typings_count;
} counts_t;

struct graph_sim {
    act_loop_t *loop;
    act_http_server_t *server;
    int listener;
    uint16_t port;
    const char *host;
    graph_behaviour_t behaviour;
    graph_ledger_t *ledger;
    graph_hooks_t *hooks;
    graph_media_t *media;
    graph_agenda_t *agenda; // answers that come later
    waiter_t waiters[WAITERS_MAX_COUNT];
    counts_t counts;
    char run[17]; // part of message ids: no two runs share one
    uint64_t last_message;
    act_buf_t out; // the answer being written
};

// One request on its way through a handler.
typedef struct {
    graph_sim_t *sim;
    act_http_request_t *request;
    act_str_t parts[PARTS_MAX_COUNT]; // of the path
} exchange_t;

// --- answers -------------------------------------------------------------------------------------

static act_buf_t *fresh_out(graph_sim_t *self)
{
    act_buf_reset(&self->out);
    return &self->out;
}

static void respond(exchange_t *exchange, uint16_t status)
{
    act_http_response_t response = {.status = status,
                                    .content_type = JSON_TYPE,
                                    .body = act_buf_str(&exchange->sim->out)};
    act_http_respond(&exchange->request, &response);
}

static void respond_fault(exchange_t *exchange, const graph_fault_t *fault)
{
    graph_fault_write(fault, fresh_out(exchange->sim));
    respond(exchange, fault->http);
}

static void respond_text(exchange_t *exchange, uint16_t status, const char *json)
{
    act_buf_add_str(fresh_out(exchange->sim), act_str(json));
    respond(exchange, status);
}

static void respond_error(exchange_t *exchange, uint16_t status, act_str_t text)
{
    act_buf_t *out = fresh_out(exchange->sim);
    act_buf_add_str(out, ACT_STR("{\"error\":"));
    act_json_quote(text, out);
    act_buf_add_char(out, '}');
    respond(exchange, status);
}

typedef struct {
    exchange_t exchange;
    act_http_response_t response;
    char body[];
} delayed_t;

static void on_delayed(void *context, bool is_due)
{
    (void)is_due; // when the simulator ends, what was promised is said at once
    delayed_t *delayed = context;
    act_http_respond(&delayed->exchange.request, &delayed->response);
    act_free(delayed);
}

// What is in sim->out, after the latency. Falls back to now when too many wait already.
static void respond_later(exchange_t *exchange, uint16_t status, uint32_t retry_after_s)
{
    graph_sim_t *self = exchange->sim;
    act_str_t body = act_buf_str(&self->out);
    act_http_response_t response = {
        .status = status, .content_type = JSON_TYPE, .body = body, .retry_after_s = retry_after_s};
    if (self->behaviour.latency_ms > 0) {
        delayed_t *delayed = act_alloc(sizeof *delayed + body.len_bytes);
        if (body.len_bytes > 0)
            memcpy(delayed->body, body.ptr, body.len_bytes);
        delayed->exchange = *exchange;
        delayed->response = response;
        delayed->response.body.ptr = delayed->body;
        if (graph_agenda_add(self->agenda, self->behaviour.latency_ms, on_delayed, delayed))
            return;
        act_free(delayed);
    }
    act_http_respond(&exchange->request, &response);
}

// --- waiting -------------------------------------------------------------------------------------

static void waiter_answer(waiter_t *waiter)
{
    graph_sim_t *self = waiter->sim;
    uint64_t count = graph_ledger_count(self->ledger);
    exchange_t exchange = {.sim = self, .request = waiter->request};
    act_timer_destroy(&waiter->timer);
    bool is_reached = count >= waiter->count;
    *waiter = (waiter_t){0};
    act_buf_printf(fresh_out(self), "{\"count\":%" PRIu64 ",\"is_reached\":%s}", count,
                   is_reached ? "true" : "false");
    respond(&exchange, 200);
}

static void on_waited(void *context)
{
    waiter_answer(context);
}

static void wake_waiters(graph_sim_t *self)
{
    uint64_t count = graph_ledger_count(self->ledger);
    for (size_t i = 0; i < WAITERS_MAX_COUNT; i++)
        if (self->waiters[i].request && self->waiters[i].count <= count)
            waiter_answer(&self->waiters[i]);
}

static waiter_t *free_waiter(graph_sim_t *self)
{
    for (size_t i = 0; i < WAITERS_MAX_COUNT; i++)
        if (!self->waiters[i].request)
            return &self->waiters[i];
    return NULL;
}

// --- sending -------------------------------------------------------------------------------------

static void write_success(graph_sim_t *self, const graph_send_t *send, act_str_t provider_id)
{
    act_buf_t *out = fresh_out(self);
    bool has_plus = act_str_starts_with(send->to, "+");
    act_buf_add_str(out, ACT_STR("{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":"));
    act_json_quote(send->to, out);
    act_buf_add_str(out, send->is_user_id ? ACT_STR(",\"user_id\":") : ACT_STR(",\"wa_id\":"));
    act_json_quote(has_plus ? act_str_of(send->to.ptr + 1, send->to.len_bytes - 1) : send->to, out);
    act_buf_add_str(out, ACT_STR("}],\"messages\":[{\"id\":"));
    act_json_quote(provider_id, out);
    act_buf_add_str(out, ACT_STR("}]}"));
}

static void accept_send(exchange_t *exchange, const graph_send_t *send)
{
    graph_sim_t *self = exchange->sim;
    char provider_id[64];
    (void)snprintf(provider_id, sizeof provider_id, "wamid.SIM%s%09" PRIu64, self->run,
                   ++self->last_message);
    graph_record_t record = {
        .provider_id = act_str(provider_id),
        .phone_number_id = exchange->parts[1],
        .send = send,
        .request = act_http_body(exchange->request),
    };
    graph_ledger_add(self->ledger, &record);
    graph_hooks_accepted(self->hooks, &self->behaviour, record.phone_number_id, record.provider_id,
                         send);
    if (graph_behaviour_hangs_up_after(&self->behaviour)) {
        self->counts.accepted_then_hung_up_count++;
        graph_hang_up(&exchange->request);
    } else {
        write_success(self, send, record.provider_id);
        respond_later(exchange, 200, /* retry_after_s= */ 0);
    }
    wake_waiters(self);
}

static void fail_send(exchange_t *exchange)
{
    graph_sim_t *self = exchange->sim;
    const graph_fail_t *fail = &self->behaviour.fail;
    graph_fault_t fault = {.http = fail->http, .code = fail->code, .details = ACT_STR("as told")};
    self->counts.failed_count++;
    act_buf_t *out = fresh_out(self);
    if (fail->code != 0)
        graph_fault_write(&fault, out);
    respond_later(exchange, fail->http, fail->retry_after_s);
}

static void mark_read(exchange_t *exchange, const graph_send_t *send)
{
    exchange->sim->counts.reads_count++;
    exchange->sim->counts.typings_count += send->has_typing;
    act_buf_add_str(fresh_out(exchange->sim), ACT_STR("{\"success\":true}"));
    respond_later(exchange, 200, /* retry_after_s= */ 0);
}

static void judge_send(exchange_t *exchange, const json_t *json)
{
    graph_sim_t *self = exchange->sim;
    graph_send_t send;
    graph_fault_t fault;
    if (!graph_check(json, act_http_arena(exchange->request), &send, &fault)) {
        self->counts.refused_count++;
        graph_fault_write(&fault, fresh_out(self));
        respond_later(exchange, fault.http, /* retry_after_s= */ 0);
    } else if (send.is_read) {
        mark_read(exchange, &send);
    } else {
        accept_send(exchange, &send);
    }
}

static act_str_t recipient_of(const json_t *json)
{
    act_str_t to = act_json_str(json, "to");
    return act_str_empty(to) ? act_json_str(json, "recipient") : to;
}

static void handle_send(exchange_t *exchange)
{
    graph_sim_t *self = exchange->sim;
    act_str_t body = act_http_body(exchange->request);
    json_t *json = NULL;
    if (body.len_bytes <= SEND_MAX_BYTES &&
        act_json_parse(body, &json, NULL, act_http_arena(exchange->request)) != ACT_E_OK)
        json = NULL; // graph_check says so
    bool is_read = json_object_get(json, "status") != NULL;
    graph_decision_t decision =
        is_read ? GRAPH_TAKE : graph_behaviour_decide(&self->behaviour, recipient_of(json));
    if (decision == GRAPH_HANG_UP) {
        self->counts.hung_up_count++;
        graph_hang_up(&exchange->request);
    } else if (decision == GRAPH_FAIL) {
        fail_send(exchange);
    } else {
        judge_send(exchange, json);
    }
    json_decref(json);
}

// --- media ---------------------------------------------------------------------------------------

static void handle_upload(exchange_t *exchange)
{
    act_str_t type = {0};
    const char *error = NULL;
    graph_file_t file;
    (void)act_http_header(exchange->request, "content-type", &type);
    if (!graph_media_parse(type, act_http_body(exchange->request),
                           act_http_arena(exchange->request), &file, &error)) {
        graph_fault_t fault = graph_fault(100, act_str(error));
        respond_fault(exchange, &fault);
        return;
    }
    uint64_t id = graph_media_add(exchange->sim->media, &file);
    act_buf_printf(fresh_out(exchange->sim), "{\"id\":\"%" PRIu64 "\"}", id);
    respond(exchange, 200);
}

static const graph_file_t *find_or_refuse(exchange_t *exchange)
{
    const graph_file_t *file = graph_media_find(exchange->sim->media, exchange->parts[1]);
    if (!file) {
        graph_fault_t fault = graph_fault(100, ACT_STR("Object with this id does not exist"));
        respond_fault(exchange, &fault);
    }
    return file;
}

static void handle_media(exchange_t *exchange)
{
    graph_sim_t *self = exchange->sim;
    const graph_file_t *file = find_or_refuse(exchange);
    if (!file)
        return;
    act_buf_t *out = fresh_out(self);
    act_buf_printf(out, "{\"url\":\"http://%s:%u/_media/%" PRIu64 "\",\"mime_type\":", self->host,
                   self->port, file->id);
    act_json_quote(file->mime_type, out);
    act_buf_printf(out,
                   ",\"file_size\":\"%zu\",\"id\":\"%" PRIu64
                   "\",\"messaging_product\":\"whatsapp\"}",
                   file->bytes.len_bytes, file->id);
    respond(exchange, 200);
}

static void handle_download(exchange_t *exchange)
{
    const graph_file_t *file = find_or_refuse(exchange);
    if (!file)
        return;
    act_http_respond(&exchange->request,
                     &(act_http_response_t){.status = 200,
                                            .content_type = "application/octet-stream",
                                            .body = file->bytes});
}

static void handle_delete(exchange_t *exchange)
{
    if (!find_or_refuse(exchange))
        return;
    (void)graph_media_remove(exchange->sim->media, exchange->parts[1]);
    respond_text(exchange, 200, "{\"success\":true}");
}

// --- control -------------------------------------------------------------------------------------

static json_t *body_json(exchange_t *exchange)
{
    json_t *json = NULL;
    if (act_json_parse(act_http_body(exchange->request), &json, NULL,
                       act_http_arena(exchange->request)) != ACT_E_OK)
        return NULL;
    return json;
}

static void handle_behaviour(exchange_t *exchange)
{
    json_t *json = body_json(exchange);
    act_str_t error = {0};
    if (graph_behaviour_apply(&exchange->sim->behaviour, json, &error))
        respond_text(exchange, 200, "{\"success\":true}");
    else
        respond_error(exchange, 400, error);
    json_decref(json);
}

static void handle_ledger(exchange_t *exchange)
{
    act_str_t text = {0};
    int64_t since = 0;
    bool has_since = act_http_query(exchange->request, "since", &text);
    if (has_since && (!act_str_to_int(text, &since) || since < 0)) {
        respond_error(exchange, 400, ACT_STR("since"));
        return;
    }
    graph_ledger_read(exchange->sim->ledger, (uint64_t)since, fresh_out(exchange->sim));
    respond(exchange, 200);
}

static void handle_stats(exchange_t *exchange)
{
    const graph_sim_t *self = exchange->sim;
    graph_hooks_counts_t hooks = graph_hooks_counts(self->hooks);
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"accepted", graph_ledger_count(self->ledger)},
        {"refused", self->counts.refused_count},
        {"failed", self->counts.failed_count},
        {"unauthorised", self->counts.unauthorised_count},
        {"hung_up", self->counts.hung_up_count},
        {"accepted_then_hung_up", self->counts.accepted_then_hung_up_count},
        {"reads", self->counts.reads_count},
        {"typings", self->counts.typings_count},
        {"answers_waiting", graph_agenda_count(self->agenda)},
        {"ledger_errors", graph_ledger_errors(self->ledger)},
        {"media", graph_media_count(self->media)},
        {"webhooks_sent", hooks.sent_count},
        {"webhooks_repeated", hooks.repeats_count},
        {"webhooks_dropped", hooks.dropped_count},
        {"webhooks_waiting", hooks.waiting_count},
    };
    act_buf_t *out = fresh_out(exchange->sim);
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        act_buf_printf(out, "%c\"%s\":%" PRIu64, i == 0 ? '{' : ',', rows[i].name, rows[i].value);
    act_buf_add_char(out, '}');
    respond(exchange, 200);
}

static void handle_reset(exchange_t *exchange)
{
    graph_sim_t *self = exchange->sim;
    graph_behaviour_reset(&self->behaviour);
    graph_ledger_reset(self->ledger);
    graph_hooks_reset(self->hooks);
    self->counts = (counts_t){0};
    respond_text(exchange, 200, "{\"success\":true}");
}

static void handle_wait(exchange_t *exchange)
{
    graph_sim_t *self = exchange->sim;
    json_t *json = body_json(exchange);
    int64_t count = act_json_int(json, "count", -1);
    int64_t timeout_ms = act_json_int(json, "timeout_ms", 10000);
    json_decref(json);
    waiter_t *waiter = free_waiter(self);
    if (count < 0 || timeout_ms < 0 || timeout_ms > WAIT_MAX_MS) {
        respond_error(exchange, 400, ACT_STR("count, timeout_ms"));
        return;
    }
    if (!waiter) {
        respond_error(exchange, 503, ACT_STR("too many wait"));
        return;
    }
    *waiter = (waiter_t){.request = exchange->request, .sim = self, .count = (uint64_t)count};
    waiter->timer = act_timer_new(self->loop, on_waited, waiter);
    act_timer_start(waiter->timer, timeout_ms, /* repeat_ms= */ 0);
    wake_waiters(self);
}

// --- routes --------------------------------------------------------------------------------------

typedef struct {
    const char *method;
    const char *path; // "*" stands for any one part
    bool needs_token;
    void (*handle)(exchange_t *exchange);
} route_t;

static const route_t routes[] = {
    {"POST", "_sim/behaviour", false, handle_behaviour},
    {"GET", "_sim/ledger", false, handle_ledger},
    {"GET", "_sim/stats", false, handle_stats},
    {"POST", "_sim/reset", false, handle_reset},
    {"POST", "_sim/wait", false, handle_wait},
    {"GET", "_media/*", true, handle_download},
    {"POST", "*/*/messages", true, handle_send},
    {"POST", "*/*/media", true, handle_upload},
    {"GET", "*/*", true, handle_media},
    {"DELETE", "*/*", true, handle_delete},
};

static bool matches(act_str_t path, const char *pattern, act_str_t *parts)
{
    act_str_t wanted = act_str(pattern);
    for (size_t i = 0; i < PARTS_MAX_COUNT && wanted.len_bytes > 0; i++) {
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
    exchange_t exchange = {.sim = context, .request = request};
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
        respond_fault(&exchange, &fault);
        return;
    }
    graph_fault_t fault = graph_fault(2500, path);
    respond_fault(&exchange, &fault);
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
    for (size_t i = 0; i < WAITERS_MAX_COUNT; i++)
        if (self->waiters[i].request)
            waiter_answer(&self->waiters[i]);
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
