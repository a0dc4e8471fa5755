// asks: the life of a call. One timer looks at those that wait, are silent, or have something to say.
#include "asks_private.h"

#include "base/err.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

#define TICK_MS 20
#define ASKS_MAX_COUNT 4096u
// A provider's pause that is longer is not waited for.
#define WAIT_MAX_MS 20000
#define BACKOFF_MS 500
#define BACKOFF_MAX_MS 8000

static int64_t now_ms(const ask_t *self)
{
    return gateway_now_ms(self->asks->gateway);
}

static void note_counts(const asks_t *self)
{
    act_metrics_t *metrics = act_actor_metrics(self->gateway->actor);
    act_metrics_set(metrics, METRIC_OPEN,
                    self->counts[ASK_REQUESTED] + self->counts[ASK_WAITING] +
                        self->counts[ASK_RESERVING]);
    act_metrics_set(metrics, METRIC_WAITING, self->counts[ASK_WAITING]);
    act_metrics_set(metrics, METRIC_CACHE_BYTES, cache_bytes(self->gateway->cache));
}

void ask_set_state(ask_t *self, ask_state_t state)
{
    self->asks->counts[self->state]--;
    self->state = state;
    self->asks->counts[state]++;
}

const route_t *ask_route(const ask_t *self)
{
    return &self->routes[self->route];
}

// --- the ends ------------------------------------------------------------------------------------

static void ask_end(ask_t *self)
{
    asks_t *asks = self->asks;
    *(self->previous ? &self->previous->next : &asks->first) = self->next;
    if (self->next)
        self->next->previous = self->previous;
    asks->counts[self->state]--;
    work_fini(&self->work);
    act_sse_fini(&self->sse);
    book_unref(&self->book);
    act_free(self);
    note_counts(asks);
}

void ask_fail(ask_t *self, act_err_t err, const char *text)
{
    bool is_cancelled = err == ACT_E_CANCELLED || err == ACT_E_DEADLINE;
    gateway_count(self->asks->gateway, is_cancelled ? METRIC_CANCELLED : METRIC_FAILED, 1);
    ask_give_up_request(self, GATE_UNKNOWN);
    if (self->state == ASK_RESERVING && self->reserve_call_id != 0)
        act_actor_cancel(self->asks->gateway->actor, self->reserve_call_id);
    if (!is_cancelled)
        act_log_warn(act_actor_log(self->asks->gateway->actor), "model_call_failed",
                     "tenant=%.*s,role=%.*s,code=%s,requests=%u,fault=%s",
                     ACT_STR_ARG(act_call_header(self->work.call)->tenant),
                     ACT_STR_ARG(self->work.role), act_err_code(err), self->requests_count,
                     self->fault.text);
    ask_settle(self, act_err_code(err));
    act_call_on_cancel(self->work.call, NULL, NULL);
    act_call_on_room(self->work.call, NULL, NULL);
    act_call_fail(&self->work.call, err, text);
    ask_end(self);
}

static void keep_in_cache(const ask_t *self, const act_buf_t *packed)
{
    if (self->is_cacheable && self->job->may_keep(&self->work) && !packed->is_overflowed)
        cache_put(self->asks->gateway->cache, &self->cache_key, act_buf_str(packed), now_ms(self));
}

static void send_reply(ask_t *self, const act_buf_t *packed)
{
    gateway_count(self->asks->gateway, METRIC_ANSWERED, 1);
    act_call_on_cancel(self->work.call, NULL, NULL);
    act_call_on_room(self->work.call, NULL, NULL);
    act_call_reply(&self->work.call, packed);
    ask_end(self);
}

static void ask_reply(ask_t *self)
{
    const route_t *route = ask_route(self);
    answered_t answered = {.provider_id = route->provider_id,
                           .model = route->target.model,
                           .identity = route->target.identity,
                           .requests_count = self->requests_count,
                           .duration_ms = now_ms(self) - self->started_ms};
    act_buf_t packed;
    act_buf_init(&packed, ACT_BUF_DEFAULT_MAX_BYTES);
    ask_say(self, /* is_all= */ true);
    ask_settle(self, "ok");
    if (self->job->pack(&self->work, &answered, &packed) == ACT_E_OK) {
        keep_in_cache(self, &packed);
        send_reply(self, &packed);
    } else {
        self->usage_id[0] = '\0'; // is recorded
        ask_fail(self, ACT_E_TOO_LARGE, "the answer is too large");
    }
    act_buf_fini(&packed);
}

// --- choosing a route ----------------------------------------------------------------------------

static bool has_other(const ask_t *self)
{
    for (uint32_t i = 0; i < self->routes_count; i++)
        if (i != self->route && !(self->excluded & (1u << i)))
            return true;
    return false;
}

