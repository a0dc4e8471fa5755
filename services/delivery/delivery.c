// delivery: settings, life, and the two methods.
#include "delivery.h"

#include "claims.h"
#include "origin.h"
#include "proto/delivery_service.h"
#include "sends.h"
#include "typing.h"

// Requests beyond those for messages: typing indicators.
#define OTHER_REQUESTS_COUNT 16u
// An answer of a send is a few hundred bytes.
#define RESPONSE_MAX_BYTES (256u << 10)
// A request is made only when we count as alive until its answer (send_is_ours). With less to spare than two beats and a
// little, an INTENT would be put again and again whose request is not made.
#define ALIVE_SPARE_MS 2500

static const act_config_row_t settings[] = {
    {"master_key_file", "PARLEY_MASTER_KEY_FILE", ACT_CONFIG_TEXT, NULL, 0, 0,
     "/var/lib/parley/master.key", "file with the key that the secrets of channels are sealed with",
     false},
    {"requests_max_count", "PARLEY_SENDS_MAX_COUNT", ACT_CONFIG_INT, "256", 1, 1024, "256",
     "most messages that are being sent at a time", false},
    {"claim_rows_max_count", "PARLEY_CLAIM_ROWS_MAX_COUNT", ACT_CONFIG_INT, "256", 1, 1000, "256",
     "most messages taken from the outbox at a time", false},
    {"claim_ms", "PARLEY_CLAIM_MS", ACT_CONFIG_INT, "15000", 2000, 600000, "15000",
     "a send without a recorded result after this time has an unknown outcome", false},
    {"send_timeout_ms", "PARLEY_SEND_TIMEOUT_MS", ACT_CONFIG_INT, "8000", 100, 120000, "8000",
     "most time for a channel to answer; less than claim_ms, and 2500 less than alive_ms and reconcile_ms together",
     false},
    {"throughput_per_s", "PARLEY_THROUGHPUT_PER_S", ACT_CONFIG_INT, "80", 1, 1000000, "80",
     "messages a second from one channel account, all living deliveries together (WhatsApp allows 80 at first)",
     false},
    {"pair_interval_ms", "PARLEY_PAIR_INTERVAL_MS", ACT_CONFIG_INT, "6000", 0, 600000, "6000",
     "one message to the same customer each so long, after a burst (WhatsApp allows 6000; 0: no limit)",
     false},
    {"attempts_max_count", "PARLEY_ATTEMPTS_MAX_COUNT", ACT_CONFIG_INT, "8", 1, 100, "8",
     "a message that the channel did not take so often is given up", false},
    {"reconcile_ms", "PARLEY_RECONCILE_MS", ACT_CONFIG_INT, "5000", 0, 600000, "5000",
     "wait for a status before a send with unknown outcome is repeated", false},
    {"media_wait_ms", "PARLEY_MEDIA_WAIT_MS", ACT_CONFIG_INT, "10000", 0, 600000, "10000",
     "what follows an image, audio, video or document waits so long at most until that is delivered; 0: not at all",
     false},
    {"idle_claim_ms", "PARLEY_IDLE_CLAIM_MS", ACT_CONFIG_INT, "1000", 10, 60000, "1000",
     "how often the outbox is looked at without a hint", false},
    {"graph_api_base", "GRAPH_API_BASE", ACT_CONFIG_TEXT, "https://graph.facebook.com", 0, 0,
     "http://127.0.0.1:9100", "where the WhatsApp Cloud API is, for accounts that do not say",
     false},
    {"graph_api_version", "GRAPH_API_VERSION", ACT_CONFIG_TEXT, "v26.0", 0, 0, "v26.0",
     "version of the WhatsApp Cloud API", false},
    {"turn_events", "PARLEY_TURN_EVENTS", ACT_CONFIG_BOOL, "false", 0, 1, "true",
     "publish an event for sent messages of all channels, not only of `parley chat`", false},
    {"allow_private_addresses", "PARLEY_ALLOW_PRIVATE_ADDRESSES", ACT_CONFIG_BOOL, "false", 0, 0,
     "true",
     "may base URLs of accounts lead to private and loopback addresses, and links of media there and be http?",
     false},
    {0},
};

int64_t delivery_now_ms(const delivery_t *self)
{
    return act_loop_now_ms(act_actor_loop(self->actor));
}

void delivery_add_metric(const delivery_t *self, delivery_metric_t metric, uint64_t value)
{
    act_metrics_add(act_actor_metrics(self->actor), metric, value);
}

act_http_client_t *delivery_client(const delivery_t *self, const account_t *account)
{
    return account->is_operator_base ? self->operator_client : self->public_client;
}

// --- methods -------------------------------------------------------------------------------------

static void end_cast(act_call_t *call)
{
    act_buf_t nothing;
    act_buf_init(&nothing, 1);
    act_call_reply(&call, &nothing);
}

static void on_wake(void *context, act_call_t *call, const delivery_wake_request_t *request)
{
    delivery_t *self = context;
    (void)request; // what is due is claimed for all conversations at once
    end_cast(call);
    claims_wake(self->claims);
}

static void on_show_typing(void *context, act_call_t *call, const show_typing_request_t *request)
{
    delivery_t *self = context;
    typing_show(self->typing, act_call_header(call)->tenant, request);
    end_cast(call);
}

