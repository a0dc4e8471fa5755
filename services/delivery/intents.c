// intents: one call at a time.
#include "intents.h"

#include "actor/gather.h"
#include "base/crash_point.h"
#include "claims.h"
#include "proto/persistence_service.h"
#include "sends_private.h"

#define INTENTS_MAX_COUNT 256u
#define INTENT_BUDGET_MS 2000

struct intents {
    sends_t *sends;
    act_gather_t *gather;
    uint64_t call_id; // 0: none on its way
    act_gather_item_t *asked;
};

static void ask(void *context, act_str_t key, act_gather_item_t *first, uint32_t count);

intents_t *intents_new(sends_t *sends)
{
    intents_t *self = act_alloc(sizeof *self);
    self->sends = sends;
    self->gather = act_gather_new(INTENTS_MAX_COUNT, ask, self);
    return self;
}

void intents_destroy(intents_t **self_p)
{
    intents_t *self = *self_p;
    if (!self)
        return;
    if (self->call_id != 0)
        act_actor_cancel(self->sends->delivery->actor, self->call_id);
    act_gather_destroy(&self->gather);
    act_free(act_take(self_p));
}

// --- verdicts ------------------------------------------------------------------------------------

static void take_verdict(send_t *send, act_str_t verdict)
{
    delivery_t *delivery = send->sends->delivery;
    if (!act_str_is(verdict, "send")) {
        delivery_add_metric(delivery, METRIC_NOT_INTENDED, 1);
        send_finish(send);
        claims_wake(delivery->claims); // what follows may be due
    } else if (!send_is_ours(send)) {
        send_defer(send, 0, "the claim runs out");
    } else {
        send_transmit(send);
    }
}

static act_str_t verdict_on(const put_intents_reply_t *reply, const send_t *send)
{
    for (uint32_t i = 0; i < reply->intents.count; i++)
        if (act_str_eq(reply->intents.items[i].outbox_id, send->claim->outbox_id))
            return reply->intents.items[i].verdict;
    return ACT_STR("lost");
}

// Nobody knows whether they were put: putting them again tells, and giving them back is right either
// way.
static void take_failure(send_t *send)
{
    send_set_state(send, SEND_WAITING);
    sends_ensure_tick(send->sends);
}

static void on_put(void *context, const act_reply_t *reply, const put_intents_reply_t *body)
{
    intents_t *self = context;
    self->call_id = 0;
    act_gather_item_t *first = self->asked;
    self->asked = NULL;
    act_gather_done(self->gather, ACT_STR(""));
    if (reply->err == ACT_E_OK)
        ACT_CRASH_POINT("delivery.intents.put");
    for (act_gather_item_t *item = first, *next = NULL; item; item = next) {
        next = item->next;
        send_t *send = send_of(item);
        if (reply->err == ACT_E_OK)
            take_verdict(send, verdict_on(body, send));
        else
            take_failure(send);
    }
    sends_flush(self->sends);
}

// --- asking --------------------------------------------------------------------------------------

static void ask(void *context, act_str_t key, act_gather_item_t *first, uint32_t count)
{
    intents_t *self = context;
    (void)key; // one for all
    delivery_t *delivery = self->sends->delivery;
    send_intent_t *intents = act_alloc_array(count, sizeof *intents);
    uint32_t at = 0;
    for (act_gather_item_t *item = first; item; item = item->next) {
        const send_t *send = send_of(item);
        intents[at++] = (send_intent_t){
            .of_tenant = send->claim->tenant,
            .conversation_id = send->claim->conversation_id,
            .outbox_id = send->claim->outbox_id,
            .attempt = send->attempt,
        };
    }
    put_intents_request_t request = {
        .holder = act_holder_name(delivery->holder),
        .intents = {intents, count},
    };
    act_call_opts_t opts = {.key = act_holder_name(delivery->holder),
                            .budget_ms = INTENT_BUDGET_MS};
    ACT_CRASH_POINT("delivery.intents.asking");
    self->asked = first;
    self->call_id = persistence_put_intents(delivery->actor, &opts, &request, on_put, self);
    act_free(intents);
}

void intents_put(intents_t *self, send_t *send)
{
    send_set_state(send, SEND_INTENDING);
    act_gather_put(self->gather, ACT_STR(""), &send->gathered);
}

void intents_flush(intents_t *self)
{
    act_gather_flush(self->gather);
}
