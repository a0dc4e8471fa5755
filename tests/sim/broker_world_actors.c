// broker_world: actors that behave as shared/actor does, over connections that delay and keep order.
#include "broker_world_private.h"

#include "base/arena.h"
#include "base/assert.h"
#include "proto/broker.h"

#include <stdio.h>
#include <string.h>

#define CREDIT_BYTES (1u << 20)

static const char *const services[] = {"turns", "store"};

// --- the network ---------------------------------------------------------------------------------

bool world_is_worker(uint32_t actor)
{
    return actor >= WORLD_CLIENTS_COUNT;
}

static const char *service_of(uint32_t actor)
{
    return services[(actor - WORLD_CLIENTS_COUNT) * 2 / WORLD_WORKERS_COUNT];
}

static int64_t delay(world_t *self)
{
    return world_below(self, 100) ? 50 + world_below(self, 400) : 1000 + world_below(self, 4000);
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
    world_push(self, event);
}

void world_send_kind(world_t *self, uint32_t actor, act_kind_t kind, uint64_t id)
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

bool world_on_send(void *context, uint64_t route, const act_header_t *header, const payload_t *body)
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
    if (self->opts.mutant == MUTANT_LOST_ANSWER && is_answer && world_below(self, 1000) == 0)
        return true;
    int64_t at_us = self->now_us + delay(self);
    if (at_us < actor->stopped_until_us)
        at_us = actor->stopped_until_us;
    event.at_us = at_us > actor->last_out_us ? at_us : actor->last_out_us;
    actor->last_out_us = event.at_us;
    world_push(self, &event);
    return true;
}

// --- actors --------------------------------------------------------------------------------------

act_str_t world_hello(world_t *self, uint32_t number)
{
    const actor_t *actor = &self->actors[number];
    char name[32];
    snprintf(name, sizeof name, "actor-%u", number);
    hello_t hello = {
        .actor = act_str(world_is_worker(number) ? service_of(number) : "client"),
        .instance = act_arena_str(self->arena, act_str(name)),
        .service = act_str(world_is_worker(number) ? service_of(number) : ""),
        .pid = (int32_t)number,
        .pid_start = actor->start,
        .is_ready = true,
    };
    act_buf_reset(&self->scratch);
    hello_pack(&hello, &self->scratch);
    return act_buf_str(&self->scratch);
}

act_str_t world_stats(world_t *self, uint32_t number)
{
    stats_t stats = {.is_ready = true, .is_paused = self->actors[number].is_paused};
    act_buf_reset(&self->scratch);
    stats_pack(&stats, &self->scratch);
    return act_buf_str(&self->scratch);
}

void world_connect_again(world_t *self, uint32_t number, int64_t in_us)
{
    actor_t *actor = &self->actors[number];
    actor->route = 0;
    actor->is_welcome = false;
    actor->connection++;
    actor->coming_count = 0;
    actor->last_in_us = actor->last_out_us = 0;
    world_after(self, in_us, EV_HELLO, number);
}

void world_say_hello(world_t *self, uint32_t number)
{
    actor_t *actor = &self->actors[number];
    if (actor->route == 0)
        actor->route = ++self->next_route;
    uint32_t more = self->opts.mutant == MUTANT_OVERCREDIT ? 3 : 0;
    event_t event = {.header = {.kind = ACT_KIND_HELLO,
                                .credit_messages = WORLD_CREDIT + more,
                                .credit_bytes = CREDIT_BYTES}};
    send_up(self, number, &event);
    world_after(self, 300000, EV_HELLO, number); // again, unless there is a WELCOME by then
}

static void take_call(world_t *self, uint32_t number, const event_t *event)
{
    actor_t *actor = &self->actors[number];
    actor->coming_count--;
    act_assert(actor->held_count < HELD_MAX_COUNT);
    actor->held[actor->held_count++] = (held_t){
        event->header.id, event->number, self->now_us + (int64_t)event->header.budget_ms * 1000};
    int64_t work_us =
        world_below(self, 50) ? 500 + world_below(self, 8000) : 100000 + world_below(self, 900000);
    event_t done = {.at_us = self->now_us + work_us,
                    .kind = EV_DONE,
                    .actor = number,
                    .start = actor->start,
                    .header.id = event->header.id};
    world_push(self, &done);
}

