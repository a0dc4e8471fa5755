// account_set: the channel accounts of all tenants as one list said them, with opened secrets.
// Never changed: a newer list makes a new set. Finds the tenant of a webhook; checks signatures and
// handshakes against the secrets it holds.
#pragma once
#include "base/seal.h"
#include "channels/channel.h"
#include "proto/persistence.h"

// Distinct app secrets that a signature is tried with. One app serves any number of accounts.
#define ACCOUNT_SECRETS_MAX_COUNT 64
#define ACCOUNT_NO_SECRET UINT32_MAX

typedef struct account_set account_set_t;

// Views live as long as the set.
typedef struct {
    const act_channel_t *channel;
    act_str_t tenant;
    act_str_t account_id;
    act_str_t external_id;
    act_str_t verify_token;
    uint32_t secret; // which app secret signs for it; ACCOUNT_NO_SECRET: none, nothing gets through
} account_t;

// What was wrong with a list.
typedef struct {
    uint32_t unopened_count;  // secrets that the master key does not open
    uint32_t surplus_count;   // accounts whose secret was one too many
    uint32_t unusable_count;  // accounts without id, or with a tenant no header can carry
    uint32_t ambiguous_count; // accounts that share provider id and secret with one before them
} account_flaws_t;

account_set_t *account_set_new(const list_channel_accounts_reply_t *list, const act_seal_key_t *key,
                               account_flaws_t *ret_flaws);
// Wipes the secrets.
void account_set_destroy(account_set_t **self_p);

uint32_t account_set_count(const account_set_t *self);

// Is the webhook signed with one of the channel's secrets? Tries `hint` first (any number will do)
// and tries_max_count secrets at most. *ret_secret says which one it was.
bool account_set_verify(const account_set_t *self, const act_channel_t *channel,
                        const act_channel_webhook_t *webhook, uint32_t hint,
                        uint32_t tries_max_count, uint32_t *ret_secret);

// May a handshake of this channel be answered? Any account's token will do: the provider asks once
// an app, not once an account.
bool account_set_is_handshake(const account_set_t *self, const act_channel_t *channel,
                              act_str_t mode, act_str_t token);

// The account with this provider id, among those that the secret signs for; NULL when there is
// none.
const account_t *account_set_find(const account_set_t *self, const act_channel_t *channel,
                                  act_str_t external_id, uint32_t secret);

// The tenant that all accounts of the secret belong to; empty when they belong to several.
act_str_t account_set_tenant(const account_set_t *self, uint32_t secret);
