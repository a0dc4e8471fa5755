// actor: the life of an actor on the bus: HELLO, calls in and out, events, heartbeats, drain, orphanhood.
#include "actor/actor.h"

#include "actor/bus.h"
#include "actor/call.h"
#include "actor/pending.h"
#include "actor/send.h"
#include "actor/subscriptions.h"
#include "base/assert.h"
#include "base/id.h"
#include "base/time.h"
#include "proto/broker.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_BUDGET_MS 5000
#define DEFAULT_CREDIT_MESSAGES 64
#define DEFAULT_CREDIT_BYTES (8u << 20)
// Budgets are checked this often while calls are open.
#define TICK_MS 10
// The connection is looked after this often: HELLO again, orphanhood.
#define CARE_MS 250
// A broker that says nothing for this long is taken for dead. It pings idle peers every second.
#define SILENCE_MS 5000
// Heartbeat: how often the broker hears our numbers. Answered by the loop, so a stuck loop is silent.
#define STATS_MS 1000
#define BYE_LINGER_MS 500

struct act_actor {
    act_loop_t *loop;
    const act_spec_t *spec;
    void *spec_self;
    act_config_t *config; // borrowed; NULL for clients
    act_log_t *log;       // borrowed; NULL for clients
    char instance[ACT_HEADER_NAME_MAX_BYTES + 1];
    act_bus_t *bus;
    act_pending_t *pending;
    act_calls_t *calls;
    act_subscriptions_t *subscriptions;
    act_timer_t *tick;
    act_timer_t *care;
    act_arena_t *arena; // for decoding replies; reset after each
    act_metrics_t *metrics;
    int64_t stats_ms; // when the broker was last told
    act_buf_t scratch;
    uint64_t epoch; // of the broker that welcomed us; 0 before
    bool is_welcome;
    bool is_ready;
    bool is_draining;
    int64_t heard_ms; // last frame from the broker
    int64_t drain_until_ms;
    uint64_t slow_handlers;
    int64_t slow_handler_us;
    int64_t orphan_ms; // 0: never ends by itself
    void (*on_welcome)(void *context);
    void *welcome_context;
};

// --- frames out ----------------------------------------------------------------------------------

void act_actor_send(act_actor_t *self, const act_header_t *header, act_str_t body)
{
    zmq_msg_t frame;
    act_bus_body(&frame, body);
    if (act_bus_send(self->bus, header, &frame) != ACT_E_OK && self->log)
        act_log_debug(self->log, "frame_dropped", "kind=%s", act_kind_name(header->kind));
    zmq_msg_close(&frame);
}

static void send_stats(act_actor_t *self, act_kind_t kind)
{
    metric_t metrics[ACT_METRICS_MAX_COUNT];
    uint32_t count = act_metrics_count(self->metrics);
    for (uint32_t i = 0; i < count; i++) {
        const act_metric_row_t *row = act_metrics_row(self->metrics, i);
        metrics[i] = (metric_t){
            .name = act_str(row->name),
            .value = act_metrics_value(self->metrics, i),
            .is_gauge = row->type == ACT_METRIC_GAUGE,
            .help = act_str(row->help),
        };
    }
    stats_t stats = {
        .open_calls = act_calls_count(self->calls),
        .pending_calls = act_pending_count(self->pending),
        .slow_handlers = self->slow_handlers,
        .is_ready = self->is_ready,
        .metrics = {metrics, count},
    };
    act_buf_reset(&self->scratch);
    stats_pack(&stats, &self->scratch);
    act_header_t header = {.kind = (uint8_t)kind};
    act_actor_send(self, &header, act_buf_str(&self->scratch));
}

// Field 22 of /proc/self/stat, in clock ticks since boot. The name in field 2 may hold spaces and
// brackets, so counting starts behind its last bracket (proc(5)).
static uint64_t process_start(void)
{
    char text[1024] = "";
    FILE *file = fopen("/proc/self/stat", "re");
    if (!file)
        return 0;
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *at = strrchr(text, ')');
    unsigned long long start = 0;
    if (at)
        sscanf(at + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &start);
    return start;
}

