// broker: how calls end: answered, failed, dead, cancelled, out of time; and how they do not when a
// worker dies.
#include "broker_private.h"

#include "base/crash_point.h"

// The entry is in no list. Whoever waits for it in its lane goes next; a call that repeats it takes
// its place.
static void close_entry(broker_t *self, entry_t *entry)
{
    deadlines_remove(entry);
    entry_t *next = entry->lane ? lanes_leave(self->lanes, entry) : NULL;
    if (next)
        broker_enqueue_later(self, next, /* at_front= */ false);
    if (entry->outcome && entry->outcome->leader == entry)
        broker_lead_next(self, entry->outcome);
    ledger_close(self->ledger, &entry);
}

void broker_detach(broker_t *self, entry_t *entry)
{
    switch (entry->state) {
    case ENTRY_QUEUED:
        service_dequeue(entry->service, entry);
        break;
    case ENTRY_IN_LANE:
        (void)lanes_leave(self->lanes, entry); // it is not the holder, so nobody is next
        break;
    case ENTRY_FOLLOWING:
        entry_list_remove(&entry->outcome->followers, entry);
        service_count_out(entry->service, entry);
        break;
    case ENTRY_IN_FLIGHT:
    case ENTRY_ABANDONED:
        entry_list_remove(&entry->worker->in_flight, entry);
        break;
    }
}

static void tell_failed(broker_t *self, const entry_t *entry, act_err_t err, const char *text)
{
    if (entry->caller)
        broker_send_error(self, entry->caller->route, entry->caller_id, err, text);
    if (entry->own_fn)
        entry->own_fn(entry->own_context, err, act_str(""));
}

void broker_close_failed(broker_t *self, entry_t *entry, act_err_t err, const char *text)
{
    tell_failed(self, entry, err, text);
    traces_on_end(self->traces, entry, HOP_FAILED, err, self->now_us);
    self->counters.failed++;
    close_entry(self, entry);
}

void broker_close_answered(broker_t *self, entry_t *entry, const act_header_t *header,
                           const payload_t *body)
{
    bool is_error = header->kind == ACT_KIND_ERROR;
    act_header_t answer = *header;
    answer.id = entry->caller_id;
    answer.credit_messages = answer.credit_bytes = 0; // was for the broker
    ACT_CRASH_POINT("broker.answer.passing");
    if (entry->caller)
        self->io.send(self->io.context, entry->caller->route, &answer, body);
    if (entry->own_fn)
        entry->own_fn(entry->own_context, (act_err_t)header->err, body->bytes);
    *(is_error ? &self->counters.failed : &self->counters.replied) += 1;
    ACT_CRASH_POINT("broker.answer.passed");
    close_entry(self, entry);
}

// The call is lost for good: kept with the causes for people to look at.
static void close_dead(broker_t *self, entry_t *entry, act_err_t err)
{
    tell_failed(self, entry, err, NULL);
    traces_on_end(self->traces, entry, HOP_DEAD, err, self->now_us);
    self->counters.dead++;
    if (!entry->own_fn && self->io.on_dead)
        self->io.on_dead(self->io.context, entry, err);
    if (entry->outcome)
        broker_fail_followers(self, entry->outcome, err);
    close_entry(self, entry);
}

void broker_abandon(broker_t *self, entry_t *entry)
{
    if (entry->state != ENTRY_IN_FLIGHT) {
        broker_detach(self, entry);
        close_entry(self, entry);
        return;
    }
    if (!entry->outcome || entry->outcome->followers.count == 0)
        broker_send_control(self, entry->worker->route, ACT_KIND_CANCEL, entry->id);
    entry->state = ENTRY_ABANDONED;
    entry->own_fn = NULL;
    ledger_set_caller(self->ledger, entry, NULL, 0);
    deadlines_remove(entry);
    self->abandoned_count++;
}

void broker_close_abandoned(broker_t *self, entry_t *entry)
{
    self->abandoned_count--;
    close_entry(self, entry);
}

// --- a worker is gone ----------------------------------------------------------------------------

static void add_cause(broker_t *self, entry_t *entry, const peer_t *worker, const char *reason)
{
    if (entry->causes_count == ENTRY_CAUSES_MAX_COUNT)
        return;
    if (!entry->causes)
        entry->causes = act_alloc_array(ENTRY_CAUSES_MAX_COUNT, sizeof *entry->causes);
    cause_t *cause = &entry->causes[entry->causes_count++];
    *cause = (cause_t){.reason = reason, .at_ms = broker_now_ms(self)};
    act_str_copy(act_str(worker->instance), cause->worker, sizeof cause->worker);
}

