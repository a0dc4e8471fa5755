// broker_world: a heap of events, actors that behave as shared/actor does, and faults.
#include "broker_world.h"

#include "base/arena.h"
#include "base/assert.h"
#include "base/mem.h"
#include "broker_oracle.h"
#include "harness/open_acl.h"
#include "proto/broker.h"

#include <stdio.h>
#include <string.h>

#define TICK_US 10000
#define HEARTBEAT_US 1000000
#define LOST_MS 3000
#define HELD_MAX_COUNT 256
#define CREDIT_BYTES (1u << 20)
// The kernel and the supervisor tell of a death after this time (broker.md, fact 3).
#define DEATH_NOTICE_US 340

static const char *const services[] = {"turns", "store"};

typedef enum {
    EV_TO_BROKER, // a frame arrives
    EV_TO_ACTOR,
    EV_TICK,
    EV_CALL,  // a client asks
    EV_DONE,  // a worker has finished a call
    EV_HELLO, // an actor has a connection
    EV_BEAT,  // its heartbeat
    EV_FAULT,
    EV_NOTICE, // the supervisor has seen a death
    EV_RESUME, // it is not paused any more
} event_kind_t;

typedef struct {
    int64_t at_us;
    uint64_t order; // of events at the same time
    event_kind_t kind;
    uint32_t actor;
    uint32_t connection; // frames of an earlier one are gone
    uint64_t start;      // and of an earlier process
    act_header_t header; // service and method are literals, key and idempotency key are below
    uint32_t number;     // of the call in the body
    char key[16], idempotency_key[24];
} event_t;

typedef struct {
    uint64_t id;
    uint32_t number;
    int64_t deadline_us;
} held_t;

typedef struct {
    uint64_t route; // 0: no connection
    uint32_t connection;
    uint64_t start; // pid and its start
    bool is_dead, is_welcome, is_paused;
    int64_t stopped_until_us; // SIGSTOP
    int64_t killed_us;
    int64_t last_in_us, last_out_us; // connections keep order
    held_t held[HELD_MAX_COUNT];
    uint32_t held_count;
    uint32_t coming_count; // calls on their way to it
} actor_t;

typedef struct {
    uint32_t number, service;
    int64_t asked_us;
} effect_t;
#define EFFECTS_COUNT 32

typedef struct {
    world_opts_t opts;
    world_result_t *result;
    model_random_t random;
    int64_t now_us, end_us;
    event_t *heap;
    uint32_t heap_count, heap_capacity;
    uint64_t order;
    uint64_t next_route, next_start;
    broker_t *broker;
    oracle_t *oracle;
    actor_t actors[WORLD_ACTORS_COUNT];
    act_arena_t *arena;
    act_buf_t scratch;
    effect_t effects[EFFECTS_COUNT]; // the newest calls with an idempotency key
    uint32_t effects_count;
} world_t;

// --- events --------------------------------------------------------------------------------------

