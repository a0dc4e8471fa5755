// webhook: a POST passes the steps of `examine` from top to bottom and leaves where it is answered.
#include "webhook.h"

#include "metrics.h"

#include <string.h>

// Where bodies are set aside that cannot be told to belong to one tenant.
#define SHED_RETRY_AFTER_S 2
#define SYSTEM_TENANT ACT_STR("system")

static int64_t now_ms(const ingress_t *self)
{
    return act_loop_now_ms(act_actor_loop(self->actor));
}

static void add_metric(const ingress_t *self, ingress_metric_t metric, uint64_t value)
{
    act_metrics_add(act_actor_metrics(self->actor), metric, value);
}

static act_str_t header_of(act_http_request_t *request, const char *name)
{
    act_str_t value = ACT_STR("");
    (void)act_http_header(request, name, &value);
    return value;
}

static act_str_t client_of(const ingress_t *self, act_http_request_t *request,
                           char room[CLIENT_KEY_BYTES])
{
    act_str_t peer = act_http_peer(request);
    if (self->proxies.count > 0)
        peer = client_address(&self->proxies, peer, header_of(request, "x-forwarded-for"));
    return client_key(peer, room);
}

// --- handshake -----------------------------------------------------------------------------------

static act_str_t query_of(act_http_request_t *request, const char *name)
{
    act_str_t value = ACT_STR("");
    (void)act_http_query(request, name, &value);
    return value;
}

static bool is_handshake(const ingress_t *self, const act_channel_t *channel,
                         act_http_request_t *request)
{
    return account_set_is_handshake(accounts_set(self->accounts), channel,
                                    query_of(request, channel->mode_parameter),
                                    query_of(request, channel->token_parameter));
}

static void refuse_handshake(ingress_t *self, const act_channel_t *channel,
                             act_http_request_t **request_p)
{
    uint32_t count = 0;
    if (log_gate_pass(&self->handshake_gate, now_ms(self), 1, &count))
        act_log_warn(act_actor_log(self->actor), "handshake_refused", "channel=%s,count=%u",
                     channel->name, count);
    post_respond(request_p, 403, 0);
}

void webhook_get(ingress_t *self, const act_channel_t *channel, act_http_request_t **request_p)
{
    act_http_request_t *request = *request_p;
    char room[CLIENT_KEY_BYTES];
    act_str_t client = client_of(self, request, room);
    if (!channel->mode_parameter) {
        post_respond(request_p, 405, 0);
    } else if (!accounts_set(self->accounts)) {
        post_respond(request_p, 503, 1); // a person made this request, and can make it again
    } else if (!rate_limit_has(self->by_bad_signature, client, now_ms(self))) {
        add_metric(self, METRIC_RATE_LIMITED, 1);
        post_respond(request_p, 429, 1);
    } else if (is_handshake(self, channel, request)) {
        act_http_response_t response = {.status = 200,
                                        .body = query_of(request, channel->challenge_parameter)};
        act_log_info(act_actor_log(self->actor), "handshake", "channel=%s", channel->name);
        act_http_respond(request_p, &response);
    } else {
        (void)rate_limit_take(self->by_bad_signature, client, now_ms(self), NULL);
        refuse_handshake(self, channel, request_p);
    }
}

// --- POST, step by step --------------------------------------------------------------------------

// Valid signatures are never limited by the bad ones of the same address: behind a proxy nobody has
// told us of, that would give anybody the means to stop all webhooks.
static bool is_signed(ingress_t *self, post_t *post, uint32_t *ret_secret)
{
    bool is_suspect = !rate_limit_has(self->by_bad_signature, post_client(post), now_ms(self));
    return accounts_verify(self->accounts, post_channel(post), post_webhook(post),
                           post_client(post), is_suspect, ret_secret);
}

static void refuse_signature(ingress_t *self, post_t *post)
{
    uint32_t retry_after_s = 0;
    add_metric(self, METRIC_BAD_SIGNATURE, 1);
    // It may be the secret of an account that was just added: then the repeat finds it.
    (void)accounts_refresh(self->accounts);
    if (rate_limit_take(self->by_bad_signature, post_client(post), now_ms(self), &retry_after_s)) {
        post_answer(&post, 401, 0);
        return;
    }
    add_metric(self, METRIC_RATE_LIMITED, 1);
    post_answer(&post, 429, retry_after_s);
}

