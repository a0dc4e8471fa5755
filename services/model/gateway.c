// gateway: settings, methods, life.
#include "gateway.h"

#include "asks.h"
#include "base/time.h"
#include "prices.h"
#include "proto/model_service.h"

#define CONNECTIONS_MAX_COUNT 2048u
#define RESPONSE_MAX_BYTES (8u << 20)
#define BUFFER_BYTES 4096u
#define SECOND_MS 1000

static const act_config_row_t settings[] = {
    {"master_key_file", "PARLEY_MASTER_KEY_FILE", ACT_CONFIG_TEXT, NULL, 0, 0,
     "/var/lib/parley/master.key", "file with the key that the keys of providers are sealed with",
     false},
    {"openai_api_key", "OPENAI_API_KEY", ACT_CONFIG_TEXT, "", 0, 0, "sk-...",
     "key of the default provider, for tenants without models of their own", true},
    {"openai_model", "OPENAI_MODEL", ACT_CONFIG_TEXT, "", 0, 0, "gpt-6-luna",
     "model of the default provider", false},
    {"openai_base_url", "OPENAI_BASE_URL", ACT_CONFIG_TEXT, "", 0, 0, "http://127.0.0.1:11434/v1",
     "where the default provider is", false},
    {"model_dialect", "PARLEY_MODEL_DIALECT", ACT_CONFIG_TEXT, "", 0, 0, "openai_compatible",
     "what the default provider speaks: anthropic, openai, openai_compatible, gemini, builtin; empty: by "
     "the base URL",
     false},
    {"model_options", "PARLEY_MODEL_OPTIONS", ACT_CONFIG_TEXT, "", 0, 0,
     "max_output_tokens=2048,-temperature", "what the default model can take (docs/models.md)",
     false},
    {"embed_model", "PARLEY_EMBED_MODEL", ACT_CONFIG_TEXT, "", 0, 0, "text-embedding-3-small",
     "model for embeddings at the default provider; empty: built in", false},
    {"transcribe_model", "PARLEY_TRANSCRIBE_MODEL", ACT_CONFIG_TEXT, "", 0, 0,
     "gpt-4o-mini-transcribe", "model for voice notes at the default provider; empty: none", false},
    {"provider_concurrency_max_count", "PARLEY_MODEL_CONCURRENCY", ACT_CONFIG_INT, "256", 1, 2048,
     "256", "most requests at a time with one key of one provider", false},
    {"day_micro_usd", "PARLEY_MODEL_DAY_MICRO_USD", ACT_CONFIG_INT, "0", 0, 1000000000000,
     "5000000",
     "what a tenant without limits of its own may spend a day, millionths of a US dollar; 0: no limit",
     false},
    {"conversation_micro_usd", "PARLEY_MODEL_CONVERSATION_MICRO_USD", ACT_CONFIG_INT, "0", 0,
     1000000000000, "500000", "the same for one conversation", false},
    {"cache_max_count", "PARLEY_MODEL_CACHE_COUNT", ACT_CONFIG_INT, "1024", 0, 100000, "1024",
     "most answers kept for the same question", false},
    {"cache_max_bytes", "PARLEY_MODEL_CACHE_BYTES", ACT_CONFIG_INT, "8388608", 65536, 1073741824,
     "8388608", "most bytes of them", false},
    {"cache_s", "PARLEY_MODEL_CACHE_S", ACT_CONFIG_INT, "600", 1, 86400, "600",
     "how long they are given", false},
    {"allow_private_addresses", "PARLEY_ALLOW_PRIVATE_ADDRESSES", ACT_CONFIG_BOOL, "false", 0, 0,
     "true", "may base URLs of tenants lead to private and loopback addresses?", false},
    {0},
};

int64_t gateway_now_ms(const gateway_t *self)
{
    return act_loop_now_ms(act_actor_loop(self->actor));
}

void gateway_count(const gateway_t *self, gateway_metric_t metric, uint64_t value)
{
    act_metrics_add(act_actor_metrics(self->actor), metric, value);
}

// --- methods -------------------------------------------------------------------------------------

static void chat(void *context, act_call_t *call, const chat_request_t *request)
{
    gateway_t *self = context;
    bool is_chat = routes_has_role(request->role) && !act_str_is(request->role, "embed") &&
                   !act_str_is(request->role, "transcribe");
    if (!is_chat || request->messages.count == 0) {
        act_call_fail(&call, ACT_E_INVALID_ARGUMENT,
                      is_chat
                          ? "no messages"
                          : "role is none of agent, agent_small, classify, translate, summarise");
        return;
    }
    asks_start(self->asks, call, &job_chat, request, request->role, request->conversation_id);
}

static void embed(void *context, act_call_t *call, const embed_request_t *request)
{
    gateway_t *self = context;
    if (request->texts.count == 0) {
        act_call_fail(&call, ACT_E_INVALID_ARGUMENT, "no texts");
        return;
    }
    asks_start(self->asks, call, &job_embed, request, ACT_STR("embed"), request->conversation_id);
}

static void transcribe(void *context, act_call_t *call, const transcribe_request_t *request)
{
    gateway_t *self = context;
    asks_start(self->asks, call, &job_transcribe, request, ACT_STR("transcribe"),
               request->conversation_id);
}