static void say_hello(act_actor_t *self)
{
    const act_service_t *service = self->spec->service;
    act_str_t methods[256];
    uint32_t count = service ? service->methods_count : 0;
    act_assert(count <= ACT_COUNT(methods));
    for (uint32_t i = 0; i < count; i++)
        methods[i] = act_str(service->methods[i].name);
    hello_t hello = {
        .actor = act_str(self->spec->name),
        .instance = act_str(self->instance),
        .service = act_str(service ? service->name : NULL),
        .methods = {methods, count},
        .pid = (int32_t)getpid(),
        .pid_start = process_start(),
        .is_ready = self->is_ready,
    };
    act_buf_reset(&self->scratch);
    hello_pack(&hello, &self->scratch);
    uint32_t messages = self->spec->credit_messages;
    uint32_t bytes = self->spec->credit_bytes;
    act_header_t header = {
        .kind = ACT_KIND_HELLO,
        .credit_messages = messages ? messages : DEFAULT_CREDIT_MESSAGES,
        .credit_bytes = bytes ? bytes : DEFAULT_CREDIT_BYTES,
    };
    act_actor_send(self, &header, act_buf_str(&self->scratch));
}

// --- calls out -----------------------------------------------------------------------------------

// Ends a pending call. The row is free before the callback, which may make new calls.
static void complete(act_actor_t *self, act_pending_row_t *row, const act_reply_t *reply)
{
    act_reply_fn *trampoline = row->trampoline;
    act_fn_t *fn = row->fn;
    void *context = row->context;
    act_pending_remove(self->pending, row->id);
    // A callback may wait for nothing and so never nests: one arena serves all replies.
    trampoline(reply, self->arena, fn, context);
    act_arena_reset(self->arena);
}

static void complete_with(act_actor_t *self, act_pending_row_t *row, act_err_t err)
{
    act_reply_t reply = {.err = err, .text = act_str(act_err_text(err))};
    complete(self, row, &reply);
}

static void send_row(act_actor_t *self, act_pending_row_t *row)
{
    int64_t left_ms = row->deadline_ms - act_loop_now_ms(self->loop);
    if (!self->is_welcome || left_ms <= 0)
        return;
    row->header.budget_ms = (uint32_t)left_ms;
    zmq_msg_t body;
    zmq_msg_init(&body);
    zmq_msg_copy(&body, &row->body);
    row->was_sent = act_bus_send(self->bus, &row->header, &body) == ACT_E_OK;
    zmq_msg_close(&body);
}

static void on_tick(void *context)
{
    act_actor_t *self = context;
    int64_t now_ms = act_loop_now_ms(self->loop);
    uint32_t index = 0;
    for (act_pending_row_t *row = act_pending_next(self->pending, &index); row;
         row = act_pending_next(self->pending, &index)) {
        if (row->deadline_ms <= now_ms)
            complete_with(self, row, ACT_E_DEADLINE);
        else if (!row->was_sent)
            send_row(self, row);
    }
    act_calls_expire(self->calls);
    if (act_pending_count(self->pending) == 0 && act_calls_count(self->calls) == 0)
        act_timer_stop(self->tick);
}

static void ensure_tick(act_actor_t *self)
{
    if (!act_timer_is_active(self->tick))
        act_timer_start(self->tick, TICK_MS, TICK_MS);
}

typedef struct {
    act_err_t err;
    act_reply_fn *trampoline;
    act_fn_t *fn;
    void *context;
} refused_call_t;

static void refuse_later(void *context)
{
    refused_call_t *refused = context;
    act_reply_t reply = {.err = refused->err, .text = act_str(act_err_text(refused->err))};
    ACT_AUTO(act_arena) *arena = act_arena_new();
    refused->trampoline(&reply, arena, refused->fn, refused->context);
    act_free(refused);
}

static void set_text(act_str_t value, char *text, size_t size_bytes, act_str_t *ret_view)
{
    act_assert(value.len_bytes < size_bytes);
    act_str_copy(value, text, size_bytes);
    *ret_view = act_str_of(text, value.len_bytes);
}

static act_trace_t trace_of(const act_call_opts_t *opts)
{
    if (opts->parent)
        return act_call_header(opts->parent)->trace;
    if (opts->trace)
        return *opts->trace;
    return (act_trace_t){act_random_u64(), act_random_u64(), act_random_u64()};
}

