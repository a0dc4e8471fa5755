// actor_kit: a ROUTER where the broker would be.
#include "harness/actor_kit.h"

#include "actor/send.h"
#include "base/assert.h"
#include "harness/fake_clock.h"
#include "proto/broker.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

// Turns of 1 ms without any news before a test gives up.
#define PATIENCE_TURNS 5000
#define TAKEN UINT8_MAX

static const act_config_row_t settings[] = {
    {"slow_handler_ms", NULL, ACT_CONFIG_INT, "20", 1, 60000, "20", "", false},
    {"orphan_ms", NULL, ACT_CONFIG_INT, "30000", 1000, 3600000, "30000", "", false},
    {"drain_ms", NULL, ACT_CONFIG_INT, "8000", 0, 600000, "8000", "", false},
    {0},
};

// --- life ----------------------------------------------------------------------------------------

void actor_kit_start_broker(actor_kit_t *self)
{
    int zero = 0, one = 1;
    self->router = zmq_socket(self->zmq, ZMQ_ROUTER);
    act_assert(zmq_setsockopt(self->router, ZMQ_LINGER, &zero, sizeof zero) == 0);
    act_assert(zmq_setsockopt(self->router, ZMQ_ROUTER_MANDATORY, &one, sizeof one) == 0);
    act_assert(zmq_bind(self->router, self->endpoint) == 0);
    self->route_bytes = 0;
}

actor_kit_t *actor_kit_new(const act_spec_t *spec, void *spec_self)
{
    actor_kit_t *self = act_alloc(sizeof *self);
    self->spec = spec;
    snprintf(self->folder, sizeof self->folder, "/tmp/actor_kit.XXXXXX");
    act_assert(mkdtemp(self->folder) != NULL);
    snprintf(self->endpoint, sizeof self->endpoint, "ipc://%s/bus.sock", self->folder);
    self->zmq = zmq_ctx_new();
    actor_kit_start_broker(self);
    self->loop = act_loop_new();
    self->actor = act_actor_new(self->loop, spec, self->endpoint, "test-1", spec_self);
    return self;
}

void actor_kit_supervise(actor_kit_t *self, const char *const overrides[])
{
    const act_config_row_t *tables[] = {settings, self->spec->config, NULL};
    act_buf_t error;
    act_buf_init(&error, 1024);
    act_assert(act_config_load(tables, overrides, &self->config, &error) == ACT_E_OK);
    act_buf_fini(&error);
    self->log = act_log_new(self->folder, "test", "test-1", ACT_LOG_DEBUG);
    act_actor_supervise(self->actor, self->config, self->log, /* recorder= */ NULL);
}

static void remove_folder(const actor_kit_t *self)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", self->folder);
    act_assert(system(command) == 0);
}

void actor_kit_destroy(actor_kit_t **self_p)
{
    actor_kit_t *self = *self_p;
    if (!self)
        return;
    act_actor_destroy(&self->actor);
    act_loop_destroy(&self->loop);
    if (self->router)
        zmq_close(self->router);
    zmq_ctx_term(self->zmq);
    while (self->first) {
        kit_message_t *next = self->first->next;
        act_arena_destroy(&self->first->frame);
        act_free(self->first);
        self->first = next;
    }
    act_log_destroy(&self->log);
    act_config_destroy(&self->config);
    remove_folder(self);
    act_free(act_take(self_p));
}

// --- frames in -----------------------------------------------------------------------------------

// Reads one frame into the arena; false when none is there.
static bool read_frame(actor_kit_t *self, act_arena_t *arena, act_str_t *ret_bytes)
{
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    bool was_there = zmq_msg_recv(&frame, self->router, ZMQ_DONTWAIT) >= 0;
    if (was_there)
        *ret_bytes = act_arena_str(arena, act_str_of(zmq_msg_data(&frame), zmq_msg_size(&frame)));
    zmq_msg_close(&frame);
    return was_there;
}

static void keep_message(actor_kit_t *self, kit_message_t *message)
{
    kit_message_t **at = &self->first;
    while (*at)
        at = &(*at)->next;
    *at = message;
}

// Whatever the actor sends must be well-formed.
static bool receive(actor_kit_t *self)
{
    act_str_t route, header;
    act_arena_t *arena = act_arena_new();
    if (!self->router || !read_frame(self, arena, &route)) {
        act_arena_destroy(&arena);
        return false;
    }
    kit_message_t *message = act_alloc(sizeof *message);
    message->frame = arena;
    assert_true(read_frame(self, arena, &header) && read_frame(self, arena, &message->body));
    assert_int_equal(act_header_unpack(header, &message->header), ACT_E_OK);
    act_assert(route.len_bytes <= sizeof self->route);
    memcpy(self->route, route.ptr, route.len_bytes);
    self->route_bytes = route.len_bytes;
    keep_message(self, message);
    return true;
}

