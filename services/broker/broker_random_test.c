// broker_random_test: 100,000 random events, and what must hold after each of them. The seed is
// printed; PARLEY_SEED=... repeats a run.
#include "broker.h"

#include "base/id.h"
#include "harness/broker_kit.h"
#include "harness/model_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EVENTS_COUNT 100000
#define KEYS_COUNT 20
#define CREDIT_MESSAGES 4
#define CREDIT_BYTES 600

// Routes: clients first, then workers; the first half of the workers serve "session".
enum { CLIENTS_FIRST = 1, CLIENTS_END = 5, WORKERS_FIRST = 10, WORKERS_END = 18, SPLIT = 14 };

typedef struct {
    broker_kit_t *kit;
    model_random_t random;
    uint64_t next_id;                 // of calls; unique among all clients
    uint8_t *answers_count;           // by id
    uint8_t *callers;                 // by id: the client's route
    bool *may_be_silent;              // by id: cancelled, or its caller went
    uint64_t held[WORKERS_END][1024]; // the broker's ids that a worker has not answered
    uint32_t held_count[WORKERS_END];
    bool is_alive[WORKERS_END];
} fixture_t;

static uint32_t below(fixture_t *self, uint32_t limit)
{
    return model_random_below(&self->random, limit);
}

static uint64_t any_client(fixture_t *self)
{
    return CLIENTS_FIRST + below(self, CLIENTS_END - CLIENTS_FIRST);
}

static uint64_t any_worker(fixture_t *self)
{
    return WORKERS_FIRST + below(self, WORKERS_END - WORKERS_FIRST);
}

static const char *service_of(uint64_t worker)
{
    return worker < SPLIT ? "session" : "delivery";
}

static void name_of(uint64_t worker, char *ret_name, size_t size_bytes)
{
    snprintf(ret_name, size_bytes, "%s-%d", service_of(worker), (int)worker);
}

// --- what happens --------------------------------------------------------------------------------

static void start_worker(fixture_t *self, uint64_t worker)
{
    char name[32];
    name_of(worker, name, sizeof name);
    self->is_alive[worker] = true;
    self->kit->is_gone[worker] = false;
    broker_kit_hello(self->kit, worker, service_of(worker), name, /* is_ready= */ true,
                     CREDIT_MESSAGES, CREDIT_BYTES);
}

static void call(fixture_t *self)
{
    uint64_t client = any_client(self), id = ++self->next_id;
    self->callers[id] = (uint8_t)client;
    char key[32];
    snprintf(key, sizeof key, "conv-%u", below(self, KEYS_COUNT));
    act_header_t header = broker_kit_call_header(id, below(self, 2) ? "session" : "delivery",
                                                 below(self, 2) ? key : NULL);
    header.class_ = (uint8_t)below(self, ACT_CLASS_COUNT);
    header.flags = below(self, 4) ? ACT_FLAG_RETRY_SAFE : 0;
    header.budget_ms = below(self, 3000);
    char body[700] = "";
    size_t len_bytes = below(self, 20) ? below(self, 200) : sizeof body;
    if (!broker_kit_peer(self->kit, client))
        self->may_be_silent[id] = true; // it said BYE: the broker asks for a HELLO instead
    broker_kit_send(self->kit, client, &header, act_str_of(body, len_bytes));
}

static void answer(fixture_t *self, uint64_t worker)
{
    uint32_t count = self->held_count[worker];
    if (count == 0 || !self->is_alive[worker])
        return;
    uint32_t pick = below(self, count);
    uint64_t id = self->held[worker][pick];
    self->held[worker][pick] = self->held[worker][count - 1];
    self->held_count[worker]--;
    broker_kit_send_kind(self->kit, worker, below(self, 5) ? ACT_KIND_REPLY : ACT_KIND_ERROR, id);
}

static void cancel(fixture_t *self)
{
    uint64_t client = any_client(self);
    uint64_t id = self->next_id ? 1 + below(self, (uint32_t)self->next_id) : 0;
    uint64_t before = broker_counters(self->kit->broker)->cancelled;
    broker_kit_send_kind(self->kit, client, ACT_KIND_CANCEL, id);
    if (broker_counters(self->kit->broker)->cancelled > before)
        self->may_be_silent[id] = true;
}

