// sends: list, states, and the gates a message passes before its channel is asked.
#include "sends_private.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "base/time.h"
#include "claims.h"
#include "decide.h"
#include "policy.h"

#define TICK_MS 10
// Results that wait to be recorded may be this many more than requests; then nothing is claimed.
#define RESULTS_MAX_COUNT 1024u
// A message whose account is not in our list waits for the next one: at first a little more than a
// list takes (the account may be new), then longer each time.
#define UNKNOWN_ACCOUNT_RETRY_MS 300
#define UNKNOWN_ACCOUNT_RETRY_MAX_MS 30000
// A message that waits too long for its turn goes back, before its claim runs out under it.
#define BUSY_RETRY_MS 1000

static const char console[] = "console";

// --- list ----------------------------------------------------------------------------------------

static void on_tick(void *context);

sends_t *sends_new(delivery_t *delivery)
{
    sends_t *self = act_alloc(sizeof *self);
    self->delivery = delivery;
    self->intents = intents_new(self);
    sends_records_open(self);
    self->tick = act_timer_new(act_actor_loop(delivery->actor), on_tick, self);
    return self;
}

void sends_close(sends_t *self)
{
    self->is_closing = true;
}

void sends_destroy(sends_t **self_p)
{
    sends_t *self = *self_p;
    if (!self)
        return;
    intents_destroy(&self->intents);
    sends_records_close(self);
    while (self->first)
        send_finish(self->first);
    act_timer_destroy(&self->tick);
    act_free(act_take(self_p));
}

uint32_t sends_count(const sends_t *self)
{
    uint32_t count = 0;
    for (int i = 0; i < SEND_STATES; i++)
        count += self->counts[i];
    return count;
}

uint32_t sends_room_count(const sends_t *self)
{
    uint32_t busy_count =
        self->counts[SEND_WAITING] + self->counts[SEND_INTENDING] + self->counts[SEND_REQUESTED];
    uint32_t max_count = self->delivery->requests_max_count;
    if (busy_count >= max_count || self->counts[SEND_RECORDING] >= RESULTS_MAX_COUNT)
        return 0;
    return max_count - busy_count;
}

static void show_counts(const sends_t *self)
{
    act_metrics_t *metrics = act_actor_metrics(self->delivery->actor);
    act_metrics_set(metrics, METRIC_OPEN, sends_count(self));
    act_metrics_set(metrics, METRIC_REQUESTS, self->counts[SEND_REQUESTED]);
}

void send_set_state(send_t *self, send_state_t state)
{
    self->sends->counts[self->state]--;
    self->sends->counts[state]++;
    self->state = state;
    show_counts(self->sends);
}

static void release(batch_t *batch)
{
    if (--batch->refs_count > 0)
        return;
    act_arena_destroy(&batch->arena);
    act_free(batch);
}

void send_finish(send_t *self)
{
    sends_t *sends = self->sends;
    sends->counts[self->state]--;
    if (self->previous)
        self->previous->next = self->next;
    else
        sends->first = self->next;
    if (self->next)
        self->next->previous = self->previous;
    release(self->batch); // self lives in it
    show_counts(sends);
}

static send_t *find(const sends_t *self, const outbox_claim_t *claim)
{
    for (send_t *send = self->first; send; send = send->next)
        if (act_str_eq(send->claim->outbox_id, claim->outbox_id) &&
            act_str_eq(send->claim->tenant, claim->tenant))
            return send;
    return NULL;
}

void sends_flush(sends_t *self)
{
    intents_flush(self->intents);
    act_gather_flush(self->records);
}

// --- gates ---------------------------------------------------------------------------------------

void send_defer(send_t *self, int64_t delay_ms, const char *reason)
{
    self->outcome = OUTCOME_RETURNED;
    self->retry_after_ms = delay_ms;
    self->error_text = act_str(reason);
    send_record(self);
}

static int64_t unknown_account_retry_ms(const send_t *self)
{
    int64_t delay_ms = UNKNOWN_ACCOUNT_RETRY_MS;
    for (uint32_t i = 0;
         i < self->memo.unknown_account_count && delay_ms < UNKNOWN_ACCOUNT_RETRY_MAX_MS; i++)
        delay_ms *= 2;
    return delay_ms < UNKNOWN_ACCOUNT_RETRY_MAX_MS ? delay_ms : UNKNOWN_ACCOUNT_RETRY_MAX_MS;
}

