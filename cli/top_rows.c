// top_rows: rows and their text.
#include "top_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A counter that went back belongs to a new process.
static double rate_of(uint64_t now, uint64_t before, int64_t elapsed_ms)
{
    if (elapsed_ms <= 0)
        return 0;
    return (double)(now >= before ? now - before : now) * 1000.0 / (double)elapsed_ms;
}

static int64_t elapsed_ms(const top_look_t *now, const top_look_t *before)
{
    return before->at_ms ? now->at_ms - before->at_ms : 0;
}

// --- services ------------------------------------------------------------------------------------

static const service_view_t *find_service(const top_look_t *look, act_str_t name)
{
    for (uint32_t i = 0; i < look->services.services.count; i++)
        if (act_str_eq(look->services.services.items[i].name, name))
            return &look->services.services.items[i];
    return NULL;
}

// What the instances say: restarts, and how many there are and are ready of an actor that offers no
// service (admin), which the broker does not count among those that take calls.
static void add_instances(const top_look_t *look, act_str_t service, top_row_t *row)
{
    bool is_counted = row->instances > 0;
    for (uint32_t i = 0; i < look->status.instances.count; i++) {
        const instance_view_t *view = &look->status.instances.items[i];
        if (!act_str_eq(view->service, service))
            continue;
        row->restarts += view->restarts;
        row->instances += !is_counted;
        row->ready += !is_counted && act_str_is(view->state, "ready");
    }
}

static const char *state_of(const service_view_t *view, const top_row_t *row)
{
    if (view->is_parked)
        return "parked";
    if (view->is_paused)
        return "paused";
    return row->ready > 0 ? "ready" : "down";
}

uint32_t top_rows_of_services(const top_look_t *now, const top_look_t *before, top_row_t *ret_rows)
{
    uint32_t count = 0;
    int64_t elapsed = elapsed_ms(now, before);
    for (uint32_t i = 0; i < now->services.services.count && count < TOP_ROWS_MAX_COUNT; i++) {
        const service_view_t *view = &now->services.services.items[i];
        const service_view_t *old = find_service(before, view->name);
        top_row_t *row = &ret_rows[count++];
        *row = (top_row_t){
            .instances = view->instances,
            .ready = view->ready,
            .queued = view->queued_control + view->queued_interactive + view->queued_bulk,
            .in_flight = view->in_flight,
            .oldest_ms = view->oldest_wait_ms,
            .calls_per_s = rate_of(view->calls, old ? old->calls : 0, old ? elapsed : 0),
            .errors_per_s = rate_of(view->errors, old ? old->errors : 0, old ? elapsed : 0),
            .p50_us = view->p50_us,
            .p99_us = view->p99_us,
        };
        act_str_copy(view->name, row->name, sizeof row->name);
        act_str_copy(view->name, row->service, sizeof row->service);
        add_instances(now, view->name, row);
        snprintf(row->state, sizeof row->state, "%s", state_of(view, row));
    }
    return count;
}

// --- instances -----------------------------------------------------------------------------------

static const instance_view_t *find_instance(const top_look_t *look, act_str_t name)
{
    for (uint32_t i = 0; i < look->status.instances.count; i++)
        if (act_str_eq(look->status.instances.items[i].instance, name))
            return &look->status.instances.items[i];
    return NULL;
}

uint32_t top_rows_of_instances(const top_look_t *now, const top_look_t *before, const char *service,
                               top_row_t *ret_rows)
{
    uint32_t count = 0;
    int64_t elapsed = elapsed_ms(now, before);
    for (uint32_t i = 0; i < now->status.instances.count && count < TOP_ROWS_MAX_COUNT; i++) {
        const instance_view_t *view = &now->status.instances.items[i];
        if (*service && !act_str_is(view->service, service))
            continue;
        const instance_view_t *old = find_instance(before, view->instance);
        top_row_t *row = &ret_rows[count++];
        *row = (top_row_t){
            .pid = view->pid,
            .queued = view->queued,
            .in_flight = view->in_flight,
            .restarts = view->restarts,
            .uptime_ms = view->uptime_ms,
            .calls_per_s = rate_of(view->calls, old ? old->calls : 0, old ? elapsed : 0),
            .errors_per_s = rate_of(view->errors, old ? old->errors : 0, old ? elapsed : 0),
            .p50_us = view->p50_us,
            .p99_us = view->p99_us,
        };
        act_str_copy(view->instance, row->name, sizeof row->name);
        act_str_copy(view->service, row->service, sizeof row->service);
        act_str_copy(view->state, row->state, sizeof row->state);
    }
    return count;
}

// --- sorting -------------------------------------------------------------------------------------

static int larger_first(double x, double y)
{
    return x > y ? -1 : x < y;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const top_row_t *)a)->name, ((const top_row_t *)b)->name);
}

static int by_calls(const void *a, const void *b)
{
    const top_row_t *x = a, *y = b;
    int order = larger_first(x->calls_per_s, y->calls_per_s);
    return order ? order : by_name(a, b);
}