// Of all that a worker had in hand when it crashed, nobody knows what it crashed of. Who was there often is sent with
// no other such call, and what the worker crashes of then is the reason. One that is only killed says little.
static bool is_poison(const broker_t *self, const entry_t *entry, const peer_t *worker)
{
    uint32_t max_count = self->limits.attempts_max_count;
    return entry->causes_count >= (worker->has_crashed ? max_count : 2 * max_count);
}

void broker_retry_or_fail(broker_t *self, entry_t *entry, const peer_t *worker, const char *reason)
{
    if (entry->state == ENTRY_ABANDONED) {
        broker_close_abandoned(self, entry);
        return;
    }
    if (entry->header.flags & ACT_FLAG_POLL) { // the next one does its work
        broker_close_failed(self, entry, ACT_E_WORKER_LOST, NULL);
        return;
    }
    add_cause(self, entry, worker, reason);
    bool is_retry_safe =
        (entry->header.flags & ACT_FLAG_RETRY_SAFE) && !(entry->header.flags & ACT_FLAG_DIRECT);
    if (!is_retry_safe || entry->parts_count > 0) {
        close_dead(self, entry, ACT_E_WORKER_LOST);
        return;
    }
    if (is_poison(self, entry, worker)) {
        close_dead(self, entry, ACT_E_DEAD_LETTER);
        return;
    }
    traces_on_requeued(self->traces, entry, self->now_us);
    entry->is_suspect = entry->causes_count + 1 >= self->limits.attempts_max_count;
    if (entry->header.attempt < UINT8_MAX)
        entry->header.attempt++;
    ledger_renew_id(self->ledger, entry);
    self->counters.requeued++;
    ACT_CRASH_POINT("broker.call.requeued");
    broker_enqueue_later(self, entry, /* at_front= */ true);
}

void broker_refuse_waiting(broker_t *self, service_t *service)
{
    if (!service->is_parked || service_choose(service, act_str("")))
        return;
    for (int i = 0; i < ENTRY_QUEUES_COUNT; i++)
        while (service->queue[i].first) {
            entry_t *entry = service->queue[i].first;
            service_dequeue(service, entry);
            broker_close_failed(self, entry, ACT_E_UNAVAILABLE, NULL);
        }
}

// --- nobody waits any more -----------------------------------------------------------------------

void broker_drop_calls_of(broker_t *self, const peer_t *caller)
{
    uint32_t index = 0;
    for (entry_t *entry = ledger_next(self->ledger, &index); entry;
         entry = ledger_next(self->ledger, &index)) {
        if (entry->caller != caller)
            continue;
        ledger_set_caller(self->ledger, entry, NULL, 0);
        if (!entry->service)
            continue; // the broker's own call: broker_answer ends it
        traces_on_end(self->traces, entry, HOP_CANCELLED, ACT_E_CANCELLED, self->now_us);
        self->counters.cancelled++;
        broker_abandon(self, entry);
    }
}

void broker_expire(broker_t *self, entry_t *entry)
{
    bool is_paused = entry->state == ENTRY_QUEUED && service_is_paused(entry->service);
    tell_failed(self, entry, is_paused ? ACT_E_UNAVAILABLE : ACT_E_DEADLINE, NULL);
    traces_on_end(self->traces, entry, HOP_EXPIRED, ACT_E_DEADLINE, self->now_us);
    self->counters.failed++;
    broker_abandon(self, entry);
}

void broker_expire_calls(broker_t *self)
{
    for (entry_t *entry = deadlines_take_due(&self->deadlines, broker_now_ms(self)); entry;
         entry = deadlines_take_due(&self->deadlines, broker_now_ms(self)))
        broker_expire(self, entry);
}

void broker_answer_error(broker_t *self, uint64_t call_id, act_err_t err, const char *text)
{
    entry_t *entry = ledger_find(self->ledger, call_id);
    if (entry)
        broker_close_failed(self, entry, err, text);
}

void broker_answer(broker_t *self, uint64_t call_id, act_err_t err, act_str_t body)
{
    entry_t *entry = ledger_find(self->ledger, call_id);
    if (!entry)
        return;
    if (err != ACT_E_OK) {
        broker_close_failed(self, entry, err, NULL);
        return;
    }
    act_header_t header = {.kind = ACT_KIND_REPLY};
    payload_t payload = {.bytes = body, .refs_count = 1};
    broker_close_answered(self, entry, &header, &payload);
}
