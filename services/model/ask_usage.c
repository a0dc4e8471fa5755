// ask_usage: money. Reserved in one statement before anything is sent, settled in one after. A call whose
// cost nobody knows keeps its reservation: the provider may have counted it.
#include "asks_private.h"

#include "base/crash_point.h"
#include "base/time.h"
#include "prices.h"
#include "proto/persistence_service.h"

#define RESERVE_BUDGET_MS 3000
#define SETTLE_BUDGET_MS 10000
#define DAY_US 86400000000

static const price_t *price_of(const target_t *target, const model_usage_t *usage, price_t *own)
{
    int64_t prompt = usage->input_tokens + usage->cache_read_tokens + usage->cache_write_tokens +
                     usage->cache_write_1h_tokens;
    if (target->caps.input_price < 0 || target->caps.output_price < 0)
        return price_find(target->model, act_time_wall_us() / DAY_US, prompt);
    *own = (price_t){.input = target->caps.input_price,
                     .cache_read = target->caps.input_price,
                     .cache_write = target->caps.input_price,
                     .cache_write_1h = target->caps.input_price,
                     .output = target->caps.output_price};
    return own;
}

// --- before --------------------------------------------------------------------------------------

// Of the dearest route that may be asked. -1: one of them has no known price.
static int64_t most_it_may_cost(const ask_t *self)
{
    int64_t most = 0;
    for (uint32_t i = 0; i < self->routes_count; i++) {
        const target_t *target = &self->routes[i].target;
        model_usage_t usage = {.is_cost_known = false};
        price_t own;
        if (self->routes[i].provider->answer_chat || self->excluded & (1u << i))
            continue;
        self->job->estimate(&self->work, target, &usage);
        const price_t *price = price_of(target, &usage, &own);
        if (!price)
            return -1;
        int64_t cost = price_cost_micro_usd(price, &usage);
        most = cost > most ? cost : most;
    }
    return most;
}

static void on_reserved(void *context, const act_reply_t *reply,
                        const reserve_model_spend_reply_t *body)
{
    ask_t *self = context;
    self->reserve_call_id = 0;
    if (reply->err != ACT_E_OK) {
        self->reserved_micro_usd = 0;
        ask_fail(self, reply->err, "the spend limit could not be checked");
        return;
    }
    if (!act_str_empty(body->refused_by)) {
        self->usage_id[0] = '\0'; // nothing was taken, nothing is to be settled
        gateway_count(self->asks->gateway, METRIC_REFUSED, 1);
        ask_fail(self, ACT_E_QUOTA_EXCEEDED,
                 act_str_is(body->refused_by, "day") ? "the tenant's spend limit of the day"
                                                     : "the conversation's spend limit");
        return;
    }
    ACT_CRASH_POINT("model.spend.reserved");
    ask_go_on(self);
}

void ask_reserve(ask_t *self)
{
    const act_header_t *header = act_call_header(self->work.call);
    spend_limits_t limits = book_limits(self->book, header->tenant);
    bool is_limited = limits.day_micro_usd > 0 || (limits.conversation_micro_usd > 0 &&
                                                   !act_str_empty(self->work.conversation_id));
    int64_t amount = is_limited ? most_it_may_cost(self) : 0;
    if (amount < 0) {
        ask_fail(self, ACT_E_NOT_CONFIGURED,
                 "there is a spend limit, and a model without a known price (options input_price, "
                 "output_price)");
        return;
    }
    if (amount == 0) {
        ask_go_on(self);
        return;
    }
    self->reserved_micro_usd = amount;
    reserve_model_spend_request_t request = {
        .usage_id = act_str(self->usage_id),
        .conversation_id = self->work.conversation_id,
        .role = self->work.role,
        .amount_micro_usd = amount,
        .day_limit_micro_usd = limits.day_micro_usd,
        .conversation_limit_micro_usd = limits.conversation_micro_usd,
    };
    act_call_opts_t opts = {
        .tenant = header->tenant, .budget_ms = RESERVE_BUDGET_MS, .trace = &header->trace};
    self->reserve_call_id = persistence_reserve_model_spend(self->asks->gateway->actor, &opts,
                                                            &request, on_reserved, self);
}

