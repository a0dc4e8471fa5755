// transmit: asks the channel to take a message, and understands its answer.
#include "sends_private.h"

#include "base/crash_point.h"
#include "base/id.h"
#include "proto/delivery.h"

static void on_answer(void *context, const act_http_in_t *response);

// Requests that were made for this message before.
static uint32_t requests_before(const send_t *self)
{
    return self->attempt > 1 ? (uint32_t)self->attempt - 1 : 0;
}

// --- watchers ------------------------------------------------------------------------------------

static void publish(const send_t *self)
{
    const outbox_claim_t *claim = self->claim;
    message_sent_t sent = {
        .outbox_id = claim->outbox_id,
        .turn_id = claim->turn_id,
        .seq = claim->seq,
        .channel = claim->channel,
        .content = claim->content,
    };
    act_buf_t body;
    act_buf_init(&body, ACT_BUF_DEFAULT_MAX_BYTES);
    message_sent_pack(&sent, &body);
    act_str_t topic = act_arena_printf(self->batch->arena, "conversation/%" ACT_STR_FMT,
                                       ACT_STR_ARG(claim->conversation_id));
    act_actor_publish(self->sends->delivery->actor, topic, &body);
    act_buf_fini(&body);
}

// The provider loads a file first: what is sent behind it may be there before it, until a status says that it
// is delivered.
static int64_t next_after_ms(const send_t *self)
{
    bool is_media =
        self->channel && act_channel_media_find(self->channel->media, self->claim->content->type);
    return is_media ? self->sends->delivery->media_wait_ms : 0;
}

static void take_sent(send_t *self, act_str_t provider_id)
{
    self->outcome = OUTCOME_SENT;
    self->provider_id = provider_id;
    self->next_after_ms = next_after_ms(self);
    // The console's messages are nowhere else to be seen.
    if (self->sends->delivery->is_event_wanted || act_str_is(self->claim->channel, "console"))
        publish(self);
    send_record(self);
}

void send_publish_only(send_t *self)
{
    take_sent(self, act_arena_printf(self->batch->arena, "console-%" ACT_STR_FMT,
                                     ACT_STR_ARG(self->claim->outbox_id)));
}

// --- asking --------------------------------------------------------------------------------------

static void fail(send_t *self, const char *reason)
{
    self->outcome = OUTCOME_FAILED;
    self->error_text = act_str(reason);
    send_record(self);
}

// Whoever writes the outbox splits what is too long, so this is one part. If it did not, the parts
// go one after the other. Only the last one carries our id: a status with it settles the message,
// and the next one of the conversation may go.
static bool split(send_t *self)
{
    if (self->parts.count == 0 && self->claim->content)
        self->channel->split(self->claim->content, self->batch->arena, &self->parts);
    if (self->parts.count == 0)
        return false;
    uint32_t last = self->parts.count - 1;
    self->part = self->memo.parts_count < last ? self->memo.parts_count : last;
    return true;
}

static bool render(send_t *self, const account_t *account, act_http_out_t *ret_request)
{
    bool is_last = self->part + 1 == self->parts.count;
    act_channel_send_t message = {
        .account = &account->route,
        .address = self->claim->address,
        .outbox_id = is_last ? self->claim->outbox_id : ACT_STR(""),
        .content = &self->parts.items[self->part],
    };
    return self->channel->render(&message, self->batch->arena, ret_request) == ACT_E_OK;
}

void send_transmit(send_t *self)
{
    delivery_t *delivery = self->sends->delivery;
    act_http_out_t request = {.method = NULL};
    const account_t *account =
        accounts_find(delivery->accounts, self->claim->tenant, self->claim->channel_account_id);
    if (!account) { // taken away a moment ago
        send_defer(self, 0, "channel account is not known");
        return;
    }
    self->channel = account->channel;
    if (!split(self) || !render(self, account, &request)) {
        fail(self, "nothing to send, or account or address cannot be used");
        return;
    }
    request.timeout_ms = (uint32_t)delivery->send_timeout_ms;
    send_set_state(self, SEND_REQUESTED);
    ACT_CRASH_POINT("delivery.send.asking");
    (void)act_http_send(delivery_client(delivery, account), &request, on_answer, self);
}

