// views: `parley status` and shutdown.
#include "views.h"

#include "base/arena.h"
#include "base/mem.h"
#include "proto/broker.h"
#include "service_views.h"
#include "supervision.h"
#include "tool_views.h"
#include "trace_views.h"

#define ROWS_MAX_COUNT 1024
#define ACL_ROWS_MAX_COUNT 4096

// An actor that runs without the broker having started it (its own container, by hand) is known by
// its heartbeats alone: remote, and lost when they stop.
static const char *state_of_stranger(const peer_t *peer)
{
    if (!peer->service)
        return "client";
    return peer->state == PEER_READY ? "remote" : peer_state_name(peer->state);
}

static instance_view_t row_of_peer(views_t *self, peer_t *peer)
{
    int64_t now_ms = broker_now_ms(self->broker);
    return (instance_view_t){
        .service = act_str(peer->service ? peer->service->name : peer->actor),
        .instance = act_str(peer->instance),
        .pid = peer->pid,
        .state = act_str(state_of_stranger(peer)),
        .uptime_ms = (uint64_t)(now_ms - peer->since_ms),
        .in_flight = peer->in_flight.count,
        .queued = peer_queued_count(peer),
        .calls = peer->calls,
        .errors = peer->errors,
        .p50_us = latency_percentile_us(&peer->latency, now_ms, 50),
        .p95_us = latency_percentile_us(&peer->latency, now_ms, 95),
        .p99_us = latency_percentile_us(&peer->latency, now_ms, 99),
        .credit_messages = peer->credit_messages,
        .credit_bytes = peer->credit_bytes,
        .is_paused = peer->is_paused || peer->is_held,
    };
}

// Every child has a row, with or without a process; what the peer says of itself comes first.
static instance_view_t row_of_child(views_t *self, const child_view_t *child)
{
    peer_t *peer = peers_find_instance(broker_peers(self->broker), act_str(child->instance));
    instance_view_t row = {.service = act_str(child->service),
                           .instance = act_str(child->instance)};
    if (peer && child->pid)
        row = row_of_peer(self, peer);
    row.state = act_str(peer && child->state == CHILD_RUNNING ? peer_state_name(peer->state)
                                                              : child_state_name(child->state));
    row.pid = child->pid;
    row.restarts = child->restarts_count;
    row.is_adopted = child->is_adopted;
    row.generation = child->generation;
    row.last_error = act_str(child->last_error);
    service_t *service = services_find(broker_services(self->broker), act_str(child->service));
    for (int i = 0; service && i < ENTRY_QUEUES_COUNT; i++)
        row.queued += service->queue[i].count;
    return row;
}

static uint32_t list_children(views_t *self, instance_view_t *rows)
{
    uint32_t count = 0;
    child_view_t child;
    while (count < ROWS_MAX_COUNT - 1 && supervisor_view(self->supervisor, count, &child))
        rows[count++] = row_of_child(self, &child);
    return count;
}

static bool is_child(const instance_view_t *rows, uint32_t count, const peer_t *peer)
{
    for (uint32_t i = 0; i < count; i++)
        if (act_str_is(rows[i].instance, peer->instance))
            return true;
    return false;
}

static void view_status(views_t *self, act_str_t body, uint64_t call_id)
{
    (void)body;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    instance_view_t *rows = act_arena_alloc_array(arena, ROWS_MAX_COUNT, sizeof *rows);
    uint32_t children_count = list_children(self, rows);
    uint32_t count = children_count;
    uint32_t index = 0;
    for (peer_t *peer = peers_next(broker_peers(self->broker), &index);
         peer && count < ROWS_MAX_COUNT; peer = peers_next(broker_peers(self->broker), &index))
        if (!is_child(rows, children_count, peer))
            rows[count++] = row_of_peer(self, peer);
    const ledger_counters_t *counters = broker_counters(self->broker);
    status_reply_t reply = {
        .epoch = broker_epoch(self->broker),
        .uptime_ms = (uint64_t)(broker_now_ms(self->broker) - self->started_ms),
        .instances = {rows, count},
        .accepted = counters->accepted,
        .replied = counters->replied,
        .failed = counters->failed,
        .cancelled = counters->cancelled,
        .open = broker_open_count(self->broker),
        .requeued = counters->requeued,
        .refused = counters->refused,
        .malformed = counters->malformed,
        .denied = counters->denied,
        .events_dropped = counters->events_dropped,
    };
    service_views_fill_status(self, &reply);
    supervision_fill_status(self, arena, &reply);
    trace_views_fill_status(broker_traces(self->broker), &reply);
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    status_reply_pack(&reply, &out);
    broker_answer(self->broker, call_id, ACT_E_OK, act_buf_str(&out));
    act_buf_fini(&out);
}

