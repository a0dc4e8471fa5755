// record: the result of a send into the outbox (RESULT, promises.md D5). Once known, a result is
// kept until persistence has it: while the database or the broker restarts it is asked again. Results
// of one tenant that come together share a call.
#include "sends_private.h"

#include "base/crash_point.h"
#include "base/id.h"
#include "claims.h"
#include "proto/persistence_service.h"

#define RECORD_BUDGET_MS 3000
#define RECORDS_MAX_COUNT 256u
#define RETRY_MS 50
#define RETRY_MAX_MS 2000

struct record_call {
    record_call_t *next, *previous;
    sends_t *sends;
    act_gather_item_t *first;
    uint64_t call_id;
    bool is_gathered; // else it is of one that goes by itself
};

static void ask(void *context, act_str_t tenant, act_gather_item_t *first, uint32_t count);

void sends_records_open(sends_t *self)
{
    self->records = act_gather_new(RECORDS_MAX_COUNT, ask, self);
}

static void call_destroy(record_call_t **self_p)
{
    record_call_t *self = act_take(self_p);
    if (self->previous)
        self->previous->next = self->next;
    else
        self->sends->record_calls = self->next;
    if (self->next)
        self->next->previous = self->previous;
    act_free(self);
}

void sends_records_close(sends_t *self)
{
    while (self->record_calls) {
        record_call_t *call = self->record_calls;
        act_actor_cancel(self->delivery->actor, call->call_id);
        call_destroy(&call);
    }
    act_gather_destroy(&self->records);
}

// --- ends of a result ----------------------------------------------------------------------------

static void count_outcome(const send_t *self)
{
    static const delivery_metric_t metrics[] = {
        [OUTCOME_SENT] = METRIC_SENT,         [OUTCOME_RETRY] = METRIC_RETRIED,
        [OUTCOME_RETURNED] = METRIC_DEFERRED, [OUTCOME_FAILED] = METRIC_FAILED,
        [OUTCOME_REFUSED] = METRIC_REFUSED,   [OUTCOME_PARKED] = METRIC_PARKED,
    };
    delivery_add_metric(self->sends->delivery, metrics[self->outcome], 1);
}

static bool comes_again(const send_t *self)
{
    return self->outcome == OUTCOME_RETRY || self->outcome == OUTCOME_RETURNED;
}

// What is settled needs no memory.
static void remember(const send_t *self)
{
    memo_t none = {0};
    memos_put(self->sends->delivery->memos, self->claim->outbox_id,
              comes_again(self) ? &self->memo : &none);
}

static void take_recorded(send_t *self, bool has_next)
{
    claims_t *claims = self->sends->delivery->claims;
    bool is_retry = comes_again(self);
    int64_t retry_after_ms = self->retry_after_ms;
    send_finish(self);
    if (is_retry)
        claims_wake_in(claims, retry_after_ms);
    if (has_next)
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

// Asks for those that wait: with others, unless others were refused with it.
static void put(send_t *self)
{
    sends_t *sends = self->sends;
    self->is_recording = true;
    self->recorded_attempt = self->attempt;
    if (self->is_alone) {
        self->gathered.next = NULL;
        ask(sends, self->claim->tenant, &self->gathered, 1);
    } else {
        act_gather_put(sends->records, self->claim->tenant, &self->gathered);
    }
}

static void take_failure(send_t *self, act_err_t err, bool was_alone)
{
    if (may_be_repeated(err)) {
        ask_later(self);
    } else if (was_alone) {
        give_up(self, err);
    } else {
        self->is_alone = true;
        put(self);
    }
}

static void take_answer(send_t *self, const recorded_send_t *answer)
{
    // Claimed again by ourselves meanwhile: the result belongs to the new attempt.
    if (!answer->was_recorded && self->attempt != self->recorded_attempt)
        put(self);
    else
        take_recorded(self, answer->has_next);
}

static void on_recorded(void *context, const act_reply_t *reply, const record_sends_reply_t *body)
{
    record_call_t *call = context;
    sends_t *sends = call->sends;
    act_gather_item_t *first = call->first;
    if (call->is_gathered)
        act_gather_done(sends->records, send_of(first)->claim->tenant);
    call_destroy(&call);
    if (reply->err == ACT_E_OK)
        ACT_CRASH_POINT("delivery.record.done");
    bool was_alone = !first->next;
    uint32_t at = 0;
    for (act_gather_item_t *item = first, *next = NULL; item; item = next, at++) {
        next = item->next;
        send_t *send = send_of(item);
        send->is_recording = false;
        if (reply->err != ACT_E_OK)
            take_failure(send, reply->err, was_alone);
        else
            take_answer(send, at < body->results.count ? &body->results.items[at]
                                                       : &(recorded_send_t){.has_next = false});
    }
    sends_flush(sends);
}

// --- asking --------------------------------------------------------------------------------------

static send_result_t result_of(const send_t *send)
{
    return (send_result_t){
        .outbox_id = send->claim->outbox_id,
        .attempt = send->attempt,
        .outcome = act_str(outcome_name(send->outcome)),
        .provider_id = send->provider_id,
        .retry_after_ms = send->retry_after_ms > 0 ? (uint32_t)send->retry_after_ms : 0,
        .error_code = send->error_code,
        .error_text = send->error_text,
        .is_unknown = send->is_unknown,
        .reason_code = send->reason_code,
        .advice = send->advice,
        .next_after_ms = (uint32_t)send->next_after_ms,
    };
}

static void ask(void *context, act_str_t tenant, act_gather_item_t *first, uint32_t count)
{
    sends_t *self = context;
    send_result_t *results = act_alloc_array(count, sizeof *results);
    uint32_t at = 0;
    for (act_gather_item_t *item = first; item; item = item->next)
        results[at++] = result_of(send_of(item));
    record_call_t *call = act_alloc(sizeof *call);
    *call = (record_call_t){.next = self->record_calls,
                            .sends = self,
                            .first = first,
                            .is_gathered = !send_of(first)->is_alone};
    if (self->record_calls)
        self->record_calls->previous = call;
    self->record_calls = call;
    record_sends_request_t request = {.results = {results, count}};
    act_call_opts_t opts = {
        .tenant = tenant,
        .key = results[0].outbox_id,
        .budget_ms = RECORD_BUDGET_MS,
    };
    ACT_CRASH_POINT("delivery.record.asking");
    call->call_id =
        persistence_record_sends(self->delivery->actor, &opts, &request, on_recorded, call);
    act_free(results);
}

// Gathered until the flush that ends this event.
void send_record(send_t *self)
{
    send_set_state(self, SEND_RECORDING);
    count_outcome(self);
    remember(self);
    put(self);
    claims_on_room(self->sends->delivery->claims);
}

void send_record_tick(send_t *self, int64_t now_ms)
{
    if (self->record_at_ms <= now_ms)
        put(self);
}