static act_header_t header_of(const char *service, const act_method_t *method,
                              const act_call_opts_t *opts)
{
    const act_header_t *parent = opts->parent ? act_call_header(opts->parent) : NULL;
    return (act_header_t){
        .class_ = (uint8_t)(opts->is_control                    ? ACT_CLASS_CONTROL
                            : opts->class_ == ACT_CLASS_CONTROL ? ACT_CLASS_INTERACTIVE
                                                                : opts->class_),
        .flags = opts->flags | method->flags,
        .trace = trace_of(opts),
        .tenant = act_str_empty(opts->tenant) && parent ? parent->tenant : opts->tenant,
        .service = act_str(service),
        .method = act_str(method->name),
        .key = opts->key,
        .attempt = 1,
        .hops = (uint8_t)(parent ? parent->hops + 1 : 0),
        .idempotency_key = opts->idempotency_key,
    };
}

static int64_t budget_of(const act_call_opts_t *opts)
{
    int64_t budget_ms = opts->budget_ms;
    if (opts->parent) {
        int64_t left_ms = act_call_left_ms(opts->parent);
        if (budget_ms == 0 || left_ms < budget_ms)
            budget_ms = left_ms;
    }
    return budget_ms == 0 && !opts->parent ? DEFAULT_BUDGET_MS : budget_ms;
}

uint64_t act_actor_call(act_actor_t *self, const char *service, const act_method_t *method,
                        const act_call_opts_t *opts, const act_buf_t *body,
                        act_reply_fn *trampoline, act_fn_t *fn, void *context)
{
    act_pending_row_t *row = body->is_overflowed ? NULL : act_pending_add(self->pending);
    if (!row) {
        refused_call_t *refused = act_alloc(sizeof *refused);
        act_err_t err = body->is_overflowed ? ACT_E_TOO_LARGE : ACT_E_OVERLOADED;
        *refused = (refused_call_t){err, trampoline, fn, context};
        act_loop_post(self->loop, refuse_later, refused);
        return 0;
    }
    row->service = service;
    row->method = method;
    row->trampoline = trampoline;
    row->fn = fn;
    row->context = context;
    row->deadline_ms = act_loop_now_ms(self->loop) + budget_of(opts);
    row->header = header_of(service, method, opts);
    row->header.kind = ACT_KIND_CALL;
    row->header.id = row->id;
    set_text(row->header.tenant, row->tenant, sizeof row->tenant, &row->header.tenant);
    set_text(row->header.key, row->key, sizeof row->key, &row->header.key);
    set_text(row->header.idempotency_key, row->idempotency_key, sizeof row->idempotency_key,
             &row->header.idempotency_key);
    act_bus_body(&row->body, act_buf_str(body));
    ensure_tick(self);
    uint64_t id = row->id;
    send_row(self, row);
    return id;
}

void act_actor_cancel(act_actor_t *self, uint64_t call_id)
{
    act_pending_row_t *row = act_pending_find(self->pending, call_id);
    if (!row)
        return;
    act_header_t header = {.kind = ACT_KIND_CANCEL, .id = call_id};
    if (row->was_sent)
        act_actor_send(self, &header, act_str(""));
    act_pending_remove(self->pending, call_id);
}

void act_actor_cast(act_actor_t *self, const char *service, const act_method_t *method,
                    const act_call_opts_t *opts, const act_buf_t *body)
{
    if (body->is_overflowed)
        return;
    act_header_t header = header_of(service, method, opts);
    header.kind = ACT_KIND_CAST;
    act_actor_send(self, &header, act_buf_str(body));
}

// --- events --------------------------------------------------------------------------------------

void act_actor_publish(act_actor_t *self, act_str_t topic, const act_buf_t *body)
{
    act_header_t header = {.kind = ACT_KIND_EVENT, .class_ = ACT_CLASS_BULK, .service = topic};
    act_actor_send(self, &header, act_buf_str(body));
}

static void send_subscription(void *context, act_str_t topic)
{
    act_header_t header = {.kind = ACT_KIND_SUBSCRIBE, .service = topic};
    act_actor_send(context, &header, act_str(""));
}

void act_actor_subscribe(act_actor_t *self, act_str_t topic, act_event_fn *fn, void *context)
{
    act_subscriptions_put(self->subscriptions, topic, fn, context);
    if (self->is_welcome)
        send_subscription(self, topic);
}

