// ingress: settings, life, and the way of a request to its handler.
#include "ingress.h"

#include "proto/ingress_service.h"
#include "route.h"
#include "webhook.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define MINUTE_MS 60000
#define ADDRESSES_COUNT 65536u // rows of 24 bytes
#define SENDERS_COUNT 262144u

static const act_config_row_t settings[] = {
    {"master_key_file", "PARLEY_MASTER_KEY_FILE", ACT_CONFIG_TEXT, NULL, 0, 0,
     "/var/lib/parley/master.key", "file with the key that the secrets of channels are sealed with",
     false},
    {"listen_descriptor", "PARLEY_LISTEN_DESCRIPTOR", ACT_CONFIG_INT, "3", 0, 1024, "3",
     "the listening socket, inherited from the broker", false},
    {"listen_port", "PARLEY_LISTEN_PORT", ACT_CONFIG_INT, "0", 0, 65535, "8080",
     "open this port instead, on all addresses: for an ingress in a container of its own", false},
    {"connections_max_count", "PARLEY_CONNECTIONS_MAX_COUNT", ACT_CONFIG_INT, "8192", 16, 65536,
     "8192", "most HTTP connections; more wait in the kernel", false},
    {"body_max_bytes", "PARLEY_BODY_MAX_BYTES", ACT_CONFIG_INT, "1048576", 1024, 3145728, "1048576",
     "larger webhooks are answered 413", false},
    {"hold_ms", "PARLEY_HOLD_MS", ACT_CONFIG_INT, "0", 0, 60000, "4000",
     "how long a webhook waits for storage before it is answered 503; 0: as the channel bears it "
     "(WhatsApp 4000)",
     false},
    {"held_max_count", "PARLEY_HELD_MAX_COUNT", ACT_CONFIG_INT, "8000", 1, 16000, "8000",
     "most webhooks that wait for storage; more are answered 503 at once", false},
    {"held_max_bytes", "PARLEY_HELD_MAX_BYTES", ACT_CONFIG_INT, "67108864", 1048576, 1073741824,
     "67108864", "most bytes of webhooks that wait for storage", false},
    {"address_rate_per_s", "PARLEY_ADDRESS_RATE_PER_S", ACT_CONFIG_INT, "20000", 1, 1000000,
     "20000", "webhooks a second from one address; more are answered 429", false},
    {"bad_signature_rate_per_s", "PARLEY_BAD_SIGNATURE_RATE_PER_S", ACT_CONFIG_INT, "20", 1,
     1000000, "20", "unsigned or wrongly signed webhooks a second from one address", false},
    {"sender_rate_per_s", "PARLEY_SENDER_RATE_PER_S", ACT_CONFIG_INT, "5", 1, 1000000, "5",
     "messages a second from one customer, in the long run; more are answered 429", false},
    {"sender_burst", "PARLEY_SENDER_BURST", ACT_CONFIG_INT, "60", 1, 1000000, "60",
     "messages from one customer at once", false},
    {"delay_max_ms", "PARLEY_DELAY_MAX_MS", ACT_CONFIG_INT, "5000", 100, 600000, "5000",
     "more webhooks come than can be answered when answers would wait longer than this: then some are answered "
     "503",
     false},
    {"trusted_proxies", "PARLEY_TRUSTED_PROXIES", ACT_CONFIG_TEXT, "", 0, 0,
     "10.0.0.0/8, 192.168.1.1", "reverse proxies whose X-Forwarded-For is believed", false},
    {0},
};

static act_log_t *log_of(ingress_t *self)
{
    return act_actor_log(self->actor);
}

// --- requests ------------------------------------------------------------------------------------

// One word for whoever waits for us, NULL when we are ready.
static const char *why_not_ready(const ingress_t *self)
{
    if (act_actor_is_draining(self->actor))
        return "draining";
    if (!act_actor_is_connected(self->actor))
        return "broker";
    return accounts_set(self->accounts) ? NULL : "accounts";
}

static void answer_ready(const ingress_t *self, act_http_request_t **request_p)
{
    const char *reason = why_not_ready(self);
    act_http_response_t response = {.status = reason ? 503 : 200,
                                    .body = act_str(reason ? reason : "ok"),
                                    .retry_after_s = reason ? 1 : 0};
    act_http_respond(request_p, &response);
}

static void answer_webhook(ingress_t *self, const route_t *route, act_http_request_t **request_p)
{
    const act_channel_t *channel = act_channel_find(act_str(route->channel));
    if (method_of(act_http_method(*request_p)) == METHOD_GET)
        webhook_get(self, channel, request_p);
    else
        webhook_post(self, channel, request_p);
}

static void on_request(void *context, act_http_request_t *request)
{
    ingress_t *self = context;
    const route_t *route = route_find(act_http_path(request));
    if (!route)
        post_respond(&request, 404, 0);
    else if (!route_allows(route, method_of(act_http_method(request))))
        post_respond(&request, 405, 0);
    else if (route->kind == ROUTE_WEBHOOK)
        answer_webhook(self, route, &request);
    else if (route->kind == ROUTE_READY)
        answer_ready(self, &request);
    else
        act_http_respond(&request, &(act_http_response_t){.status = 200, .body = ACT_STR("ok")});
}

// --- accounts ------------------------------------------------------------------------------------

static void on_accounts_read(void *context, act_err_t err)
{
    ingress_t *self = context;
    uint32_t count = self->reloads_count;
    self->reloads_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (err == ACT_E_OK)
            ingress_reload_reply(&self->reloads[i], &(empty_t){0});
        else
            act_call_fail(&self->reloads[i], err, "the list of accounts could not be read");
    }
    if (err == ACT_E_OK)
        posts_on_accounts(self->posts);
}