// A millisecond of loop and broker. The loop never waits by itself, so that its clock may jump.
static void turn(actor_kit_t *self)
{
    struct pollfd events = {.fd = uv_backend_fd(act_loop_uv(self->loop)), .events = POLLIN};
    (void)poll(&events, 1, 1);
    uv_run(act_loop_uv(self->loop), UV_RUN_NOWAIT);
    while (receive(self))
        ;
    self->is_stopped = act_loop_was_stopped(self->loop);
}

// --- frames out ----------------------------------------------------------------------------------

void actor_kit_send_raw(actor_kit_t *self, const act_str_t frames[], size_t count)
{
    act_assert(self->route_bytes > 0);
    act_assert(zmq_send(self->router, self->route, self->route_bytes, ZMQ_SNDMORE) >= 0);
    for (size_t i = 0; i < count; i++)
        act_assert(zmq_send(self->router, frames[i].ptr, frames[i].len_bytes,
                            i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
}

void actor_kit_send(actor_kit_t *self, const act_header_t *header, act_str_t body)
{
    act_buf_t packed;
    act_buf_init(&packed, 4096);
    act_header_pack(header, &packed);
    const act_str_t frames[] = {act_buf_str(&packed), body};
    actor_kit_send_raw(self, frames, ACT_COUNT(frames));
    act_buf_fini(&packed);
}

void actor_kit_send_kind(actor_kit_t *self, act_kind_t kind, uint64_t id)
{
    act_header_t header = {.kind = (uint8_t)kind, .id = id};
    actor_kit_send(self, &header, act_str(""));
}

void actor_kit_welcome(actor_kit_t *self, uint64_t epoch)
{
    (void)actor_kit_expect(self, ACT_KIND_HELLO);
    welcome_t welcome = {.epoch = epoch, .ping_ms = 1000};
    act_buf_t body;
    act_buf_init(&body, 256);
    welcome_pack(&welcome, &body);
    act_header_t header = {.kind = ACT_KIND_WELCOME};
    actor_kit_send(self, &header, act_buf_str(&body));
    act_buf_fini(&body);
    actor_kit_settle(self);
    assert_true(act_actor_is_connected(self->actor));
}

void actor_kit_kill_broker(actor_kit_t *self)
{
    zmq_close(self->router);
    self->router = NULL;
    for (int i = 0; i < PATIENCE_TURNS && act_actor_is_connected(self->actor); i++)
        turn(self);
    assert_false(act_actor_is_connected(self->actor));
}

// --- looking -------------------------------------------------------------------------------------

static kit_message_t *find(const actor_kit_t *self, act_kind_t kind)
{
    for (kit_message_t *message = self->first; message; message = message->next)
        if (message->header.kind == kind)
            return message;
    return NULL;
}

const kit_message_t *actor_kit_expect(actor_kit_t *self, act_kind_t kind)
{
    kit_message_t *message = find(self, kind);
    for (int i = 0; i < PATIENCE_TURNS && !message; i++) {
        turn(self);
        message = find(self, kind);
    }
    if (!message)
        fail_msg("no %s came", act_kind_name(kind));
    message->header.kind = TAKEN;
    return message;
}

// A ping is answered behind everything that was sent before it.
void actor_kit_settle(actor_kit_t *self)
{
    actor_kit_send_kind(self, ACT_KIND_PING, 0);
    (void)actor_kit_expect(self, ACT_KIND_PONG);
}

uint32_t actor_kit_count(actor_kit_t *self, act_kind_t kind)
{
    if (self->router)
        actor_kit_settle(self);
    uint32_t count = 0;
    for (kit_message_t *message = self->first; message; message = message->next)
        count += message->header.kind == kind;
    return count;
}

void actor_kit_until(actor_kit_t *self, const int *number, int wanted)
{
    for (int i = 0; i < PATIENCE_TURNS && *number < wanted; i++)
        turn(self);
    assert_true(*number >= wanted);
}

void actor_kit_pass_ms(actor_kit_t *self, int64_t by_ms)
{
    fake_clock_advance_ms(by_ms);
    turn(self);
    turn(self);
}