// When this route may be asked: 0 now (its gate is entered), -1 not worth waiting for.
static int64_t try_route(ask_t *self, uint32_t index)
{
    int64_t now = now_ms(self);
    int64_t wait_ms = self->not_before_ms[index] - now;
    if (wait_ms > 0)
        return wait_ms;
    if (gate_enter(self->routes[index].gate, now, &wait_ms))
        return 0;
    return wait_ms == 0 ? TICK_MS : wait_ms; // all its places are taken
}

static void answer_builtin(ask_t *self)
{
    const route_t *route = ask_route(self);
    self->job->begin(&self->work, &route->target);
    if (!self->job->answer(route->provider, &self->work)) {
        ask_fail(self, ACT_E_NOT_CONFIGURED, "no model is configured for this");
        return;
    }
    self->work.usage = (model_usage_t){.is_cost_known = true};
    ask_reply(self);
}

static bool is_builtin(const route_t *route)
{
    return route->provider->answer_chat != NULL;
}

static void wait_for(ask_t *self, int64_t wait_ms)
{
    self->due_ms = now_ms(self) + wait_ms;
    ask_set_state(self, ASK_WAITING);
    note_counts(self->asks);
}

static void fail_all(ask_t *self)
{
    if (self->fault.kind == FAULT_CONTEXT && self->job == &job_chat) {
        self->work.reading.stop = STOP_CONTEXT;
        ask_reply(self);
        return;
    }
    if (self->fault.kind == FAULT_NONE)
        fault_set(&self->fault, FAULT_AGAIN, "every provider is paused or its breaker is open");
    ask_fail(self, ACT_E_MODEL_PROVIDER, self->fault.text);
}

void ask_go_on(ask_t *self)
{
    int64_t least_ms = -1;
    for (uint32_t i = 0; i < self->routes_count; i++) {
        if (self->excluded & (1u << i))
            continue;
        int64_t wait_ms = is_builtin(&self->routes[i]) ? 0 : try_route(self, i);
        if (wait_ms == 0) {
            self->route = i;
            if (is_builtin(&self->routes[i]))
                answer_builtin(self);
            else
                ask_request(self);
            return;
        }
        if (wait_ms > 0 && (least_ms < 0 || wait_ms < least_ms))
            least_ms = wait_ms;
    }
    if (least_ms >= 0 && least_ms <= WAIT_MAX_MS && least_ms < act_call_left_ms(self->work.call))
        wait_for(self, least_ms);
    else
        fail_all(self);
}

// --- after a fault -------------------------------------------------------------------------------

// Full jitter, and never before the provider said.
static int64_t backoff_ms(uint32_t tries, int64_t at_least_ms)
{
    int64_t most_ms = (int64_t)BACKOFF_MS << (tries < 5 ? tries : 5);
    if (most_ms > BACKOFF_MAX_MS)
        most_ms = BACKOFF_MAX_MS;
    int64_t wait_ms = (int64_t)(act_random_u64() % (uint64_t)most_ms) + 1;
    return wait_ms > at_least_ms ? wait_ms : at_least_ms;
}

static bool may_try_again(const ask_t *self)
{
    return self->fault.kind == FAULT_AGAIN && !has_other(self) &&
           self->tries[self->route] < ASK_TRIES_A_ROUTE &&
           self->fault.retry_after_ms < act_call_left_ms(self->work.call) &&
           self->fault.retry_after_ms <= WAIT_MAX_MS;
}

static void note_fault(const ask_t *self)
{
    const route_t *route = ask_route(self);
    act_log_info(act_actor_log(self->asks->gateway->actor), "model_request_failed",
                 "tenant=%.*s,provider=%.*s,model=%.*s,fault=%s,breaker=%s",
                 ACT_STR_ARG(route->tenant), ACT_STR_ARG(route->provider_id),
                 ACT_STR_ARG(route->target.model), self->fault.text,
                 gate_breaker(route->gate, now_ms(self)));
}

void ask_take_outcome(ask_t *self)
{
    gateway_t *gateway = self->asks->gateway;
    if (self->fault.kind == FAULT_NONE) {
        ask_reply(self);
        return;
    }
    note_fault(self);
    if (self->said_bytes > 0) {
        ask_fail(self, ACT_E_MODEL_PROVIDER, self->fault.text); // nothing is said twice
        return;
    }
    if (may_try_again(self) && gate_may_retry(ask_route(self)->gate)) {
        gateway_count(gateway, METRIC_RETRIES, 1);
        self->not_before_ms[self->route] =
            now_ms(self) + backoff_ms(self->tries[self->route] - 1, self->fault.retry_after_ms);
    } else {
        self->excluded |= 1u << self->route;
        if (has_other(self))
            gateway_count(gateway, METRIC_FALLBACKS, 1);
    }
    ask_go_on(self);
}

// --- the timer -----------------------------------------------------------------------------------

static void look_at(ask_t *self, int64_t now)
{
    if (self->state == ASK_WAITING && self->due_ms <= now)
        ask_go_on(self);
    else if (self->state == ASK_REQUESTED && self->is_streaming) {
        if (self->wants_parts)
            ask_say(self, /* is_all= */ false);
        if (now - self->heard_ms > ask_route(self)->target.caps.idle_ms)
            ask_end_silence(self);
    }
}

