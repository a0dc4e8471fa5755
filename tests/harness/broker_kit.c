// broker_kit: fake io around broker.c.
#include "harness/broker_kit.h"

#include "base/assert.h"
#include "harness/open_acl.h"
#include "proto/broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TICK_US 10000
#define CREDIT_BYTES (1u << 20)

const broker_limits_t broker_kit_limits = {
    .epoch = 7,
    .ping_ms = 1000,
    .lost_ms = 5000,
    .queue_max_count = 100,
    .queue_max_bytes = 65536,
    .attempts_max_count = 3,
    .dedupe_ms = 60000,
    .outcomes_max_count = 100,
    .outcomes_max_bytes = 65536,
};

// --- the broker's surroundings -------------------------------------------------------------------

static act_header_t copy_header(const act_header_t *header, act_arena_t *arena)
{
    act_header_t copy = *header;
    act_str_t *views[] = {&copy.sender, &copy.tenant, &copy.service,
                          &copy.method, &copy.key,    &copy.idempotency_key};
    for (size_t i = 0; i < ACT_COUNT(views); i++)
        *views[i] = act_arena_str(arena, *views[i]);
    return copy;
}

static bool on_send(void *context, uint64_t route, const act_header_t *header,
                    const payload_t *body)
{
    broker_kit_t *self = context;
    act_assert(route < BROKER_KIT_ROUTES_COUNT);
    if (self->is_gone[route])
        return false;
    if (self->frames_count == self->frames_capacity) {
        self->frames_capacity = self->frames_capacity ? 2 * self->frames_capacity : 64;
        self->frames = act_realloc(self->frames, self->frames_capacity * sizeof *self->frames);
    }
    self->frames[self->frames_count++] = (kit_frame_t){route, copy_header(header, self->arena),
                                                       act_arena_str(self->arena, body->bytes)};
    return true;
}

static void on_hello(void *context, const peer_t *peer)
{
    (void)peer;
    ((broker_kit_t *)context)->hello_count++;
}

static void on_ready(void *context, const peer_t *peer)
{
    (void)peer;
    ((broker_kit_t *)context)->ready_count++;
}

static void on_bus_call(void *context, const act_header_t *header, act_str_t body, uint64_t call_id)
{
    (void)header;
    (void)body;
    ((broker_kit_t *)context)->bus_call_id = call_id;
}

static void on_dead(void *context, const entry_t *entry, act_err_t err)
{
    broker_kit_t *self = context;
    self->dead_count++;
    if (self->on_dead)
        self->on_dead(self->dead_context, entry, err);
}

static void on_gone(void *context, const peer_t *peer, bool is_dead)
{
    broker_kit_t *self = context;
    if (self->on_gone)
        self->on_gone(self->gone_context, peer, is_dead);
}

broker_kit_t *broker_kit_new(const broker_limits_t *limits)
{
    broker_kit_t *self = act_alloc(sizeof *self);
    broker_io_t io = {on_send, on_hello, on_ready, on_bus_call, on_dead, on_gone, self};
    self->arena = act_arena_new();
    broker_limits_t own_limits = *limits;
    if (!own_limits.acl)
        own_limits.acl = self->acl = open_acl_new();
    self->broker = broker_new(&own_limits, &io);
    self->now_us = 1000000000;
    broker_set_time(self->broker, self->now_us);
    return self;
}

broker_kit_t *broker_kit_new_with_acl(acl_t **acl_p)
{
    broker_limits_t limits = broker_kit_limits;
    limits.acl = *acl_p;
    broker_kit_t *self = broker_kit_new(&limits);
    self->acl = act_take(acl_p);
    return self;
}

void broker_kit_destroy(broker_kit_t **self_p)
{
    broker_kit_t *self = *self_p;
    if (!self)
        return;
    broker_destroy(&self->broker);
    acl_destroy(&self->acl);
    act_arena_destroy(&self->arena);
    act_free(self->frames);
    act_free(act_take(self_p));
}

int broker_kit_tear_down(void **state)
{
    broker_kit_t *self = *state;
    broker_kit_assert_conserved(self);
    broker_kit_destroy(&self);
    return 0;
}

// --- what peers do -------------------------------------------------------------------------------

void broker_kit_send(broker_kit_t *self, uint64_t route, const act_header_t *header, act_str_t body)
{
    // The frame is gone when the call returns: whoever keeps a view of it is found out.
    ACT_AUTO(act_arena) *frame = act_arena_new();
    act_header_t copy = copy_header(header, frame);
    payload_t *payload = payload_new(body);
    broker_on_frame(self->broker, route, &copy, payload);
    payload_unref(&payload);
}

void broker_kit_send_kind(broker_kit_t *self, uint64_t route, act_kind_t kind, uint64_t id)
{
    act_header_t header = {.kind = (uint8_t)kind, .id = id};
    broker_kit_send(self, route, &header, act_str(""));
}

static void send_hello(broker_kit_t *self, const hello_t *hello, uint32_t credit_messages,
                       uint32_t credit_bytes)
{
    act_buf_t body;
    act_buf_init(&body, 4096);
    hello_pack(hello, &body);
    act_header_t header = {
        .kind = ACT_KIND_HELLO, .credit_messages = credit_messages, .credit_bytes = credit_bytes};
    broker_kit_send(self, hello->pid_start, &header, act_buf_str(&body));
    act_buf_fini(&body);
}