void act_actor_unsubscribe(act_actor_t *self, act_str_t topic)
{
    act_subscriptions_remove(self->subscriptions, topic);
    act_header_t header = {.kind = ACT_KIND_UNSUBSCRIBE, .service = topic};
    act_actor_send(self, &header, act_str(""));
}

// --- frames in -----------------------------------------------------------------------------------

static const act_method_t *find_method(const act_service_t *service, act_str_t name)
{
    for (uint32_t i = 0; service && i < service->methods_count; i++)
        if (act_str_is(name, service->methods[i].name))
            return &service->methods[i];
    return NULL;
}

static void dispatch_raw(act_actor_t *self, act_call_t *call, act_str_t body)
{
    const char *field = NULL;
    const act_method_t *method = act_call_method(call);
    act_err_t err = method->check(act_call_arena(call), body, &field);
    if (err == ACT_E_OK)
        self->spec->dispatch(self->spec_self, call, body);
    else
        act_call_fail(&call, err, field);
}

static void take_call(act_actor_t *self, act_message_t *message)
{
    const act_method_t *method = find_method(self->spec->service, message->header.method);
    act_call_t *call = act_calls_open(self->calls, message, method);
    ensure_tick(self);
    if (!method) {
        act_call_fail(&call, ACT_E_UNKNOWN_METHOD, "no such method");
        return;
    }
    act_str_t body = act_call_body(call);
    if (self->spec->dispatch)
        dispatch_raw(self, call, body);
    else
        method->dispatch(self->spec->server, self->spec_self, call, body);
}

static void take_reply(act_actor_t *self, act_message_t *message)
{
    act_pending_row_t *row = act_pending_find(self->pending, message->header.id);
    if (!row)
        return; // cancelled, expired, or a repeat
    act_reply_t reply = {.body = message->body, .sender = message->header.sender};
    complete(self, row, &reply);
}

static void take_error(act_actor_t *self, act_message_t *message)
{
    act_pending_row_t *row = act_pending_find(self->pending, message->header.id);
    if (!row)
        return;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    error_body_t error = {0};
    if (error_body_unpack(message->body, arena, &error, NULL) != ACT_E_OK)
        error = (error_body_t){0};
    act_reply_t reply = {
        .err = act_err_from_number(message->header.err),
        .text = error.text,
        .retry_after_ms = error.retry_after_ms,
        .sender = message->header.sender,
    };
    if (reply.err == ACT_E_OK)
        reply.err = ACT_E_INTERNAL; // an ERROR without a code is still an error
    complete(self, row, &reply);
}

static void take_cancel(act_actor_t *self, act_message_t *message)
{
    act_calls_cancel(self->calls, message->header.id);
}

static void take_event(act_actor_t *self, act_message_t *message)
{
    act_subscriptions_fire(self->subscriptions, message->header.service, message->body);
}

static void take_ping(act_actor_t *self, act_message_t *message)
{
    (void)message;
    send_stats(self, ACT_KIND_PONG);
}

static void take_nothing(act_actor_t *self, act_message_t *message)
{
    (void)self;
    (void)message;
}

// Calls that a dead broker held: what may run again is asked again, the rest has an unknown outcome.
// They are marked first: callbacks make new calls, which the new broker has already.
static void ask_again(act_actor_t *self)
{
    uint32_t index = 0;
    for (act_pending_row_t *row = act_pending_next(self->pending, &index); row;
         row = act_pending_next(self->pending, &index)) {
        row->is_lost = row->was_sent && !(row->header.flags & ACT_FLAG_RETRY_SAFE);
        row->was_sent = false;
    }
    index = 0;
    for (act_pending_row_t *row = act_pending_next(self->pending, &index); row;
         row = act_pending_next(self->pending, &index)) {
        if (row->is_lost)
            complete_with(self, row, ACT_E_WORKER_LOST);
        else if (!row->was_sent)
            send_row(self, row);
    }
}