bool world_end_held(world_t *self, uint32_t number, uint64_t id, act_kind_t kind)
{
    actor_t *actor = &self->actors[number];
    for (uint32_t i = 0; i < actor->held_count; i++)
        if (actor->held[i].id == id) {
            actor->held[i] = actor->held[--actor->held_count];
            world_send_kind(self, number, kind, id);
            return true;
        }
    return false;
}

void world_expire_held(world_t *self, uint32_t number)
{
    actor_t *actor = &self->actors[number];
    for (uint32_t i = actor->held_count; i > 0; i--)
        if (actor->held[i - 1].deadline_us <= self->now_us)
            world_end_held(self, number, actor->held[i - 1].id, ACT_KIND_ERROR);
}

void world_on_frame(world_t *self, const event_t *event)
{
    actor_t *actor = &self->actors[event->actor];
    const act_header_t *header = &event->header;
    if (header->kind == ACT_KIND_WELCOME) {
        actor->is_welcome = true;
    } else if (header->kind == ACT_KIND_CALL) {
        take_call(self, event->actor, event);
    } else if (header->kind == ACT_KIND_CANCEL) {
        if (!world_end_held(self, event->actor, header->id, ACT_KIND_ERROR))
            world_send_kind(self, event->actor, ACT_KIND_ERROR, header->id);
    } else if (header->kind == ACT_KIND_HELLO_AGAIN) {
        actor->is_welcome = false;
        world_say_hello(self, event->actor);
    } else if (header->kind == ACT_KIND_PING) {
        world_send_kind(self, event->actor, ACT_KIND_PONG, header->id);
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
    const effect_t *effect = &self->effects[world_below(self, count)];
    return self->now_us - effect->asked_us < 5000000 ? effect : NULL;
}

// Row 2: a call of one of many lanes.
static void ask_in_order(world_t *self, uint32_t client)
{
    uint32_t key = world_below(self, self->opts.keys_count),
             budget_ms = 2000 + world_below(self, 3000);
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

void world_ask(world_t *self, uint32_t client)
{
    uint32_t mean_us = 1000000 * WORLD_CLIENTS_COUNT / self->opts.calls_per_s;
    if (self->now_us < self->end_us)
        world_after(self, 1 + world_below(self, 2 * mean_us), EV_CALL, client);
    if (!self->actors[client].is_welcome || self->now_us >= self->end_us)
        return;
    if (self->opts.kill_every_us > 0) {
        ask_in_order(self, client);
        return;
    }
    event_t event = {0};
    uint32_t service = world_below(self, 2), key = world_below(self, self->opts.keys_count);
    bool has_key = world_below(self, 4) > 0;
    bool is_ordered = has_key && world_below(self, 3) > 0;
    uint32_t budget_ms =
        world_below(self, 10) ? 2000 + world_below(self, 3000) : 20 + world_below(self, 400);
    const effect_t *effect = is_ordered || world_below(self, 10) ? NULL : any_effect(self);
    if (effect)
        service = effect->service;
    uint32_t number = oracle_ask(self->oracle, client,
                                 is_ordered ? service * WORLD_KEYS_MAX_COUNT + key : ORACLE_NO_LANE,
                                 effect ? effect->number : ORACLE_NO_REPEAT, budget_ms);
    bool is_first = !is_ordered && !effect && world_below(self, 5) == 0;
    if (is_first)
        self->effects[self->effects_count++ % EFFECTS_COUNT] =
            (effect_t){number, service, self->now_us};
    if (is_first || effect)
        snprintf(event.idempotency_key, sizeof event.idempotency_key, "effect-%u",
                 effect ? effect->number : number);
    event.header = (act_header_t){
        .kind = ACT_KIND_CALL,
        .class_ = (uint8_t)world_below(self, ACT_CLASS_COUNT),
        .flags =
            (world_below(self, 8) ? ACT_FLAG_RETRY_SAFE : 0) | (is_ordered ? ACT_FLAG_ORDERED : 0),
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
    if (world_below(self, 50) == 0) { // it does not wait for it after all
        oracle_let_go(self->oracle, number);
        world_send_kind(self, client, ACT_KIND_CANCEL, number + 1);
    }
}
