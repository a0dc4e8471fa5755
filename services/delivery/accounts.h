// accounts: the channel accounts we send from, with opened access tokens, and what each may do
// right now: its share of sends a second, and whether it has to keep still. Read at the start, once
// a minute, when a message names an account that is not there, and when an account was stopped (the
// token may have been renewed). While the database is away the last good list stays.
#pragma once
#include "actor/actor.h"
#include "base/seal.h"
#include "bucket.h"
#include "channels/channel.h"

typedef struct accounts accounts_t;

typedef struct {
    act_str_t tenant;
    act_str_t account_id;
    const act_channel_t *channel;
    act_channel_account_t route; // how to reach the provider in its name
    bool parks_unknown;          // a send with unknown outcome is not repeated: a person decides
    bool is_operator_base;       // api_base is the operator's, not the tenant's
    bucket_t bucket;
    int64_t paused_until_ms;
} account_t;

typedef struct {
    int64_t throughput_per_s;
    act_str_t graph_api_base; // borrowed; empty: the channel's own
    act_str_t graph_api_version;
} accounts_settings_t;

// on_read is called each time a list was read. The key is borrowed.
accounts_t *accounts_new(act_actor_t *actor, const act_seal_key_t *key,
                         const accounts_settings_t *settings, void (*on_read)(void *context),
                         void *context);
void accounts_destroy(accounts_t **self_p);

// Has a list been read yet?
bool accounts_are_there(const accounts_t *self);

// Reads the list again now, but not more often than a few times a second. Who asks waits longer
// each time.
void accounts_refresh(accounts_t *self);

// NULL when it is unknown. Valid until on_read is called.
account_t *accounts_find(const accounts_t *self, act_str_t tenant, act_str_t account_id);

// Keeps the account still for so long from now, unless it is longer already.
void accounts_pause(const accounts_t *self, account_t *account, int64_t pause_ms);
