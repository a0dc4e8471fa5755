// notify: a round claims what is due, sends all of it at once, records each, and ends.
#include "notify.h"

#include "proto/notify_service.h"
#include "ways.h"

#include <string.h>

#define CLAIM_MS 60000 // longer than any way takes
#define ROUND_MAX_COUNT 16
#define CALL_BUDGET_MS 5000
#define CONNECTIONS_MAX_COUNT 16
#define RETRY_MS 5000
#define RETRY_MAX_MS 1800000
#define ATTEMPTS_MAX_COUNT 10

typedef struct {
    act_actor_t *actor;
    act_seal_key_t *key;
    ways_t ways;
    act_timer_t *timer;
    act_arena_t *arena; // of the round; NULL: none goes on
    uint32_t open_count;
    bool is_asking;
    bool is_wanted; // more came meanwhile
} notify_t;

typedef struct {
    notify_t *self;
    const notice_t *notice;
} sent_t;

enum { NOTICES_SENT, NOTICES_RETRIED, NOTICES_FAILED };
static const act_metric_row_t metrics[] = {
    [NOTICES_SENT] = {"notices_sent_total", ACT_METRIC_COUNTER, "notifications that went out"},
    [NOTICES_RETRIED] = {"notices_retried_total", ACT_METRIC_COUNTER,
                         "attempts that will be made again"},
    [NOTICES_FAILED] = {"notices_failed_total", ACT_METRIC_COUNTER,
                        "notifications that were given up"},
    {0},
};

static const act_config_row_t settings[] = {
    {"master_key_file", "PARLEY_MASTER_KEY_FILE", ACT_CONFIG_TEXT, NULL, 0, 0,
     "/var/lib/parley/master.key",
     "file with the key that passwords of integrations are sealed with", false},
    {"look_ms", "PARLEY_NOTIFY_LOOK_MS", ACT_CONFIG_INT, "2000", 100, 600000, "2000",
     "look for what is due this often, although every notification says that it is there", false},
    {"retry_ms", "PARLEY_NOTIFY_RETRY_MS", ACT_CONFIG_INT, "5000", 10, 600000, "5000",
     "until the second attempt; each further one waits twice as long, at most half an hour", false},
    {"allow_private_addresses", "PARLEY_ALLOW_PRIVATE_ADDRESSES", ACT_CONFIG_BOOL, "false", 0, 0,
     "true", "may mail servers and webhooks be at private and loopback addresses?", false},
    {0},
};

static uint32_t retry_ms(int32_t attempt)
{
    if (attempt >= ATTEMPTS_MAX_COUNT)
        return 0;
    uint32_t wait_ms = RETRY_MS;
    for (int32_t i = 1; i < attempt && wait_ms < RETRY_MAX_MS; i++)
        wait_ms *= 2;
    return wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS;
}

// --- a round ---------------------------------------------------------------------------------------

static void look(void *context);

static void look_again(notify_t *self)
{
    bool is_wanted = self->is_wanted;
    self->is_wanted = false;
    if (is_wanted)
        look(self);
}

static void end_one(notify_t *self)
{
    if (--self->open_count > 0)
        return;
    act_arena_destroy(&self->arena);
    look_again(self);
}

static void on_recorded(void *context, const act_reply_t *reply, const empty_t *nothing)
{
    (void)nothing;
    sent_t *sent = context;
    if (reply->err != ACT_E_OK)
        act_log_warn(act_actor_log(sent->self->actor), "notice_unrecorded", "code=%s",
                     act_err_code(reply->err));
    end_one(sent->self);
}

static uint32_t wait_after(const notify_t *self, const sent_t *sent, const way_result_t *result)
{
    uint32_t own_ms = retry_ms(sent->notice->attempt);
    int64_t first_ms = act_config_int(act_actor_config(self->actor), "retry_ms");
    own_ms = (uint32_t)((uint64_t)own_ms * (uint64_t)first_ms / RETRY_MS);
    return result->retry_after_ms > own_ms && result->retry_after_ms < RETRY_MAX_MS
               ? result->retry_after_ms
               : own_ms;
}