static void view_metrics(views_t *self, act_str_t body, uint64_t call_id)
{
    (void)body;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    instance_metrics_t *rows = act_arena_alloc_array(arena, ROWS_MAX_COUNT, sizeof *rows);
    uint32_t count = 0, index = 0;
    for (peer_t *peer = peers_next(broker_peers(self->broker), &index);
         peer && count < ROWS_MAX_COUNT; peer = peers_next(broker_peers(self->broker), &index)) {
        stats_t stats;
        if (!peer->service ||
            stats_unpack(act_buf_str(&peer->stats), arena, &stats, NULL) != ACT_E_OK)
            continue;
        rows[count++] = (instance_metrics_t){
            .service = act_str(peer->service->name),
            .instance = act_str(peer->instance),
            .metrics = {stats.metrics.items, stats.metrics.count},
        };
    }
    metrics_reply_t reply = {.instances = {rows, count}};
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    metrics_reply_pack(&reply, &out);
    broker_answer(self->broker, call_id, ACT_E_OK, act_buf_str(&out));
    act_buf_fini(&out);
}

static void view_acl(views_t *self, act_str_t body, uint64_t call_id)
{
    (void)body;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const acl_t *acl = broker_acl(self->broker);
    acl_row_t *rows = act_arena_alloc_array(arena, ACL_ROWS_MAX_COUNT, sizeof *rows);
    uint32_t count = 0;
    for (acl_rule_t row; count < ACL_ROWS_MAX_COUNT && acl_rule(acl, count, &row); count++)
        rows[count] = (acl_row_t){
            .actor = act_str(row.actor),
            .service = act_str(row.service),
            .method = act_str(row.method),
            .may_call = row.right == ACL_CALL,
            .may_offer = row.right == ACL_OFFER,
            .may_publish = row.right == ACL_PUBLISH,
            .may_subscribe = row.right == ACL_SUBSCRIBE,
        };
    acl_reply_t reply = {.rows = {rows, count}};
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    acl_reply_pack(&reply, &out);
    broker_answer(self->broker, call_id, ACT_E_OK, act_buf_str(&out));
    act_buf_fini(&out);
}

static void command_shutdown(views_t *self, act_str_t body, uint64_t call_id)
{
    (void)body;
    act_buf_t out;
    act_buf_init(&out, 16);
    empty_pack(&(empty_t){0}, &out);
    broker_answer(self->broker, call_id, ACT_E_OK, act_buf_str(&out));
    act_buf_fini(&out);
    self->shutdown(self->context);
}

// Rows that look at the header too have `ask`.
typedef struct {
    const char *method;
    void (*run)(views_t *self, act_str_t body, uint64_t call_id);
    trace_views_fn *ask;
} view_t;

static const view_t views[] = {
    {"status", view_status, NULL},
    {"services", NULL, service_views_services},
    {"pause", NULL, service_views_pause},
    {"resume", NULL, service_views_resume},
    {"retry_dead_letter", NULL, service_views_retry_dead_letter},
    {"metrics", view_metrics, NULL},
    {"acl", view_acl, NULL},
    {"edges", NULL, trace_views_edges},
    {"traces", NULL, trace_views_traces},
    {"trace", NULL, trace_views_trace},
    {"set_tracing", NULL, trace_views_set_tracing},
    {"tap", NULL, trace_views_tap},
    {"stages", NULL, trace_views_stages},
    {"restart", NULL, supervision_restart},
    {"drain", NULL, supervision_drain},
    {"scale", NULL, supervision_scale},
    {"obituaries", NULL, supervision_obituaries},
    {"logs", NULL, supervision_logs},
    {"tools", NULL, tool_views_tools},
    {"put_tools", NULL, tool_views_put_tools},
    {"shutdown", command_shutdown, NULL},
};

void views_on_call(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    for (size_t i = 0; i < ACT_COUNT(views); i++)
        if (act_str_is(header->method, views[i].method)) {
            if (views[i].ask)
                views[i].ask(self, header, body, call_id);
            else
                views[i].run(self, body, call_id);
            return;
        }
    broker_answer(self->broker, call_id, ACT_E_UNKNOWN_METHOD, act_str(""));
}