// --- answers -------------------------------------------------------------------------------------

static void note_stopped(const send_t *self, const act_channel_verdict_t *verdict)
{
    const delivery_t *delivery = self->sends->delivery;
    act_log_error(act_actor_log(delivery->actor), "account_stopped",
                  "tenant=%.*s,account=%.*s,code=%d,advice=%s", ACT_STR_ARG(self->claim->tenant),
                  ACT_STR_ARG(self->claim->channel_account_id), verdict->code, verdict->advice);
    accounts_refresh(delivery->accounts);
}

static void pause_account(const send_t *self, const decision_t *decision,
                          const act_channel_verdict_t *verdict)
{
    const delivery_t *delivery = self->sends->delivery;
    account_t *account =
        accounts_find(delivery->accounts, self->claim->tenant, self->claim->channel_account_id);
    if (!account || decision->pause_ms == 0)
        return;
    bool was_paused = account->paused_until_ms > delivery_now_ms(delivery);
    accounts_pause(delivery->accounts, account, decision->pause_ms);
    if (decision->is_stopped && !was_paused)
        note_stopped(self, verdict);
}

static void note_outcome(const send_t *self, const decision_t *decision,
                         const act_channel_verdict_t *verdict)
{
    const delivery_t *delivery = self->sends->delivery;
    if (decision->is_unknown)
        delivery_add_metric(delivery, METRIC_AMBIGUOUS, 1);
    if (!decision->is_unknown && decision->outcome != OUTCOME_FAILED)
        return;
    act_log_warn(act_actor_log(delivery->actor),
                 decision->is_unknown ? "send_ambiguous" : "send_failed",
                 "tenant=%.*s,outbox_id=%.*s,attempt=%d,code=%d,outcome=%s",
                 ACT_STR_ARG(self->claim->tenant), ACT_STR_ARG(self->claim->outbox_id),
                 self->attempt, verdict->code, outcome_name(decision->outcome));
}

static void take_trouble(send_t *self, const act_channel_verdict_t *verdict)
{
    const delivery_t *delivery = self->sends->delivery;
    circumstances_t circumstances = {
        .attempts_count = requests_before(self) + 1,
        .attempts_max_count = delivery->attempts_max_count,
        .reconcile_ms = delivery->reconcile_ms,
        .random = act_random_u64(),
    };
    decision_t decision = decide(verdict, &circumstances);
    self->outcome = decision.outcome;
    self->retry_after_ms = decision.retry_after_ms;
    self->error_code = verdict->code;
    self->error_text = decision_text(&decision, verdict, self->batch->arena);
    self->advice = act_str(verdict->advice);
    self->is_unknown = decision.is_unknown;
    note_outcome(self, &decision, verdict);
    pause_account(self, &decision, verdict);
    send_record(self);
}

// A part that was accepted is not sent again; the next one waits for its turn like a new message.
static void go_on_with_next_part(send_t *self)
{
    self->memo.parts_count++;
    self->waiting_since_ms = delivery_now_ms(self->sends->delivery);
    send_set_state(self, SEND_WAITING);
    sends_ensure_tick(self->sends);
}

static void on_answer(void *context, const act_http_in_t *response)
{
    send_t *self = context;
    sends_t *sends = self->sends;
    act_channel_verdict_t verdict = {.advice = ""};
    ACT_CRASH_POINT("delivery.send.answered");
    if (sends->is_closing) {
        send_finish(self);
        return;
    }
    self->channel->classify(response, requests_before(self), self->batch->arena, &verdict);
    if (verdict.outcome != ACT_CHANNEL_SENT)
        take_trouble(self, &verdict);
    else if (self->part + 1 < self->parts.count)
        go_on_with_next_part(self);
    else
        take_sent(self, verdict.provider_id);
    sends_flush(sends);
}
