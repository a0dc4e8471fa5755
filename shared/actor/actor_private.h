// actor_private: what the runtime's own files share. One job a file:
//   actor.c         life, and what services ask
//   actor_ask.c     calls, casts and events out, and the answers waited for
//   actor_serve.c   frames in
//   actor_care.c    HELLO, heartbeats, silence, drain, orphanhood
#pragma once
#include "actor/bus.h"
#include "actor/call.h"
#include "actor/pending.h"
#include "actor/recorder.h"
#include "actor/send.h"
#include "actor/subscriptions.h"
#include "base/id.h"

struct act_actor {
    act_loop_t *loop;
    const act_spec_t *spec;
    void *spec_self;
    act_config_t *config; // borrowed; NULL for clients
    act_log_t *log;       // borrowed; NULL for clients
    char instance[ACT_HEADER_NAME_MAX_BYTES + 1];
    act_recorder_t *recorder; // borrowed; NULL for clients
    act_bus_t *bus;
    act_pending_t *pending;
    act_calls_t *calls;
    act_subscriptions_t *subscriptions;
    act_timer_t *tick;
    act_timer_t *care;
    act_random_pool_t random; // for traces that begin here
    act_arena_t *arena;       // for decoding replies; reset after each
    act_metrics_t *metrics;
    int64_t stats_ms; // when the broker was last told
    act_buf_t scratch;
    uint64_t epoch; // of the broker that welcomed us; 0 before
    bool is_welcome;
    bool is_ready;
    bool is_paused;
    uint32_t credit_messages; // calls taken at a time
    uint32_t credit_bytes;
    bool is_draining;
    bool has_failed;     // act_actor_fail
    int64_t heard_ms;    // last frame from the broker
    int64_t namesake_ms; // since when another process has our name; 0: none has
    int64_t drain_until_ms;
    uint64_t slow_handlers;
    int64_t slow_handler_us;
    int64_t orphan_ms; // 0: never ends by itself
    void (*on_welcome)(void *context);
    void *welcome_context;
};

// --- calls out -----------------------------------------------------------------------------------

// The budget's timer; runs while calls are open in either direction.
void act_actor_on_tick(void *context);
void act_actor_ensure_tick(act_actor_t *self);
// After a WELCOME: calls that a dead broker held.
void act_actor_ask_again(act_actor_t *self);
void act_actor_send_subscription(void *context, act_str_t topic);
void act_actor_take_reply(act_actor_t *self, act_message_t *message);
void act_actor_take_error(act_actor_t *self, act_message_t *message);
void act_actor_take_partial(act_actor_t *self, act_message_t *message);
// Calls made while this one was served: nobody waits for them any more.
void act_actor_cancel_children(act_actor_t *self, uint64_t parent_id);

// --- the connection ------------------------------------------------------------------------------

void act_actor_say_hello(act_actor_t *self);
// id: of the PING that a PONG answers; what was sent before that PING has been read.
void act_actor_send_stats(act_actor_t *self, act_kind_t kind, uint64_t id);
void act_actor_on_connect(void *context);
void act_actor_on_disconnect(void *context);
void act_actor_on_shut_out(void *context);
void act_actor_on_care(void *context);
void act_actor_on_message(void *context, act_message_t *message);
