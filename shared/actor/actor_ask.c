// actor: calls, casts and events that an actor sends, and the answers it waits for.
#include "actor/actor_private.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/time.h"
#include "proto/common.h"

#define DEFAULT_BUDGET_MS 5000
#define DEFAULT_PARTS_WINDOW 16
// Budgets are checked this often while calls are open.
#define TICK_MS 10

// Ends a pending call. The row is free before the callback, which may make new calls.
static void complete(act_actor_t *self, act_pending_row_t *row, const act_reply_t *reply)
{
    act_reply_fn *trampoline = row->trampoline;
    act_fn_t *fn = row->fn;
    void *context = row->context;
    act_arena_t *kept_in = row->arena;
    if (row->tape)
        row->tape->close(row->tape, row->tape_place, reply);
    const act_header_t header = {.kind = ACT_KIND_REPLY, .trace = row->header.trace};
    const char *method = row->method->name;
    ACT_CRASH_POINT_OF("call.answered", method);
    act_pending_remove(self->pending, row->id);
    act_recorder_begin(self->recorder, &header, act_str(method), act_time_mono_us());
    act_reply_t kept = *reply;
    if (kept_in)
        kept.body = act_arena_str(kept_in, reply->body);
    // A callback may wait for nothing and so never nests: one arena serves all other replies.
    trampoline(&kept, kept_in ? kept_in : self->arena, fn, context);
    act_recorder_end(self->recorder);
    act_arena_reset(self->arena);
}

static void complete_with(act_actor_t *self, act_pending_row_t *row, act_err_t err)
{
    act_reply_t reply = {.err = err, .text = act_str(act_err_text(err))};
    complete(self, row, &reply);
}

static void send_row(act_actor_t *self, act_pending_row_t *row)
{
    int64_t left_ms = row->deadline_ms - act_loop_now_ms(self->loop);
    if (!self->is_welcome || left_ms <= 0 || row->known)
        return;
    row->header.budget_ms = (uint32_t)left_ms;
    zmq_msg_t body;
    zmq_msg_init(&body);
    zmq_msg_copy(&body, &row->body);
    row->was_sent = act_bus_send(self->bus, &row->header, &body) == ACT_E_OK;
    zmq_msg_close(&body);
}

void act_actor_on_tick(void *context)
{
    act_actor_t *self = context;
    int64_t now_ms = act_loop_now_ms(self->loop);
    uint32_t index = 0;
    for (act_pending_row_t *row = act_pending_next(self->pending, &index); row;
         row = act_pending_next(self->pending, &index)) {
        if (row->deadline_ms <= now_ms)
            complete_with(self, row, ACT_E_DEADLINE);
        else if (!row->was_sent)
            send_row(self, row);
    }
    act_calls_expire(self->calls);
    if (act_pending_count(self->pending) == 0 && act_calls_count(self->calls) == 0)
        act_timer_stop(self->tick);
}

void act_actor_ensure_tick(act_actor_t *self)
{
    if (!act_timer_is_active(self->tick))
        act_timer_start(self->tick, TICK_MS, TICK_MS);
}

typedef struct {
    act_err_t err;
    act_reply_fn *trampoline;
    act_fn_t *fn;
    void *context;
} refused_call_t;

static void refuse_later(void *context)
{
    refused_call_t *refused = context;
    act_reply_t reply = {.err = refused->err, .text = act_str(act_err_text(refused->err))};
    ACT_AUTO(act_arena) *arena = act_arena_new();
    refused->trampoline(&reply, arena, refused->fn, refused->context);
    act_free(refused);
}

static void set_text(act_str_t value, char *text, size_t size_bytes, act_str_t *ret_view)
{
    act_assert(value.len_bytes < size_bytes);
    act_str_copy(value, text, size_bytes);
    *ret_view = act_str_of(text, value.len_bytes);
}

static act_trace_t trace_of(act_actor_t *self, const act_call_opts_t *opts)
{
    if (opts->parent)
        return act_call_header(opts->parent)->trace;
    if (opts->trace)
        return *opts->trace;
    act_random_pool_t *random = &self->random;
    return (act_trace_t){act_random_pool_u64(random), act_random_pool_u64(random),
                         act_random_pool_u64(random)};
}

static act_header_t header_of(act_actor_t *self, const char *service, const act_method_t *method,
                              const act_call_opts_t *opts)
{
    const act_header_t *parent = opts->parent ? act_call_header(opts->parent) : NULL;
    bool is_direct = !act_str_empty(opts->instance);
    return (act_header_t){
        .class_ = (uint8_t)(opts->is_control                    ? ACT_CLASS_CONTROL
                            : opts->class_ == ACT_CLASS_CONTROL ? ACT_CLASS_INTERACTIVE
                                                                : opts->class_),
        .flags = opts->flags | method->flags | (is_direct ? ACT_FLAG_DIRECT : 0),
        .trace = trace_of(self, opts),
        .tenant = act_str_empty(opts->tenant) && parent ? parent->tenant : opts->tenant,
        .service = act_str(service),
        .method = act_str(method->name),
        .key = is_direct ? opts->instance : opts->key,
        .attempt = 1,
        .hops = (uint8_t)(parent ? parent->hops + 1 : 0),
        .idempotency_key = opts->idempotency_key,
    };
}

