// broker_world: faults, and the run: one event after the other.
#include "broker_world_private.h"

#include "base/arena.h"
#include "base/mem.h"
#include "harness/open_acl.h"

#include <stdio.h>

#define TICK_US 10000
#define HEARTBEAT_US 1000000
#define LOST_MS 3000
// The kernel and the supervisor tell of a death after this time (broker.md, fact 3).
#define DEATH_NOTICE_US 340

// --- faults --------------------------------------------------------------------------------------

static void kill_process(world_t *self, uint32_t number)
{
    actor_t *actor = &self->actors[number];
    if (actor->is_dead)
        return;
    self->result->kills++;
    actor->is_dead = true;
    actor->killed_us = self->now_us;
    actor->held_count = 0;
    world_after(self, DEATH_NOTICE_US, EV_NOTICE, number);
}

static void on_notice(world_t *self, const event_t *event)
{
    actor_t *actor = &self->actors[event->actor];
    char name[32];
    snprintf(name, sizeof name, "actor-%u", event->actor);
    actor->route = 0; // sends fail from now on
    oracle_on_taken(self->oracle, event->actor, actor->killed_us);
    broker_on_death(self->broker, act_str(name), actor->start, /* has_crashed= */ true);
    actor->is_dead = actor->is_paused = false; // the next process
    actor->stopped_until_us = 0;
    actor->start = ++self->next_start;
    world_connect_again(self, event->actor, 50000 + world_below(self, 400000));
}

static void break_connection(world_t *self, uint32_t number)
{
    if (self->actors[number].is_dead || !self->actors[number].is_welcome)
        return;
    self->result->breaks++;
    if (!world_is_worker(number))
        oracle_forget_client(self->oracle, number); // answers may have gone with it
    world_connect_again(self, number, 20000 + world_below(self, 180000));
}

// Row 2: one of those that are there, so that the kills are as many as were asked for.
static void kill_one(world_t *self)
{
    if (self->now_us < self->end_us)
        world_after(self, self->opts.kill_every_us, EV_FAULT, 0);
    uint32_t there[WORLD_WORKERS_COUNT], there_count = 0;
    for (uint32_t i = WORLD_CLIENTS_COUNT; i < WORLD_CLIENTS_COUNT + WORLD_WORKERS_COUNT / 2; i++)
        if (self->actors[i].is_welcome && !self->actors[i].is_dead)
            there[there_count++] = i;
    if (there_count > 0)
        kill_process(self, there[world_below(self, there_count)]);
}

static void fault(world_t *self)
{
    if (self->opts.kill_every_us > 0) {
        kill_one(self);
        return;
    }
    if (self->now_us < self->end_us)
        world_after(self, 1 + world_below(self, 4000000), EV_FAULT, 0);
    uint32_t worker = WORLD_CLIENTS_COUNT + world_below(self, WORLD_WORKERS_COUNT);
    actor_t *actor = &self->actors[worker];
    uint32_t pick = world_below(self, 10);
    if (pick < 4) {
        kill_process(self, worker);
    } else if (pick < 6) {
        self->result->stops++;
        int64_t until_us = self->now_us + 1000 * (int64_t)world_below(self, 6000);
        actor->stopped_until_us =
            until_us > actor->stopped_until_us ? until_us : actor->stopped_until_us;
    } else if (pick < 8) {
        break_connection(self, world_below(self, WORLD_ACTORS_COUNT));
    } else if (!actor->is_paused && !actor->is_dead) {
        self->result->pauses++;
        actor->is_paused = true;
        world_send_kind(self, worker, ACT_KIND_PING, 0);
        world_after(self, 1000 * (int64_t)world_below(self, 3000), EV_RESUME, worker);
    }
}

// --- the run -------------------------------------------------------------------------------------

static void deliver_up(world_t *self, event_t *event)
{
    act_header_t *header = &event->header;
    act_str_t body = act_str("");
    header->key = act_str(event->key);
    header->idempotency_key = act_str(event->idempotency_key);
    if (header->kind == ACT_KIND_HELLO) {
        body = world_hello(self, event->actor);
        if (world_is_worker(event->actor))
            oracle_on_taken(self->oracle, event->actor, self->now_us);
    } else if (header->kind == ACT_KIND_PING || header->kind == ACT_KIND_PONG) {
        body = world_stats(self, event->actor);
    } else if (header->kind == ACT_KIND_CALL) {
        body = act_str_of(&event->number, sizeof event->number);
        oracle_on_arrival(self->oracle, event->number, self->now_us);
    } else if (world_is_worker(event->actor)) {
        oracle_on_done(self->oracle, header->id, header->kind == ACT_KIND_REPLY, self->now_us);
    }
    payload_t *payload = payload_new(body);
    broker_on_frame(self->broker, self->actors[event->actor].route, header, payload);
    payload_unref(&payload);
    act_arena_reset(self->arena);
}

// What a process that stands still would do waits until it goes on.
static bool is_put_off(world_t *self, event_t *event)
{
    const actor_t *actor = &self->actors[event->actor];
    bool is_its_own = event->kind == EV_DONE || event->kind == EV_BEAT ||
                      event->kind == EV_RESUME || event->kind == EV_HELLO ||
                      event->kind == EV_TO_ACTOR;
    if (!is_its_own || self->now_us >= actor->stopped_until_us)
        return false;
    event->at_us = actor->stopped_until_us;
    world_push(self, event);
    return true;
}