static bool is_before(const event_t *a, const event_t *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(event_t *a, event_t *b)
{
    event_t keep = *a;
    *a = *b;
    *b = keep;
}

static void push(world_t *self, const event_t *event)
{
    if (self->heap_count == self->heap_capacity) {
        self->heap_capacity = self->heap_capacity ? 2 * self->heap_capacity : 1024;
        self->heap = act_realloc(self->heap, self->heap_capacity * sizeof *self->heap);
    }
    uint32_t at = self->heap_count++;
    self->heap[at] = *event;
    if (event->order == 0) // else it was put off, and keeps its place among its like
        self->heap[at].order = ++self->order;
    for (; at > 0 && is_before(&self->heap[at], &self->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&self->heap[at], &self->heap[(at - 1) / 2]);
}

static event_t pop(world_t *self)
{
    event_t first = self->heap[0];
    self->heap[0] = self->heap[--self->heap_count];
    for (uint32_t at = 0;;) {
        uint32_t least = at, left = 2 * at + 1;
        for (uint32_t child = left; child < left + 2 && child < self->heap_count; child++)
            if (is_before(&self->heap[child], &self->heap[least]))
                least = child;
        if (least == at)
            return first;
        swap(&self->heap[at], &self->heap[least]);
        at = least;
    }
}

static uint32_t below(world_t *self, uint32_t limit)
{
    return model_random_below(&self->random, limit);
}

static void after(world_t *self, int64_t delay_us, event_kind_t kind, uint32_t actor)
{
    event_t event = {.at_us = self->now_us + delay_us, .kind = kind, .actor = actor};
    event.connection = self->actors[actor].connection;
    event.start = self->actors[actor].start;
    push(self, &event);
}

// --- the network ---------------------------------------------------------------------------------

static bool is_worker(uint32_t actor)
{
    return actor >= WORLD_CLIENTS_COUNT;
}

static const char *service_of(uint32_t actor)
{
    return services[(actor - WORLD_CLIENTS_COUNT) * 2 / WORLD_WORKERS_COUNT];
}

static int64_t delay(world_t *self)
{
    return below(self, 100) ? 50 + below(self, 400) : 1000 + below(self, 4000);
}

static void send_up(world_t *self, uint32_t number_of_actor, event_t *event)
{
    actor_t *actor = &self->actors[number_of_actor];
    if (actor->route == 0 || actor->is_dead)
        return;
    int64_t at_us = self->now_us + delay(self);
    event->at_us = at_us > actor->last_in_us ? at_us : actor->last_in_us;
    actor->last_in_us = event->at_us;
    event->kind = EV_TO_BROKER;
    event->actor = number_of_actor;
    event->connection = actor->connection;
    event->start = actor->start;
    push(self, event);
}

static void send_up_kind(world_t *self, uint32_t actor, act_kind_t kind, uint64_t id)
{
    event_t event = {.header = {.kind = (uint8_t)kind, .id = id}};
    send_up(self, actor, &event);
}

static uint32_t actor_of(const world_t *self, uint64_t route)
{
    for (uint32_t i = 0; i < WORLD_ACTORS_COUNT; i++)
        if (self->actors[i].route == route)
            return i;
    return WORLD_ACTORS_COUNT;
}

// Calls of an instance that the broker takes for lost, or has forgotten, are anyone's.
static void note_lost(world_t *self)
{
    bool is_there[WORLD_ACTORS_COUNT] = {false};
    uint32_t index = 0;
    peers_t *peers = broker_peers(self->broker);
    for (peer_t *peer = peers_next(peers, &index); peer; peer = peers_next(peers, &index))
        is_there[peer->pid] = peer->state != PEER_LOST;
    for (uint32_t actor = WORLD_CLIENTS_COUNT; actor < WORLD_ACTORS_COUNT; actor++)
        if (!is_there[actor])
            oracle_on_taken(self->oracle, actor, self->now_us);
}

static uint32_t number_of(act_str_t body)
{
    uint32_t number = UINT32_MAX;
    if (body.len_bytes == sizeof number)
        memcpy(&number, body.ptr, sizeof number);
    return number;
}

static bool on_send(void *context, uint64_t route, const act_header_t *header,
                    const payload_t *body)
{
    world_t *self = context;
    uint32_t to = actor_of(self, route);
    if (to == WORLD_ACTORS_COUNT)
        return false; // EHOSTUNREACH
    actor_t *actor = &self->actors[to];
    event_t event = {.kind = EV_TO_ACTOR,
                     .actor = to,
                     .connection = actor->connection,
                     .start = actor->start,
                     .header = *header,
                     .number = number_of(body->bytes)};
    event.header.key = event.header.idempotency_key = event.header.sender = act_str("");
    if (header->kind == ACT_KIND_CALL) {
        actor->coming_count++;
        note_lost(self);
        oracle_worker_t worker = {to, actor->held_count + actor->coming_count};
        oracle_on_grant(self->oracle, event.number, header, &worker, self->now_us);
    }
    bool is_answer = header->kind == ACT_KIND_REPLY || header->kind == ACT_KIND_ERROR;
    if (self->opts.mutant == MUTANT_LOST_ANSWER && is_answer && below(self, 1000) == 0)
        return true;
    int64_t at_us = self->now_us + delay(self);
    if (at_us < actor->stopped_until_us)
        at_us = actor->stopped_until_us;
    event.at_us = at_us > actor->last_out_us ? at_us : actor->last_out_us;
    actor->last_out_us = event.at_us;
    push(self, &event);
    return true;
}

// --- actors --------------------------------------------------------------------------------------

static act_str_t hello_of(world_t *self, uint32_t number)
{
    const actor_t *actor = &self->actors[number];
    char name[32];
    snprintf(name, sizeof name, "actor-%u", number);
    hello_t hello = {
        .actor = act_str(is_worker(number) ? service_of(number) : "client"),
        .instance = act_arena_str(self->arena, act_str(name)),
        .service = act_str(is_worker(number) ? service_of(number) : ""),
        .pid = (int32_t)number,
        .pid_start = actor->start,
        .is_ready = true,
    };
    act_buf_reset(&self->scratch);
    hello_pack(&hello, &self->scratch);
    return act_buf_str(&self->scratch);
}

static act_str_t stats_of(world_t *self, uint32_t number)
{
    stats_t stats = {.is_ready = true, .is_paused = self->actors[number].is_paused};
    act_buf_reset(&self->scratch);
    stats_pack(&stats, &self->scratch);
    return act_buf_str(&self->scratch);
}

static void connect_again(world_t *self, uint32_t number, int64_t in_us)
{
    actor_t *actor = &self->actors[number];
    actor->route = 0;
    actor->is_welcome = false;
    actor->connection++;
    actor->coming_count = 0;
    actor->last_in_us = actor->last_out_us = 0;
    after(self, in_us, EV_HELLO, number);
}

static void say_hello(world_t *self, uint32_t number)
{
    actor_t *actor = &self->actors[number];
    if (actor->route == 0)
        actor->route = ++self->next_route;
    uint32_t more = self->opts.mutant == MUTANT_OVERCREDIT ? 3 : 0;
    event_t event = {.header = {.kind = ACT_KIND_HELLO,
                                .credit_messages = WORLD_CREDIT + more,
                                .credit_bytes = CREDIT_BYTES}};
    send_up(self, number, &event);
    after(self, 300000, EV_HELLO, number); // again, unless there is a WELCOME by then
}

static void take_call(world_t *self, uint32_t number, const event_t *event)
{
    actor_t *actor = &self->actors[number];
    actor->coming_count--;
    act_assert(actor->held_count < HELD_MAX_COUNT);
    actor->held[actor->held_count++] = (held_t){
        event->header.id, event->number, self->now_us + (int64_t)event->header.budget_ms * 1000};
    int64_t work_us = below(self, 50) ? 500 + below(self, 8000) : 100000 + below(self, 900000);
    event_t done = {.at_us = self->now_us + work_us,
                    .kind = EV_DONE,
                    .actor = number,
                    .start = actor->start,
                    .header.id = event->header.id};
    push(self, &done);
}

// Ends a call it holds. False: it does not hold it.
static bool end_held(world_t *self, uint32_t number, uint64_t id, act_kind_t kind)
{
    actor_t *actor = &self->actors[number];
    for (uint32_t i = 0; i < actor->held_count; i++)
        if (actor->held[i].id == id) {
            actor->held[i] = actor->held[--actor->held_count];
            send_up_kind(self, number, kind, id);
            return true;
        }
    return false;
}

static void expire_held(world_t *self, uint32_t number)
{
    actor_t *actor = &self->actors[number];
    for (uint32_t i = actor->held_count; i > 0; i--)
        if (actor->held[i - 1].deadline_us <= self->now_us)
            end_held(self, number, actor->held[i - 1].id, ACT_KIND_ERROR);
}

static void on_frame_down(world_t *self, const event_t *event)
{
    actor_t *actor = &self->actors[event->actor];
    const act_header_t *header = &event->header;
    if (header->kind == ACT_KIND_WELCOME) {
        actor->is_welcome = true;
    } else if (header->kind == ACT_KIND_CALL) {
        take_call(self, event->actor, event);
    } else if (header->kind == ACT_KIND_CANCEL) {
        if (!end_held(self, event->actor, header->id, ACT_KIND_ERROR))
            send_up_kind(self, event->actor, ACT_KIND_ERROR, header->id);
    } else if (header->kind == ACT_KIND_HELLO_AGAIN) {
        actor->is_welcome = false;
        say_hello(self, event->actor);
    } else if (header->kind == ACT_KIND_PING) {
        send_up_kind(self, event->actor, ACT_KIND_PONG, header->id);
    } else if (header->kind == ACT_KIND_REPLY || header->kind == ACT_KIND_ERROR) {
        self->result->answers++;
        self->result->replies += header->kind == ACT_KIND_REPLY;
        oracle_on_answer(self->oracle, (uint32_t)header->id - 1, self->now_us);
    }
}

// A call of the last seconds to be repeated, or NULL.
static const effect_t *any_effect(world_t *self)
{
    if (self->effects_count == 0)
        return NULL;
    uint32_t count = self->effects_count < EFFECTS_COUNT ? self->effects_count : EFFECTS_COUNT;
    const effect_t *effect = &self->effects[below(self, count)];
    return self->now_us - effect->asked_us < 5000000 ? effect : NULL;
}

// Row 2: a call of one of many lanes.
static void ask_in_order(world_t *self, uint32_t client)
{
    uint32_t key = below(self, self->opts.keys_count), budget_ms = 2000 + below(self, 3000);
    uint32_t number = oracle_ask(self->oracle, client, key, ORACLE_NO_REPEAT, budget_ms);
    event_t event = {.number = number,
                     .header = {.kind = ACT_KIND_CALL,
                                .class_ = ACT_CLASS_INTERACTIVE,
                                .flags = ACT_FLAG_RETRY_SAFE | ACT_FLAG_ORDERED,
                                .id = number + 1,
                                .service = act_str(services[0]),
                                .method = ACT_STR("work"),
                                .budget_ms = budget_ms,
                                .attempt = 1}};
    if (self->opts.mutant == MUTANT_UNORDERED)
        event.header.flags &= ~(uint32_t)ACT_FLAG_ORDERED;
    snprintf(event.key, sizeof event.key, "k%u", key);
    self->result->calls++;
    send_up(self, client, &event);
}

static void ask(world_t *self, uint32_t client)
{
    uint32_t mean_us = 1000000 * WORLD_CLIENTS_COUNT / self->opts.calls_per_s;
    if (self->now_us < self->end_us)
        after(self, 1 + below(self, 2 * mean_us), EV_CALL, client);
    if (!self->actors[client].is_welcome || self->now_us >= self->end_us)
        return;
    if (self->opts.kill_every_us > 0) {
        ask_in_order(self, client);
        return;
    }
    event_t event = {0};
    uint32_t service = below(self, 2), key = below(self, self->opts.keys_count);
    bool has_key = below(self, 4) > 0;
    bool is_ordered = has_key && below(self, 3) > 0;
    uint32_t budget_ms = below(self, 10) ? 2000 + below(self, 3000) : 20 + below(self, 400);
    const effect_t *effect = is_ordered || below(self, 10) ? NULL : any_effect(self);
    if (effect)
        service = effect->service;
    uint32_t number = oracle_ask(self->oracle, client,
                                 is_ordered ? service * WORLD_KEYS_MAX_COUNT + key : ORACLE_NO_LANE,
                                 effect ? effect->number : ORACLE_NO_REPEAT, budget_ms);
    bool is_first = !is_ordered && !effect && below(self, 5) == 0;
    if (is_first)
        self->effects[self->effects_count++ % EFFECTS_COUNT] =
            (effect_t){number, service, self->now_us};
    if (is_first || effect)
        snprintf(event.idempotency_key, sizeof event.idempotency_key, "effect-%u",
                 effect ? effect->number : number);
    event.header = (act_header_t){
        .kind = ACT_KIND_CALL,
        .class_ = (uint8_t)below(self, ACT_CLASS_COUNT),
        .flags = (below(self, 8) ? ACT_FLAG_RETRY_SAFE : 0) | (is_ordered ? ACT_FLAG_ORDERED : 0),
        .id = number + 1,
        .service = act_str(services[service]),
        .method = ACT_STR("work"),
        .budget_ms = budget_ms,
        .attempt = 1,
    };
    if (self->opts.mutant == MUTANT_UNORDERED)
        event.header.flags &= ~(uint32_t)ACT_FLAG_ORDERED;
    if (has_key)
        snprintf(event.key, sizeof event.key, "k%u", key);
    event.number = number;
    self->result->calls++;
    send_up(self, client, &event);
    if (below(self, 50) == 0) { // it does not wait for it after all
        oracle_let_go(self->oracle, number);
        send_up_kind(self, client, ACT_KIND_CANCEL, number + 1);
    }
}

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
    after(self, DEATH_NOTICE_US, EV_NOTICE, number);
}

static void on_notice(world_t *self, const event_t *event)
{
    actor_t *actor = &self->actors[event->actor];
    char name[32];
    snprintf(name, sizeof name, "actor-%u", event->actor);
    actor->route = 0; // sends fail from now on
    oracle_on_taken(self->oracle, event->actor, actor->killed_us);
    broker_on_death(self->broker, act_str(name), actor->start);
    actor->is_dead = actor->is_paused = false; // the next process
    actor->stopped_until_us = 0;
    actor->start = ++self->next_start;
    connect_again(self, event->actor, 50000 + below(self, 400000));
}

static void break_connection(world_t *self, uint32_t number)
{
    if (self->actors[number].is_dead || !self->actors[number].is_welcome)
        return;
    self->result->breaks++;
    if (!is_worker(number))
        oracle_forget_client(self->oracle, number); // answers may have gone with it
    connect_again(self, number, 20000 + below(self, 180000));
}

// Row 2: one of those that are there, so that the kills are as many as were asked for.
static void kill_one(world_t *self)
{
    if (self->now_us < self->end_us)
        after(self, self->opts.kill_every_us, EV_FAULT, 0);
    uint32_t there[WORLD_WORKERS_COUNT], there_count = 0;
    for (uint32_t i = WORLD_CLIENTS_COUNT; i < WORLD_CLIENTS_COUNT + WORLD_WORKERS_COUNT / 2; i++)
        if (self->actors[i].is_welcome && !self->actors[i].is_dead)
            there[there_count++] = i;
    if (there_count > 0)
        kill_process(self, there[below(self, there_count)]);
}

static void fault(world_t *self)
{
    if (self->opts.kill_every_us > 0) {
        kill_one(self);
        return;
    }
    if (self->now_us < self->end_us)
        after(self, 1 + below(self, 4000000), EV_FAULT, 0);
    uint32_t worker = WORLD_CLIENTS_COUNT + below(self, WORLD_WORKERS_COUNT);
    actor_t *actor = &self->actors[worker];
    uint32_t pick = below(self, 10);
    if (pick < 4) {
        kill_process(self, worker);
    } else if (pick < 6) {
        self->result->stops++;
        int64_t until_us = self->now_us + 1000 * (int64_t)below(self, 6000);
        actor->stopped_until_us =
            until_us > actor->stopped_until_us ? until_us : actor->stopped_until_us;
    } else if (pick < 8) {
        break_connection(self, below(self, WORLD_ACTORS_COUNT));
    } else if (!actor->is_paused && !actor->is_dead) {
        self->result->pauses++;
        actor->is_paused = true;
        send_up_kind(self, worker, ACT_KIND_PING, 0);
        after(self, 1000 * (int64_t)below(self, 3000), EV_RESUME, worker);
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
        body = hello_of(self, event->actor);
        if (is_worker(event->actor))
            oracle_on_taken(self->oracle, event->actor, self->now_us);
    } else if (header->kind == ACT_KIND_PING || header->kind == ACT_KIND_PONG) {
        body = stats_of(self, event->actor);
    } else if (header->kind == ACT_KIND_CALL) {
        body = act_str_of(&event->number, sizeof event->number);
        oracle_on_arrival(self->oracle, event->number, self->now_us);
    } else if (is_worker(event->actor)) {
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
    push(self, event);
    return true;
}

static void on_beat(world_t *self, uint32_t number)
{
    expire_held(self, number);
    if (self->actors[number].is_welcome)
        send_up_kind(self, number, ACT_KIND_PING, 0);
    after(self, HEARTBEAT_US, EV_BEAT, number);
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
            on_frame_down(self, event);
        break;
    case EV_TICK:
        if (self->opts.mutant != MUTANT_NO_CLOCK)
            broker_on_tick(self->broker);
        after(self, TICK_US, EV_TICK, 0);
        break;
    case EV_CALL:
        ask(self, event->actor);
        break;
    case EV_DONE:
        if (is_of_process)
            end_held(self, event->actor, event->header.id,
                     below(self, 20) ? ACT_KIND_REPLY : ACT_KIND_ERROR);
        break;
    case EV_HELLO:
        if (is_of_connection && !actor->is_welcome)
            say_hello(self, event->actor);
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
            send_up_kind(self, event->actor, ACT_KIND_PING, 0);
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
    after(self, TICK_US, EV_TICK, 0);
    after(self, 2000000, EV_FAULT, 0);
    for (uint32_t i = 0; i < WORLD_ACTORS_COUNT; i++) {
        self->actors[i].start = ++self->next_start;
        after(self, below(self, 100000), EV_HELLO, i);
        after(self, HEARTBEAT_US + below(self, HEARTBEAT_US), EV_BEAT, i);
        if (!is_worker(i))
            after(self, 500000, EV_CALL, i);
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
    broker_io_t io = {on_send, on_peer, on_peer, on_bus_call, NULL, NULL, self};
    self->broker = broker_new(&limits, &io);
    broker_set_time(self->broker, self->now_us);
    start(self);
    // After the last call there is time for every budget to end.
    while (self->now_us < self->end_us + 15000000 && !ret_result->violation[0]) {
        event_t event = pop(self);
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
