// backlog: one call every half second. The database is asked, because all cells and instances share it.
#include "backlog.h"

#include "metrics.h"
#include "proto/persistence_service.h"

#define EVERY_MS 500
#define BUDGET_MS 1000
// While most is refused: those of a millisecond together.
#define LIMITED_PAUSE_US 1000

struct backlog {
    act_actor_t *actor;
    admission_t *admission;
    act_timer_t *timer;
    uint64_t call_id; // 0: not asked
};

static void on_backlog(void *context, const act_reply_t *reply, const backlog_reply_t *body)
{
    backlog_t *self = context;
    self->call_id = 0;
    if (reply->err != ACT_E_OK)
        return; // storing fails, too, and says so
    bool was_limited = self->admission->is_limited;
    uint32_t count = body->pending_count + body->unsent_count;
    admission_report(self->admission, act_loop_now_ms(act_actor_loop(self->actor)), count);
    act_metrics_set(act_actor_metrics(self->actor), METRIC_BACKLOG, count);
    if (was_limited == self->admission->is_limited)
        return;
    act_loop_set_pause_us(act_actor_loop(self->actor), was_limited ? 0 : LIMITED_PAUSE_US);
    act_log_warn(act_actor_log(self->actor), was_limited ? "admission_open" : "admission_limited",
                 "backlog=%u,done_per_s=%u", count, (uint32_t)self->admission->done_per_s);
}

static void ask(void *context)
{
    backlog_t *self = context;
    if (self->call_id != 0 || act_actor_is_draining(self->actor))
        return;
    empty_t empty = {0};
    act_call_opts_t opts = {.budget_ms = BUDGET_MS};
    self->call_id = persistence_backlog(self->actor, &opts, &empty, on_backlog, self);
}

backlog_t *backlog_new(act_actor_t *actor, admission_t *admission)
{
    backlog_t *self = act_alloc(sizeof *self);
    *self = (backlog_t){.actor = actor, .admission = admission};
    self->timer = act_timer_new(act_actor_loop(actor), ask, self);
    act_timer_start(self->timer, EVERY_MS, EVERY_MS);
    return self;
}

void backlog_destroy(backlog_t **self_p)
{
    backlog_t *self = *self_p;
    if (!self)
        return;
    act_actor_cancel(self->actor, self->call_id);
    act_timer_destroy(&self->timer);
    act_free(act_take(self_p));
}