// --- after ---------------------------------------------------------------------------------------

static void on_settled(void *context, const act_reply_t *reply, const empty_t *body)
{
    asks_t *self = context;
    (void)body;
    self->settling_count--;
    if (reply->err == ACT_E_OK)
        return;
    gateway_count(self->gateway, METRIC_UNSETTLED, 1);
    act_log_error(act_actor_log(self->gateway->actor), "model_usage_unrecorded", "code=%s",
                  act_err_code(reply->err));
}

// What is known of the cost goes into the usage, for the reply and for the row.
static void find_cost(ask_t *self)
{
    const route_t *route = ask_route(self);
    model_usage_t *usage = &self->work.usage;
    price_t own;
    const price_t *price = price_of(&route->target, usage, &own);
    bool is_counted = usage->input_tokens + usage->output_tokens + usage->audio_ms > 0;
    if (route->provider->answer_chat || !price || !is_counted)
        return;
    usage->cost_micro_usd = price_cost_micro_usd(price, usage);
    usage->is_cost_known = true;
}

static void count_usage(const ask_t *self)
{
    const gateway_t *gateway = self->asks->gateway;
    const model_usage_t *usage = &self->work.usage;
    gateway_count(gateway, METRIC_INPUT,
                  (uint64_t)(usage->input_tokens + usage->cache_read_tokens +
                             usage->cache_write_tokens + usage->cache_write_1h_tokens));
    gateway_count(gateway, METRIC_OUTPUT, (uint64_t)usage->output_tokens);
    gateway_count(gateway, METRIC_COST, (uint64_t)usage->cost_micro_usd);
}

void ask_settle(ask_t *self, const char *outcome)
{
    const act_header_t *header = act_call_header(self->work.call);
    bool is_ok = act_str_is(act_str(outcome), "ok");
    if (self->usage_id[0] == '\0' || act_str_empty(header->tenant))
        return;
    if (is_ok)
        find_cost(self);
    else if (self->requests_count == 0) // nothing was sent, nothing is owed
        self->work.usage = (model_usage_t){.is_cost_known = true};
    if (self->requests_count == 0 && self->reserved_micro_usd == 0)
        return; // built in, or never begun: no row
    count_usage(self);
    const model_usage_t *usage = &self->work.usage;
    const route_t *route = self->requests_count > 0 ? ask_route(self) : NULL;
    ACT_CRASH_POINT("model.usage.settling");
    settle_model_usage_request_t request = {
        .usage_id = act_str(self->usage_id),
        .conversation_id = self->work.conversation_id,
        .role = self->work.role,
        .provider = route ? route->provider_id : ACT_STR(""),
        .model = route ? route->target.model : ACT_STR(""),
        .outcome = act_str(outcome),
        .cost_micro_usd = usage->cost_micro_usd,
        .is_cost_known = usage->is_cost_known,
        .input_tokens = usage->input_tokens,
        .cache_read_tokens = usage->cache_read_tokens,
        .cache_write_tokens = usage->cache_write_tokens,
        .cache_write_1h_tokens = usage->cache_write_1h_tokens,
        .output_tokens = usage->output_tokens,
        .audio_ms = usage->audio_ms,
        .requests_count = self->requests_count,
        .duration_ms = gateway_now_ms(self->asks->gateway) - self->started_ms,
    };
    act_call_opts_t opts = {
        .tenant = header->tenant, .budget_ms = SETTLE_BUDGET_MS, .trace = &header->trace};
    self->asks->settling_count++;
    (void)persistence_settle_model_usage(self->asks->gateway->actor, &opts, &request, on_settled,
                                         self->asks);
    self->usage_id[0] = '\0';
}