static void view_route(const route_t *route, int64_t now_ms, model_route_view_t *ret_view)
{
    const caps_t *caps = &route->target.caps;
    bool has_own_price = caps->input_price >= 0 && caps->output_price >= 0;
    const price_t *price = price_find(route->target.model, act_time_wall_us() / 86400000000, 0);
    *ret_view = (model_route_view_t){
        .role = route->role,
        .position = route->position,
        .provider = route->provider_id,
        .dialect = act_str(route->provider->name),
        .base_url = route->target.base_url,
        .model = route->target.model,
        .has_key = !act_str_empty(route->target.api_key),
        .is_own = !act_str_empty(route->tenant),
        .breaker = act_str(route->is_broken ? "key unopened" : gate_breaker(route->gate, now_ms)),
        .input_price = has_own_price ? caps->input_price
                       : price       ? price->input
                                     : -1,
        .output_price = has_own_price ? caps->output_price
                        : price       ? price->output
                                      : -1,
        .options = route->options,
    };
}

static void list_models(void *context, act_call_t *call, const empty_t *request)
{
    gateway_t *self = context;
    act_str_t tenant = act_call_header(call)->tenant;
    model_route_view_t views[64];
    uint32_t count = 0;
    book_t *book = routes_book(self->routes);
    (void)request;
    for (uint32_t i = 0; routes_role_name(i); i++) {
        const route_t *routes = NULL;
        uint32_t routes_count = book_find(book, tenant, act_str(routes_role_name(i)), &routes);
        for (uint32_t j = 0; j < routes_count && count < ACT_COUNT(views); j++)
            view_route(&routes[j], gateway_now_ms(self), &views[count++]);
    }
    spend_limits_t limits = book_limits(book, tenant);
    list_models_reply_t reply = {.routes = {.items = views, .count = count},
                                 .day_limit_micro_usd = limits.day_micro_usd,
                                 .conversation_limit_micro_usd = limits.conversation_micro_usd};
    model_list_models_reply(&call, &reply);
    book_unref(&book);
}

static void on_reloaded(void *context, act_err_t err)
{
    act_call_t *call = context;
    if (err == ACT_E_OK)
        model_reload_models_reply(&call, &(empty_t){0});
    else
        act_call_fail(&call, err, "the configuration could not be read");
}

static void reload_models(void *context, act_call_t *call, const empty_t *request)
{
    gateway_t *self = context;
    (void)request;
    routes_reload(self->routes, on_reloaded, call);
}

static const model_server_t server = {.chat = chat,
                                      .embed = embed,
                                      .transcribe = transcribe,
                                      .list_models = list_models,
                                      .reload_models = reload_models};

// --- life ----------------------------------------------------------------------------------------

static act_err_t open_routes(gateway_t *self, const act_config_t *config)
{
    const char *why = "";
    routes_settings_t routes = {
        .api_key = act_config_text(config, "openai_api_key"),
        .model = act_config_text(config, "openai_model"),
        .base_url = act_config_text(config, "openai_base_url"),
        .dialect = act_config_text(config, "model_dialect"),
        .options = act_config_text(config, "model_options"),
        .embed_model = act_config_text(config, "embed_model"),
        .transcribe_model = act_config_text(config, "transcribe_model"),
        .concurrency_max_count = act_config_int(config, "provider_concurrency_max_count"),
        .day_micro_usd = act_config_int(config, "day_micro_usd"),
        .conversation_micro_usd = act_config_int(config, "conversation_micro_usd"),
    };
    act_err_t err = routes_new(self->actor, self->key, &routes, &self->routes, &why);
    if (err != ACT_E_OK)
        act_log_error(act_actor_log(self->actor), "bad_setting", "problem=%s", why);
    return err;
}

static act_http_client_t *open_client(const gateway_t *self, bool allows_private)
{
    act_http_client_limits_t limits = {
        .connections_max_count = CONNECTIONS_MAX_COUNT,
        .requests_max_count = CONNECTIONS_MAX_COUNT,
        .response_max_bytes = RESPONSE_MAX_BYTES,
        .allow_private_addresses = allows_private,
        .buffer_bytes = BUFFER_BYTES,
    };
    return act_http_client_new(act_actor_loop(self->actor), &limits);
}

static act_err_t open_gateway(void *context, act_actor_t *actor)
{
    gateway_t *self = context;
    self->actor = actor;
    const act_config_t *config = act_actor_config(actor);
    act_err_t err = act_seal_key_open(config, act_actor_log(self->actor), &self->key);
    if (err == ACT_E_OK)
        err = open_routes(self, config);
    if (err != ACT_E_OK)
        return err;
    self->public_client = open_client(self, act_config_bool(config, "allow_private_addresses"));
    self->operator_client = open_client(self, /* allows_private= */ true);
    if (!self->public_client || !self->operator_client)
        return ACT_E_CONFIG;
    self->cache = cache_new((uint32_t)act_config_int(config, "cache_max_count"),
                            (size_t)act_config_int(config, "cache_max_bytes"),
                            act_config_int(config, "cache_s") * SECOND_MS);
    self->asks = asks_new(self);
    return ACT_E_OK;
}

// What was paid for is recorded before the process ends.
static bool is_busy(const void *context)
{
    const gateway_t *self = context;
    return asks_count(self->asks) > 0;
}

static void close_gateway(void *context)
{
    gateway_t *self = context;
    asks_destroy(&self->asks);
    act_http_client_destroy(&self->operator_client);
    act_http_client_destroy(&self->public_client);
    routes_destroy(&self->routes);
    cache_destroy(&self->cache);
    act_seal_key_destroy(&self->key);
}

const act_spec_t gateway_spec = {
    .name = "model",
    .service = &model_service,
    .server = &server,
    .config = settings,
    .metrics = gateway_metrics,
    .credit_messages = 2048, // mostly waiting for providers
    .credit_bytes = 64u << 20,
    .self_size_bytes = sizeof(gateway_t),
    .open = open_gateway,
    .is_busy = is_busy,
    .close = close_gateway,
};
