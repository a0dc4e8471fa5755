// actor: frames in: calls to serve, and what the broker says.
#include "actor/actor_private.h"

#include "base/crash_point.h"
#include "base/time.h"
#include "proto/broker.h"

// A broker forgets a process that it has not heard for 5 s, so a namesake that is dead does not shut us
// out for so long.
#define NAMESAKE_MS 6000

static const act_method_t *find_method(const act_service_t *service, act_str_t name)
{
    for (uint32_t i = 0; service && i < service->methods_count; i++)
        if (act_str_is(name, service->methods[i].name))
            return &service->methods[i];
    return NULL;
}

static void dispatch_raw(act_actor_t *self, act_call_t *call, act_str_t body)
{
    const char *field = NULL;
    const act_method_t *method = act_call_method(call);
    act_err_t err = method->check(act_call_arena(call), body, &field);
    if (err == ACT_E_OK)
        self->spec->dispatch(self->spec_self, call, body);
    else
        act_call_fail(&call, err, field);
}

static void take_call(act_actor_t *self, act_message_t *message)
{
    const act_method_t *method = find_method(self->spec->service, message->header.method);
    act_call_t *call = act_calls_open(self->calls, message, method);
    act_actor_ensure_tick(self);
    if (!method) {
        act_call_fail(&call, ACT_E_UNKNOWN_METHOD, "no such method");
        return;
    }
    ACT_CRASH_POINT_OF("call.taken", method->name);
    act_str_t body = act_call_body(call);
    if (self->spec->dispatch)
        dispatch_raw(self, call, body);
    else
        method->dispatch(self->spec->server, self->spec_self, call, body);
}

static void take_cancel(act_actor_t *self, act_message_t *message)
{
    uint64_t id = message->header.id;
    if (act_calls_cancel(self->calls, id)) {
        act_actor_cancel_children(self, id);
        return;
    }
    // It has ended, or its answer went with an old connection: the broker hears that we do not have it.
    act_header_t header = {.kind = ACT_KIND_ERROR, .id = id, .err = ACT_E_CANCELLED};
    act_actor_send_with_credit(self, &header, act_str(""));
}

static void take_credit(act_actor_t *self, act_message_t *message)
{
    act_calls_add_room(self->calls, message->header.id, message->header.credit_messages);
}

static void take_event(act_actor_t *self, act_message_t *message)
{
    act_subscriptions_fire(self->subscriptions, message->header.service, message->body);
}

static void take_ping(act_actor_t *self, act_message_t *message)
{
    act_actor_send_stats(self, ACT_KIND_PONG, message->header.id);
}

static void take_nothing(act_actor_t *self, act_message_t *message)
{
    (void)self;
    (void)message;
}

static void take_welcome(act_actor_t *self, act_message_t *message)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    welcome_t welcome = {0};
    if (welcome_unpack(message->body, arena, &welcome, NULL) != ACT_E_OK)
        return;
    bool is_new = welcome.epoch != self->epoch || !self->is_welcome;
    self->epoch = welcome.epoch;
    self->is_welcome = true;
    self->namesake_ms = 0;
    if (!is_new)
        return;
    if (self->log)
        act_log_info(self->log, "welcome", "epoch=%llu", (unsigned long long)welcome.epoch);
    act_subscriptions_each(self->subscriptions, act_actor_send_subscription, self);
    ACT_CRASH_POINT("bus.welcome.taken");
    act_actor_ask_again(self);
    if (self->on_welcome)
        self->on_welcome(self->welcome_context);
}

static void take_refused(act_actor_t *self, act_message_t *message)
{
    if (self->log)
        act_log_error(self->log, "refused", "code=%s",
                      act_err_code(act_err_from_number(message->header.err)));
    // A namesake is there. It may be a process of ours that is about to end, so we ask again for a while;
    // if it stays, we are one too many: a broker that missed us has started it in our place.
    int64_t now_ms = act_loop_now_ms(self->loop);
    bool is_final = message->header.err != ACT_E_CONFLICT;
    if (self->namesake_ms == 0)
        self->namesake_ms = now_ms;
    if (self->orphan_ms > 0 && (is_final || now_ms - self->namesake_ms > NAMESAKE_MS))
        act_loop_stop(self->loop);
}

// The broker does not know this connection: it has forgotten our calls and topics, too.
static void take_hello_again(act_actor_t *self, act_message_t *message)
{
    (void)message;
    self->is_welcome = false;
    act_actor_say_hello(self);
}

static void take_drain(act_actor_t *self, act_message_t *message)
{
    (void)message;
    if (self->orphan_ms > 0)
        act_actor_begin_drain(self);
}

static void take_bye(act_actor_t *self, act_message_t *message)
{
    (void)message;
    self->is_welcome = false;
}

typedef void take_fn(act_actor_t *self, act_message_t *message);
static take_fn *const takers[ACT_KIND_LAST + 1] = {
    [ACT_KIND_HELLO] = take_nothing,
    [ACT_KIND_WELCOME] = take_welcome,
    [ACT_KIND_REFUSED] = take_refused,
    [ACT_KIND_HELLO_AGAIN] = take_hello_again,
    [ACT_KIND_CALL] = take_call,
    [ACT_KIND_REPLY] = act_actor_take_reply,
    [ACT_KIND_ERROR] = act_actor_take_error,
    [ACT_KIND_CANCEL] = take_cancel,
    [ACT_KIND_CAST] = take_call,
    [ACT_KIND_SUBSCRIBE] = take_nothing,
    [ACT_KIND_UNSUBSCRIBE] = take_nothing,
    [ACT_KIND_EVENT] = take_event,
    [ACT_KIND_PING] = take_ping,
    [ACT_KIND_PONG] = take_nothing,
    [ACT_KIND_DRAIN] = take_drain,
    [ACT_KIND_BYE] = take_bye,
    [ACT_KIND_PARTIAL] = act_actor_take_partial,
    [ACT_KIND_CREDIT] = take_credit,
};

void act_actor_on_message(void *context, act_message_t *message)
{
    act_actor_t *self = context;
    act_kind_t kind = message->header.kind;
    self->heard_ms = act_loop_now_ms(self->loop);
    int64_t from_us = act_time_mono_us();
    act_recorder_begin(self->recorder, &message->header, message->header.method, from_us);
    takers[kind](self, message);
    act_recorder_end(self->recorder);
    int64_t took_us = act_time_mono_us() - from_us;
    if (took_us > self->slow_handler_us) {
        self->slow_handlers++;
        if (self->log)
            act_log_warn(self->log, "slow_handler", "kind=%s,took_us=%lld", act_kind_name(kind),
                         (long long)took_us);
    }
}