static int64_t budget_of(const act_call_opts_t *opts)
{
    int64_t budget_ms = opts->budget_ms;
    if (opts->parent) {
        int64_t left_ms = act_call_left_ms(opts->parent);
        if (budget_ms == 0 || left_ms < budget_ms)
            budget_ms = left_ms;
    }
    return budget_ms == 0 && !opts->parent ? DEFAULT_BUDGET_MS : budget_ms;
}

static void set_parts(act_pending_row_t *row, const act_call_opts_t *opts)
{
    if (!opts->on_part)
        return;
    row->on_part = opts->on_part;
    row->part_context = opts->part_context;
    row->parts_window = opts->parts_window ? opts->parts_window : DEFAULT_PARTS_WINDOW;
    row->parts_taken = row->parts_window;
    row->parts_are_manual = opts->parts_are_manual;
    row->header.credit_messages = row->parts_taken;
}

// --- answers from a tape -------------------------------------------------------------------------

typedef struct {
    act_actor_t *actor;
    uint64_t call_id;
} known_call_t;

static void complete_known(void *context)
{
    known_call_t *known = context;
    act_pending_row_t *row = act_pending_find(known->actor->pending, known->call_id);
    if (row)
        complete(known->actor, row, row->known);
    act_free(known);
}

static void ask_tape(act_actor_t *self, act_pending_row_t *row, const act_call_opts_t *opts,
                     act_str_t body)
{
    if (!opts->tape)
        return;
    row->tape = opts->tape;
    row->tape_place =
        opts->tape->open(opts->tape, opts->step_key, row->method->name, body, &row->known);
    if (!row->known)
        return;
    known_call_t *known = act_alloc(sizeof *known);
    *known = (known_call_t){self, row->id};
    act_loop_post(self->loop, complete_known, known);
}

uint64_t act_actor_call(act_actor_t *self, const char *service, const act_method_t *method,
                        const act_call_opts_t *opts, const act_buf_t *body,
                        act_reply_fn *trampoline, act_fn_t *fn, void *context)
{
    act_pending_row_t *row = body->is_overflowed ? NULL : act_pending_add(self->pending);
    if (!row) {
        refused_call_t *refused = act_alloc(sizeof *refused);
        act_err_t err = body->is_overflowed ? ACT_E_TOO_LARGE : ACT_E_OVERLOADED;
        *refused = (refused_call_t){err, trampoline, fn, context};
        act_loop_post(self->loop, refuse_later, refused);
        return 0;
    }
    row->service = service;
    row->method = method;
    row->trampoline = trampoline;
    row->fn = fn;
    row->context = context;
    row->deadline_ms = act_loop_now_ms(self->loop) + budget_of(opts);
    row->header = header_of(self, service, method, opts);
    row->header.kind = ACT_KIND_CALL;
    row->header.id = row->id;
    set_text(row->header.tenant, row->tenant, sizeof row->tenant, &row->header.tenant);
    set_text(row->header.key, row->key, sizeof row->key, &row->header.key);
    set_text(row->header.idempotency_key, row->idempotency_key, sizeof row->idempotency_key,
             &row->header.idempotency_key);
    row->parent_id = opts->parent ? act_call_header(opts->parent)->id : 0;
    set_parts(row, opts);
    row->arena = opts->arena;
    ask_tape(self, row, opts, act_buf_str(body));
    act_bus_body(&row->body, act_buf_str(body));
    act_actor_ensure_tick(self);
    uint64_t id = row->id;
    ACT_CRASH_POINT_OF("call.sending", method->name);
    send_row(self, row);
    return id;
}

void act_actor_cancel(act_actor_t *self, uint64_t call_id)
{
    act_pending_row_t *row = act_pending_find(self->pending, call_id);
    if (!row)
        return;
    act_header_t header = {.kind = ACT_KIND_CANCEL, .id = call_id};
    if (row->was_sent)
        act_actor_send(self, &header, act_str(""));
    act_pending_remove(self->pending, call_id);
}

void act_actor_cancel_children(act_actor_t *self, uint64_t parent_id)
{
    if (parent_id == 0)
        return;
    uint32_t index = 0;
    for (act_pending_row_t *row = act_pending_next(self->pending, &index); row;
         row = act_pending_next(self->pending, &index)) {
        if (row->parent_id != parent_id)
            continue;
        act_header_t header = {.kind = ACT_KIND_CANCEL, .id = row->id};
        if (row->was_sent)
            act_actor_send(self, &header, act_str(""));
        complete_with(self, row, ACT_E_CANCELLED);
    }
}

