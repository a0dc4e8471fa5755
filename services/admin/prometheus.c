// prometheus: rendering. Names and labels are our own words; values of labels are escaped all the same.
#include "prometheus.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void add_label(act_buf_t *out, const char *name, act_str_t value)
{
    act_buf_printf(out, "%s=\"", name);
    for (size_t i = 0; i < value.len_bytes; i++) {
        char c = value.ptr[i];
        if (c == '"' || c == '\\')
            act_buf_add_char(out, '\\');
        act_buf_add_char(out, c == '\n' ? ' ' : c);
    }
    act_buf_add_char(out, '"');
}

static void add_line(act_buf_t *out, const char *name, act_str_t service, act_str_t instance,
                     uint64_t value)
{
    act_buf_printf(out, "%s{", name);
    add_label(out, "service", service);
    act_buf_add_char(out, ',');
    add_label(out, "instance", instance);
    act_buf_printf(out, "} %" PRIu64 "\n", value);
}

static void add_family(act_buf_t *out, const char *name, const char *type, const char *help)
{
    act_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

typedef struct {
    const char *name;
    const char *type;
    const char *help;
    uint64_t (*value)(const instance_view_t *row);
} view_metric_t;

static uint64_t in_flight(const instance_view_t *row)
{
    return row->in_flight;
}
static uint64_t queued(const instance_view_t *row)
{
    return row->queued;
}
static uint64_t restarts(const instance_view_t *row)
{
    return row->restarts;
}
static uint64_t calls(const instance_view_t *row)
{
    return row->calls;
}
static uint64_t errors(const instance_view_t *row)
{
    return row->errors;
}
static uint64_t p50(const instance_view_t *row)
{
    return row->p50_us;
}
static uint64_t p99(const instance_view_t *row)
{
    return row->p99_us;
}
static uint64_t is_up(const instance_view_t *row)
{
    return act_str_is(row->state, "ready");
}

static const view_metric_t view_metrics[] = {
    {"parley_up", "gauge", "1 while the instance takes calls", is_up},
    {"parley_calls_total", "counter", "calls given to the instance", calls},
    {"parley_errors_total", "counter", "calls it answered with an error", errors},
    {"parley_in_flight", "gauge", "calls it has now", in_flight},
    {"parley_queued", "gauge", "calls that wait for it", queued},
    {"parley_restarts_total", "counter", "times it was started again", restarts},
    {"parley_latency_p50_microseconds", "gauge", "median of the last minute, broker to reply", p50},
    {"parley_latency_p99_microseconds", "gauge", "99th percentile of the last minute", p99},
};

static void render_views(const status_reply_t *status, act_buf_t *out)
{
    for (size_t m = 0; m < ACT_COUNT(view_metrics); m++) {
        const view_metric_t *metric = &view_metrics[m];
        add_family(out, metric->name, metric->type, metric->help);
        for (uint32_t i = 0; i < status->instances.count; i++) {
            const instance_view_t *row = &status->instances.items[i];
            if (!act_str_is(row->state, "client"))
                add_line(out, metric->name, row->service, row->instance, metric->value(row));
        }
    }
}

// The broker's own numbers, one line each.
static const struct {
    const char *name;
    const char *type;
    const char *help;
    size_t offset; // of a uint64_t in status_reply_t
} broker_metrics[] = {
    {"parley_broker_accepted_total", "counter", "calls accepted",
     offsetof(status_reply_t, accepted)},
    {"parley_broker_replied_total", "counter", "calls answered", offsetof(status_reply_t, replied)},
    {"parley_broker_failed_total", "counter", "calls ended with an error",
     offsetof(status_reply_t, failed)},
    {"parley_broker_cancelled_total", "counter", "calls nobody waited for any more",
     offsetof(status_reply_t, cancelled)},
    {"parley_broker_open", "gauge", "calls open now", offsetof(status_reply_t, open)},
    {"parley_broker_requeued_total", "counter", "calls given to another instance after a loss",
     offsetof(status_reply_t, requeued)},
    {"parley_broker_refused_total", "counter", "calls not accepted",
     offsetof(status_reply_t, refused)},
    {"parley_broker_malformed_total", "counter", "frames that were no message",
     offsetof(status_reply_t, malformed)},
    {"parley_broker_events_dropped_total", "counter", "events dropped for slow readers",
     offsetof(status_reply_t, events_dropped)},
    {"parley_broker_hops_total", "counter", "hops written for traces",
     offsetof(status_reply_t, hops)},
    {"parley_broker_hops_dropped_total", "counter", "hops overwritten by newer ones",
     offsetof(status_reply_t, hops_dropped)},
    {"parley_broker_traces_sampled_total", "counter", "traces followed",
     offsetof(status_reply_t, traces_sampled)},
    {"parley_broker_traces_forced_total", "counter", "of those, for an error or their duration",
     offsetof(status_reply_t, traces_forced)},
    {"parley_broker_traces_skipped_total", "counter",
     "not followed because there were too many of these", offsetof(status_reply_t, traces_skipped)},
};

static void render_broker(const status_reply_t *status, act_buf_t *out)
{
    for (size_t i = 0; i < ACT_COUNT(broker_metrics); i++) {
        uint64_t value = 0;
        memcpy(&value, (const char *)status + broker_metrics[i].offset, sizeof value);
        add_family(out, broker_metrics[i].name, broker_metrics[i].type, broker_metrics[i].help);
        act_buf_printf(out, "%s %" PRIu64 "\n", broker_metrics[i].name, value);
    }
}

// Was this metric of this instance already written with an earlier instance's family?
static bool is_known(const metrics_reply_t *reply, uint32_t before, act_str_t name)
{
    for (uint32_t i = 0; i < before; i++)
        for (uint32_t j = 0; j < reply->instances.items[i].metrics.count; j++)
            if (act_str_eq(reply->instances.items[i].metrics.items[j].name, name))
                return true;
    return false;
}

static void add_named(const metrics_reply_t *reply, uint32_t from, const metric_t *family,
                      const char *name, act_buf_t *out)
{
    for (uint32_t i = from; i < reply->instances.count; i++) {
        const instance_metrics_t *row = &reply->instances.items[i];
        for (uint32_t j = 0; j < row->metrics.count; j++)
            if (act_str_eq(row->metrics.items[j].name, family->name))
                add_line(out, name, row->service, row->instance, row->metrics.items[j].value);
    }
}

static void render_metrics(const metrics_reply_t *reply, act_buf_t *out)
{
    for (uint32_t i = 0; i < reply->instances.count; i++)
        for (uint32_t j = 0; j < reply->instances.items[i].metrics.count; j++) {
            const metric_t *metric = &reply->instances.items[i].metrics.items[j];
            if (is_known(reply, i, metric->name))
                continue;
            char name[128], help[256];
            snprintf(name, sizeof name, "parley_%.*s", ACT_STR_ARG(metric->name));
            act_str_copy(metric->help, help, sizeof help);
            add_family(out, name, metric->is_gauge ? "gauge" : "counter", help);
            add_named(reply, i, metric, name, out);
        }
}

void prometheus_render(const metrics_reply_t *metrics, const status_reply_t *status, act_buf_t *out)
{
    render_views(status, out);
    render_broker(status, out);
    render_metrics(metrics, out);
}
