// graph_control: what tests ask and tell: /_sim/.
#include "io/json.h"
#include "sim/graph_sim_private.h"

#include <inttypes.h>

#define WAIT_MAX_MS (10 * 60 * 1000)

static json_t *body_json(graph_exchange_t *exchange)
{
    json_t *json = NULL;
    if (act_json_parse(act_http_body(exchange->request), &json, NULL,
                       act_http_arena(exchange->request)) != ACT_E_OK)
        return NULL;
    return json;
}

void graph_handle_behaviour(graph_exchange_t *exchange)
{
    json_t *json = body_json(exchange);
    act_str_t error = {0};
    if (graph_behaviour_apply(&exchange->sim->behaviour, json, &error))
        graph_respond_text(exchange, 200, "{\"success\":true}");
    else
        graph_respond_error(exchange, 400, error);
    json_decref(json);
}

void graph_handle_ledger(graph_exchange_t *exchange)
{
    act_str_t text = {0};
    int64_t since = 0;
    bool has_since = act_http_query(exchange->request, "since", &text);
    if (has_since && (!act_str_to_int(text, &since) || since < 0)) {
        graph_respond_error(exchange, 400, ACT_STR("since"));
        return;
    }
    graph_ledger_read(exchange->sim->ledger, (uint64_t)since, graph_fresh_out(exchange->sim));
    graph_respond(exchange, 200);
}

void graph_handle_stats(graph_exchange_t *exchange)
{
    const graph_sim_t *self = exchange->sim;
    graph_hooks_counts_t hooks = graph_hooks_counts(self->hooks);
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"accepted", graph_ledger_count(self->ledger)},
        {"refused", self->counts.refused_count},
        {"failed", self->counts.failed_count},
        {"unauthorised", self->counts.unauthorised_count},
        {"hung_up", self->counts.hung_up_count},
        {"accepted_then_hung_up", self->counts.accepted_then_hung_up_count},
        {"reads", self->counts.reads_count},
        {"typings", self->counts.typings_count},
        {"answers_waiting", graph_agenda_count(self->agenda)},
        {"ledger_errors", graph_ledger_errors(self->ledger)},
        {"media", graph_media_count(self->media)},
        {"webhooks_sent", hooks.sent_count},
        {"webhooks_repeated", hooks.repeats_count},
        {"webhooks_dropped", hooks.dropped_count},
        {"webhooks_waiting", hooks.waiting_count},
    };
    act_buf_t *out = graph_fresh_out(exchange->sim);
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        act_buf_printf(out, "%c\"%s\":%" PRIu64, i == 0 ? '{' : ',', rows[i].name, rows[i].value);
    act_buf_add_char(out, '}');
    graph_respond(exchange, 200);
}

void graph_handle_reset(graph_exchange_t *exchange)
{
    graph_sim_t *self = exchange->sim;
    graph_behaviour_reset(&self->behaviour);
    graph_ledger_reset(self->ledger);
    graph_hooks_reset(self->hooks);
    self->counts = (graph_counts_t){0};
    graph_respond_text(exchange, 200, "{\"success\":true}");
}

// --- waiting -------------------------------------------------------------------------------------

static void waiter_answer(graph_waiter_t *waiter)
{
    graph_sim_t *self = waiter->sim;
    uint64_t count = graph_ledger_count(self->ledger);
    graph_exchange_t exchange = {.sim = self, .request = waiter->request};
    act_timer_destroy(&waiter->timer);
    bool is_reached = count >= waiter->count;
    *waiter = (graph_waiter_t){0};
    act_buf_printf(graph_fresh_out(self), "{\"count\":%" PRIu64 ",\"is_reached\":%s}", count,
                   is_reached ? "true" : "false");
    graph_respond(&exchange, 200);
}

static void on_waited(void *context)
{
    waiter_answer(context);
}

void graph_wake_waiters(graph_sim_t *self, bool is_ending)
{
    uint64_t count = graph_ledger_count(self->ledger);
    for (size_t i = 0; i < GRAPH_WAITERS_MAX_COUNT; i++)
        if (self->waiters[i].request && (is_ending || self->waiters[i].count <= count))
            waiter_answer(&self->waiters[i]);
}

static graph_waiter_t *free_waiter(graph_sim_t *self)
{
    for (size_t i = 0; i < GRAPH_WAITERS_MAX_COUNT; i++)
        if (!self->waiters[i].request)
            return &self->waiters[i];
    return NULL;
}

void graph_handle_wait(graph_exchange_t *exchange)
{
    graph_sim_t *self = exchange->sim;
    json_t *json = body_json(exchange);
    int64_t count = act_json_int(json, "count", -1);
    int64_t timeout_ms = act_json_int(json, "timeout_ms", 10000);
    json_decref(json);
    graph_waiter_t *waiter = free_waiter(self);
    if (count < 0 || timeout_ms < 0 || timeout_ms > WAIT_MAX_MS) {
        graph_respond_error(exchange, 400, ACT_STR("count, timeout_ms"));
        return;
    }
    if (!waiter) {
        graph_respond_error(exchange, 503, ACT_STR("too many wait"));
        return;
    }
    *waiter = (graph_waiter_t){.request = exchange->request, .sim = self, .count = (uint64_t)count};
    waiter->timer = act_timer_new(self->loop, on_waited, waiter);
    act_timer_start(waiter->timer, timeout_ms, /* repeat_ms= */ 0);
    graph_wake_waiters(self, /* is_ending= */ false);
}
