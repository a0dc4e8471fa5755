// accounts: one call at a time, a timer for the next one, and a memory of who used which secret.
#include "accounts.h"

#include "base/mem.h"
#include "proto/persistence_service.h"

#define READ_BUDGET_MS 3000
#define READ_EVERY_MS 60000
#define RETRY_MS 200
#define RETRY_MAX_MS 2000
// A list that was read less than this ago is not read again for an unknown account.
#define FRESH_MS 5000
#define HINTS_COUNT 1024u // a power of two

struct accounts {
    act_actor_t *actor;
    const act_seal_key_t *key;
    accounts_read_fn *on_read;
    void *context;
    account_set_t *set;
    act_timer_t *timer;
    bool is_asking;
    uint64_t call_id; // while asking
    bool is_wanted_again;
    int64_t read_at_ms;
    int64_t retry_ms; // 0 while reading works
    // The secret a client used last; clients that meet in a place only lose the short cut.
    uint8_t hints[HINTS_COUNT];
};

_Static_assert(ACCOUNT_SECRETS_MAX_COUNT <= UINT8_MAX, "a secret's number fits a hint");

static int64_t now_ms(const accounts_t *self)
{
    return act_loop_now_ms(act_actor_loop(self->actor));
}

static void log_flaws(const accounts_t *self, const account_flaws_t *flaws)
{
    uint32_t count = flaws->unopened_count + flaws->surplus_count + flaws->unusable_count +
                     flaws->ambiguous_count;
    if (count > 0)
        act_log_error(act_actor_log(self->actor), "accounts_flawed",
                      "unopened=%u,surplus=%u,unusable=%u,ambiguous=%u", flaws->unopened_count,
                      flaws->surplus_count, flaws->unusable_count, flaws->ambiguous_count);
}

static void take_list(accounts_t *self, const list_channel_accounts_reply_t *list)
{
    uint32_t count_before = self->set ? account_set_count(self->set) : 0;
    bool is_first = !self->set;
    account_flaws_t flaws;
    account_set_destroy(&self->set);
    self->set = account_set_new(list, self->key, &flaws);
    self->read_at_ms = now_ms(self);
    self->retry_ms = 0;
    log_flaws(self, &flaws);
    uint32_t count = account_set_count(self->set);
    if (is_first || count != count_before)
        act_log_info(act_actor_log(self->actor), "accounts_read", "count=%u", count);
}

static void note_failure(accounts_t *self, act_err_t err)
{
    if (self->retry_ms == 0)
        act_log_warn(act_actor_log(self->actor), "accounts_unread", "code=%s", act_err_code(err));
    self->retry_ms = self->retry_ms == 0 ? RETRY_MS : self->retry_ms * 2;
    if (self->retry_ms > RETRY_MAX_MS)
        self->retry_ms = RETRY_MAX_MS;
}

static void on_list(void *context, const act_reply_t *reply,
                    const list_channel_accounts_reply_t *body)
{
    accounts_t *self = context;
    self->is_asking = false;
    if (reply->err == ACT_E_OK)
        take_list(self, body);
    else
        note_failure(self, reply->err);
    int64_t delay_ms = self->retry_ms > 0 ? self->retry_ms : READ_EVERY_MS;
    act_timer_start(self->timer, self->is_wanted_again ? self->retry_ms : delay_ms, 0);
    self->is_wanted_again = false;
    self->on_read(self->context, reply->err);
}

static void ask(void *context)
{
    accounts_t *self = context;
    if (self->is_asking)
        return;
    self->is_asking = true;
    act_call_opts_t opts = {.budget_ms = READ_BUDGET_MS};
    empty_t request = {0};
    self->call_id = persistence_list_channel_accounts(self->actor, &opts, &request, on_list, self);
}

accounts_t *accounts_new(act_actor_t *actor, const act_seal_key_t *key, accounts_read_fn *on_read,
                         void *context)
{
    accounts_t *self = act_alloc(sizeof *self);
    *self = (accounts_t){.actor = actor, .key = key, .on_read = on_read, .context = context};
    self->timer = act_timer_new(act_actor_loop(actor), ask, self);
    act_timer_start(self->timer, 0, 0);
    return self;
}

void accounts_destroy(accounts_t **self_p)
{
    accounts_t *self = *self_p;
    if (!self)
        return;
    if (self->is_asking)
        act_actor_cancel(self->actor, self->call_id);
    act_timer_destroy(&self->timer);
    account_set_destroy(&self->set);
    act_free(act_take(self_p));
}

void accounts_read(accounts_t *self)
{
    if (self->is_asking)
        self->is_wanted_again = true;
    else
        act_timer_start(self->timer, 0, 0);
}

bool accounts_refresh(accounts_t *self)
{
    bool is_fresh = self->set && now_ms(self) - self->read_at_ms < FRESH_MS;
    if (is_fresh)
        return false;
    if (!self->is_asking && self->retry_ms == 0)
        act_timer_start(self->timer, 0, 0);
    return true;
}

const account_set_t *accounts_set(const accounts_t *self)
{
    return self->set;
}

bool accounts_verify(accounts_t *self, const act_channel_t *channel,
                     const act_channel_webhook_t *webhook, act_str_t client_key, bool is_suspect,
                     uint32_t *ret_secret)
{
    uint8_t *hint = &self->hints[act_str_hash(client_key, /* seed= */ 0) & (HINTS_COUNT - 1)];
    uint32_t tries_max_count = is_suspect ? 1 : ACCOUNT_SECRETS_MAX_COUNT;
    if (!account_set_verify(self->set, channel, webhook, *hint, tries_max_count, ret_secret))
        return false;
    *hint = (uint8_t)*ret_secret;
    return true;
}
