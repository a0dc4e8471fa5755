// trace_views: edges, traces, tap.
#include "trace_views.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TRACES_ROWS_DEFAULT 100
#define HOPS_ROWS_MAX 4096
#define TRACE_TEXT_BYTES 33

static void reply(views_t *self, uint64_t call_id, const act_model_t *model, const void *message)
{
    act_buf_t out;
    act_buf_init(&out, ACT_BUF_DEFAULT_MAX_BYTES);
    act_model_pack(model, message, &out);
    act_err_t err = out.is_overflowed ? ACT_E_TOO_LARGE : ACT_E_OK;
    broker_answer(self->broker, call_id, err, act_buf_str(&out));
    act_buf_fini(&out);
}

static void refuse(views_t *self, uint64_t call_id, act_err_t err)
{
    broker_answer(self->broker, call_id, err, act_str(""));
}

// Our hops count on the monotonic clock; people read the wall clock.
static int64_t wall_offset_us(void)
{
    return act_time_wall_us() - act_time_mono_us();
}

void trace_views_fill_status(const traces_t *traces, status_reply_t *ret_reply)
{
    const traces_counters_t *counters = traces_counters(traces);
    ret_reply->hops = hops_written_count(traces_hops(traces));
    ret_reply->hops_dropped = hops_overwritten_count(traces_hops(traces));
    ret_reply->traces_sampled = counters->sampled;
    ret_reply->traces_forced = counters->forced;
    ret_reply->traces_skipped = counters->skipped;
}

// --- edges ---------------------------------------------------------------------------------------

void trace_views_edges(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    (void)header;
    (void)body;
    edges_t *edges = broker_edges(self->broker);
    int64_t now_ms = broker_now_ms(self->broker);
    ACT_AUTO(act_arena) *arena = act_arena_new();
    edge_view_t *rows = act_arena_alloc_array(arena, edges_size(edges), sizeof *rows);
    uint32_t count = 0;
    for (uint32_t i = 0; i < edges_size(edges); i++) {
        edge_t *edge = edges_at(edges, i);
        if (edge->calls == 0)
            continue;
        rows[count++] = (edge_view_t){
            .caller = act_str(edge->caller),
            .service = act_str(edge->service),
            .method = act_str(edge->method),
            .calls = edge->calls,
            .errors = edge->errors,
            .bytes = edge->bytes,
            .p50_us = latency_percentile_us(&edge->latency, now_ms, 50),
            .p99_us = latency_percentile_us(&edge->latency, now_ms, 99),
        };
    }
    edges_reply_t answer = {.edges = {rows, count}};
    reply(self, call_id, &edges_reply_model, &answer);
}

// --- traces --------------------------------------------------------------------------------------

static trace_summary_t summary_of(const traces_t *traces, const trace_t *trace, act_arena_t *arena,
                                  int64_t offset_us)
{
    return (trace_summary_t){
        .trace = act_arena_printf(arena, "%016" PRIx64 "%016" PRIx64, trace->high, trace->low),
        .at_ms = (uint64_t)((trace->first_us + offset_us) / 1000),
        .tenant = act_str(trace->tenant),
        .method = act_arena_printf(arena, "%" ACT_STR_FMT ".%" ACT_STR_FMT,
                                   ACT_STR_ARG(traces_name(traces, trace->service)),
                                   ACT_STR_ARG(traces_name(traces, trace->method))),
        .duration_us = (uint64_t)(trace->last_us - trace->first_us),
        .hops = trace->hops_count,
        .is_error = trace->is_error,
        .turn_id = act_str(trace->turn_id),
    };
}

void trace_views_traces(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    (void)header;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    traces_request_t request;
    if (traces_request_unpack(body, arena, &request, NULL) != ACT_E_OK) {
        refuse(self, call_id, ACT_E_MALFORMED);
        return;
    }
    const traces_t *traces = broker_traces(self->broker);
    uint32_t wanted = request.max_rows ? request.max_rows : TRACES_ROWS_DEFAULT;
    if (wanted > TRACES_MAX_COUNT)
        wanted = TRACES_MAX_COUNT;
    trace_summary_t *rows = act_arena_alloc_array(arena, wanted, sizeof *rows);
    int64_t offset_us = wall_offset_us();
    uint32_t count = 0;
    for (const trace_t *trace = traces_at(traces, 0); trace && count < wanted;
         trace = traces_at(traces, count)) {
        rows[count] = summary_of(traces, trace, arena, offset_us);
        count++;
    }
    traces_reply_t answer = {.traces = {rows, count}};
    reply(self, call_id, &traces_reply_model, &answer);
}

static bool parse_half(act_str_t text, uint64_t *ret_half)
{
    char digits[17] = "";
    char *end = NULL;
    act_str_copy(text, digits, sizeof digits);
    *ret_half = strtoull(digits, &end, 16);
    return end == digits + 16;
}

static const trace_t *find(const traces_t *traces, act_str_t text)
{
    uint64_t high = 0, low = 0;
    if (text.len_bytes != TRACE_TEXT_BYTES - 1)
        return traces_find_turn(traces, text);
    if (!parse_half(act_str_of(text.ptr, 16), &high) ||
        !parse_half(act_str_of(text.ptr + 16, 16), &low))
        return NULL;
    return traces_find(traces, high, low);
}

