// refresh: one timer, which makes the next call.
#include "actor/refresh.h"

#include "base/mem.h"

#define EVERY_MS 60000
#define RETRY_MS 200
#define RETRY_MAX_MS 2000

struct act_refresh {
    act_actor_t *actor;
    act_refresh_ask_fn *ask;
    void *context;
    act_timer_t *timer;
    bool is_asking;
    bool is_wanted_again;
    uint64_t call_id; // while asking
    int64_t asked_at_ms;
    int64_t retry_ms; // 0 while it works
};

static int64_t now_ms(const act_refresh_t *self)
{
    return act_loop_now_ms(act_actor_loop(self->actor));
}

static void on_timer(void *context)
{
    act_refresh_t *self = context;
    if (self->is_asking)
        return;
    self->is_asking = true;
    self->asked_at_ms = now_ms(self);
    self->call_id = self->ask(self->context);
}

act_refresh_t *act_refresh_new(act_actor_t *actor, act_refresh_ask_fn *ask, void *context)
{
    act_refresh_t *self = act_alloc(sizeof *self);
    *self = (act_refresh_t){.actor = actor, .ask = ask, .context = context};
    self->timer = act_timer_new(act_actor_loop(actor), on_timer, self);
    act_timer_start(self->timer, 0, 0);
    return self;
}

void act_refresh_destroy(act_refresh_t **self_p)
{
    act_refresh_t *self = *self_p;
    if (!self)
        return;
    if (self->is_asking)
        act_actor_cancel(self->actor, self->call_id);
    act_timer_destroy(&self->timer);
    act_free(act_take(self_p));
}

static int64_t next_retry_ms(int64_t retry_ms)
{
    int64_t next_ms = retry_ms == 0 ? RETRY_MS : retry_ms * 2;
    return next_ms < RETRY_MAX_MS ? next_ms : RETRY_MAX_MS;
}

void act_refresh_done(act_refresh_t *self, act_err_t err)
{
    self->is_asking = false;
    self->retry_ms = err == ACT_E_OK ? 0 : next_retry_ms(self->retry_ms);
    int64_t delay_ms = self->retry_ms > 0 || self->is_wanted_again ? self->retry_ms : EVERY_MS;
    self->is_wanted_again = false;
    act_timer_start(self->timer, delay_ms, 0);
}

bool act_refresh_is_failing(const act_refresh_t *self)
{
    return self->retry_ms > 0;
}

void act_refresh_again(act_refresh_t *self)
{
    if (self->is_asking)
        self->is_wanted_again = true;
    else
        act_timer_start(self->timer, 0, 0);
}

void act_refresh_soon(act_refresh_t *self, int64_t gap_ms)
{
    if (self->is_asking || self->retry_ms > 0)
        return;
    int64_t wait_ms = self->asked_at_ms + gap_ms - now_ms(self);
    act_timer_start(self->timer, wait_ms > 0 ? wait_ms : 0, 0);
}
