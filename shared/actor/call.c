// call: incoming calls. Open ones are in a list; the number of calls open at a time is bounded by the
// credit the actor grants, so a list walk is cheap.
#include "actor/call.h"

#include "actor/send.h"
#include "base/assert.h"
#include "base/crash_point.h"
#include "base/mem.h"
#include "base/mp.h"

// Ended calls kept with their arenas (8 KiB each).
#define SPARE_MAX_COUNT 64

struct act_call {
    act_call_t *next, *previous;
    act_calls_t *owner;
    act_message_t message;
    const act_method_t *method;
    act_arena_t *arena;
    int64_t deadline_ms;
    void (*on_cancel)(void *context);
    void *cancel_context;
    bool is_cancelled;
    uint32_t parts_count; // sent
    uint32_t parts_room;  // that the caller takes in all
    void (*on_room)(void *context);
    void *room_context;
};

struct act_calls {
    act_actor_t *actor;
    act_call_t *first;
    act_call_t *spare;
    uint32_t open_count;
    uint32_t spare_count;
    int64_t deadline_ms; // none of the open ones has an earlier one
};

act_calls_t *act_calls_new(act_actor_t *actor)
{
    act_calls_t *self = act_alloc(sizeof *self);
    self->actor = actor;
    self->deadline_ms = INT64_MAX;
    return self;
}

static void free_call(act_call_t *call)
{
    act_arena_destroy(&call->arena);
    act_free(call);
}

static void unlink_call(act_call_t *call)
{
    act_calls_t *owner = call->owner;
    if (call->previous)
        call->previous->next = call->next;
    else
        owner->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    owner->open_count--;
}

// Ends the call: its frames go, its shell is kept for the next one.
static void close_call(act_call_t *call)
{
    act_calls_t *owner = call->owner;
    unlink_call(call);
    act_message_fini(&call->message);
    if (owner->spare_count == SPARE_MAX_COUNT) {
        free_call(call);
        return;
    }
    act_arena_reset(call->arena);
    call->next = owner->spare;
    owner->spare = call;
    owner->spare_count++;
}

void act_calls_destroy(act_calls_t **self_p)
{
    act_calls_t *self = *self_p;
    if (!self)
        return;
    while (self->first)
        close_call(self->first);
    while (self->spare) {
        act_call_t *call = self->spare;
        self->spare = call->next;
        free_call(call);
    }
    act_free(act_take(self_p));
}

static act_call_t *take_shell(act_calls_t *self)
{
    act_call_t *call = self->spare;
    if (!call) {
        call = act_alloc(sizeof *call);
        call->arena = act_arena_new();
        return call;
    }
    self->spare = call->next;
    self->spare_count--;
    act_arena_t *arena = call->arena;
    *call = (act_call_t){.arena = arena};
    return call;
}

act_call_t *act_calls_open(act_calls_t *self, act_message_t *message, const act_method_t *method)
{
    act_call_t *call = take_shell(self);
    call->owner = self;
    call->method = method;
    act_message_take(&call->message, message);
    uint32_t budget_ms = call->message.header.budget_ms;
    call->deadline_ms =
        budget_ms ? act_loop_now_ms(act_actor_loop(self->actor)) + budget_ms : INT64_MAX;
    call->parts_room = call->message.header.credit_messages;
    call->next = self->first;
    if (self->first)
        self->first->previous = call;
    self->first = call;
    self->open_count++;
    if (call->deadline_ms < self->deadline_ms)
        self->deadline_ms = call->deadline_ms;
    return call;
}

static void cancel_call(act_call_t *call)
{
    if (call->is_cancelled)
        return;
    call->is_cancelled = true;
    if (call->on_cancel)
        call->on_cancel(call->cancel_context);
}

static act_call_t *find_call(const act_calls_t *self, uint64_t id)
{
    act_call_t *call = self->first;
    while (call && (call->message.header.id != id || id == 0))
        call = call->next;
    return call;
}

bool act_calls_cancel(act_calls_t *self, uint64_t id)
{
    act_call_t *call = find_call(self, id);
    if (call)
        cancel_call(call);
    return call != NULL;
}

void act_calls_add_room(act_calls_t *self, uint64_t id, uint32_t parts_count)
{
    act_call_t *call = find_call(self, id);
    if (!call || parts_count <= call->parts_room)
        return;
    call->parts_room = parts_count;
    if (call->on_room)
        call->on_room(call->room_context);
}

