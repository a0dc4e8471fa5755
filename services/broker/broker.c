// broker: routing, flow control and the ledger.
#include "broker.h"

#include "base/assert.h"
#include "base/mem.h"
#include "proto/broker.h"
#include "proto/common.h"
#include "topics.h"

// What an overloaded caller is told to wait.
#define RETRY_AFTER_MS 100
#define BUS_SERVICE "bus"

struct broker {
    broker_limits_t limits;
    broker_io_t io;
    int64_t now_us;
    peers_t *peers;
    services_t *services;
    ledger_t *ledger;
    topics_t *topics;
    ledger_counters_t counters;
    uint64_t sequence;
    uint32_t abandoned_count; // entries that have ended for their callers but still hold credit
    act_buf_t scratch;
    act_arena_t *arena;
};

broker_t *broker_new(const broker_limits_t *limits, const broker_io_t *io)
{
    broker_t *self = act_alloc(sizeof *self);
    self->limits = *limits;
    self->io = *io;
    self->peers = peers_new();
    self->services = services_new();
    self->ledger = ledger_new();
    self->topics = topics_new();
    self->arena = act_arena_new();
    act_buf_init(&self->scratch, ACT_BUF_DEFAULT_MAX_BYTES);
    return self;
}

void broker_destroy(broker_t **self_p)
{
    broker_t *self = *self_p;
    if (!self)
        return;
    topics_destroy(&self->topics);
    ledger_destroy(&self->ledger);
    services_destroy(&self->services);
    peers_destroy(&self->peers);
    act_arena_destroy(&self->arena);
    act_buf_fini(&self->scratch);
    act_free(act_take(self_p));
}

static int64_t now_ms(const broker_t *self)
{
    return self->now_us / 1000;
}

// --- frames out ----------------------------------------------------------------------------------

static bool send_bytes(broker_t *self, uint64_t route, const act_header_t *header, act_str_t bytes)
{
    payload_t body = {.bytes = bytes, .refs_count = 1};
    return self->io.send(self->io.context, route, header, &body);
}

static bool send_control(broker_t *self, uint64_t route, act_kind_t kind, uint64_t id)
{
    act_header_t header = {.kind = (uint8_t)kind, .id = id};
    return send_bytes(self, route, &header, act_str(""));
}

static void send_error(broker_t *self, uint64_t route, uint64_t id, act_err_t err, const char *text)
{
    act_header_t header = {.kind = ACT_KIND_ERROR, .id = id, .err = (uint32_t)err};
    error_body_t error = {
        .text = act_str(text ? text : act_err_text(err)),
        .retry_after_ms = err == ACT_E_OVERLOADED ? RETRY_AFTER_MS : 0,
    };
    act_buf_reset(&self->scratch);
    error_body_pack(&error, &self->scratch);
    send_bytes(self, route, &header, act_buf_str(&self->scratch));
}

// --- the end of a call ---------------------------------------------------------------------------

// Takes the entry out of the list its state says it is in.
static void detach(entry_t *entry)
{
    if (entry->state == ENTRY_QUEUED)
        service_dequeue(entry->service, entry);
    else
        entry_list_remove(&entry->worker->in_flight, entry);
}

static void close_failed(broker_t *self, entry_t *entry, act_err_t err, const char *text)
{
    if (entry->caller)
        send_error(self, entry->caller->route, entry->caller_id, err, text);
    self->counters.failed++;
    ledger_close(self->ledger, &entry);
}

// Nobody waits for this call any more. A worker that has it keeps its credit until it answers.
static void abandon(broker_t *self, entry_t *entry)
{
    if (entry->state == ENTRY_QUEUED) {
        detach(entry);
        ledger_close(self->ledger, &entry);
        return;
    }
    send_control(self, entry->worker->route, ACT_KIND_CANCEL, entry->id);
    entry->state = ENTRY_ABANDONED;
    entry->caller = NULL;
    self->abandoned_count++;
}

static void close_abandoned(broker_t *self, entry_t *entry)
{
    self->abandoned_count--;
    ledger_close(self->ledger, &entry);
}

