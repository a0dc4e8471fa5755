// broker: calls, hints and answers as they come in.
#include "broker_private.h"

// Why a call cannot be accepted, or OK.
static act_err_t check_call(const broker_t *self, const act_header_t *header,
                            const service_t *service, size_t size_bytes)
{
    if (header->hops > ACT_HEADER_MAX_HOPS)
        return ACT_E_INVALID_ARGUMENT;
    if (!service || (!service->instances && !service->is_expected))
        return ACT_E_UNKNOWN_METHOD;
    if (service->is_parked && !service_choose(service, act_str("")))
        return ACT_E_UNAVAILABLE;
    if (header->budget_ms == 0)
        return ACT_E_DEADLINE;
    if (service->queued_count >= self->limits.queue_max_count ||
        service->queued_bytes + size_bytes > self->limits.queue_max_bytes)
        return ACT_E_OVERLOADED;
    return ACT_E_OK;
}

static entry_t *accept_call(broker_t *self, peer_t *caller, const act_header_t *header,
                            payload_t *body)
{
    entry_t *entry = ledger_open(self->ledger, header, body);
    if (!entry)
        return NULL;
    entry->caller = caller;
    entry->caller_id = header->id;
    entry->deadline_ms = broker_now_ms(self) + header->budget_ms;
    entry->accepted_us = entry->queued_us = self->now_us;
    entry->sequence = ++self->sequence;
    self->counters.accepted++;
    return entry;
}

static void on_bus_call(broker_t *self, peer_t *caller, const act_header_t *header, payload_t *body)
{
    entry_t *entry = accept_call(self, caller, header, body);
    if (!entry) {
        broker_send_error(self, caller->route, header->id, ACT_E_OVERLOADED, NULL);
        return;
    }
    // The broker itself is the worker: the entry is in no list until broker_answer.
    entry->state = ENTRY_IN_FLIGHT;
    self->io.on_bus_call(self->io.context, &entry->header, body->bytes, entry->id);
}

// The map of the traffic. Names that no service has would fill it with nonsense.
static void count_edge(broker_t *self, const entry_t *entry, const act_header_t *answer,
                       size_t answer_bytes)
{
    if (!entry->caller || answer->err == ACT_E_UNKNOWN_METHOD)
        return;
    edge_t *edge =
        edges_count(self->edges, entry->caller->actor, entry->header.service, entry->header.method);
    edge->errors += answer->kind == ACT_KIND_ERROR;
    edge->bytes += entry->body->bytes.len_bytes + answer_bytes;
    latency_add(&edge->latency, broker_now_ms(self), self->now_us - entry->accepted_us);
}

void broker_on_call(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    act_header_t stamped = *header;
    stamped.sender = act_str(peer->instance);
    if (act_str_is(header->service, BROKER_BUS_SERVICE)) {
        on_bus_call(self, peer, &stamped, body);
        return;
    }
    service_t *service = services_find(self->services, header->service);
    act_err_t err = check_call(self, header, service, body->bytes.len_bytes);
    entry_t *entry = err == ACT_E_OK ? accept_call(self, peer, &stamped, body) : NULL;
    if (!entry) {
        self->counters.refused++;
        broker_send_error(self, peer->route, header->id, err == ACT_E_OK ? ACT_E_OVERLOADED : err,
                          NULL);
        return;
    }
    entry->service = service;
    traces_on_queued(self->traces, entry);
    broker_route(self, entry);
}

void broker_on_cast(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    if (act_str_is(header->service, BROKER_BUS_SERVICE)) {
        act_header_t to_us = *header;
        to_us.sender = act_str(peer->instance);
        self->io.on_bus_call(self->io.context, &to_us, body->bytes, /* call_id= */ 0);
        return;
    }
    service_t *service = services_find(self->services, header->service);
    peer_t *target = service ? service_choose(service, header->key) : NULL;
    if (!target || header->hops > ACT_HEADER_MAX_HOPS)
        return; // a hint that nobody can take is lost; that is what a hint is
    act_header_t stamped = *header;
    stamped.sender = act_str(peer->instance);
    stamped.id = 0;
    self->counters.casts++;
    edge_t *edge = edges_count(self->edges, peer->actor, header->service, header->method);
    edge->bytes += body->bytes.len_bytes;
    if (traces_on_cast(self->traces, &stamped, peer, target, self->now_us))
        stamped.flags |= ACT_FLAG_SAMPLED;
    if (!self->io.send(self->io.context, target->route, &stamped, body))
        broker_lose_peer(self, target);
}

static void forward_answer(broker_t *self, const entry_t *entry, const peer_t *worker,
                           const act_header_t *header, const payload_t *body)
{
    act_header_t answer = *header;
    answer.id = entry->caller_id;
    answer.sender = act_str(worker->instance);
    if (entry->caller)
        self->io.send(self->io.context, entry->caller->route, &answer, body);
}

void broker_on_answer(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    entry_t *entry = ledger_find(self->ledger, header->id);
    if (!entry || entry->worker != peer || entry->state == ENTRY_QUEUED) {
        self->counters.late++;
        return;
    }
    traces_on_end(self->traces, entry, HOP_ACKED, header->err, self->now_us);
    count_edge(self, entry, header, body->bytes.len_bytes);
    broker_detach(entry);
    latency_add(&peer->latency, broker_now_ms(self), self->now_us - entry->accepted_us);
    bool is_error = header->kind == ACT_KIND_ERROR;
    peer->errors += is_error;
    if (entry->state == ENTRY_ABANDONED) {
        broker_close_abandoned(self, entry);
    } else {
        forward_answer(self, entry, peer, header, body);
        *(is_error ? &self->counters.failed : &self->counters.replied) += 1;
        ledger_close(self->ledger, &entry);
    }
    broker_feed(self, peer);
}

void broker_on_cancel(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    (void)body;
    uint32_t index = 0;
    for (entry_t *entry = ledger_next(self->ledger, &index); entry;
         entry = ledger_next(self->ledger, &index))
        if (entry->caller == peer && entry->caller_id == header->id && entry->service) {
            traces_on_end(self->traces, entry, HOP_CANCELLED, ACT_E_CANCELLED, self->now_us);
            self->counters.cancelled++;
            broker_abandon(self, entry);
            return;
        }
}