void act_actor_cast(act_actor_t *self, const char *service, const act_method_t *method,
                    const act_call_opts_t *opts, const act_buf_t *body)
{
    if (body->is_overflowed)
        return;
    act_header_t header = header_of(self, service, method, opts);
    header.kind = ACT_KIND_CAST;
    ACT_CRASH_POINT_OF("cast.sending", method->name);
    act_actor_send(self, &header, act_buf_str(body));
}

void act_actor_publish(act_actor_t *self, act_str_t topic, const act_buf_t *body)
{
    act_header_t header = {.kind = ACT_KIND_EVENT, .class_ = ACT_CLASS_BULK, .service = topic};
    act_actor_send(self, &header, act_buf_str(body));
}

void act_actor_send_subscription(void *context, act_str_t topic)
{
    act_header_t header = {.kind = ACT_KIND_SUBSCRIBE, .service = topic};
    act_actor_send(context, &header, act_str(""));
}

void act_actor_subscribe(act_actor_t *self, act_str_t topic, act_event_fn *fn, void *context)
{
    act_subscriptions_put(self->subscriptions, topic, fn, context);
    if (self->is_welcome)
        act_actor_send_subscription(self, topic);
}

void act_actor_unsubscribe(act_actor_t *self, act_str_t topic)
{
    act_subscriptions_remove(self->subscriptions, topic);
    act_header_t header = {.kind = ACT_KIND_UNSUBSCRIBE, .service = topic};
    act_actor_send(self, &header, act_str(""));
}

void act_actor_take_reply(act_actor_t *self, act_message_t *message)
{
    act_pending_row_t *row = act_pending_find(self->pending, message->header.id);
    if (!row)
        return; // cancelled, expired, or a repeat
    act_reply_t reply = {.body = message->body, .sender = message->header.sender};
    complete(self, row, &reply);
}

static void take_parts(act_actor_t *self, act_pending_row_t *row, uint32_t total)
{
    row->parts_taken = total;
    act_header_t header = {.kind = ACT_KIND_CREDIT, .id = row->id, .credit_messages = total};
    act_actor_send(self, &header, act_str(""));
}

void act_actor_take_parts(act_actor_t *self, uint64_t call_id, uint32_t count)
{
    act_pending_row_t *row = act_pending_find(self->pending, call_id);
    if (row && row->on_part)
        take_parts(self, row, row->parts_taken + count);
}

void act_actor_take_partial(act_actor_t *self, act_message_t *message)
{
    uint64_t id = message->header.id;
    act_pending_row_t *row = act_pending_find(self->pending, id);
    if (!row || !row->on_part || message->header.sequence != row->parts_count)
        return; // cancelled, expired, or a repeat
    row->parts_count++;
    row->on_part(row->part_context, message->header.sequence, message->body);
    row = act_pending_find(self->pending, id); // the callback may have cancelled it
    if (row && !row->parts_are_manual &&
        row->parts_taken - row->parts_count <= row->parts_window / 2)
        take_parts(self, row, row->parts_count + row->parts_window);
}

void act_actor_take_error(act_actor_t *self, act_message_t *message)
{
    act_pending_row_t *row = act_pending_find(self->pending, message->header.id);
    if (!row)
        return;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    error_body_t error = {0};
    if (error_body_unpack(message->body, arena, &error, NULL) != ACT_E_OK)
        error = (error_body_t){0};
    act_reply_t reply = {
        .err = act_err_from_number(message->header.err),
        .text = error.text,
        .retry_after_ms = error.retry_after_ms,
        .sender = message->header.sender,
    };
    if (reply.err == ACT_E_OK)
        reply.err = ACT_E_INTERNAL; // an ERROR without a code is still an error
    complete(self, row, &reply);
}

// Calls that a dead broker held: what may run again is asked again, the rest has an unknown outcome.
// They are marked first: callbacks make new calls, which the new broker has already.
void act_actor_ask_again(act_actor_t *self)
{
    uint32_t index = 0;
    for (act_pending_row_t *row = act_pending_next(self->pending, &index); row;
         row = act_pending_next(self->pending, &index)) {
        bool may_repeat = (row->header.flags & ACT_FLAG_RETRY_SAFE) && row->parts_count == 0;
        row->is_lost = row->was_sent && !may_repeat;
        if (row->was_sent && row->header.attempt < UINT8_MAX)
            row->header.attempt++; // it may have run: whoever gets it now is told
        row->was_sent = false;
    }
    index = 0;
    for (act_pending_row_t *row = act_pending_next(self->pending, &index); row;
         row = act_pending_next(self->pending, &index)) {
        if (row->is_lost)
            complete_with(self, row, ACT_E_WORKER_LOST);
        else if (!row->was_sent)
            send_row(self, row);
    }
}