static void take_welcome(act_actor_t *self, act_message_t *message)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    welcome_t welcome = {0};
    if (welcome_unpack(message->body, arena, &welcome, NULL) != ACT_E_OK)
        return;
    bool is_new = welcome.epoch != self->epoch || !self->is_welcome;
    self->epoch = welcome.epoch;
    self->is_welcome = true;
    if (!is_new)
        return;
    if (self->log)
        act_log_info(self->log, "welcome", "epoch=%llu", (unsigned long long)welcome.epoch);
    act_subscriptions_each(self->subscriptions, send_subscription, self);
    ask_again(self);
    if (self->on_welcome)
        self->on_welcome(self->welcome_context);
}

static void take_refused(act_actor_t *self, act_message_t *message)
{
    if (self->log)
        act_log_error(self->log, "refused", "code=%s",
                      act_err_code(act_err_from_number(message->header.err)));
    if (self->orphan_ms > 0)
        act_loop_stop(self->loop);
}

// The broker does not know this connection: it has forgotten our calls and topics, too.
static void take_hello_again(act_actor_t *self, act_message_t *message)
{
    (void)message;
    self->is_welcome = false;
    say_hello(self);
}

static void begin_drain(act_actor_t *self)
{
    if (self->is_draining)
        return;
    self->is_draining = true;
    int64_t limit_ms = self->config ? act_config_int(self->config, "drain_ms") : 0;
    self->drain_until_ms = act_loop_now_ms(self->loop) + limit_ms;
    if (self->log)
        act_log_info(self->log, "drain", "open=%u", act_calls_count(self->calls));
    if (self->spec->drain)
        self->spec->drain(self->spec_self);
    act_timer_start(self->care, 0, TICK_MS);
}

static void take_drain(act_actor_t *self, act_message_t *message)
{
    (void)message;
    if (self->orphan_ms > 0)
        begin_drain(self);
}

static void take_bye(act_actor_t *self, act_message_t *message)
{
    (void)message;
    self->is_welcome = false;
}

typedef void take_fn(act_actor_t *self, act_message_t *message);
static take_fn *const takers[ACT_KIND_LAST + 1] = {
    [ACT_KIND_HELLO] = take_nothing,       [ACT_KIND_WELCOME] = take_welcome,
    [ACT_KIND_REFUSED] = take_refused,     [ACT_KIND_HELLO_AGAIN] = take_hello_again,
    [ACT_KIND_CALL] = take_call,           [ACT_KIND_REPLY] = take_reply,
    [ACT_KIND_ERROR] = take_error,         [ACT_KIND_CANCEL] = take_cancel,
    [ACT_KIND_CAST] = take_call,           [ACT_KIND_SUBSCRIBE] = take_nothing,
    [ACT_KIND_UNSUBSCRIBE] = take_nothing, [ACT_KIND_EVENT] = take_event,
    [ACT_KIND_PING] = take_ping,           [ACT_KIND_PONG] = take_nothing,
    [ACT_KIND_DRAIN] = take_drain,         [ACT_KIND_BYE] = take_bye,
};

static void on_message(void *context, act_message_t *message)
{
    act_actor_t *self = context;
    act_kind_t kind = message->header.kind;
    self->heard_ms = act_loop_now_ms(self->loop);
    int64_t from_us = act_time_mono_us();
    takers[kind](self, message);
    int64_t took_us = act_time_mono_us() - from_us;
    if (took_us > self->slow_handler_us) {
        self->slow_handlers++;
        if (self->log)
            act_log_warn(self->log, "slow_handler", "kind=%s,took_us=%lld", act_kind_name(kind),
                         (long long)took_us);
    }
}

// --- the connection ------------------------------------------------------------------------------

static void on_connect(void *context)
{
    act_actor_t *self = context;
    self->heard_ms = act_loop_now_ms(self->loop);
    say_hello(self);
}

static void on_disconnect(void *context)
{
    act_actor_t *self = context;
    self->is_welcome = false;
    if (self->log && !self->is_draining)
        act_log_warn(self->log, "broker_gone", "pending=%u", act_pending_count(self->pending));
}

static bool is_drained(const act_actor_t *self, int64_t now_ms)
{
    return (act_calls_count(self->calls) == 0 && act_pending_count(self->pending) == 0) ||
           now_ms >= self->drain_until_ms;
}