void act_calls_expire(act_calls_t *self)
{
    int64_t now_ms = act_loop_now_ms(act_actor_loop(self->actor));
    if (now_ms < self->deadline_ms) // a thousand calls are not walked through in each tick
        return;
    act_call_t *next = NULL;
    for (act_call_t *call = self->first; call; call = next) {
        next = call->next;
        if (call->deadline_ms <= now_ms && !call->is_cancelled) {
            cancel_call(call);
            next = self->first; // the callback may have ended any call
        }
    }
    self->deadline_ms = INT64_MAX;
    for (const act_call_t *call = self->first; call; call = call->next)
        if (!call->is_cancelled && call->deadline_ms < self->deadline_ms)
            self->deadline_ms = call->deadline_ms;
}

uint32_t act_calls_count(const act_calls_t *self)
{
    return self->open_count;
}

act_str_t act_call_body(const act_call_t *self)
{
    return self->message.body;
}

// --- what services use ---------------------------------------------------------------------------

act_actor_t *act_call_actor(const act_call_t *self)
{
    return self->owner->actor;
}

act_arena_t *act_call_arena(act_call_t *self)
{
    return self->arena;
}

const act_header_t *act_call_header(const act_call_t *self)
{
    return &self->message.header;
}

const act_method_t *act_call_method(const act_call_t *self)
{
    return self->method;
}

int64_t act_call_left_ms(const act_call_t *self)
{
    int64_t left_ms = self->deadline_ms - act_loop_now_ms(act_actor_loop(self->owner->actor));
    return left_ms > 0 ? left_ms : 0;
}

bool act_call_is_cancelled(const act_call_t *self)
{
    return self->is_cancelled;
}

void act_call_on_cancel(act_call_t *self, void (*fn)(void *context), void *context)
{
    self->on_cancel = fn;
    self->cancel_context = context;
}

act_err_t act_call_partial(act_call_t *self, const act_buf_t *body)
{
    const act_header_t *asked = &self->message.header;
    if (asked->kind != ACT_KIND_CALL || asked->credit_messages == 0)
        return ACT_E_INVALID_ARGUMENT;
    if (self->is_cancelled)
        return ACT_E_CANCELLED;
    if (body->is_overflowed)
        return ACT_E_TOO_LARGE;
    if (self->parts_count >= self->parts_room)
        return ACT_E_OVERLOADED;
    act_header_t header = {.kind = ACT_KIND_PARTIAL,
                           .class_ = asked->class_,
                           .id = asked->id,
                           .trace = asked->trace,
                           .sequence = self->parts_count++};
    act_actor_send(self->owner->actor, &header, act_buf_str(body));
    return ACT_E_OK;
}

void act_call_on_room(act_call_t *self, void (*fn)(void *context), void *context)
{
    self->on_room = fn;
    self->room_context = context;
}

// Sends the answer and ends the call. A caller that cancelled is not told: the broker has closed the
// call already.
static void answer(act_call_t **self_p, act_kind_t kind, act_err_t err, act_str_t body)
{
    act_call_t *self = act_take(self_p);
    act_assert(self != NULL);
    const act_header_t *asked = &self->message.header;
    if (asked->kind == ACT_KIND_CALL) {
        act_header_t header = {
            .kind = (uint8_t)kind,
            .class_ = asked->class_,
            .id = asked->id,
            .trace = asked->trace,
            .err = (uint32_t)err,
        };
        act_actor_send_with_credit(self->owner->actor, &header, body);
    }
    close_call(self);
}

void act_call_reply(act_call_t **self_p, const act_buf_t *body)
{
    if (body->is_overflowed) {
        act_call_fail(self_p, ACT_E_TOO_LARGE, "reply is larger than a message may be");
        return;
    }
    ACT_CRASH_POINT_OF("call.replying", act_call_method(*self_p)->name);
    answer(self_p, ACT_KIND_REPLY, ACT_E_OK, act_buf_str(body));
}

void act_call_fail(act_call_t **self_p, act_err_t err, const char *text)
{
    act_buf_t body;
    act_buf_init(&body, 4096);
    act_mp_map(&body, 1);
    act_mp_str(&body, ACT_STR("text"));
    act_str_t why = act_str(text ? text : act_err_text(err));
    if (!act_utf8_valid(why)) // a library's text may be anything
        why = act_str(act_err_text(err));
    act_mp_str(&body, act_utf8_prefix(why, 240));
    answer(self_p, ACT_KIND_ERROR, err, act_buf_str(&body));
    act_buf_fini(&body);
}
