// broker: calls, hints, answers and partial replies as they come in.
#include "broker_private.h"

#include "base/crash_point.h"

// Why a call cannot be accepted, or OK.
static act_err_t check_call(broker_t *self, const act_header_t *header, const service_t *service,
                            size_t size_bytes)
{
    if (header->hops > ACT_HEADER_MAX_HOPS)
        return ACT_E_INVALID_ARGUMENT;
    if (!service || (!service->instances && !service->is_expected))
        return ACT_E_UNKNOWN_METHOD;
    bool is_direct = header->flags & ACT_FLAG_DIRECT;
    if ((is_direct && !broker_choose(self, service, header)) ||
        (service->is_parked && !service_choose(service, act_str(""))))
        return ACT_E_UNAVAILABLE;
    if (header->budget_ms == 0)
        return ACT_E_DEADLINE;
    if (service->queued_count >= self->limits.queue_max_count ||
        service->queued_bytes + size_bytes > self->limits.queue_max_bytes)
        return service_is_paused(service) ? ACT_E_UNAVAILABLE : ACT_E_OVERLOADED;
    return ACT_E_OK;
}

static entry_t *accept_call(broker_t *self, peer_t *caller, const act_header_t *header,
                            payload_t *body)
{
    entry_t *entry = ledger_open(self->ledger, header, body);
    if (!entry)
        return NULL;
    ledger_set_caller(self->ledger, entry, caller, header->id);
    entry->deadline_ms = broker_now_ms(self) + header->budget_ms;
    entry->accepted_us = entry->queued_us = self->now_us;
    entry->sequence = ++self->sequence;
    entry->parts_credit = header->credit_messages;
    self->counters.accepted++;
    ACT_CRASH_POINT("broker.call.accepted");
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

// An accepted call on its way.
static void start_call(broker_t *self, entry_t *entry, service_t *service)
{
    entry->service = service;
    traces_on_queued(self->traces, entry);
    if (entry->header.class_ == ACT_CLASS_INTERACTIVE)
        service->interactive_ms = broker_now_ms(self);
    deadlines_add(&self->deadlines, entry);
    bool is_direct = entry->header.flags & ACT_FLAG_DIRECT;
    bool has_idempotency = !is_direct && !act_str_empty(entry->header.idempotency_key);
    if (!has_idempotency || !broker_follow(self, entry))
        broker_begin(self, entry);
}

void broker_on_call(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    if (ledger_find_call(self->ledger, peer, header->id)) {
        self->counters.repeated++; // asked again after a reconnect: its answer is still to come
        return;
    }
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
    start_call(self, entry, service);
}

bool broker_call_own(broker_t *self, const act_header_t *header, act_str_t body,
                     entry_own_fn *own_fn, void *own_context)
{
    service_t *service = services_find(self->services, header->service);
    if (check_call(self, header, service, body.len_bytes) != ACT_E_OK)
        return false;
    payload_t *payload = payload_new(body);
    entry_t *entry = accept_call(self, NULL, header, payload);
    payload_unref(&payload);
    if (!entry)
        return false;
    entry->own_fn = own_fn;
    entry->own_context = own_context;
    start_call(self, entry, service);
    return true;
}

// --- hints ---------------------------------------------------------------------------------------

void broker_on_cast(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    if (act_str_is(header->service, BROKER_BUS_SERVICE)) {
        act_header_t to_us = *header;
        to_us.sender = act_str(peer->instance);
        self->io.on_bus_call(self->io.context, &to_us, body->bytes, /* call_id= */ 0);
        return;
    }
    service_t *service = services_find(self->services, header->service);
    peer_t *target = service ? broker_choose(self, service, header) : NULL;
    if (!target || header->hops > ACT_HEADER_MAX_HOPS ||
        !broker_take_hint(self, target, body->bytes.len_bytes)) {
        self->counters
            .casts_dropped++; // a hint that nobody can take is lost; that is what a hint is
        return;
    }
    act_header_t stamped = *header;
    stamped.sender = act_str(peer->instance);
    stamped.id = 0;
    self->counters.casts++;
    ACT_CRASH_POINT("broker.cast.passed");
    edge_t *edge = edges_count(self->edges, peer->actor, header->service, header->method);
    edge->bytes += body->bytes.len_bytes;
    if (traces_on_cast(self->traces, &stamped, peer, target, self->now_us))
        stamped.flags |= ACT_FLAG_SAMPLED;
    if (!self->io.send(self->io.context, target->route, &stamped, body))
        broker_lose_peer(self, target, "unreachable");
}

// --- answers -------------------------------------------------------------------------------------

// The call this peer works on by the broker's id; NULL: it has none of that id.
static entry_t *find_work(broker_t *self, const peer_t *peer, uint64_t id)
{
    entry_t *entry = ledger_find(self->ledger, id);
    bool is_its = entry && entry->worker == peer &&
                  (entry->state == ENTRY_IN_FLIGHT || entry->state == ENTRY_ABANDONED);
    return is_its ? entry : NULL;
}

// What an instance takes at a time; it may say so anew with every answer and heartbeat.
void broker_take_credit(peer_t *peer, const act_header_t *header)
{
    if (header->credit_messages == 0)
        return;
    peer->credit_messages = header->credit_messages;
    peer->credit_bytes = header->credit_bytes;
}

static void count_answer(broker_t *self, peer_t *peer, const entry_t *entry, bool is_error)
{
    int64_t took_us = self->now_us - entry->accepted_us;
    latency_add(&peer->latency, broker_now_ms(self), took_us);
    latency_add(&entry->service->latency, broker_now_ms(self), took_us);
    peer->errors += is_error;
    entry->service->calls++;
    entry->service->errors += is_error;
}

void broker_on_answer(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    entry_t *entry = find_work(self, peer, header->id);
    broker_take_credit(peer, header);
    if (!entry) {
        self->counters.late++;
        peer_remove_ghost(peer, header->id);
        broker_feed(self, peer);
        return;
    }
    ACT_CRASH_POINT("broker.answer.taken");
    traces_on_end(self->traces, entry, HOP_ACKED, (act_err_t)header->err, self->now_us);
    count_edge(self, entry, header, body->bytes.len_bytes);
    broker_detach(self, entry);
    count_answer(self, peer, entry, header->kind == ACT_KIND_ERROR);
    act_header_t answer = *header;
    answer.sender = act_str(peer->instance);
    // Of a call that was cancelled nothing came: one that repeats it runs in its place.
    bool is_cancelled = header->kind == ACT_KIND_ERROR && header->err == ACT_E_CANCELLED;
    if (entry->outcome && !is_cancelled)
        broker_finish_outcome(self, entry, &answer, body);
    if (entry->state == ENTRY_ABANDONED)
        broker_close_abandoned(self, entry);
    else
        broker_close_answered(self, entry, &answer, body);
    broker_feed(self, peer);
}

// A part of an answer: passed on in its order and within what the caller takes.
void broker_on_partial(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    entry_t *entry = find_work(self, peer, header->id);
    if (!entry || entry->state != ENTRY_IN_FLIGHT || !entry->caller ||
        header->sequence != entry->parts_count || entry->parts_count >= entry->parts_credit) {
        self->counters.parts_late++;
        return;
    }
    act_header_t part = *header;
    part.id = entry->caller_id;
    part.sender = act_str(peer->instance);
    entry->parts_count++;
    self->counters.parts++;
    self->io.send(self->io.context, entry->caller->route, &part, body);
}

// The caller takes more parts: `credit_messages` is how many in all, since the first.
void broker_on_credit(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    entry_t *entry = ledger_find_call(self->ledger, peer, header->id);
    if (!entry || header->credit_messages <= entry->parts_credit)
        return;
    entry->parts_credit = header->credit_messages;
    if (entry->state != ENTRY_IN_FLIGHT || !entry->worker)
        return;
    act_header_t credit = {
        .kind = ACT_KIND_CREDIT, .id = entry->id, .credit_messages = header->credit_messages};
    self->io.send(self->io.context, entry->worker->route, &credit, body);
}

void broker_on_cancel(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    (void)body;
    entry_t *entry = ledger_find_call(self->ledger, peer, header->id);
    if (!entry || !entry->service)
        return;
    traces_on_end(self->traces, entry, HOP_CANCELLED, ACT_E_CANCELLED, self->now_us);
    self->counters.cancelled++;
    broker_abandon(self, entry);
}