static bool has_updates(const act_channel_updates_t *updates)
{
    return updates->messages.count > 0 || updates->statuses.count > 0;
}

static void log_unknown(ingress_t *self, const act_channel_t *channel, uint32_t missing_count)
{
    uint32_t count = 0;
    if (log_gate_pass(&self->unknown_account_gate, now_ms(self), missing_count, &count))
        act_log_warn(act_actor_log(self->actor), "unknown_account", "channel=%s,count=%u",
                     channel->name, count);
}

// The accounts the updates are for, NULL where we have none, in the post's arena. False: something
// is for an account we do not know, and a newer list that may have it is on its way.
static bool find_accounts(ingress_t *self, const post_t *post, const act_channel_batch_t *batch,
                          uint32_t secret, const account_t ***ret_accounts)
{
    uint32_t count = batch->accounts.count;
    const account_t **accounts =
        act_arena_alloc_array(post_arena(post), count, sizeof(const account_t *));
    const account_set_t *set = accounts_set(self->accounts);
    uint32_t missing_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const act_channel_updates_t *updates = &batch->accounts.items[i];
        accounts[i] = account_set_find(set, post_channel(post), updates->external_id, secret);
        missing_count += !accounts[i] && has_updates(updates);
    }
    if (missing_count > 0 && accounts_refresh(self->accounts))
        return false;
    if (missing_count > 0) {
        add_metric(self, METRIC_UNKNOWN_ACCOUNT, missing_count);
        log_unknown(self, post_channel(post), missing_count);
    }
    *ret_accounts = accounts;
    return true;
}

// account + NUL + address: no two pairs give the same bytes, as no id holds a NUL.
static act_str_t sender_key(const account_t *account, const inbound_message_t *message,
                            act_arena_t *arena)
{
    act_str_t id = account->account_id, address = message->address;
    size_t len_bytes = id.len_bytes + 1 + address.len_bytes;
    char *room = act_arena_alloc(arena, len_bytes);
    memcpy(room, id.ptr, id.len_bytes);
    memcpy(room + id.len_bytes + 1, address.ptr, address.len_bytes);
    return act_str_of(room, len_bytes);
}

// An answer takes no longer than delay_max_ms, or nobody would be let in.
static admission_class_t class_of(const ingress_t *self, act_str_t sender)
{
    int64_t idle_ms = rate_limit_idle_ms(self->by_sender, sender, now_ms(self));
    if (idle_ms < 0)
        return ADMISSION_NEW;
    return idle_ms < self->admission.delay_max_ms ? ADMISSION_AGAIN : ADMISSION_KNOWN;
}

// Is there room for it, as much as is being answered?
static bool is_admitted(ingress_t *self, const post_t *post, const act_channel_batch_t *batch,
                        const account_t *const *accounts)
{
    admission_class_t class = ADMISSION_STATUSES;
    uint32_t messages_count = 0;
    for (uint32_t i = 0; i < batch->accounts.count; i++) {
        const act_channel_updates_t *updates = &batch->accounts.items[i];
        for (uint32_t k = 0; accounts[i] && k < updates->messages.count; k++) {
            act_str_t key = sender_key(accounts[i], &updates->messages.items[k], post_arena(post));
            admission_class_t its = class_of(self, key);
            class = its > class ? its : class;
            messages_count++;
        }
    }
    return admission_take(&self->admission, class, messages_count, now_ms(self));
}

// Too many from everybody who writes in this POST? One who writes too much does not hold up the
// others that the channel put into the same POST, nor statuses.
static bool is_too_much(ingress_t *self, const post_t *post, const act_channel_batch_t *batch,
                        const account_t *const *accounts, uint32_t *ret_retry_after_s)
{
    uint32_t allowed_count = 0, refused_count = 0;
    for (uint32_t i = 0; i < batch->accounts.count; i++) {
        const act_channel_updates_t *updates = &batch->accounts.items[i];
        if (!accounts[i])
            continue;
        allowed_count += updates->statuses.count;
        for (uint32_t k = 0; k < updates->messages.count; k++) {
            act_str_t key = sender_key(accounts[i], &updates->messages.items[k], post_arena(post));
            bool is_allowed =
                rate_limit_take(self->by_sender, key, now_ms(self), ret_retry_after_s);
            *(is_allowed ? &allowed_count : &refused_count) += 1;
        }
    }
    return allowed_count == 0 && refused_count > 0;
}