// A whole answer is silent until it comes (timeout_ms is for that): only streams and those that wait are
// looked at.
static void on_tick(void *context)
{
    asks_t *self = context;
    if (!self->first)
        act_timer_stop(self->tick);
    if (self->streams_count == 0 && self->counts[ASK_WAITING] == 0)
        return;
    int64_t now = gateway_now_ms(self->gateway);
    ask_t *next = NULL;
    for (ask_t *ask = self->first; ask; ask = next) {
        next = ask->next;
        look_at(ask, now);
    }
}

// --- the beginning -------------------------------------------------------------------------------

static void on_cancel(void *context)
{
    ask_t *self = context;
    ask_fail(self, act_call_left_ms(self->work.call) > 0 ? ACT_E_CANCELLED : ACT_E_DEADLINE, NULL);
}

static bool answer_from_cache(ask_t *self)
{
    gateway_t *gateway = self->asks->gateway;
    const route_t *route = &self->routes[0];
    act_str_t tenant = act_call_header(self->work.call)->tenant;
    self->is_cacheable = !is_builtin(route) && self->job->is_cacheable(&self->work);
    if (!self->is_cacheable)
        return false;
    act_buf_t packed;
    act_buf_init(&packed, ACT_BUF_DEFAULT_MAX_BYTES);
    self->job->pack_question(&self->work, &packed);
    self->cache_key =
        cache_key(tenant, act_str(self->job->name), route->target.identity, act_buf_str(&packed));
    act_str_t found = cache_get(gateway->cache, &self->cache_key, now_ms(self));
    act_buf_reset(&packed);
    bool is_there =
        !act_str_empty(found) &&
        self->job->pack_cached(&self->work, act_arena_str(act_call_arena(self->work.call), found),
                               &packed) == ACT_E_OK;
    if (is_there) {
        gateway_count(gateway, METRIC_CACHED, 1);
        send_reply(self, &packed);
    }
    act_buf_fini(&packed);
    return is_there;
}

static void exclude_broken(ask_t *self)
{
    for (uint32_t i = 0; i < self->routes_count; i++)
        if (self->routes[i].is_broken)
            self->excluded |= 1u << i;
}

void asks_start(asks_t *self, act_call_t *call, const job_t *job, const void *request,
                act_str_t role, act_str_t conversation_id)
{
    gateway_count(self->gateway, METRIC_CALLS, 1);
    if (self->is_closing ||
        self->counts[ASK_WAITING] + self->counts[ASK_REQUESTED] + self->counts[ASK_RESERVING] >=
            ASKS_MAX_COUNT) {
        act_call_fail(&call, ACT_E_OVERLOADED, "too many calls are open");
        return;
    }
    ask_t *ask = act_alloc(sizeof *ask);
    *ask = (ask_t){.asks = self, .job = job, .next = self->first};
    ask->work = (work_t){
        .call = call, .request = request, .role = role, .conversation_id = conversation_id};
    ask->started_ms = gateway_now_ms(self->gateway);
    ask->wants_parts = job->can_stream && act_call_header(call)->credit_messages > 0;
    act_sse_init(&ask->sse, ASK_EVENT_MAX_BYTES);
    act_uuid7(ask->usage_id);
    if (self->first)
        self->first->previous = ask;
    self->first = ask;
    self->counts[ASK_RESERVING]++;
    if (!act_timer_is_active(self->tick))
        act_timer_start(self->tick, TICK_MS, TICK_MS);
    ask->book = routes_book(self->gateway->routes);
    ask->routes_count = book_find(ask->book, act_call_header(call)->tenant, role, &ask->routes);
    note_counts(self);
    act_call_on_cancel(call, on_cancel, ask);
    if (ask->routes_count == 0) {
        ask_fail(ask, ACT_E_NOT_CONFIGURED, "no model is configured for this");
        return;
    }
    exclude_broken(ask);
    if (!answer_from_cache(ask))
        ask_reserve(ask);
}

// --- life ----------------------------------------------------------------------------------------

asks_t *asks_new(gateway_t *gateway)
{
    asks_t *self = act_alloc(sizeof *self);
    self->gateway = gateway;
    self->tick = act_timer_new(act_actor_loop(gateway->actor), on_tick, self);
    return self;
}

static void close_all(asks_t *self)
{
    self->is_closing = true;
    while (self->first)
        ask_fail(self->first, ACT_E_CANCELLED, "the gateway stops");
}

void asks_destroy(asks_t **self_p)
{
    if (!*self_p)
        return;
    close_all(*self_p);
    act_timer_destroy(&(*self_p)->tick);
    act_free(act_take(self_p));
}

uint32_t asks_count(const asks_t *self)
{
    return self->counts[ASK_WAITING] + self->counts[ASK_REQUESTED] + self->counts[ASK_RESERVING] +
           self->settling_count;
}