static void kill_worker(fixture_t *self)
{
    uint64_t worker = any_worker(self);
    char name[32];
    name_of(worker, name, sizeof name);
    if (!self->is_alive[worker]) {
        start_worker(self, worker);
        return;
    }
    self->is_alive[worker] = false;
    self->held_count[worker] = 0;
    // Usually the supervisor tells; sometimes sends just begin to fail.
    self->kit->is_gone[worker] = true;
    if (below(self, 2))
        broker_on_death(self->kit->broker, act_str(name), worker,
                        /* has_crashed= */ below(self, 2));
}

static void come_and_go(fixture_t *self)
{
    uint64_t client = any_client(self);
    if (!broker_kit_peer(self->kit, client)) {
        broker_kit_client(self->kit, client);
        return;
    }
    for (uint64_t id = 1; id <= self->next_id; id++)
        if (self->callers[id] == client)
            self->may_be_silent[id] = true;
    broker_kit_send_kind(self->kit, client, ACT_KIND_BYE, 0);
}

static void say_nonsense(fixture_t *self)
{
    uint64_t route = below(self, 2) ? any_client(self) : any_worker(self);
    act_header_t header = {.kind = (uint8_t)(ACT_KIND_WELCOME + below(self, 14)),
                           .id = below(self, 3) ? model_random_next(&self->random) : 0,
                           .service = ACT_STR("session")};
    bool is_bye = header.kind == ACT_KIND_BYE || header.kind == ACT_KIND_CALL;
    if (!is_bye && self->is_alive[route])
        broker_kit_send(self->kit, route, &header, act_str(""));
}

static void park(fixture_t *self)
{
    broker_park_service(self->kit->broker, act_str("delivery"), below(self, 3) == 0);
}

static void drain(fixture_t *self)
{
    uint64_t worker = any_worker(self);
    char name[32];
    name_of(worker, name, sizeof name);
    if (self->is_alive[worker] && broker_drain(self->kit->broker, act_str(name)) &&
        below(self, 2)) {
        self->is_alive[worker] = false;
        self->held_count[worker] = 0;
        broker_kit_send_kind(self->kit, worker, ACT_KIND_BYE, 0);
    }
}

static void step(fixture_t *self)
{
    uint32_t pick = below(self, 1000);
    if (pick < 400)
        call(self);
    else if (pick < 850)
        answer(self, any_worker(self));
    else if (pick < 900)
        broker_kit_pass_ms(self->kit, below(self, 100));
    else if (pick < 930)
        cancel(self);
    else if (pick < 970)
        kill_worker(self);
    else if (pick < 972)
        come_and_go(self);
    else if (pick < 985)
        say_nonsense(self);
    else if (pick < 990)
        park(self);
    else if (pick < 995)
        drain(self);
    else
        broker_kit_pass_ms(self->kit, below(self, 6000)); // long enough to be lost
}

// --- what must hold ------------------------------------------------------------------------------

static void take_frames(fixture_t *self)
{
    broker_kit_t *kit = self->kit;
    for (uint32_t i = 0; i < kit->frames_count; i++) {
        const kit_frame_t *frame = &kit->frames[i];
        uint8_t kind = frame->header.kind;
        if (frame->route >= WORKERS_FIRST && kind == ACT_KIND_CALL) {
            assert_true(self->held_count[frame->route] < ACT_COUNT(self->held[0]));
            self->held[frame->route][self->held_count[frame->route]++] = frame->header.id;
        }
        if (frame->route < CLIENTS_END && (kind == ACT_KIND_REPLY || kind == ACT_KIND_ERROR)) {
            assert_true(frame->header.id <= self->next_id);
            assert_int_equal(++self->answers_count[frame->header.id], 1);
        }
    }
    broker_kit_forget(kit);
}