static void on_care(void *context)
{
    act_actor_t *self = context;
    int64_t now_ms = act_loop_now_ms(self->loop);
    if (self->is_draining && is_drained(self, now_ms)) {
        act_loop_stop(self->loop);
        return;
    }
    int64_t silent_ms = now_ms - self->heard_ms;
    if (self->orphan_ms > 0 && !self->is_welcome && silent_ms > self->orphan_ms) {
        act_log_error(self->log, "orphan", "silent_ms=%lld", (long long)silent_ms);
        act_loop_stop(self->loop);
    }
    if (silent_ms > SILENCE_MS)
        self->is_welcome = false;
    if (self->is_welcome && now_ms - self->stats_ms >= STATS_MS) {
        self->stats_ms = now_ms;
        send_stats(self, ACT_KIND_PING);
    }
    if (!self->is_welcome && act_bus_is_connected(self->bus))
        say_hello(self);
}

// --- life ----------------------------------------------------------------------------------------

act_actor_t *act_actor_new(act_loop_t *loop, const act_spec_t *spec, const char *bus_endpoint,
                           const char *instance, void *spec_self)
{
    static const act_bus_events_t events = {on_message, on_connect, on_disconnect};
    act_actor_t *self = act_alloc(sizeof *self);
    self->loop = loop;
    self->spec = spec;
    self->spec_self = spec_self;
    act_str_copy(act_str(instance), self->instance, sizeof self->instance);
    act_buf_init(&self->scratch, ACT_BUF_DEFAULT_MAX_BYTES);
    self->arena = act_arena_new();
    self->metrics = act_metrics_new(spec->metrics);
    self->pending = act_pending_new();
    self->calls = act_calls_new(self);
    self->subscriptions = act_subscriptions_new();
    self->tick = act_timer_new(loop, on_tick, self);
    self->care = act_timer_new(loop, on_care, self);
    self->is_ready = true;
    self->slow_handler_us = INT64_MAX;
    uv_update_time(act_loop_uv(loop));
    self->heard_ms = act_loop_now_ms(loop);
    act_timer_start(self->care, CARE_MS, CARE_MS);
    self->bus = act_bus_new(loop, bus_endpoint, &events, self);
    return self;
}

void act_actor_destroy(act_actor_t **self_p)
{
    act_actor_t *self = *self_p;
    if (!self)
        return;
    act_header_t bye = {.kind = ACT_KIND_BYE};
    act_actor_send(self, &bye, act_str(""));
    act_timer_destroy(&self->tick);
    act_timer_destroy(&self->care);
    act_calls_destroy(&self->calls);
    act_pending_destroy(&self->pending);
    act_subscriptions_destroy(&self->subscriptions);
    act_bus_destroy(&self->bus, BYE_LINGER_MS);
    act_metrics_destroy(&self->metrics);
    act_arena_destroy(&self->arena);
    act_buf_fini(&self->scratch);
    act_free(act_take(self_p));
}

void act_actor_supervise(act_actor_t *self, act_config_t *config, act_log_t *log)
{
    self->config = config;
    self->log = log;
    self->slow_handler_us = act_config_int(config, "slow_handler_ms") * 1000;
    self->orphan_ms = act_config_int(config, "orphan_ms");
}

void act_actor_begin_drain(act_actor_t *self)
{
    begin_drain(self);
}

act_loop_t *act_actor_loop(act_actor_t *self)
{
    return self->loop;
}

act_log_t *act_actor_log(act_actor_t *self)
{
    return self->log;
}

const act_config_t *act_actor_config(act_actor_t *self)
{
    return self->config;
}

const char *act_actor_instance(const act_actor_t *self)
{
    return self->instance;
}

act_metrics_t *act_actor_metrics(act_actor_t *self)
{
    return self->metrics;
}

void *act_actor_self(act_actor_t *self)
{
    return self->spec_self;
}

bool act_actor_is_connected(const act_actor_t *self)
{
    return self->is_welcome;
}

bool act_actor_is_draining(const act_actor_t *self)
{
    return self->is_draining;
}

void act_actor_defer_ready(act_actor_t *self)
{
    self->is_ready = false;
}

void act_actor_set_ready(act_actor_t *self)
{
    if (self->is_ready)
        return;
    self->is_ready = true;
    send_stats(self, ACT_KIND_PING);
}

void act_actor_on_welcome(act_actor_t *self, void (*fn)(void *context), void *context)
{
    self->on_welcome = fn;
    self->welcome_context = context;
}
