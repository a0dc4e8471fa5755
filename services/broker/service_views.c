// service_views: sums over a service's instances, and what one may do to them.
#include "service_views.h"

#include "base/arena.h"

#define ROWS_MAX_COUNT 512

static void reply_empty(views_t *self, uint64_t call_id)
{
    act_buf_t out;
    act_buf_init(&out, 16);
    empty_pack(&(empty_t){0}, &out);
    broker_answer(self->broker, call_id, ACT_E_OK, act_buf_str(&out));
    act_buf_fini(&out);
}

static void add_instances(const service_t *service, service_view_t *row)
{
    for (const peer_t *peer = service->instances; peer; peer = peer->next_in_service) {
        row->instances++;
        row->ready += peer_takes_calls(peer);
        row->in_flight += peer->in_flight.count;
        row->credit_messages += peer->credit_messages;
        row->credit_bytes += peer->credit_bytes;
    }
}

static service_view_t row_of(views_t *self, service_t *service)
{
    int64_t now_ms = broker_now_ms(self->broker);
    service_view_t row = {
        .name = act_str(service->name),
        .queued_control = service->queued_by_class[ACT_CLASS_CONTROL],
        .queued_interactive = service->queued_by_class[ACT_CLASS_INTERACTIVE],
        .queued_bulk = service->queued_by_class[ACT_CLASS_BULK],
        .queued_bytes = service->queued_bytes,
        .oldest_wait_ms = (uint64_t)service_oldest_wait_ms(service, now_ms),
        .calls = service->calls,
        .errors = service->errors,
        .p50_us = latency_percentile_us(&service->latency, now_ms, 50),
        .p95_us = latency_percentile_us(&service->latency, now_ms, 95),
        .p99_us = latency_percentile_us(&service->latency, now_ms, 99),
        .is_parked = service->is_parked,
        .is_paused = service_is_paused(service),
        .lanes = service->lanes_count,
    };
    add_instances(service, &row);
    return row;
}

void service_views_services(views_t *self, const act_header_t *header, act_str_t body,
                            uint64_t call_id)
{
    (void)header;
    (void)body;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    service_view_t *rows = act_arena_alloc_array(arena, ROWS_MAX_COUNT, sizeof *rows);
    uint32_t count = 0, index = 0;
    services_t *services = broker_services(self->broker);
    for (service_t *service = services_next(services, &index); service && count < ROWS_MAX_COUNT;
         service = services_next(services, &index))
        rows[count++] = row_of(self, service);
    services_reply_t answer = {.services = {rows, count}};
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    services_reply_pack(&answer, &out);
    broker_answer(self->broker, call_id, ACT_E_OK, act_buf_str(&out));
    act_buf_fini(&out);
}

static void set_held(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id,
                     bool is_held)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    instance_request_t request;
    if (instance_request_unpack(body, arena, &request, NULL) != ACT_E_OK) {
        broker_answer(self->broker, call_id, ACT_E_MALFORMED, act_str(""));
        return;
    }
    if (!broker_pause(self->broker, request.instance, is_held)) {
        broker_answer(self->broker, call_id, ACT_E_NOT_FOUND, act_str(""));
        return;
    }
    if (self->log)
        act_log_info(self->log, is_held ? "pause" : "resume",
                     "instance=%.*s,actor=%.*s,sender=%.*s", ACT_STR_ARG(request.instance),
                     ACT_STR_ARG(request.actor), ACT_STR_ARG(header->sender));
    reply_empty(self, call_id);
}

void service_views_pause(views_t *self, const act_header_t *header, act_str_t body,
                         uint64_t call_id)
{
    set_held(self, header, body, call_id, /* is_held= */ true);
}

void service_views_resume(views_t *self, const act_header_t *header, act_str_t body,
                          uint64_t call_id)
{
    set_held(self, header, body, call_id, /* is_held= */ false);
}

void service_views_retry_dead_letter(views_t *self, const act_header_t *header, act_str_t body,
                                     uint64_t call_id)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    retry_dead_letter_request_t request;
    if (retry_dead_letter_request_unpack(body, arena, &request, NULL) != ACT_E_OK) {
        broker_answer(self->broker, call_id, ACT_E_MALFORMED, act_str(""));
        return;
    }
    if (self->log)
        act_log_info(self->log, "retry_dead_letter", "id=%lld,actor=%.*s,sender=%.*s",
                     (long long)request.dead_letter_id, ACT_STR_ARG(request.actor),
                     ACT_STR_ARG(header->sender));
    if (!self->dead_letters ||
        !dead_letters_retry(self->dead_letters, request.dead_letter_id, call_id))
        broker_answer(self->broker, call_id, ACT_E_OVERLOADED, act_str(""));
}

void service_views_fill_status(views_t *self, status_reply_t *ret_reply)
{
    const ledger_counters_t *counters = broker_counters(self->broker);
    ret_reply->dead = counters->dead;
    ret_reply->repeated = counters->repeated;
    ret_reply->late = counters->late;
    ret_reply->parts = counters->parts;
    ret_reply->parts_late = counters->parts_late;
    ret_reply->casts_dropped = counters->casts_dropped;
    if (!self->dead_letters)
        return;
    ret_reply->dead_waiting = dead_letters_count(self->dead_letters);
    ret_reply->dead_dropped = dead_letters_dropped_count(self->dead_letters);
}
