// actor: an actor from its making to its end, and what services ask of it.
#include "actor/actor_private.h"

#include "base/assert.h"

#include <stdio.h>

#define DEFAULT_CREDIT_MESSAGES 64
#define DEFAULT_CREDIT_BYTES (8u << 20)
// The connection is looked after this often: HELLO again, orphanhood.
#define CARE_MS 250
#define BYE_LINGER_MS 500

void act_actor_send(act_actor_t *self, const act_header_t *header, act_str_t body)
{
    zmq_msg_t frame;
    act_bus_body(&frame, body);
    if (act_bus_send(self->bus, header, &frame) != ACT_E_OK && self->log)
        act_log_debug(self->log, "frame_dropped", "kind=%s", act_kind_name(header->kind));
    zmq_msg_close(&frame);
}

void act_actor_send_with_credit(act_actor_t *self, act_header_t *header, act_str_t body)
{
    header->credit_messages = self->credit_messages;
    header->credit_bytes = self->credit_bytes;
    act_actor_send(self, header, body);
}

act_actor_t *act_actor_new(act_loop_t *loop, const act_spec_t *spec, const char *bus_endpoint,
                           const char *instance, void *spec_self)
{
    act_bus_address_t address = {.endpoint = bus_endpoint};
    return act_actor_new_at(loop, spec, &address, instance, spec_self);
}

act_actor_t *act_actor_new_at(act_loop_t *loop, const act_spec_t *spec,
                              const act_bus_address_t *address, const char *instance,
                              void *spec_self)
{
    static const act_bus_events_t events = {act_actor_on_message, act_actor_on_connect,
                                            act_actor_on_disconnect, act_actor_on_shut_out};
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
    self->tick = act_timer_new(loop, act_actor_on_tick, self);
    self->care = act_timer_new(loop, act_actor_on_care, self);
    self->is_ready = true;
    self->credit_messages = spec->credit_messages ? spec->credit_messages : DEFAULT_CREDIT_MESSAGES;
    self->credit_bytes = spec->credit_bytes ? spec->credit_bytes : DEFAULT_CREDIT_BYTES;
    self->slow_handler_us = INT64_MAX;
    uv_update_time(act_loop_uv(loop));
    self->heard_ms = act_loop_now_ms(loop);
    act_timer_start(self->care, CARE_MS, CARE_MS);
    self->bus = act_bus_new(loop, address, &events, self);
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

void act_actor_supervise(act_actor_t *self, act_config_t *config, act_log_t *log,
                         act_recorder_t *recorder)
{
    self->config = config;
    self->log = log;
    self->recorder = recorder;
    self->slow_handler_us = act_config_int(config, "slow_handler_ms") * 1000;
    self->orphan_ms = act_config_int(config, "orphan_ms");
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

void act_actor_fail(act_actor_t *self, const char *why)
{
    if (self->has_failed)
        return;
    self->has_failed = true;
    if (self->log)
        act_log_error(self->log, "failed", "why=%s", why);
    fprintf(stderr, "%s: %s\n", self->spec->name, why);
    act_loop_stop(self->loop);
}

bool act_actor_has_failed(const act_actor_t *self)
{
    return self->has_failed;
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
    act_actor_send_stats(self, ACT_KIND_PING, 0);
}

void act_actor_set_paused(act_actor_t *self, bool is_paused)
{
    if (self->is_paused == is_paused)
        return;
    self->is_paused = is_paused;
    act_actor_send_stats(self, ACT_KIND_PING, 0);
}

void act_actor_set_credit(act_actor_t *self, uint32_t messages, uint32_t bytes)
{
    self->credit_messages = messages > 0 ? messages : 1;
    self->credit_bytes = bytes;
}

void act_actor_on_welcome(act_actor_t *self, void (*fn)(void *context), void *context)
{
    self->on_welcome = fn;
    self->welcome_context = context;
}