static void fail_without_account(send_t *self)
{
    accounts_refresh(self->sends->delivery->accounts);
    if (self->memo.unknown_account_count + 1 < self->sends->delivery->attempts_max_count) {
        int64_t delay_ms = unknown_account_retry_ms(self);
        self->memo.unknown_account_count++;
        send_defer(self, delay_ms, "channel account is not known");
        return;
    }
    self->outcome = OUTCOME_FAILED;
    self->error_text = ACT_STR("channel account is not known");
    send_record(self);
}

// Statuses had their time: nobody knows whether it arrived, and it is not sent again by itself.
static void give_up_unknown(send_t *self, bool is_parked)
{
    self->outcome = is_parked ? OUTCOME_PARKED : OUTCOME_FAILED;
    self->error_text = act_str(is_parked ? decide_parked_unknown : decide_gave_up_unknown);
    if (is_parked) {
        self->reason_code = ACT_STR("UNKNOWN_OUTCOME");
        self->advice = ACT_STR("look at the conversation on a phone, then resend or drop it");
    }
    send_record(self);
}

static bool waits_too_long(const send_t *self, int64_t now_ms)
{
    return now_ms - self->waiting_since_ms > self->sends->delivery->claim_ms / 4;
}

bool send_is_ours(const send_t *self)
{
    const delivery_t *delivery = self->sends->delivery;
    int64_t until_ms = act_holder_until_ms(delivery->holder) + delivery->reconcile_ms;
    if (until_ms > self->hold.until_ms)
        until_ms = self->hold.until_ms;
    return self->hold.holder_number == act_holder_number(delivery->holder) &&
           act_time_mono_ms() + delivery->send_timeout_ms <= until_ms;
}

// Each living delivery, of all cells, has its part of what the account may send.
static bool take_token(const delivery_t *delivery, account_t *account, int64_t now_ms)
{
    bucket_set_rate(&account->bucket,
                    delivery->throughput_per_s / act_holder_peers_count(delivery->holder));
    return bucket_take(&account->bucket, now_ms);
}

// --- policy --------------------------------------------------------------------------------------

static policy_t policy_of(const send_t *self, const account_t *account)
{
    static const outbound_content_t nothing = {.purpose = {0}};
    const delivery_t *delivery = self->sends->delivery;
    const outbox_claim_t *claim = self->claim;
    policy_facts_t facts = {
        .channel = account->channel,
        .content = claim->content ? claim->content : &nothing,
        .allows_inside = delivery->allows_inside,
        .is_reply = claim->is_reply,
        .is_opted_out = claim->is_opted_out,
        .customer_silent_ms = claim->customer_silent_ms,
        .local_minute = claim->local_minute,
        .quiet_from_minute = claim->quiet_from_minute,
        .quiet_to_minute = claim->quiet_to_minute,
        .pair_wait_ms = pairs_wait_ms(delivery->pairs, account->channel, claim->channel_account_id,
                                      claim->address, delivery_now_ms(delivery)),
    };
    return policy_decide(&facts);
}

static void apply_policy(send_t *self, const policy_t *policy)
{
    bool is_later = policy->verdict == POLICY_LATER;
    self->outcome = is_later ? OUTCOME_RETRY : OUTCOME_REFUSED;
    self->retry_after_ms = policy->delay_ms;
    self->reason_code = act_str(policy->code);
    self->error_text = act_str(policy->reason);
    self->advice = act_str(policy->advice);
    send_record(self);
}

// The first part of a message asks; what was said of it holds for the rest.
static void pass_policy(send_t *self, account_t *account, int64_t now_ms)
{
    policy_t policy = {.verdict = POLICY_ALLOWED};
    if (self->memo.parts_count == 0)
        policy = policy_of(self, account);
    if (policy.verdict != POLICY_ALLOWED) {
        apply_policy(self, &policy);
    } else if (take_token(self->sends->delivery, account, now_ms)) {
        pairs_take(self->sends->delivery->pairs, account->channel, self->claim->channel_account_id,
                   self->claim->address, now_ms);
        intents_put(self->sends->intents, self);
    } else {
        sends_ensure_tick(self->sends);
    }
}

