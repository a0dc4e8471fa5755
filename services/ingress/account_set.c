// account_set: an arena, a list of secrets, and a hash table of account numbers.
#include "account_set.h"

#include "actor/header.h"
#include "base/mem.h"

#define EMPTY UINT32_MAX

typedef struct {
    const act_channel_t *channel;
    act_str_t text;
    act_str_t tenant; // of its accounts; empty when there are several
} secret_t;

struct account_set {
    act_arena_t *arena;
    account_t *accounts;
    uint32_t accounts_count;
    uint32_t *slots; // places in accounts, or EMPTY; at most half of them taken
    uint64_t slots_mask;
    secret_t secrets[ACCOUNT_SECRETS_MAX_COUNT];
    uint32_t secrets_count;
};

// --- making a set --------------------------------------------------------------------------------

static act_str_t open_secret(account_set_t *self, const act_seal_key_t *key,
                             const channel_account_t *row, const char *name, act_str_t sealed,
                             account_flaws_t *flaws)
{
    act_str_t secret = ACT_STR("");
    if (act_open(key, row->tenant, name, sealed, self->arena, &secret) != ACT_E_OK)
        flaws->unopened_count++;
    return secret;
}

// The number of a secret, which is added if it is new; ACCOUNT_NO_SECRET when it cannot be.
static uint32_t put_secret(account_set_t *self, const account_t *account, act_str_t text,
                           account_flaws_t *flaws)
{
    if (act_str_empty(text))
        return ACCOUNT_NO_SECRET;
    for (uint32_t i = 0; i < self->secrets_count; i++) {
        secret_t *secret = &self->secrets[i];
        if (secret->channel != account->channel || !act_str_eq(secret->text, text))
            continue;
        if (!act_str_eq(secret->tenant, account->tenant))
            secret->tenant = ACT_STR("");
        return i;
    }
    if (self->secrets_count == ACCOUNT_SECRETS_MAX_COUNT) {
        flaws->surplus_count++;
        return ACCOUNT_NO_SECRET;
    }
    self->secrets[self->secrets_count] = (secret_t){account->channel, text, account->tenant};
    return self->secrets_count++;
}

static uint64_t first_slot(const account_set_t *self, act_str_t external_id)
{
    return act_str_hash(external_id, /* seed= */ 0) & self->slots_mask;
}

static void index_account(account_set_t *self, uint32_t number)
{
    uint64_t slot = first_slot(self, self->accounts[number].external_id);
    while (self->slots[slot] != EMPTY)
        slot = (slot + 1) & self->slots_mask;
    self->slots[slot] = number;
}

static void add_account(account_set_t *self, const channel_account_t *row,
                        const act_seal_key_t *key, account_flaws_t *flaws)
{
    const act_channel_t *channel = act_channel_find(row->channel);
    if (!channel)
        return; // of a channel without webhooks, as the console
    if (act_str_empty(row->external_id) || act_str_empty(row->tenant) ||
        row->tenant.len_bytes > ACT_HEADER_NAME_MAX_BYTES) {
        flaws->unusable_count++;
        return;
    }
    account_t *account = &self->accounts[self->accounts_count];
    *account = (account_t){
        .channel = channel,
        .tenant = act_arena_str(self->arena, row->tenant),
        .account_id = act_arena_str(self->arena, row->channel_account_id),
        .external_id = act_arena_str(self->arena, row->external_id),
        .verify_token =
            open_secret(self, key, row, ACT_SEAL_VERIFY_TOKEN, row->verify_token, flaws),
    };
    act_str_t secret = open_secret(self, key, row, ACT_SEAL_APP_SECRET, row->app_secret, flaws);
    account->secret = put_secret(self, account, secret, flaws);
    if (account_set_find(self, channel, account->external_id, account->secret))
        flaws->ambiguous_count++;
    index_account(self, self->accounts_count++);
}

account_set_t *account_set_new(const list_channel_accounts_reply_t *list, const act_seal_key_t *key,
                               account_flaws_t *ret_flaws)
{
    *ret_flaws = (account_flaws_t){0};
    account_set_t *self = act_alloc(sizeof *self);
    self->arena = act_arena_new();
    uint32_t count = list->accounts.count;
    uint64_t slots_count = 2;
    while (slots_count < 2 * (uint64_t)count)
        slots_count *= 2;
    self->slots_mask = slots_count - 1;
    self->slots = act_arena_alloc_array(self->arena, slots_count, sizeof *self->slots);
    for (uint64_t i = 0; i < slots_count; i++)
        self->slots[i] = EMPTY;
    self->accounts = act_arena_alloc_array(self->arena, count, sizeof *self->accounts);
    for (uint32_t i = 0; i < count; i++)
        add_account(self, &list->accounts.items[i], key, ret_flaws);
    return self;
}

void account_set_destroy(account_set_t **self_p)
{
    account_set_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->secrets_count; i++)
        act_seal_wipe(&self->secrets[i].text);
    for (uint32_t i = 0; i < self->accounts_count; i++)
        act_seal_wipe(&self->accounts[i].verify_token);
    act_arena_destroy(&self->arena);
    act_free(act_take(self_p));
}

uint32_t account_set_count(const account_set_t *self)
{
    return self->accounts_count;
}

// --- asking a set --------------------------------------------------------------------------------

static bool is_signed_with(const account_set_t *self, const act_channel_t *channel,
                           const act_channel_webhook_t *webhook, uint32_t secret)
{
    return self->secrets[secret].channel == channel &&
           channel->verify(webhook, self->secrets[secret].text);
}

bool account_set_verify(const account_set_t *self, const act_channel_t *channel,
                        const act_channel_webhook_t *webhook, uint32_t hint,
                        uint32_t tries_max_count, uint32_t *ret_secret)
{
    uint32_t count = self->secrets_count;
    for (uint32_t i = 0; i < count && i < tries_max_count; i++) {
        uint32_t secret = (hint % count + i) % count;
        if (is_signed_with(self, channel, webhook, secret)) {
            *ret_secret = secret;
            return true;
        }
    }
    return false;
}

bool account_set_is_handshake(const account_set_t *self, const act_channel_t *channel,
                              act_str_t mode, act_str_t token)
{
    for (uint32_t i = 0; i < self->accounts_count; i++)
        if (self->accounts[i].channel == channel &&
            channel->is_handshake(mode, token, self->accounts[i].verify_token))
            return true;
    return false;
}

const account_t *account_set_find(const account_set_t *self, const act_channel_t *channel,
                                  act_str_t external_id, uint32_t secret)
{
    for (uint64_t slot = first_slot(self, external_id); self->slots[slot] != EMPTY;
         slot = (slot + 1) & self->slots_mask) {
        const account_t *account = &self->accounts[self->slots[slot]];
        if (account->secret == secret && account->channel == channel &&
            act_str_eq(account->external_id, external_id))
            return account;
    }
    return NULL;
}

act_str_t account_set_tenant(const account_set_t *self, uint32_t secret)
{
    return secret < self->secrets_count ? self->secrets[secret].tenant : ACT_STR("");
}
