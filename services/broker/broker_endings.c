// broker: how calls end: failed, cancelled, abandoned, out of time; and how they do not when a worker dies.
#include "broker_private.h"

// Takes the entry out of the list its state says it is in.
void broker_detach(entry_t *entry)
{
    if (entry->state == ENTRY_QUEUED)
        service_dequeue(entry->service, entry);
    else
        entry_list_remove(&entry->worker->in_flight, entry);
}

void broker_close_failed(broker_t *self, entry_t *entry, act_err_t err, const char *text)
{
    if (entry->caller)
        broker_send_error(self, entry->caller->route, entry->caller_id, err, text);
    traces_on_end(self->traces, entry, err == ACT_E_DEAD_LETTER ? HOP_DEAD : HOP_FAILED, err,
                  self->now_us);
    self->counters.failed++;
    ledger_close(self->ledger, &entry);
}

// Nobody waits for this call any more. A worker that has it keeps its credit until it answers.
void broker_abandon(broker_t *self, entry_t *entry)
{
    if (entry->state == ENTRY_QUEUED) {
        broker_detach(entry);
        ledger_close(self->ledger, &entry);
        return;
    }
    broker_send_control(self, entry->worker->route, ACT_KIND_CANCEL, entry->id);
    entry->state = ENTRY_ABANDONED;
    entry->caller = NULL;
    self->abandoned_count++;
}

void broker_close_abandoned(broker_t *self, entry_t *entry)
{
    self->abandoned_count--;
    ledger_close(self->ledger, &entry);
}

// A worker is gone with this call: it is queued again, or its caller gets an answer.
void broker_retry_or_fail(broker_t *self, entry_t *entry)
{
    if (entry->state == ENTRY_ABANDONED) {
        broker_close_abandoned(self, entry);
        return;
    }
    if (!(entry->header.flags & ACT_FLAG_RETRY_SAFE)) {
        broker_close_failed(self, entry, ACT_E_WORKER_LOST, NULL);
        return;
    }
    if (entry->header.attempt >= self->limits.attempts_max_count) {
        broker_close_failed(self, entry, ACT_E_DEAD_LETTER, NULL);
        return;
    }
    traces_on_requeued(self->traces, entry, self->now_us);
    entry->header.attempt++;
    self->counters.requeued++;
    broker_enqueue(entry, /* at_front= */ true);
}

// A parked service has nobody who would come soon: when no instance is left, what waits is answered.
void broker_refuse_waiting(broker_t *self, service_t *service)
{
    if (!service->is_parked || service_choose(service, act_str("")))
        return;
    for (int i = 0; i < ACT_CLASS_COUNT; i++)
        while (service->queue[i].first) {
            entry_t *entry = service->queue[i].first;
            service_dequeue(service, entry);
            broker_close_failed(self, entry, ACT_E_UNAVAILABLE, NULL);
        }
}

void broker_drop_calls_of(broker_t *self, const peer_t *caller)
{
    uint32_t index = 0;
    for (entry_t *entry = ledger_next(self->ledger, &index); entry;
         entry = ledger_next(self->ledger, &index)) {
        if (entry->caller != caller)
            continue;
        entry->caller = NULL;
        if (!entry->service)
            continue; // the broker's own call: broker_answer ends it
        traces_on_end(self->traces, entry, HOP_CANCELLED, ACT_E_CANCELLED, self->now_us);
        self->counters.cancelled++;
        broker_abandon(self, entry);
    }
}

void broker_expire_calls(broker_t *self)
{
    uint32_t index = 0;
    for (entry_t *entry = ledger_next(self->ledger, &index); entry;
         entry = ledger_next(self->ledger, &index)) {
        if (entry->deadline_ms > broker_now_ms(self) || entry->state == ENTRY_ABANDONED ||
            !entry->service)
            continue;
        if (entry->caller)
            broker_send_error(self, entry->caller->route, entry->caller_id, ACT_E_DEADLINE, NULL);
        traces_on_end(self->traces, entry, HOP_EXPIRED, ACT_E_DEADLINE, self->now_us);
        self->counters.failed++;
        broker_abandon(self, entry);
    }
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
    act_header_t header = {.kind = ACT_KIND_REPLY, .id = entry->caller_id};
    if (entry->caller)
        broker_send_bytes(self, entry->caller->route, &header, body);
    self->counters.replied++;
    ledger_close(self->ledger, &entry);
}