// --- dispatch ------------------------------------------------------------------------------------

static void lose_peer(broker_t *self, peer_t *peer);

// Sends an entry that is in no list. False when the worker turned out to be gone: then nothing was
// sent, and the entry is still in no list.
static bool dispatch(broker_t *self, entry_t *entry, peer_t *worker)
{
    int64_t left_ms = entry->deadline_ms - now_ms(self);
    act_header_t header = entry->header;
    header.id = entry->id;
    header.budget_ms = left_ms > 0 ? (uint32_t)left_ms : 1;
    if (!self->io.send(self->io.context, worker->route, &header, entry->body))
        return false;
    entry->state = ENTRY_IN_FLIGHT;
    entry->worker = worker;
    entry->dispatched_us = self->now_us;
    entry_list_push(&worker->in_flight, entry);
    worker->calls++;
    return true;
}

// Gives an instance what waits for it, as far as its credit goes.
static void feed(broker_t *self, peer_t *peer)
{
    service_t *service = peer->service;
    while (service && peer->state == PEER_READY) {
        entry_t *entry = service_pick(service, peer);
        if (!entry)
            return;
        service_dequeue(service, entry);
        if (!dispatch(self, entry, peer)) {
            service_enqueue(service, entry, peer, /* at_front= */ true); // it was no attempt
            lose_peer(self, peer);
            return;
        }
    }
}

static void feed_all(broker_t *self, service_t *service)
{
    for (peer_t *peer = service->instances; peer; peer = peer->next_in_service)
        feed(self, peer);
}

// Queues an entry for whoever should get it, whom it returns; NULL: nobody is there.
static peer_t *enqueue(entry_t *entry, bool at_front)
{
    peer_t *peer = service_choose(entry->service, entry->header.key);
    bool has_key = !act_str_empty(entry->header.key);
    service_enqueue(entry->service, entry, has_key ? peer : NULL, at_front);
    return peer;
}

static void route(broker_t *self, entry_t *entry)
{
    peer_t *peer = enqueue(entry, /* at_front= */ false);
    if (peer)
        feed(self, peer);
}

// --- peers that go -------------------------------------------------------------------------------

// A worker is gone with this call: it is queued again, or its caller gets an answer.
static void retry_or_fail(broker_t *self, entry_t *entry)
{
    if (entry->state == ENTRY_ABANDONED) {
        close_abandoned(self, entry);
        return;
    }
    if (!(entry->header.flags & ACT_FLAG_RETRY_SAFE)) {
        close_failed(self, entry, ACT_E_WORKER_LOST, NULL);
        return;
    }
    if (entry->header.attempt >= self->limits.attempts_max_count) {
        close_failed(self, entry, ACT_E_DEAD_LETTER, NULL);
        return;
    }
    entry->header.attempt++;
    self->counters.requeued++;
    enqueue(entry, /* at_front= */ true);
}

// Moves an entry list out of its owner, so that handling it may fill the owner's list again.
static entry_t *pop_last(entry_list_t *list)
{
    entry_t *entry = list->last;
    if (entry)
        entry_list_remove(list, entry);
    return entry;
}

// What waits for this instance waits for others now. Newest first, so that pushing to the front
// restores the order.
static void requeue_waiting(peer_t *peer)
{
    for (int i = 0; i < ACT_CLASS_COUNT; i++)
        while (peer->queue[i].last) {
            entry_t *entry = peer->queue[i].last;
            service_dequeue(entry->service, entry);
            enqueue(entry, /* at_front= */ true);
        }
}

// A parked service has nobody who would come soon: when no instance is left, what waits is answered.
static void refuse_waiting(broker_t *self, service_t *service)
{
    if (!service->is_parked || service_choose(service, act_str("")))
        return;
    for (int i = 0; i < ACT_CLASS_COUNT; i++)
        while (service->queue[i].first) {
            entry_t *entry = service->queue[i].first;
            service_dequeue(service, entry);
            close_failed(self, entry, ACT_E_UNAVAILABLE, NULL);
        }
}

