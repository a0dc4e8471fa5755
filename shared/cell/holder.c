// holder: a timer and one call.
#include "cell/holder.h"

#include "base/crash_point.h"
#include "base/mem.h"
#include "proto/persistence_service.h"

#include <stdio.h>
#include <unistd.h>

#define BEAT_MS 1000
#define BUDGET_MS 2000

struct act_holder {
    act_actor_t *actor;
    void (*on_named)(void *context);
    void *context;
    const char *service;
    act_timer_t *timer;
    char instance[ACT_HEADER_KEY_MAX_BYTES]; // "<cell>/<name>"
    char name[ACT_HEADER_KEY_MAX_BYTES];
    int64_t alive_ms;
    int64_t claim_delay_ms;
    uint64_t call_id; // 0: no beat is on its way
    int64_t asked_at_ms;
    int64_t until_ms;
    uint32_t number;
    uint32_t peers_count;
};

static int64_t now_ms(const act_holder_t *self)
{
    return act_loop_now_ms(act_actor_loop(self->actor));
}

static void take_name(act_holder_t *self, act_str_t name, bool was_alive)
{
    act_log_t *log = act_actor_log(self->actor);
    if (was_alive)
        act_log_warn(log, "holder_replaced", "name=%s,why=%s", self->name,
                     "silent on the bus, or another cell has the same PARLEY_CELL");
    act_str_copy(name, self->name, sizeof self->name);
    self->number++;
    ACT_CRASH_POINT("holder.named");
    act_log_info(log, "holder", "name=%s", self->name);
    self->on_named(self->context);
}

static void on_beaten(void *context, const act_reply_t *reply, const beat_instance_reply_t *body)
{
    act_holder_t *self = context;
    self->call_id = 0;
    if (reply->err != ACT_E_OK || act_str_empty(body->holder) ||
        body->holder.len_bytes >= sizeof self->name)
        return; // the timer asks again
    bool is_new = !act_str_is(body->holder, self->name);
    bool was_alive = *self->name && self->asked_at_ms < self->until_ms;
    self->until_ms = self->asked_at_ms + self->alive_ms;
    self->peers_count = body->peers_count > 1 ? (uint32_t)body->peers_count : 1;
    if (is_new)
        take_name(self, body->holder, was_alive);
}

void act_holder_beat(act_holder_t *self)
{
    if (self->call_id != 0)
        return;
    beat_instance_request_t request = {
        .instance = act_str(self->instance),
        .holder = act_str(self->name),
        .service = act_str(self->service),
        .pid = (int64_t)getpid(),
        .alive_ms = (uint32_t)self->alive_ms,
        .claim_delay_ms = (uint32_t)self->claim_delay_ms,
    };
    act_call_opts_t opts = {
        .key = act_str(self->instance), .budget_ms = BUDGET_MS, .is_control = true};
    self->asked_at_ms = now_ms(self);
    self->call_id = persistence_beat_instance(self->actor, &opts, &request, on_beaten, self);
}

static void on_timer(void *context)
{
    act_holder_beat(context);
}

act_holder_t *act_holder_new(act_actor_t *actor, const char *service, int64_t claim_delay_ms,
                             void (*on_named)(void *context), void *context)
{
    act_holder_t *self = act_alloc(sizeof *self);
    *self = (act_holder_t){
        .actor = actor,
        .on_named = on_named,
        .context = context,
        .service = service,
        .alive_ms = act_config_int(act_actor_config(actor), "alive_ms"),
        .claim_delay_ms = claim_delay_ms,
        .peers_count = 1,
    };
    snprintf(self->instance, sizeof self->instance, "%s/%s",
             act_config_text(act_actor_config(actor), "cell"), act_actor_instance(actor));
    self->timer = act_timer_new(act_actor_loop(actor), on_timer, self);
    act_timer_start(self->timer, BEAT_MS, BEAT_MS);
    return self;
}

void act_holder_destroy(act_holder_t **self_p)
{
    act_holder_t *self = *self_p;
    if (!self)
        return;
    act_actor_cancel(self->actor, self->call_id);
    act_timer_destroy(&self->timer);
    act_free(act_take(self_p));
}

act_str_t act_holder_name(const act_holder_t *self)
{
    return act_str(self->name);
}

uint32_t act_holder_number(const act_holder_t *self)
{
    return self->number;
}

int64_t act_holder_until_ms(const act_holder_t *self)
{
    return self->until_ms;
}

uint32_t act_holder_peers_count(const act_holder_t *self)
{
    return self->peers_count;
}
