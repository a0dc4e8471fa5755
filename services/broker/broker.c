// broker: its life, the table of frame kinds, time, and what the supervisor and the views ask.
#include "broker_private.h"

broker_t *broker_new(const broker_limits_t *limits, const broker_io_t *io)
{
    broker_t *self = act_alloc(sizeof *self);
    self->limits = *limits;
    self->io = *io;
    self->peers = peers_new();
    self->services = services_new();
    self->ledger = ledger_new();
    self->lanes = lanes_new();
    self->outcomes =
        outcomes_new(limits->outcomes_max_count, limits->outcomes_max_bytes, limits->dedupe_ms);
    self->topics = topics_new();
    self->traces = traces_new(&limits->traces);
    self->edges = edges_new();
    self->taps = taps_new(limits->tap_dir);
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
    traces_destroy(&self->traces);
    edges_destroy(&self->edges);
    taps_destroy(&self->taps);
    outcomes_destroy(&self->outcomes);
    lanes_destroy(&self->lanes);
    ledger_destroy(&self->ledger);
    services_destroy(&self->services);
    peers_destroy(&self->peers);
    act_arena_destroy(&self->arena);
    act_buf_fini(&self->scratch);
    act_free(act_take(self_p));
}

// --- frames in -----------------------------------------------------------------------------------

static void on_forbidden(broker_t *self, peer_t *peer, const act_header_t *header, payload_t *body)
{
    (void)peer;
    (void)header;
    (void)body;
    self->counters.malformed++; // a kind that only the broker may send
}

static broker_on_kind_fn *const on_kind[ACT_KIND_LAST + 1] = {
    [ACT_KIND_HELLO] = on_forbidden, // handled before a peer is known
    [ACT_KIND_WELCOME] = on_forbidden,
    [ACT_KIND_REFUSED] = on_forbidden,
    [ACT_KIND_HELLO_AGAIN] = on_forbidden,
    [ACT_KIND_CALL] = broker_on_call,
    [ACT_KIND_REPLY] = broker_on_answer,
    [ACT_KIND_ERROR] = broker_on_answer,
    [ACT_KIND_CANCEL] = broker_on_cancel,
    [ACT_KIND_CAST] = broker_on_cast,
    [ACT_KIND_SUBSCRIBE] = broker_on_subscribe,
    [ACT_KIND_UNSUBSCRIBE] = broker_on_unsubscribe,
    [ACT_KIND_EVENT] = broker_on_event,
    [ACT_KIND_PING] = broker_on_stats,
    [ACT_KIND_PONG] = broker_on_stats,
    [ACT_KIND_DRAIN] = on_forbidden,
    [ACT_KIND_BYE] = broker_on_bye,
    [ACT_KIND_PARTIAL] = broker_on_partial,
    [ACT_KIND_CREDIT] = broker_on_credit,
};

void broker_set_time(broker_t *self, int64_t now_us)
{
    self->now_us = now_us;
}

void broker_on_frame(broker_t *self, uint64_t route, const act_header_t *header, payload_t *body)
{
    if (header->kind == ACT_KIND_HELLO) {
        broker_on_hello(self, route, header, body);
        broker_settle(self);
        return;
    }
    peer_t *peer = peers_find(self->peers, route);
    if (!peer) {
        broker_send_control(self, route, ACT_KIND_HELLO_AGAIN, 0);
        return;
    }
    if (!broker_is_allowed(self, peer, header))
        return;
    peer->heard_ms = broker_now_ms(self);
    peer->pinged_ms = 0;
    if (taps_are_open(self->taps))
        taps_record(self->taps, peer, /* is_in= */ true, header, body->bytes, self->now_us);
    if (peer->state == PEER_LOST && peer->was_ready && header->kind != ACT_KIND_BYE)
        broker_set_ready(self, peer);
    on_kind[header->kind](self, peer, header, body);
    broker_settle(self);
}

void broker_on_malformed(broker_t *self, uint64_t route)
{
    (void)route;
    self->counters.malformed++;
}

// --- time ----------------------------------------------------------------------------------------

void broker_on_tick(broker_t *self)
{
    broker_expire_calls(self);
    taps_on_tick(self->taps, self->now_us);
    uint32_t index = 0;
    for (peer_t *peer = peers_next(self->peers, &index); peer;
         peer = peers_next(self->peers, &index))
        broker_look_after_peer(self, peer);
    index = 0;
    for (service_t *service = services_next(self->services, &index); service;
         service = services_next(self->services, &index))
        if (service->queued_by_class[ACT_CLASS_BULK] > 0)
            broker_feed_later(self, service); // its share grows when interactive calls stay away
    broker_settle(self);
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
    broker_refuse_waiting(self, service);
    broker_settle(self);
}

void broker_say_bye(broker_t *self)
{
    uint32_t index = 0;
    for (peer_t *peer = peers_next(self->peers, &index); peer;
         peer = peers_next(self->peers, &index))
        broker_send_control(self, peer->route, ACT_KIND_BYE, 0);
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
    return self->now_us / 1000;
}

const acl_t *broker_acl(const broker_t *self)
{
    return self->limits.acl;
}

peers_t *broker_peers(broker_t *self)
{
    return self->peers;
}

services_t *broker_services(broker_t *self)
{
    return self->services;
}

traces_t *broker_traces(broker_t *self)
{
    return self->traces;
}

edges_t *broker_edges(broker_t *self)
{
    return self->edges;
}

taps_t *broker_taps(broker_t *self)
{
    return self->taps;
}
