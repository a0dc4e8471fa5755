// claims: a flag, a timer, and one call.
#include "claims.h"

#include "base/crash_point.h"
#include "proto/persistence_service.h"
#include "sends.h"

#define CLAIM_BUDGET_MS 3000
// Hints come one a message. Claims that follow each other at this distance take several rows each;
// a single hint after a quiet time is followed at once.
#define GAP_MS 3
#define RETRY_MS 100
#define RETRY_MAX_MS 1000

struct claims {
    delivery_t *delivery;
    act_timer_t *timer;
    int64_t timer_at_ms; // while the timer is active
    bool is_wanted;
    bool is_asking;
    uint64_t call_id; // while asking
    uint32_t asked_count;
    int64_t asked_at_ms;
    uint32_t holder_number; // when it was asked
    int64_t retry_ms;       // 0 while claiming works
    bool may_have_lost;     // claims: their reply did not arrive
};

static void maybe_ask(claims_t *self);

static void on_timer(void *context)
{
    claims_wake(context);
}

claims_t *claims_new(delivery_t *delivery)
{
    claims_t *self = act_alloc(sizeof *self);
    *self = (claims_t){.delivery = delivery, .asked_at_ms = -GAP_MS};
    self->timer = act_timer_new(act_actor_loop(delivery->actor), on_timer, self);
    claims_wake_in(self, delivery->idle_claim_ms);
    return self;
}

void claims_destroy(claims_t **self_p)
{
    claims_t *self = *self_p;
    if (!self)
        return;
    if (self->is_asking)
        act_actor_cancel(self->delivery->actor, self->call_id);
    act_timer_destroy(&self->timer);
    act_free(act_take(self_p));
}

void claims_wake(claims_t *self)
{
    self->is_wanted = true;
    maybe_ask(self);
}

void claims_wake_in(claims_t *self, int64_t delay_ms)
{
    int64_t at_ms = delivery_now_ms(self->delivery) + delay_ms;
    if (act_timer_is_active(self->timer) && self->timer_at_ms <= at_ms)
        return;
    self->timer_at_ms = at_ms;
    act_timer_start(self->timer, delay_ms, 0);
}

void claims_on_room(claims_t *self)
{
    maybe_ask(self);
}

static int64_t idle_or(const claims_t *self, int64_t delay_ms)
{
    int64_t idle_ms = self->delivery->idle_claim_ms;
    return delay_ms == 0 || delay_ms > idle_ms ? idle_ms : delay_ms;
}

static void take_failure(claims_t *self, act_err_t err)
{
    if (self->retry_ms == 0)
        act_log_warn(act_actor_log(self->delivery->actor), "claim_failed", "code=%s",
                     act_err_code(err));
    self->retry_ms = self->retry_ms == 0 ? RETRY_MS : self->retry_ms * 2;
    if (self->retry_ms > RETRY_MAX_MS)
        self->retry_ms = RETRY_MAX_MS;
    self->may_have_lost = true;
    self->is_wanted = false; // the timer asks again, hints in between do not
    claims_wake_in(self, self->retry_ms);
}

static void on_claimed(void *context, const act_reply_t *reply, const claim_outbox_reply_t *body)
{
    claims_t *self = context;
    self->is_asking = false;
    if (reply->err != ACT_E_OK) {
        take_failure(self, reply->err);
        return;
    }
    self->retry_ms = 0;
    self->may_have_lost = false;
    claims_wake_in(self, idle_or(self, body->next_due_ms));
    self->is_wanted |= body->claims.count >= self->asked_count;
    if (body->claims.count > 0)
        sends_take(self->delivery->sends, reply->body,
                   (hold_t){self->asked_at_ms + self->delivery->claim_ms, self->holder_number});
    maybe_ask(self);
}

static void ask(claims_t *self, uint32_t rows_count)
{
    delivery_t *delivery = self->delivery;
    claim_outbox_request_t request = {
        .holder = act_holder_name(delivery->holder),
        .max_rows = rows_count,
        .claim_ms = (uint32_t)delivery->claim_ms,
        .may_have_lost = self->may_have_lost,
    };
    act_call_opts_t opts = {.budget_ms = CLAIM_BUDGET_MS, .key = request.holder};
    self->is_wanted = false;
    self->holder_number = act_holder_number(delivery->holder);
    self->is_asking = true;
    self->asked_count = rows_count;
    self->asked_at_ms = delivery_now_ms(delivery);
    self->call_id = persistence_claim_outbox(delivery->actor, &opts, &request, on_claimed, self);
}

// Few at a time cost as much as many: with little room it is better to wait for more.
static uint32_t least_room(const delivery_t *delivery, uint32_t rows_max_count)
{
    uint32_t most = delivery->requests_max_count < rows_max_count ? delivery->requests_max_count
                                                                  : rows_max_count;
    return most > 4 ? most / 4 : 1;
}

static void maybe_ask(claims_t *self)
{
    delivery_t *delivery = self->delivery;
    uint32_t rows_count = sends_room_count(delivery->sends);
    if (!self->is_wanted || self->is_asking || act_actor_is_draining(delivery->actor) ||
        !accounts_are_there(delivery->accounts) ||
        act_str_empty(act_holder_name(delivery->holder)) ||
        rows_count < least_room(delivery, delivery->claim_rows_max_count))
        return;
    if (rows_count > delivery->claim_rows_max_count)
        rows_count = delivery->claim_rows_max_count;
    int64_t gap_ms = self->retry_ms > GAP_MS ? self->retry_ms : GAP_MS;
    int64_t wait_ms = self->asked_at_ms + gap_ms - delivery_now_ms(delivery);
    if (wait_ms > 0)
        claims_wake_in(self, wait_ms);
    else
        ask(self, rows_count);
}