static void on_beat(world_t *self, uint32_t number)
{
    world_expire_held(self, number);
    if (self->actors[number].is_welcome)
        world_send_kind(self, number, ACT_KIND_PING, 0);
    world_after(self, HEARTBEAT_US, EV_BEAT, number);
}

static void step(world_t *self, event_t *event)
{
    actor_t *actor = &self->actors[event->actor];
    bool is_of_process = event->start == actor->start && !actor->is_dead;
    bool is_of_connection = is_of_process && event->connection == actor->connection;
    if (is_put_off(self, event))
        return;
    switch (event->kind) {
    case EV_TO_BROKER:
        if (is_of_connection)
            deliver_up(self, event);
        break;
    case EV_TO_ACTOR:
        if (is_of_connection)
            world_on_frame(self, event);
        break;
    case EV_TICK:
        if (self->opts.mutant != MUTANT_NO_CLOCK)
            broker_on_tick(self->broker);
        world_after(self, TICK_US, EV_TICK, 0);
        break;
    case EV_CALL:
        world_ask(self, event->actor);
        break;
    case EV_DONE:
        if (is_of_process)
            world_end_held(self, event->actor, event->header.id,
                           world_below(self, 20) ? ACT_KIND_REPLY : ACT_KIND_ERROR);
        break;
    case EV_HELLO:
        if (is_of_connection && !actor->is_welcome)
            world_say_hello(self, event->actor);
        break;
    case EV_BEAT:
        on_beat(self, event->actor);
        break;
    case EV_FAULT:
        fault(self);
        break;
    case EV_NOTICE:
        on_notice(self, event);
        break;
    case EV_RESUME:
        if (is_of_process) {
            actor->is_paused = false;
            world_send_kind(self, event->actor, ACT_KIND_PING, 0);
        }
        break;
    }
}

static void check_conserved(world_t *self)
{
    const ledger_counters_t *c = broker_counters(self->broker);
    uint64_t ended = c->replied + c->failed + c->dead + c->cancelled;
    if (c->accepted != ended + broker_open_count(self->broker))
        oracle_violation(self->oracle, "accepted %llu is not ended %llu + open %u",
                         (unsigned long long)c->accepted, (unsigned long long)ended,
                         broker_open_count(self->broker));
}

static void on_peer(void *context, const peer_t *peer)
{
    (void)context;
    (void)peer;
}

static void on_bus_call(void *context, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    (void)context;
    (void)header;
    (void)body;
    (void)call_id;
}

static void start(world_t *self)
{
    world_after(self, TICK_US, EV_TICK, 0);
    world_after(self, 2000000, EV_FAULT, 0);
    for (uint32_t i = 0; i < WORLD_ACTORS_COUNT; i++) {
        self->actors[i].start = ++self->next_start;
        world_after(self, world_below(self, 100000), EV_HELLO, i);
        world_after(self, HEARTBEAT_US + world_below(self, HEARTBEAT_US), EV_BEAT, i);
        if (!world_is_worker(i))
            world_after(self, 500000, EV_CALL, i);
    }
}

static void report(world_t *self)
{
    const ledger_counters_t *c = broker_counters(self->broker);
    self->result->requeued = c->requeued;
    self->result->dead = c->dead;
    self->result->cancelled = c->cancelled;
    self->result->repeated = c->repeated;
    self->result->p99_requeue_us = oracle_p99_requeue_us(self->oracle);
}

void world_run(const world_opts_t *opts, world_result_t *ret_result)
{
    world_t *self = act_alloc(sizeof *self);
    *ret_result = (world_result_t){0};
    *self = (world_t){.opts = *opts, .result = ret_result, .now_us = 1000000};
    self->random.state = opts->seed;
    self->end_us = self->now_us + opts->duration_us;
    self->arena = act_arena_new();
    act_buf_init(&self->scratch, 65536);
    self->oracle = oracle_new(ret_result->violation, sizeof ret_result->violation);
    acl_t *acl = open_acl_new();
    broker_limits_t limits = {.epoch = 1,
                              .ping_ms = 1000,
                              .lost_ms = LOST_MS,
                              .queue_max_count = 2000,
                              .queue_max_bytes = 1u << 20,
                              .attempts_max_count = 3,
                              .dedupe_ms = 60000,
                              .outcomes_max_count = 1000,
                              .outcomes_max_bytes = 1u << 20,
                              .acl = acl};
    broker_io_t io = {world_on_send, on_peer, on_peer, on_bus_call, NULL, NULL, self};
    self->broker = broker_new(&limits, &io);
    broker_set_time(self->broker, self->now_us);
    start(self);
    // After the last call there is time for every budget to end.
    while (self->now_us < self->end_us + 15000000 && !ret_result->violation[0]) {
        event_t event = world_pop(self);
        self->now_us = event.at_us;
        broker_set_time(self->broker, self->now_us);
        step(self, &event);
        check_conserved(self);
    }
    oracle_at_end(self->oracle);
    report(self);
    broker_destroy(&self->broker);
    acl_destroy(&acl);
    oracle_destroy(&self->oracle);
    act_arena_destroy(&self->arena);
    act_buf_fini(&self->scratch);
    act_free(self->heap);
    act_free(self);
}

const char *world_mutant_name(mutant_t mutant)
{
    static const char *const names[] = {
        [MUTANT_NONE] = "none",
        [MUTANT_UNORDERED] = "unordered",
        [MUTANT_OVERCREDIT] = "overcredit",
        [MUTANT_LOST_ANSWER] = "lost-answer",
        [MUTANT_NO_CLOCK] = "no-clock",
    };
    return names[mutant];
}
