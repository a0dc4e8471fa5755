// record: the result of a send into the outbox (RESULT, promises.md D5). Once known, a result is
// kept until persistence has it: while the database or the broker restarts it is asked again.
#include "sends_private.h"

#include "base/crash_point.h"
#include "base/id.h"
#include "claims.h"
#include "proto/persistence_service.h"

#define RECORD_BUDGET_MS 3000
#define RETRY_MS 50
#define RETRY_MAX_MS 2000

static void ask(send_t *self);

static void count_outcome(const send_t *self)
{
    static const delivery_metric_t metrics[] = {[OUTCOME_SENT] = METRIC_SENT,
                                                [OUTCOME_RETRY] = METRIC_RETRIED,
                                                [OUTCOME_FAILED] = METRIC_FAILED};
    delivery_add_metric(self->sends->delivery, metrics[self->outcome], 1);
}

// What is settled needs no memory.
static void remember(const send_t *self)
{
    memo_t none = {0};
    memos_put(self->sends->delivery->memos, self->claim->outbox_id,
              self->outcome == OUTCOME_RETRY ? &self->memo : &none);
}

static void take_recorded(send_t *self, const record_send_reply_t *body)
{
    claims_t *claims = self->sends->delivery->claims;
    bool is_retry = self->outcome == OUTCOME_RETRY;
    int64_t retry_after_ms = self->retry_after_ms;
    send_finish(self);
    if (is_retry)
        claims_wake_in(claims, retry_after_ms);
    if (body->has_next)
        claims_wake(claims);
    else
        claims_on_room(claims);
}

// Whether asking again may help; what is asked is the same either way.
static bool may_be_repeated(act_err_t err)
{
    return act_err_is_retryable(err) || err == ACT_E_DEADLINE || err == ACT_E_UNKNOWN_METHOD;
}

static void ask_later(send_t *self)
{
    self->record_delay_ms = self->record_delay_ms == 0 ? RETRY_MS : self->record_delay_ms * 2;
    if (self->record_delay_ms > RETRY_MAX_MS)
        self->record_delay_ms = RETRY_MAX_MS;
    int64_t jitter_ms = (int64_t)(act_random_u64() % (uint64_t)(self->record_delay_ms / 2));
    self->record_at_ms =
        delivery_now_ms(self->sends->delivery) + self->record_delay_ms / 2 + jitter_ms;
    sends_ensure_tick(self->sends);
}

// Nobody will take it: the claim runs out, and the message counts as ambiguous then.
static void give_up(send_t *self, act_err_t err)
{
    const delivery_t *delivery = self->sends->delivery;
    delivery_add_metric(delivery, METRIC_RESULTS_LOST, 1);
    act_log_error(act_actor_log(delivery->actor), "result_unrecorded",
                  "tenant=%.*s,outbox_id=%.*s,attempt=%d,code=%s", ACT_STR_ARG(self->claim->tenant),
                  ACT_STR_ARG(self->claim->outbox_id), self->attempt, act_err_code(err));
    send_finish(self);
    claims_on_room(delivery->claims);
}

static void on_recorded(void *context, const act_reply_t *reply, const record_send_reply_t *body)
{
    send_t *self = context;
    self->is_recording = false;
    if (reply->err != ACT_E_OK) {
        if (may_be_repeated(reply->err))
            ask_later(self);
        else
            give_up(self, reply->err);
        return;
    }
    // Claimed again by ourselves meanwhile: the result belongs to the new attempt.
    if (!body->was_recorded && self->attempt != self->recorded_attempt) {
        ask(self);
        return;
    }
    ACT_CRASH_POINT("delivery.record.done");
    take_recorded(self, body);
}

static void ask(send_t *self)
{
    const delivery_t *delivery = self->sends->delivery;
    record_send_request_t request = {
        .outbox_id = self->claim->outbox_id,
        .attempt = self->attempt,
        .outcome = act_str(outcome_name(self->outcome)),
        .provider_id = self->provider_id,
        .retry_after_ms = self->retry_after_ms > 0 ? (uint32_t)self->retry_after_ms : 0,
        .error_code = self->error_code,
        .error_text = self->error_text,
        .is_unknown = self->is_unknown,
    };
    act_call_opts_t opts = {
        .tenant = self->claim->tenant,
        .key = self->claim->outbox_id,
        .budget_ms = RECORD_BUDGET_MS,
    };
    self->is_recording = true;
    self->recorded_attempt = self->attempt;
    self->record_call_id =
        persistence_record_send(delivery->actor, &opts, &request, on_recorded, self);
}

void send_record(send_t *self)
{
    send_set_state(self, SEND_RECORDING);
    ACT_CRASH_POINT("delivery.record.asking");
    count_outcome(self);
    remember(self);
    ask(self);
    claims_on_room(self->sends->delivery->claims);
}

void send_record_tick(send_t *self, int64_t now_ms)
{
    if (self->record_at_ms <= now_ms)
        ask(self);
}