// The instance gets nothing any more; what it had goes elsewhere. All is queued before anything is
// sent, so that it leaves in its order.
static void lose_peer(broker_t *self, peer_t *peer)
{
    peer->state = PEER_LOST;
    requeue_waiting(peer);
    for (entry_t *entry = pop_last(&peer->in_flight); entry; entry = pop_last(&peer->in_flight))
        retry_or_fail(self, entry);
    if (!peer->service)
        return;
    refuse_waiting(self, peer->service);
    feed_all(self, peer->service);
}

static void drop_calls_of(broker_t *self, const peer_t *caller)
{
    uint32_t index = 0;
    for (entry_t *entry = ledger_next(self->ledger, &index); entry;
         entry = ledger_next(self->ledger, &index)) {
        if (entry->caller != caller)
            continue;
        entry->caller = NULL;
        if (!entry->service)
            continue; // the broker's own call: broker_answer ends it
        self->counters.cancelled++;
        abandon(self, entry);
    }
}

static void remove_peer(broker_t *self, peer_t *peer)
{
    lose_peer(self, peer);
    drop_calls_of(self, peer);
    topics_forget(self->topics, peer);
    if (peer->service)
        service_leave(peer->service, peer);
    peers_remove(self->peers, &peer);
}

// --- frames in -----------------------------------------------------------------------------------

static void send_welcome(broker_t *self, uint64_t route)
{
    welcome_t welcome = {.epoch = self->limits.epoch, .ping_ms = self->limits.ping_ms};
    act_buf_reset(&self->scratch);
    welcome_pack(&welcome, &self->scratch);
    act_header_t header = {.kind = ACT_KIND_WELCOME};
    send_bytes(self, route, &header, act_buf_str(&self->scratch));
}

static void refuse(broker_t *self, uint64_t route, act_err_t err)
{
    act_header_t header = {.kind = ACT_KIND_REFUSED, .err = (uint32_t)err};
    self->counters.refused++;
    send_bytes(self, route, &header, act_str(""));
}

// The peer of a HELLO: known by its connection, or by name when the same process comes back on a new
// connection. Another process under a name that is taken replaces it: the old one is dead or will be.
static peer_t *peer_of_hello(broker_t *self, uint64_t route, const hello_t *hello)
{
    peer_t *peer = peers_find(self->peers, route);
    if (peer && act_str_is(hello->instance, peer->instance))
        return peer;
    if (peer)
        remove_peer(self, peer);
    peer = peers_find_instance(self->peers, hello->instance);
    if (peer && peer->pid == hello->pid && peer->pid_start == hello->pid_start) {
        lose_peer(self, peer); // calls and answers on their way went with the old connection
        peers_set_route(self->peers, peer, route);
        return peer;
    }
    if (peer)
        remove_peer(self, peer);
    peer = peers_add(self->peers, route, hello->actor, hello->instance);
    if (!peer)
        return NULL;
    peer->since_ms = now_ms(self);
    if (!act_str_empty(hello->service)) {
        service_t *service = services_put(self->services, hello->service);
        if (service)
            service_join(service, peer);
    }
    return peer;
}

static void set_ready(broker_t *self, peer_t *peer)
{
    peer->was_ready = true;
    if (peer->state == PEER_READY || peer->state == PEER_DRAINING)
        return;
    peer->state = peer->is_draining ? PEER_DRAINING : PEER_READY;
    if (peer->is_draining)
        return;
    self->io.on_ready(self->io.context, peer);
    if (!peer->service)
        return;
    // Calls that waited while nobody was there belong to instances now: queue keyed ones anew.
    for (int i = 0; i < ACT_CLASS_COUNT; i++) {
        entry_list_t waiting = peer->service->queue[i];
        for (entry_t *entry = waiting.first, *next = NULL; entry; entry = next) {
            next = entry->next;
            if (act_str_empty(entry->header.key))
                continue;
            service_dequeue(peer->service, entry);
            service_enqueue(peer->service, entry, service_choose(peer->service, entry->header.key),
                            /* at_front= */ false);
        }
    }
    feed_all(self, peer->service);
}