static void note_errors(ingress_t *self, const account_t *account,
                        const act_channel_updates_t *updates)
{
    add_metric(self, METRIC_OTHERS, updates->others_count);
    if (updates->errors_count > 0)
        act_log_error(act_actor_log(self->actor), "account_error",
                      "tenant=%.*s,account=%.*s,count=%u,code=%d",
                      ACT_STR_ARG(account ? account->tenant : ACT_STR("")),
                      ACT_STR_ARG(account ? account->account_id : ACT_STR("")),
                      updates->errors_count, updates->first_error_code);
}

static void store(ingress_t *self, post_t *post, const act_channel_batch_t *batch,
                  const account_t *const *accounts)
{
    add_metric(self, METRIC_GROUPS, batch->groups_count);
    for (uint32_t i = 0; i < batch->accounts.count; i++) {
        const act_channel_updates_t *updates = &batch->accounts.items[i];
        note_errors(self, accounts[i], updates);
        if (accounts[i] && updates->messages.count > 0)
            post_add_messages(post, accounts[i], updates->messages.items, updates->messages.count);
        if (accounts[i] && updates->statuses.count > 0)
            post_add_statuses(post, accounts[i], updates->statuses.items, updates->statuses.count);
    }
    if (batch->unmapped_count > 0)
        post_add_dead_letter(post, "updates that cannot be mapped");
    post_store(&post);
}

static void take_batch(ingress_t *self, post_t *post, const act_channel_batch_t *batch,
                       uint32_t secret)
{
    const account_t **accounts = NULL;
    uint32_t retry_after_s = 1;
    if (!find_accounts(self, post, batch, secret, &accounts)) {
        post_wait(post);
    } else if (!is_admitted(self, post, batch, accounts)) {
        add_metric(self, METRIC_SHED, 1);
        post_answer(&post, 503, SHED_RETRY_AFTER_S);
    } else if (is_too_much(self, post, batch, accounts, &retry_after_s)) {
        add_metric(self, METRIC_RATE_LIMITED, 1);
        post_answer(&post, 429, retry_after_s);
    } else {
        store(self, post, batch, accounts);
    }
}

static void examine(ingress_t *self, post_t *post)
{
    uint32_t secret = 0;
    act_channel_batch_t batch = {.unmapped_count = 0};
    if (!accounts_set(self->accounts)) {
        post_wait(post);
        return;
    }
    if (!is_signed(self, post, &secret)) {
        refuse_signature(self, post);
        return;
    }
    act_str_t tenant = account_set_tenant(accounts_set(self->accounts), secret);
    post_set_body_tenant(post, act_str_empty(tenant) ? SYSTEM_TENANT : tenant);
    act_err_t err = post_channel(post)->parse(post_webhook(post), post_arena(post), &batch);
    if (err == ACT_E_OK) {
        take_batch(self, post, &batch, secret);
    } else if (err == ACT_E_MALFORMED) {
        add_metric(self, METRIC_BAD_BODY, 1);
        post_answer(&post, 400, 0);
    } else {
        // It would only come again for days; a person can look at it.
        post_add_dead_letter(post, "not a webhook of this channel");
        post_store(&post);
    }
}

void webhook_post(ingress_t *self, const act_channel_t *channel, act_http_request_t **request_p)
{
    char room[CLIENT_KEY_BYTES];
    act_str_t client = client_of(self, *request_p, room);
    uint32_t retry_after_s = 0;
    add_metric(self, METRIC_WEBHOOKS, 1);
    if (!rate_limit_take(self->by_address, client, now_ms(self), &retry_after_s)) {
        add_metric(self, METRIC_RATE_LIMITED, 1);
        post_respond(request_p, 429, retry_after_s);
        return;
    }
    if (admission_is_shut(&self->admission, now_ms(self))) {
        add_metric(self, METRIC_SHED, 1);
        post_respond(request_p, 503, SHED_RETRY_AFTER_S);
        return;
    }
    post_t *post = post_open(self->posts, channel, *request_p);
    if (!post) {
        post_respond(request_p, 503, 1);
        return;
    }
    *request_p = NULL;
    post_set_client(post, client);
    examine(self, post);
}

void webhook_on_ready(void *context, post_t *post)
{
    examine(context, post);
}