// Moves a waiting message on, or leaves it waiting.
static void pass_gates(send_t *self)
{
    delivery_t *delivery = self->sends->delivery;
    int64_t now_ms = delivery_now_ms(delivery);
    if (act_actor_is_draining(delivery->actor)) {
        send_defer(self, 0, "stopping");
        return;
    }
    if (act_str_is(self->claim->channel, console)) {
        send_publish_only(self);
        return;
    }
    if (!act_actor_is_connected(delivery->actor)) { // an orphan starts nothing (promises.md D8)
        sends_ensure_tick(self->sends);
        return;
    }
    if (!send_is_ours(self)) {
        send_defer(self, 0, "the claim runs out");
        return;
    }
    account_t *account =
        accounts_find(delivery->accounts, self->claim->tenant, self->claim->channel_account_id);
    if (!account || !act_str_is(self->claim->channel, account->channel->name))
        fail_without_account(self);
    else if (self->unknown_count > (account->parks_unknown ? 0 : DECIDE_UNKNOWN_MAX_COUNT))
        give_up_unknown(self, account->parks_unknown);
    else if (account->paused_until_ms > now_ms)
        send_defer(self, account->paused_until_ms - now_ms, "channel account is paused");
    else if (waits_too_long(self, now_ms))
        send_defer(self, BUSY_RETRY_MS, "too busy");
    else
        pass_policy(self, account, now_ms);
}

void sends_ensure_tick(sends_t *self)
{
    if (!act_timer_is_active(self->tick))
        act_timer_start(self->tick, TICK_MS, TICK_MS);
}

static void on_tick(void *context)
{
    sends_t *self = context;
    int64_t now_ms = delivery_now_ms(self->delivery);
    send_t *next = NULL;
    for (send_t *send = self->first; send; send = next) {
        next = send->next;
        if (send->state == SEND_WAITING)
            pass_gates(send);
        else if (send->state == SEND_RECORDING && !send->is_recording)
            send_record_tick(send, now_ms);
    }
    sends_flush(self);
    if (sends_count(self) == 0)
        act_timer_stop(self->tick);
}

// --- taking --------------------------------------------------------------------------------------

static void log_ambiguous(const delivery_t *delivery, const outbox_claim_t *claim)
{
    act_log_warn(act_actor_log(delivery->actor), "ambiguous_resend",
                 "tenant=%.*s,outbox_id=%.*s,attempt=%d", ACT_STR_ARG(claim->tenant),
                 ACT_STR_ARG(claim->outbox_id), claim->attempt);
}

static void take_claim(sends_t *self, batch_t *batch, const outbox_claim_t *claim, hold_t hold)
{
    delivery_t *delivery = self->delivery;
    send_t *send = find(self, claim);
    if (send || claim->tenant.len_bytes > ACT_HEADER_NAME_MAX_BYTES) {
        if (send) {
            send->attempt = claim->attempt;
            send->hold = hold;
        }
        return;
    }
    send = act_arena_alloc(batch->arena, sizeof *send);
    *send = (send_t){.sends = self,
                     .batch = batch,
                     .claim = claim,
                     .attempt = claim->attempt,
                     .hold = hold,
                     .unknown_count = claim->unknown_count,
                     .waiting_since_ms = delivery_now_ms(delivery),
                     .next = self->first};
    send->memo = memos_get(delivery->memos, claim->outbox_id);
    if (send->unknown_count > 0)
        log_ambiguous(delivery, claim);
    if (self->first)
        self->first->previous = send;
    self->first = send;
    self->counts[SEND_WAITING]++;
    batch->refs_count++;
    delivery_add_metric(delivery, METRIC_CLAIMED, 1);
    ACT_CRASH_POINT("delivery.claimed");
    pass_gates(send);
}

void sends_take(sends_t *self, act_str_t claim_outbox_reply, hold_t hold)
{
    batch_t *batch = act_alloc(sizeof *batch);
    *batch = (batch_t){.arena = act_arena_new(), .refs_count = 1};
    act_str_t body = act_arena_str(batch->arena, claim_outbox_reply);
    claim_outbox_reply_t reply = {.next_due_ms = 0};
    // It was decoded before, so it can be again.
    act_assert(claim_outbox_reply_unpack(body, batch->arena, &reply, NULL) == ACT_E_OK);
    for (uint32_t i = 0; i < reply.claims.count; i++)
        take_claim(self, batch, &reply.claims.items[i], hold);
    release(batch);
    sends_flush(self);
}
