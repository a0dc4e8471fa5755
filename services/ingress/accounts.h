// accounts: keeps an account_set that is up to date. Read at the start, once a minute, when told
// to, and when a webhook names an account that is not in it. While the database is away the last
// good set stays.
#pragma once
#include "account_set.h"
#include "actor/actor.h"

typedef struct accounts accounts_t;

// Called when a list was read (OK), and after each attempt that failed; another follows by itself.
typedef void accounts_read_fn(void *context, act_err_t err);

// The key is borrowed.
accounts_t *accounts_new(act_actor_t *actor, const act_seal_key_t *key, accounts_read_fn *on_read,
                         void *context);
void accounts_destroy(accounts_t **self_p);

// Reads the list; one that is being read now may be too old, then it is read again after.
void accounts_read(accounts_t *self);

// Is a list newer than a few seconds on its way? If not, one may have been read just now: then what
// is not in it does not exist.
bool accounts_refresh(accounts_t *self);

// NULL until the first list was read. Valid until on_read is called with OK.
const account_set_t *accounts_set(const accounts_t *self);

// account_set_verify, beginning with the secret this client used last. Of a suspect client no other
// is tried, so that a flood of bad signatures does not cost one computation a secret.
bool accounts_verify(accounts_t *self, const act_channel_t *channel,
                     const act_channel_webhook_t *webhook, act_str_t client_key, bool is_suspect,
                     uint32_t *ret_secret);
