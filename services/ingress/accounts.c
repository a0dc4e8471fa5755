// accounts: a set that refresh keeps new, and a memory of who used which secret.
#include "accounts.h"

#include "actor/refresh.h"
#include "base/mem.h"
#include "proto/persistence_service.h"

#define READ_BUDGET_MS 3000
// A list that was read less than this ago is not read again for an unknown account.
#define FRESH_MS 5000
#define HINTS_COUNT 1024u // a power of two

struct accounts {
    act_actor_t *actor;
    const act_seal_key_t *key;
    accounts_read_fn *on_read;
    void *context;
    account_set_t *set;
    act_refresh_t *refresh;
    int64_t read_at_ms;
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
    log_flaws(self, &flaws);
    uint32_t count = account_set_count(self->set);
    if (is_first || count != count_before)
        act_log_info(act_actor_log(self->actor), "accounts_read", "count=%u", count);
}

static void on_list(void *context, const act_reply_t *reply,
                    const list_channel_accounts_reply_t *body)
{
    accounts_t *self = context;
    if (reply->err == ACT_E_OK)
        take_list(self, body);
    else if (!act_refresh_is_failing(self->refresh))
        act_log_warn(act_actor_log(self->actor), "accounts_unread", "code=%s",
                     act_err_code(reply->err));
    act_refresh_done(self->refresh, reply->err);
    self->on_read(self->context, reply->err);
}

static uint64_t ask(void *context)
{
    accounts_t *self = context;
    act_call_opts_t opts = {.budget_ms = READ_BUDGET_MS};
    empty_t request = {0};
    return persistence_list_channel_accounts(self->actor, &opts, &request, on_list, self);
}

accounts_t *accounts_new(act_actor_t *actor, const act_seal_key_t *key, accounts_read_fn *on_read,
                         void *context)
{
    accounts_t *self = act_alloc(sizeof *self);
    *self = (accounts_t){.actor = actor, .key = key, .on_read = on_read, .context = context};
    self->refresh = act_refresh_new(actor, ask, self);
    return self;
}

void accounts_destroy(accounts_t **self_p)
{
    accounts_t *self = *self_p;
    if (!self)
        return;
    act_refresh_destroy(&self->refresh);
    account_set_destroy(&self->set);
    act_free(act_take(self_p));
}

void accounts_read(accounts_t *self)
{
    act_refresh_again(self->refresh);
}

bool accounts_refresh(accounts_t *self)
{
    bool is_fresh = self->set && now_ms(self) - self->read_at_ms < FRESH_MS;
    if (is_fresh)
        return false;
    act_refresh_soon(self->refresh, /* gap_ms= */ 0);
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