static uint32_t check_peers(fixture_t *self)
{
    uint32_t index = 0, queued_count = 0;
    peers_t *peers = broker_peers(self->kit->broker);
    for (peer_t *peer = peers_next(peers, &index); peer; peer = peers_next(peers, &index)) {
        assert_true(peer->in_flight.count <= peer->credit_messages);
        assert_true(peer->in_flight.suspects_count <= 1);
        assert_true(peer->in_flight.count <= 1 || peer->in_flight.size_bytes <= peer->credit_bytes);
        queued_count += peer_queued_count(peer);
        assert_true(peer->state == PEER_READY || peer_queued_count(peer) == 0);
    }
    return queued_count;
}

static void check_queues(fixture_t *self)
{
    uint32_t index = 0, counted = check_peers(self), queued_count = 0;
    services_t *services = broker_services(self->kit->broker);
    for (service_t *service = services_next(services, &index); service;
         service = services_next(services, &index)) {
        queued_count += service->queued_count;
        for (int i = 0; i < ENTRY_QUEUES_COUNT; i++)
            counted += service->queue[i].count;
        assert_true(service->queued_count > 0 || service->queued_bytes == 0);
    }
    assert_int_equal(counted, queued_count);
}

// Calls wait only while nobody who could take them has credit.
static void check_nobody_idles(fixture_t *self)
{
    uint32_t index = 0;
    peers_t *peers = broker_peers(self->kit->broker);
    for (peer_t *peer = peers_next(peers, &index); peer; peer = peers_next(peers, &index))
        if (peer->service && peer->state == PEER_READY &&
            peer->in_flight.count + peer->ghosts_count == 0)
            assert_null(service_pick(peer->service, peer, broker_now_ms(self->kit->broker)));
}

static void check(fixture_t *self)
{
    take_frames(self);
    broker_kit_assert_conserved(self->kit);
    check_queues(self);
    check_nobody_idles(self);
}

static void let_all_end(fixture_t *self)
{
    for (int round = 0; round < 50; round++) {
        for (uint64_t worker = WORKERS_FIRST; worker < WORKERS_END; worker++)
            while (self->held_count[worker] > 0 && self->is_alive[worker])
                answer(self, worker);
        broker_kit_pass_ms(self->kit, 100);
        check(self);
    }
}

static uint64_t seed_of_run(void)
{
    const char *text = getenv("PARLEY_SEED");
    return text ? strtoull(text, NULL, 10) : act_random_u64();
}

static void everything_adds_up(void **state)
{
    (void)state;
    fixture_t *self = act_alloc(sizeof *self);
    uint64_t seed = seed_of_run();
    print_message("PARLEY_SEED=%llu\n", (unsigned long long)seed);
    self->random.state = seed;
    self->answers_count = act_alloc(EVENTS_COUNT + 1);
    self->callers = act_alloc(EVENTS_COUNT + 1);
    self->may_be_silent = act_alloc(EVENTS_COUNT + 1);
    self->kit = broker_kit_new(&broker_kit_limits);
    broker_expect_service(self->kit->broker, act_str("session"));
    for (uint64_t client = CLIENTS_FIRST; client < CLIENTS_END; client++)
        broker_kit_client(self->kit, client);
    for (uint64_t worker = WORKERS_FIRST; worker < WORKERS_END; worker++)
        start_worker(self, worker);
    for (int i = 0; i < EVENTS_COUNT; i++) {
        step(self);
        check(self);
    }
    let_all_end(self);
    assert_int_equal(broker_open_count(self->kit->broker), 0);
    for (uint64_t id = 1; id <= self->next_id; id++)
        if (self->answers_count[id] == 0 && !self->may_be_silent[id])
            fail_msg("call %llu was never answered", (unsigned long long)id);
    const ledger_counters_t *c = broker_counters(self->kit->broker);
    print_message("accepted %llu, replied %llu, failed %llu, cancelled %llu, requeued %llu\n",
                  (unsigned long long)c->accepted, (unsigned long long)c->replied,
                  (unsigned long long)c->failed, (unsigned long long)c->cancelled,
                  (unsigned long long)c->requeued);
    assert_true(c->replied > c->accepted / 4); // the run did something
    broker_kit_destroy(&self->kit);
    act_free(self->answers_count);
    act_free(self->callers);
    act_free(self->may_be_silent);
    act_free(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_adds_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