static void on_hello(broker_t *self, uint64_t route, const act_header_t *header, payload_t *body)
{
    hello_t hello = {0};
    const char *field = NULL;
    act_arena_reset(self->arena);
    if (hello_unpack(body->bytes, self->arena, &hello, &field) != ACT_E_OK ||
        hello.instance.len_bytes > ACT_HEADER_NAME_MAX_BYTES ||
        act_str_is(hello.service, BUS_SERVICE)) {
        self->counters.malformed++;
        refuse(self, route, ACT_E_MALFORMED);
        return;
    }
    peer_t *peer = peer_of_hello(self, route, &hello);
    if (!peer) {
        refuse(self, route, ACT_E_OVERLOADED);
        return;
    }
    peer->pid = hello.pid;
    peer->pid_start = hello.pid_start;
    peer->credit_messages = header->credit_messages;
    peer->credit_bytes = header->credit_bytes;
    peer->heard_ms = now_ms(self);
    send_welcome(self, route);
    self->io.on_hello(self->io.context, peer);
    if (hello.is_ready)
        set_ready(self, peer);
    feed(self, peer); // its credit may have grown
}

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
    entry->deadline_ms = now_ms(self) + header->budget_ms;
    entry->accepted_us = self->now_us;
    entry->sequence = ++self->sequence;
    self->counters.accepted++;
    return entry;
}

static void on_bus_call(broker_t *self, peer_t *caller, const act_header_t *header, payload_t *body)
{
    entry_t *entry = accept_call(self, caller, header, body);
    if (!entry) {
        send_error(self, caller->route, header->id, ACT_E_OVERLOADED, NULL);
        return;
    }
    // The broker itself is the worker: the entry is in no list until broker_answer.
    entry->state = ENTRY_IN_FLIGHT;
    self->io.on_bus_call(self->io.context, &entry->header, body->bytes, entry->id);
}

static void on_call(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    act_header_t stamped = *header;
    stamped.sender = act_str(peer->instance);
    if (act_str_is(header->service, BUS_SERVICE)) {
        on_bus_call(self, peer, &stamped, body);
        return;
    }
    service_t *service = services_find(self->services, header->service);
    act_err_t err = check_call(self, header, service, body->bytes.len_bytes);
    entry_t *entry = err == ACT_E_OK ? accept_call(self, peer, &stamped, body) : NULL;
    if (!entry) {
        self->counters.refused++;
        send_error(self, peer->route, header->id, err == ACT_E_OK ? ACT_E_OVERLOADED : err, NULL);
        return;
    }
    entry->service = service;
    route(self, entry);
}

