// actor: the connection: HELLO, heartbeats, silence, drain, orphanhood.
#include "actor/actor_private.h"

#include "base/assert.h"
#include "proto/broker.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

// A broker that says nothing for this long is taken for dead. It pings idle peers every second.
#define SILENCE_MS 5000
// Heartbeat: how often the broker hears our numbers. Answered by the loop, so a stuck loop is silent.
#define STATS_MS 1000
// A draining actor looks this often whether it is done.
#define DRAIN_CHECK_MS 10

void act_actor_send_stats(act_actor_t *self, act_kind_t kind, uint64_t id)
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
        .is_paused = self->is_paused,
        .metrics = {metrics, count},
    };
    act_buf_reset(&self->scratch);
    stats_pack(&stats, &self->scratch);
    act_header_t header = {.kind = (uint8_t)kind, .id = id};
    act_actor_send_with_credit(self, &header, act_buf_str(&self->scratch));
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

void act_actor_say_hello(act_actor_t *self)
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
        .is_ready = self->is_ready && !self->is_paused, // else stats say it, and what it waits for
    };
    act_buf_reset(&self->scratch);
    hello_pack(&hello, &self->scratch);
    act_header_t header = {.kind = ACT_KIND_HELLO};
    act_actor_send_with_credit(self, &header, act_buf_str(&self->scratch));
}

void act_actor_begin_drain(act_actor_t *self)
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
    act_timer_start(self->care, 0, DRAIN_CHECK_MS);
}

void act_actor_on_connect(void *context)
{
    act_actor_t *self = context;
    self->heard_ms = act_loop_now_ms(self->loop);
    act_actor_say_hello(self);
}

void act_actor_on_disconnect(void *context)
{
    act_actor_t *self = context;
    self->is_welcome = false;
    if (self->log && !self->is_draining)
        act_log_warn(self->log, "broker_gone", "pending=%u", act_pending_count(self->pending));
}

void act_actor_on_shut_out(void *context)
{
    act_actor_t *self = context;
    if (self->log)
        act_log_error(self->log, "shut_out", "why=%s",
                      "the broker does not accept this key: parley keys list");
}

static bool is_drained(const act_actor_t *self, int64_t now_ms)
{
    bool is_idle = act_calls_count(self->calls) == 0 && act_pending_count(self->pending) == 0 &&
                   !(self->spec->is_busy && self->spec->is_busy(self->spec_self));
    return is_idle || now_ms >= self->drain_until_ms;
}

void act_actor_on_care(void *context)
{
    act_actor_t *self = context;
    int64_t now_ms = act_loop_now_ms(self->loop);
    act_recorder_beat(self->recorder, now_ms * 1000);
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
        act_actor_send_stats(self, ACT_KIND_PING, 0);
    }
    if (!self->is_welcome && act_bus_is_connected(self->bus))
        act_actor_say_hello(self);
}