void broker_kit_hello(broker_kit_t *self, uint64_t route, const char *service, const char *instance,
                      bool is_ready, uint32_t credit_messages, uint32_t credit_bytes)
{
    const hello_t hello = {
        .actor = act_str(service ? service : "client"),
        .instance = act_str(instance),
        .service = act_str(service),
        .pid = (int32_t)route,
        .pid_start = route,
        .is_ready = is_ready,
    };
    send_hello(self, &hello, credit_messages, credit_bytes);
}

void broker_kit_hello_as(broker_kit_t *self, uint64_t route, const char *actor, const char *service,
                         const char *instance)
{
    const hello_t hello = {
        .actor = act_str(actor),
        .instance = act_str(instance),
        .service = act_str(service),
        .pid = (int32_t)route,
        .pid_start = route,
        .is_ready = true,
    };
    send_hello(self, &hello, 8, CREDIT_BYTES);
}

void broker_kit_come_as(broker_kit_t *self, const char *actor)
{
    broker_set_sender(self->broker, act_str(actor));
}

void broker_kit_worker(broker_kit_t *self, uint64_t route, const char *service,
                       const char *instance, uint32_t credit_messages)
{
    broker_kit_hello(self, route, service, instance, /* is_ready= */ true, credit_messages,
                     CREDIT_BYTES);
    broker_kit_expect(self, route, ACT_KIND_WELCOME);
}

void broker_kit_client(broker_kit_t *self, uint64_t route)
{
    char name[32];
    snprintf(name, sizeof name, "client-%d", (int)route);
    broker_kit_hello(self, route, NULL, name, /* is_ready= */ true, 64, CREDIT_BYTES);
    broker_kit_expect(self, route, ACT_KIND_WELCOME);
}

act_header_t broker_kit_call_header(uint64_t id, const char *service, const char *key)
{
    return (act_header_t){
        .kind = ACT_KIND_CALL,
        .class_ = ACT_CLASS_INTERACTIVE,
        .flags = ACT_FLAG_RETRY_SAFE,
        .id = id,
        .service = act_str(service),
        .method = ACT_STR("work"),
        .key = act_str(key),
        .budget_ms = 5000,
        .attempt = 1,
    };
}

void broker_kit_call(broker_kit_t *self, uint64_t route, uint64_t id, const char *service,
                     const char *key)
{
    act_header_t header = broker_kit_call_header(id, service, key);
    broker_kit_send(self, route, &header, act_str(""));
}

// --- what the broker did -------------------------------------------------------------------------

static bool is_match(const kit_frame_t *frame, uint64_t route, act_kind_t kind)
{
    return frame->route == route && frame->header.kind == kind;
}

uint32_t broker_kit_count(const broker_kit_t *self, uint64_t route, act_kind_t kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->frames_count; i++)
        count += is_match(&self->frames[i], route, kind);
    return count;
}

bool broker_kit_take(broker_kit_t *self, uint64_t route, act_kind_t kind, kit_frame_t *ret_frame)
{
    for (uint32_t i = 0; i < self->frames_count; i++)
        if (is_match(&self->frames[i], route, kind)) {
            *ret_frame = self->frames[i];
            self->frames_count--;
            memmove(&self->frames[i], &self->frames[i + 1],
                    (self->frames_count - i) * sizeof *self->frames);
            return true;
        }
    return false;
}

kit_frame_t broker_kit_expect(broker_kit_t *self, uint64_t route, act_kind_t kind)
{
    kit_frame_t frame = {0};
    if (!broker_kit_take(self, route, kind, &frame))
        fail_msg("no %s to route %d", act_kind_name(kind), (int)route);
    return frame;
}

act_err_t broker_kit_expect_error(broker_kit_t *self, uint64_t route, uint64_t id)
{
    kit_frame_t frame = broker_kit_expect(self, route, ACT_KIND_ERROR);
    assert_true(frame.header.id == id);
    return act_err_from_number(frame.header.err);
}

void broker_kit_forget(broker_kit_t *self)
{
    self->frames_count = 0;
    act_arena_reset(self->arena);
}

void broker_kit_serve(broker_kit_t *self, uint64_t route)
{
    kit_frame_t call = broker_kit_expect(self, route, ACT_KIND_CALL);
    broker_kit_send_kind(self, route, ACT_KIND_REPLY, call.header.id);
}

// --- time ----------------------------------------------------------------------------------------

void broker_kit_pass_ms(broker_kit_t *self, int64_t by_ms)
{
    int64_t until_us = self->now_us + by_ms * 1000;
    while (self->now_us < until_us) {
        int64_t left_us = until_us - self->now_us;
        self->now_us += left_us < TICK_US ? left_us : TICK_US;
        broker_set_time(self->broker, self->now_us);
        broker_on_tick(self->broker);
    }
}

peer_t *broker_kit_peer(broker_kit_t *self, uint64_t route)
{
    return peers_find(broker_peers(self->broker), route);
}

void broker_kit_assert_conserved(const broker_kit_t *self)
{
    const ledger_counters_t *c = broker_counters(self->broker);
    uint64_t ended = c->replied + c->failed + c->dead + c->cancelled;
    if (c->accepted != ended + broker_open_count(self->broker))
        fail_msg(
            "accepted %llu = replied %llu + failed %llu + dead %llu + cancelled %llu + open %u",
            (unsigned long long)c->accepted, (unsigned long long)c->replied,
            (unsigned long long)c->failed, (unsigned long long)c->dead,
            (unsigned long long)c->cancelled, broker_open_count(self->broker));
}