static const delivery_server_t server = {.wake = on_wake, .show_typing = on_show_typing};

// --- life ----------------------------------------------------------------------------------------

static void load_settings(delivery_t *self, const act_config_t *config)
{
    self->is_event_wanted = act_config_bool(config, "turn_events");
    self->requests_max_count = (uint32_t)act_config_int(config, "requests_max_count");
    self->claim_rows_max_count = (uint32_t)act_config_int(config, "claim_rows_max_count");
    self->throughput_per_s = act_config_int(config, "throughput_per_s");
    self->claim_ms = act_config_int(config, "claim_ms");
    self->send_timeout_ms = act_config_int(config, "send_timeout_ms");
    self->attempts_max_count = (uint32_t)act_config_int(config, "attempts_max_count");
    self->reconcile_ms = act_config_int(config, "reconcile_ms");
    self->media_wait_ms = act_config_int(config, "media_wait_ms");
    self->allows_inside = act_config_bool(config, "allow_private_addresses");
    self->idle_claim_ms = act_config_int(config, "idle_claim_ms");
}

static act_http_client_t *open_client(const delivery_t *self, bool allows_private)
{
    uint32_t count = self->requests_max_count + OTHER_REQUESTS_COUNT;
    act_http_client_limits_t limits = {
        .connections_max_count = count,
        .requests_max_count = count,
        .response_max_bytes = RESPONSE_MAX_BYTES,
        .allow_private_addresses = allows_private,
    };
    return act_http_client_new(act_actor_loop(self->actor), &limits);
}

static act_err_t open_clients(delivery_t *self, const act_config_t *config)
{
    bool is_inside = origin_is_private(act_str(act_config_text(config, "graph_api_base")));
    self->public_client = open_client(self, self->allows_inside);
    self->operator_client =
        is_inside && !self->allows_inside ? open_client(self, true) : self->public_client;
    return self->public_client && self->operator_client ? ACT_E_OK : ACT_E_CONFIG;
}

static void on_accounts_read(void *context)
{
    delivery_t *self = context;
    claims_wake(self->claims);
}

static void on_welcome(void *context)
{
    delivery_t *self = context;
    act_holder_beat(self->holder);
    claims_wake(self->claims);
}

static void on_named(void *context)
{
    delivery_t *self = context;
    claims_wake(self->claims);
}

static bool is_timeout_short(const delivery_t *self, const act_config_t *config)
{
    int64_t alive_ms = act_config_int(config, "alive_ms") + self->reconcile_ms;
    return self->send_timeout_ms < self->claim_ms &&
           self->send_timeout_ms + ALIVE_SPARE_MS <= alive_ms;
}

static act_err_t open_delivery(void *context, act_actor_t *actor)
{
    delivery_t *self = context;
    self->actor = actor;
    const act_config_t *config = act_actor_config(actor);
    load_settings(self, config);
    if (!is_timeout_short(self, config)) {
        act_log_error(act_actor_log(actor), "bad_setting", "name=%s", "send_timeout_ms");
        return ACT_E_CONFIG;
    }
    act_err_t err = act_seal_key_open(config, act_actor_log(self->actor), &self->key);
    if (err == ACT_E_OK)
        err = open_clients(self, config);
    if (err != ACT_E_OK)
        return err;
    self->memos = memos_new();
    self->pairs = pairs_new(act_config_int(config, "pair_interval_ms"));
    self->sends = sends_new(self);
    self->claims = claims_new(self);
    self->typing = typing_new(self);
    accounts_settings_t accounts = {
        .throughput_per_s = self->throughput_per_s,
        .graph_api_base = act_str(act_config_text(config, "graph_api_base")),
        .graph_api_version = act_str(act_config_text(config, "graph_api_version")),
    };
    self->accounts = accounts_new(actor, self->key, &accounts, on_accounts_read, self);
    self->holder = act_holder_new(actor, "delivery", self->reconcile_ms, on_named, self);
    act_actor_on_welcome(actor, on_welcome, self);
    return ACT_E_OK;
}

// A request to a channel is no call. To leave before its answer would make every send in flight
// ambiguous at each restart.
static bool is_busy(const void *context)
{
    const delivery_t *self = context;
    return sends_count(self->sends) > 0;
}

static void close_delivery(void *context)
{
    delivery_t *self = context;
    if (self->sends) {
        uint32_t left_count = sends_count(self->sends);
        if (left_count > 0)
            act_log_warn(act_actor_log(self->actor), "sends_left", "count=%u", left_count);
        sends_close(self->sends);
    }
    if (self->operator_client != self->public_client)
        act_http_client_destroy(&self->operator_client);
    act_http_client_destroy(&self->public_client);
    typing_destroy(&self->typing);
    sends_destroy(&self->sends);
    claims_destroy(&self->claims);
    accounts_destroy(&self->accounts);
    memos_destroy(&self->memos);
    pairs_destroy(&self->pairs);
    act_holder_destroy(&self->holder);
    act_seal_key_destroy(&self->key);
}

const act_spec_t delivery_spec = {
    .name = "delivery",
    .service = &delivery_service,
    .server = &server,
    .config = settings,
    .metrics = delivery_metrics,
    .credit_messages = 256, // hints only, ended as they come
    .self_size_bytes = sizeof(delivery_t),
    .open = open_delivery,
    .is_busy = is_busy,
    .close = close_delivery,
};