static int by_queued(const void *a, const void *b)
{
    const top_row_t *x = a, *y = b;
    int order = larger_first(x->queued + x->in_flight, y->queued + y->in_flight);
    return order ? order : by_name(a, b);
}

static int by_errors(const void *a, const void *b)
{
    const top_row_t *x = a, *y = b;
    int order = larger_first(x->errors_per_s, y->errors_per_s);
    return order ? order : by_name(a, b);
}

static int by_p99(const void *a, const void *b)
{
    const top_row_t *x = a, *y = b;
    int order = larger_first((double)x->p99_us, (double)y->p99_us);
    return order ? order : by_name(a, b);
}

static const struct {
    const char *name;
    int (*compare)(const void *a, const void *b);
} sorts[TOP_SORTS_COUNT] = {
    [TOP_SORT_NAME] = {"name", by_name},       [TOP_SORT_CALLS] = {"calls/s", by_calls},
    [TOP_SORT_QUEUED] = {"queued", by_queued}, [TOP_SORT_ERRORS] = {"errors/s", by_errors},
    [TOP_SORT_P99] = {"p99", by_p99},
};

void top_rows_sort(top_row_t *rows, uint32_t count, top_sort_t sort)
{
    if (count > 0)
        qsort(rows, count, sizeof *rows, sorts[sort].compare);
}

const char *top_sort_name(top_sort_t sort)
{
    return sorts[sort].name;
}

// --- text ----------------------------------------------------------------------------------------

void top_rows_head(bool is_instances, act_buf_t *out)
{
    if (is_instances)
        act_buf_printf(out, "%-17s %7s %-8s %6s %4s %6s %7s %7s %8s", "INSTANCE", "PID", "STATE",
                       "UP", "RST", "FLIGHT", "CALLS/S", "ERR/S", "P99 MS");
    else
        act_buf_printf(out, "%-12s %-6s %5s %6s %6s %6s %7s %6s %6s %6s %4s", "SERVICE", "STATE",
                       "READY", "QUEUED", "OLDEST", "FLIGHT", "CALLS/S", "ERR/S", "P50", "P99",
                       "RST");
}

static const char *duration_text(uint64_t ms, char text[16])
{
    unsigned long long s = ms / 1000;
    if (s < 100)
        snprintf(text, 16, "%llus", s);
    else if (s < 6000)
        snprintf(text, 16, "%llum", s / 60);
    else if (s < 172800)
        snprintf(text, 16, "%lluh", s / 3600);
    else
        snprintf(text, 16, "%llud", s / 86400);
    return text;
}

static const char *ms_text(uint64_t us, char text[16])
{
    double ms = (double)us / 1000.0;
    snprintf(text, 16, ms < 100 ? "%.2f" : "%.0f", ms);
    return text;
}

static const char *rate_text(double rate, char text[16])
{
    snprintf(text, 16, rate > 0 && rate < 100 ? "%.1f" : "%.0f", rate);
    return text;
}

void top_rows_line(const top_row_t *row, bool is_instances, act_buf_t *out)
{
    char calls[16], errors[16], p50[16], p99[16], up[16], ready[16];
    rate_text(row->calls_per_s, calls);
    rate_text(row->errors_per_s, errors);
    ms_text(row->p50_us, p50);
    ms_text(row->p99_us, p99);
    duration_text(row->uptime_ms, up);
    snprintf(ready, sizeof ready, "%u/%u", row->ready, row->instances);
    if (is_instances)
        act_buf_printf(out, "%-17.17s %7d %-8.8s %6s %4u %6u %7s %7s %8s", row->name, row->pid,
                       row->state, up, row->restarts, row->in_flight, calls, errors, p99);
    else
        act_buf_printf(out, "%-12.12s %-6.6s %5s %6u %6" PRIu64 " %6u %7s %6s %6s %6s %4u",
                       row->name, row->state, ready, row->queued, row->oldest_ms, row->in_flight,
                       calls, errors, p50, p99, row->restarts);
}

void top_rows_summary(const top_look_t *now, const top_look_t *before, act_buf_t *out)
{
    const status_reply_t *s = &now->status;
    int64_t elapsed = elapsed_ms(now, before);
    char calls[16], errors[16], up[16];
    rate_text(rate_of(s->accepted, before->status.accepted, elapsed), calls);
    rate_text(rate_of(s->failed, before->status.failed, elapsed), errors);
    duration_text(s->uptime_ms, up);
    act_buf_printf(out,
                   "up %s  calls/s %s  errors/s %s  open %" PRIu64 "  traces %" PRIu64
                   "  events dropped %" PRIu64 "\n",
                   up, calls, errors, s->open, s->traces_sampled, s->events_dropped);
    act_buf_printf(out,
                   "accepted %" PRIu64 " = replied %" PRIu64 " + failed %" PRIu64
                   " + cancelled %" PRIu64 " + dead %" PRIu64 " + open %" PRIu64
                   "; requeued %" PRIu64 "\n",
                   s->accepted, s->replied, s->failed, s->cancelled, s->dead, s->open, s->requeued);
}