static void on_cast(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    service_t *service = services_find(self->services, header->service);
    peer_t *target = service ? service_choose(service, header->key) : NULL;
    if (!target || header->hops > ACT_HEADER_MAX_HOPS)
        return; // a hint that nobody can take is lost; that is what a hint is
    act_header_t stamped = *header;
    stamped.sender = act_str(peer->instance);
    stamped.id = 0;
    self->counters.casts++;
    if (!self->io.send(self->io.context, target->route, &stamped, body))
        lose_peer(self, target);
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

static void on_answer(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    entry_t *entry = ledger_find(self->ledger, header->id);
    if (!entry || entry->worker != peer || entry->state == ENTRY_QUEUED) {
        self->counters.late++;
        return;
    }
    detach(entry);
    latency_add(&peer->latency, now_ms(self), self->now_us - entry->accepted_us);
    bool is_error = header->kind == ACT_KIND_ERROR;
    peer->errors += is_error;
    if (entry->state == ENTRY_ABANDONED) {
        close_abandoned(self, entry);
    } else {
        forward_answer(self, entry, peer, header, body);
        *(is_error ? &self->counters.failed : &self->counters.replied) += 1;
        ledger_close(self->ledger, &entry);
    }
    feed(self, peer);
}

static void on_cancel(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    (void)body;
    uint32_t index = 0;
    for (entry_t *entry = ledger_next(self->ledger, &index); entry;
         entry = ledger_next(self->ledger, &index))
        if (entry->caller == peer && entry->caller_id == header->id && entry->service) {
            self->counters.cancelled++;
            abandon(self, entry);
            return;
        }
}

static void on_subscribe(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    (void)body;
    if (!topics_subscribe(self->topics, header->service, peer))
        self->counters.refused++;
}

static void on_unsubscribe(broker_t *self, peer_t *peer, const act_header_t *header,
                           payload_t *body)
{
    (void)body;
    topics_unsubscribe(self->topics, header->service, peer);
}

typedef struct {
    broker_t *broker;
    const act_header_t *header;
    const payload_t *body;
} event_t;

static void send_event(void *context, peer_t *peer)
{
    const event_t *event = context;
    broker_t *self = event->broker;
    if (self->io.send(self->io.context, peer->route, event->header, event->body))
        self->counters.events++;
    else
        self->counters.events_dropped++;
}

static void on_event(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    act_header_t stamped = *header;
    stamped.sender = act_str(peer->instance);
    event_t event = {self, &stamped, body};
    topics_each(self->topics, header->service, send_event, &event);
}

static void on_stats(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    stats_t stats = {0};
    act_arena_reset(self->arena);
    if (header->kind == ACT_KIND_PING)
        send_control(self, peer->route, ACT_KIND_PONG, 0);
    if (stats_unpack(body->bytes, self->arena, &stats, NULL) != ACT_E_OK)
        return;
    act_buf_reset(&peer->stats);
    act_buf_add_str(&peer->stats, body->bytes);
    if (stats.is_ready)
        set_ready(self, peer);
}

static void on_bye(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    (void)header;
    (void)body;
    remove_peer(self, peer);
}

static void on_forbidden(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    (void)peer;
    (void)header;
    (void)body;
    self->counters.malformed++; // a kind that only the broker may send
}

typedef void on_kind_fn(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body);
static on_kind_fn *const on_kind[ACT_KIND_LAST + 1] = {
    [ACT_KIND_HELLO] = on_forbidden, // handled before a peer is known
    [ACT_KIND_WELCOME] = on_forbidden,
    [ACT_KIND_REFUSED] = on_forbidden,
    [ACT_KIND_HELLO_AGAIN] = on_forbidden,
    [ACT_KIND_CALL] = on_call,
    [ACT_KIND_REPLY] = on_answer,
    [ACT_KIND_ERROR] = on_answer,
    [ACT_KIND_CANCEL] = on_cancel,
    [ACT_KIND_CAST] = on_cast,
    [ACT_KIND_SUBSCRIBE] = on_subscribe,
    [ACT_KIND_UNSUBSCRIBE] = on_unsubscribe,
    [ACT_KIND_EVENT] = on_event,
    [ACT_KIND_PING] = on_stats,
    [ACT_KIND_PONG] = on_stats,
    [ACT_KIND_DRAIN] = on_forbidden,
    [ACT_KIND_BYE] = on_bye,
};

void broker_set_time(broker_t *self, int64_t now_us)
{
    self->now_us = now_us;
}

void broker_on_frame(broker_t *self, uint64_t route, const act_header_t *header, payload_t *body)
{
    if (header->kind == ACT_KIND_HELLO) {
        on_hello(self, route, header, body);
        return;
    }
    peer_t *peer = peers_find(self->peers, route);
    if (!peer) {
        send_control(self, route, ACT_KIND_HELLO_AGAIN, 0);
        return;
    }
    peer->heard_ms = now_ms(self);
    peer->pinged_ms = 0;
    if (peer->state == PEER_LOST && peer->was_ready && header->kind != ACT_KIND_BYE)
        set_ready(self, peer);
    on_kind[header->kind](self, peer, header, body);
}

void broker_on_malformed(broker_t *self, uint64_t route)
{
    (void)route;
    self->counters.malformed++;
}

// --- time ----------------------------------------------------------------------------------------

static void expire_calls(broker_t *self)
{
    uint32_t index = 0;
    for (entry_t *entry = ledger_next(self->ledger, &index); entry;
         entry = ledger_next(self->ledger, &index)) {
        if (entry->deadline_ms > now_ms(self) || entry->state == ENTRY_ABANDONED || !entry->service)
            continue;
        if (entry->caller)
            send_error(self, entry->caller->route, entry->caller_id, ACT_E_DEADLINE, NULL);
        self->counters.failed++;
        abandon(self, entry);
    }
}

static void look_after_peer(broker_t *self, peer_t *peer)
{
    int64_t silent_ms = now_ms(self) - peer->heard_ms;
    if (silent_ms >= self->limits.lost_ms && peer->state != PEER_LOST) {
        lose_peer(self, peer);
        return;
    }
    if (silent_ms < self->limits.ping_ms || now_ms(self) - peer->pinged_ms < self->limits.ping_ms)
        return;
    peer->pinged_ms = now_ms(self);
    if (!send_control(self, peer->route, ACT_KIND_PING, 0) && silent_ms >= self->limits.lost_ms)
        remove_peer(self, peer);
}

void broker_on_tick(broker_t *self)
{
    expire_calls(self);
    uint32_t index = 0;
    for (peer_t *peer = peers_next(self->peers, &index); peer;
         peer = peers_next(self->peers, &index))
        look_after_peer(self, peer);
}

void broker_on_death(broker_t *self, act_str_t instance, uint64_t pid_start)
{
    peer_t *peer = peers_find_instance(self->peers, instance);
    if (peer && peer->pid_start == pid_start)
        remove_peer(self, peer);
}

// --- the supervisor's side -----------------------------------------------------------------------

void broker_expect_service(broker_t *self, act_str_t name)
{
    service_t *service = services_put(self->services, name);
    if (service)
        service->is_expected = true;
}

void broker_park_service(broker_t *self, act_str_t name, bool is_parked)
{
    service_t *service = services_find(self->services, name);
    if (!service || service->is_parked == is_parked)
        return;
    service->is_parked = is_parked;
    refuse_waiting(self, service);
}

bool broker_drain(broker_t *self, act_str_t instance)
{
    peer_t *peer = peers_find_instance(self->peers, instance);
    if (!peer)
        return false;
    peer->state = PEER_DRAINING;
    peer->is_draining = true;
    requeue_waiting(peer);
    if (peer->service)
        feed_all(self, peer->service);
    return send_control(self, peer->route, ACT_KIND_DRAIN, 0);
}

void broker_answer(broker_t *self, uint64_t call_id, act_err_t err, act_str_t body)
{
    entry_t *entry = ledger_find(self->ledger, call_id);
    if (!entry)
        return;
    if (err != ACT_E_OK) {
        close_failed(self, entry, err, NULL);
        return;
    }
    act_header_t header = {.kind = ACT_KIND_REPLY, .id = entry->caller_id};
    if (entry->caller)
        send_bytes(self, entry->caller->route, &header, body);
    self->counters.replied++;
    ledger_close(self->ledger, &entry);
}

void broker_say_bye(broker_t *self)
{
    uint32_t index = 0;
    for (peer_t *peer = peers_next(self->peers, &index); peer;
         peer = peers_next(self->peers, &index))
        send_control(self, peer->route, ACT_KIND_BYE, 0);
}

// --- views ---------------------------------------------------------------------------------------

const ledger_counters_t *broker_counters(const broker_t *self)
{
    return &self->counters;
}

uint32_t broker_open_count(const broker_t *self)
{
    return ledger_count(self->ledger) - self->abandoned_count;
}

uint64_t broker_epoch(const broker_t *self)
{
    return self->limits.epoch;
}

int64_t broker_now_ms(const broker_t *self)
{
    return now_ms(self);
}

peers_t *broker_peers(broker_t *self)
{
    return self->peers;
}

services_t *broker_services(broker_t *self)
{
    return self->services;
}