static void on_sent(void *context, const way_result_t *result)
{
    sent_t *sent = context;
    notify_t *self = sent->self;
    uint32_t wait_ms = wait_after(self, sent, result);
    bool is_retried =
        result->err != ACT_E_OK && !result->is_final && retry_ms(sent->notice->attempt) > 0;
    int metric = result->err == ACT_E_OK ? NOTICES_SENT
                 : is_retried            ? NOTICES_RETRIED
                                         : NOTICES_FAILED;
    act_metrics_add(act_actor_metrics(self->actor), (uint32_t)metric, 1);
    if (result->err != ACT_E_OK)
        act_log_warn(act_actor_log(self->actor), "notice_not_sent", "way=%.*s,attempt=%d,why=%s",
                     ACT_STR_ARG(sent->notice->way), sent->notice->attempt, result->text);
    const record_notice_request_t request = {
        .notification_id = sent->notice->notification_id,
        .integration_id = sent->notice->integration_id,
        .attempt = sent->notice->attempt,
        .outcome = act_str(result->err == ACT_E_OK ? "sent"
                           : is_retried            ? "retry"
                                                   : "failed"),
        .retry_after_ms = wait_ms,
        .error_text = act_utf8_prefix(act_str(result->err == ACT_E_OK ? "" : result->text), 200),
    };
    const act_call_opts_t opts = {.tenant = sent->notice->of_tenant, .budget_ms = CALL_BUDGET_MS};
    persistence_record_notice(self->actor, &opts, &request, on_recorded, sent);
}

static void on_claimed(void *context, const act_reply_t *reply, const claim_notices_reply_t *claims)
{
    notify_t *self = context;
    self->is_asking = false;
    if (reply->err != ACT_E_OK || claims->notices.count == 0) {
        look_again(self);
        return;
    }
    self->is_wanted = self->is_wanted || claims->notices.count == ROUND_MAX_COUNT;
    // The reply goes with its callback; the round needs it longer.
    self->arena = act_arena_new();
    act_str_t copy = act_arena_str(self->arena, reply->body);
    claim_notices_reply_t *round = act_arena_alloc(self->arena, sizeof *round);
    if (claim_notices_reply_unpack(copy, self->arena, round, NULL) != ACT_E_OK) {
        act_arena_destroy(&self->arena);
        return;
    }
    self->open_count = round->notices.count;
    for (uint32_t i = 0; i < round->notices.count; i++) {
        sent_t *sent = act_arena_alloc(self->arena, sizeof *sent);
        *sent = (sent_t){.self = self, .notice = &round->notices.items[i]};
        ways_send(&self->ways, sent->notice, self->arena, on_sent, sent);
    }
}

static void look(void *context)
{
    notify_t *self = context;
    if (act_actor_is_draining(self->actor))
        return;
    self->is_wanted = self->is_asking || self->arena;
    if (self->is_wanted)
        return;
    self->is_asking = true;
    const claim_notices_request_t request = {.max_rows = ROUND_MAX_COUNT, .claim_ms = CLAIM_MS};
    const act_call_opts_t opts = {.budget_ms = CALL_BUDGET_MS, .class_ = ACT_CLASS_BULK};
    persistence_claim_notices(self->actor, &opts, &request, on_claimed, self);
}

static void on_look(void *context, act_call_t *call, const empty_t *nothing)
{
    (void)nothing;
    act_buf_t none;
    act_buf_init(&none, 1);
    look(context);
    act_call_reply(&call, &none); // a cast: it only ends
    act_buf_fini(&none);
}

// --- life ------------------------------------------------------------------------------------------

static act_err_t open_notify(void *context, act_actor_t *actor)
{
    notify_t *self = context;
    const act_config_t *config = act_actor_config(actor);
    self->actor = actor;
    act_err_t err = act_seal_key_open(config, act_actor_log(actor), &self->key);
    if (err != ACT_E_OK)
        return err;
    bool allow_private = act_config_bool(config, "allow_private_addresses");
    const act_http_client_limits_t limits = {.connections_max_count = CONNECTIONS_MAX_COUNT,
                                             .response_max_bytes = 65536,
                                             .allow_private_addresses = allow_private};
    self->ways = (ways_t){.actor = actor,
                          .http = act_http_client_new(act_actor_loop(actor), &limits),
                          .key = self->key,
                          .allow_private_addresses = allow_private};
    self->timer = act_timer_new(act_actor_loop(actor), look, self);
    int64_t look_ms = act_config_int(config, "look_ms");
    act_timer_start(self->timer, look_ms, look_ms);
    return self->ways.http ? ACT_E_OK : ACT_E_INTERNAL;
}

static bool is_busy(const void *context)
{
    const notify_t *self = context;
    return self->arena != NULL;
}

static void close_notify(void *context)
{
    notify_t *self = context;
    act_timer_destroy(&self->timer);
    if (self->ways.http)
        act_http_client_destroy(&self->ways.http);
    act_arena_destroy(&self->arena);
    act_seal_key_destroy(&self->key);
}

static const notify_server_t server = {.look = on_look};

const act_spec_t notify_spec = {
    .name = "notify",
    .service = &notify_service,
    .server = &server,
    .config = settings,
    .metrics = metrics,
    .self_size_bytes = sizeof(notify_t),
    .open = open_notify,
    .is_busy = is_busy,
    .close = close_notify,
};