static hop_view_t row_of(const traces_t *traces, const hop_t *hop, int64_t offset_us)
{
    return (hop_view_t){
        .at_us = (uint64_t)(hop->at_us + offset_us),
        .kind = act_str(hop_kind_name(hop->kind)),
        .caller = traces_name(traces, hop->caller),
        .service = traces_name(traces, hop->service),
        .method = traces_name(traces, hop->method),
        .instance = traces_name(traces, hop->instance),
        .call_id = hop->call_id,
        .attempt = hop->attempt,
        .queue_us = hop->queue_us,
        .work_us = hop->work_us,
        .err = act_str(hop->err == ACT_E_OK ? "" : act_err_code((act_err_t)hop->err)),
    };
}

static int compare_hops(const void *a, const void *b)
{
    const hop_view_t *x = a, *y = b;
    return x->at_us < y->at_us ? -1 : x->at_us > y->at_us;
}

void trace_views_trace(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    (void)header;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    trace_request_t request;
    if (trace_request_unpack(body, arena, &request, NULL) != ACT_E_OK) {
        refuse(self, call_id, ACT_E_MALFORMED);
        return;
    }
    const traces_t *traces = broker_traces(self->broker);
    const trace_t *trace = find(traces, request.trace);
    if (!trace) {
        refuse(self, call_id, ACT_E_NOT_FOUND);
        return;
    }
    int64_t offset_us = wall_offset_us();
    hop_view_t *rows = act_arena_alloc_array(arena, HOPS_ROWS_MAX, sizeof *rows);
    uint32_t first = HOPS_ROWS_MAX; // filled from the end: hops are found newest first
    for (const hop_t *hop = traces_hop_before(traces, trace, NULL); hop && first > 0;
         hop = traces_hop_before(traces, trace, hop))
        rows[--first] = row_of(traces, hop, offset_us);
    uint32_t count = HOPS_ROWS_MAX - first;
    if (count > 0)
        qsort(rows + first, count, sizeof *rows, compare_hops); // glibc's is stable
    trace_summary_t summary = summary_of(traces, trace, arena, offset_us);
    trace_reply_t answer = {.summary = &summary, .hops = {rows + first, count}};
    reply(self, call_id, &trace_reply_model, &answer);
}

// --- commands ------------------------------------------------------------------------------------

void trace_views_set_tracing(views_t *self, const act_header_t *header, act_str_t body,
                             uint64_t call_id)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    set_tracing_request_t request;
    if (set_tracing_request_unpack(body, arena, &request, NULL) != ACT_E_OK) {
        refuse(self, call_id, ACT_E_MALFORMED);
        return;
    }
    service_t *service = services_find(broker_services(self->broker), request.service);
    if (request.sample_ppm > TRACES_PPM_MAX) {
        refuse(self, call_id, ACT_E_INVALID_ARGUMENT);
        return;
    }
    if (!service && !act_str_empty(request.service)) {
        refuse(self, call_id, ACT_E_NOT_FOUND);
        return;
    }
    if (service)
        traces_set_service_share(service, request.sample_ppm);
    else
        traces_set_share(broker_traces(self->broker), request.sample_ppm);
    act_log_info(self->log, "tracing_set", "service=%.*s,sample_ppm=%u,actor=%.*s,sender=%.*s",
                 ACT_STR_ARG(request.service), request.sample_ppm, ACT_STR_ARG(request.actor),
                 ACT_STR_ARG(header->sender));
    reply(self, call_id, &empty_model, &(empty_t){0});
}

static bool is_known(views_t *self, act_str_t target)
{
    return services_find(broker_services(self->broker), target) ||
           peers_find_instance(broker_peers(self->broker), target);
}

void trace_views_tap(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    tap_request_t request;
    if (tap_request_unpack(body, arena, &request, NULL) != ACT_E_OK) {
        refuse(self, call_id, ACT_E_MALFORMED);
        return;
    }
    if (!is_known(self, request.instance)) {
        refuse(self, call_id, ACT_E_NOT_FOUND);
        return;
    }
    char path[PATH_MAX] = "";
    taps_request_t wanted = {request.instance, request.seconds, request.max_bytes};
    act_err_t err = taps_open(broker_taps(self->broker), &wanted, act_time_mono_us(), path);
    act_log_info(self->log, "tap", "target=%.*s,seconds=%u,code=%s,actor=%.*s,sender=%.*s",
                 ACT_STR_ARG(request.instance), request.seconds, act_err_code(err),
                 ACT_STR_ARG(request.actor), ACT_STR_ARG(header->sender));
    if (err != ACT_E_OK) {
        refuse(self, call_id, err);
        return;
    }
    tap_reply_t answer = {.file = act_str(path)};
    reply(self, call_id, &tap_reply_model, &answer);
}

void trace_views_stages(views_t *self, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    (void)call_id;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    stages_request_t request;
    const peer_t *peer = peers_find_instance(broker_peers(self->broker), header->sender);
    if (!peer || stages_request_unpack(body, arena, &request, NULL) != ACT_E_OK)
        return;
    int64_t now_us = act_time_mono_us();
    for (uint32_t i = 0; i < request.stages.count; i++) {
        const stage_time_t *row = &request.stages.items[i];
        int64_t ago_us = row->ended_ago_us < UINT32_MAX ? (int64_t)row->ended_ago_us : UINT32_MAX;
        traces_stage_t stage = {
            .name = row->name,
            .ended_us = now_us - ago_us,
            .took_us = row->took_us < UINT32_MAX ? (uint32_t)row->took_us : UINT32_MAX,
        };
        traces_on_stage(broker_traces(self->broker), &header->trace, request.turn_id, peer, &stage);
    }
}