static void on_reload(void *context, act_call_t *call, const empty_t *request)
{
    ingress_t *self = context;
    (void)request;
    if (self->reloads_count == INGRESS_RELOADS_MAX_COUNT) {
        act_call_fail(&call, ACT_E_OVERLOADED, "too many reloads");
        return;
    }
    self->reloads[self->reloads_count++] = call;
    accounts_read(self->accounts);
}

static const ingress_server_t server = {.reload = on_reload};

// --- life ----------------------------------------------------------------------------------------

static void on_minute(void *context)
{
    ingress_t *self = context;
    metrics_log(act_actor_metrics(self->actor), self->logged_metrics, log_of(self));
}

// As many descriptors as the system lets us have: one a connection.
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static act_err_t open_server(ingress_t *self, const act_config_t *config)
{
    int descriptor = (int)act_config_int(config, "listen_descriptor");
    uint16_t port = (uint16_t)act_config_int(config, "listen_port");
    if (port > 0 && act_listen("0.0.0.0", port, &descriptor, NULL) != ACT_E_OK) {
        act_log_error(log_of(self), "cannot_listen", "port=%u,problem=%s", port, strerror(errno));
        return ACT_E_CONFIG;
    }
    int is_listening = 0;
    socklen_t size = sizeof is_listening;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0 ||
        !is_listening) {
        act_log_error(log_of(self), "no_listener", "descriptor=%d", descriptor);
        return ACT_E_CONFIG;
    }
    raise_descriptor_limit();
    act_http_server_limits_t limits = {
        .body_max_bytes = (uint32_t)act_config_int(config, "body_max_bytes"),
        .connections_max_count = (uint32_t)act_config_int(config, "connections_max_count"),
    };
    return act_http_server_new(act_actor_loop(self->actor), descriptor, &limits, on_request, self,
                               &self->server);
}

static void open_limits(ingress_t *self, const act_config_t *config)
{
    uint32_t address = (uint32_t)act_config_int(config, "address_rate_per_s");
    uint32_t bad_signature = (uint32_t)act_config_int(config, "bad_signature_rate_per_s");
    self->by_address = rate_limit_new(address, address, ADDRESSES_COUNT);
    self->by_bad_signature = rate_limit_new(bad_signature, bad_signature, ADDRESSES_COUNT);
    self->by_sender =
        rate_limit_new((uint32_t)act_config_int(config, "sender_rate_per_s"),
                       (uint32_t)act_config_int(config, "sender_burst"), SENDERS_COUNT);
}

static act_err_t open_ingress(void *context, act_actor_t *actor)
{
    ingress_t *self = context;
    self->actor = actor;
    const act_config_t *config = act_actor_config(actor);
    if (client_proxies_parse(act_str(act_config_text(config, "trusted_proxies")), &self->proxies) !=
        ACT_E_OK) {
        act_log_error(log_of(self), "bad_setting", "name=%s", "trusted_proxies");
        return ACT_E_CONFIG;
    }
    act_err_t err = act_seal_key_open(config, log_of(self), &self->key);
    if (err != ACT_E_OK)
        return err;
    open_limits(self, config);
    posts_limits_t limits = {
        .held_max_count = (uint32_t)act_config_int(config, "held_max_count"),
        .held_max_bytes = (size_t)act_config_int(config, "held_max_bytes"),
        .hold_ms = act_config_int(config, "hold_ms"),
    };
    self->posts = posts_new(actor, &limits, webhook_on_ready, self);
    self->accounts = accounts_new(actor, self->key, on_accounts_read, self);
    admission_init(&self->admission, act_config_int(config, "delay_max_ms"));
    self->backlog = backlog_new(actor, &self->admission);
    self->minute = act_timer_new(act_actor_loop(actor), on_minute, self);
    act_timer_start(self->minute, MINUTE_MS, MINUTE_MS);
    return open_server(self, config);
}

static void drain_ingress(void *context)
{
    ingress_t *self = context;
    act_http_server_drain(self->server);
}

// A post may just wait for its next call, and an answer for its socket.
static bool is_busy(const void *context)
{
    const ingress_t *self = context;
    return posts_count(self->posts) > 0 ||
           act_http_server_counts(self->server).connections_count > 0;
}

static void close_ingress(void *context)
{
    ingress_t *self = context;
    for (uint32_t i = 0; i < self->reloads_count; i++)
        act_call_fail(&self->reloads[i], ACT_E_UNAVAILABLE, "stopping");
    act_timer_destroy(&self->minute);
    backlog_destroy(&self->backlog);
    posts_destroy(&self->posts);
    act_http_server_destroy(&self->server);
    accounts_destroy(&self->accounts);
    rate_limit_destroy(&self->by_address);
    rate_limit_destroy(&self->by_bad_signature);
    rate_limit_destroy(&self->by_sender);
    act_seal_key_destroy(&self->key);
    metrics_log(act_actor_metrics(self->actor), self->logged_metrics, log_of(self));
}

const act_spec_t ingress_spec = {
    .name = "ingress",
    .service = &ingress_service,
    .server = &server,
    .config = settings,
    .metrics = ingress_metrics,
    .self_size_bytes = sizeof(ingress_t),
    .open = open_ingress,
    .drain = drain_ingress,
    .is_busy = is_busy,
    .close = close_ingress,
};
