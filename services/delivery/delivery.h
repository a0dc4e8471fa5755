// delivery: the outbox's only reader: claims what is due, sends it, records what became of it. The
// struct is shared by the actor's modules.
//
// One message at a time of a conversation is claimable, so order needs no care here. The claim
// itself is the INTENT (promises.md D5): a process that dies later leaves an ambiguous send behind,
// never a lost one. A result is kept and recorded again until persistence has it.
#pragma once
#include "accounts.h"
#include "actor/actor.h"
#include "base/seal.h"
#include "cell/holder.h"
#include "io/http_client.h"
#include "memos.h"
#include "metrics.h"
#include "pairs.h"

typedef struct claims claims_t;
typedef struct sends sends_t;
typedef struct typing typing_t;

typedef struct {
    act_actor_t *actor;
    act_seal_key_t *key;
    accounts_t *accounts;
    memos_t *memos;
    pairs_t *pairs;
    act_http_client_t *public_client;   // refuses addresses inside, unless a setting allows them
    act_http_client_t *operator_client; // for the operator's own base URL; may be the same
    claims_t *claims;
    sends_t *sends;
    typing_t *typing;
    act_holder_t *holder; // who claims
    // Settings.
    uint32_t requests_max_count;
    bool is_event_wanted; // of other channels than the console
    uint32_t claim_rows_max_count;
    int64_t throughput_per_s; // of an account, all living deliveries together
    int64_t claim_ms;
    int64_t send_timeout_ms;
    uint32_t attempts_max_count;
    int64_t reconcile_ms;
    int64_t media_wait_ms;
    bool allows_inside; // of base URLs and of media
    int64_t idle_claim_ms;
} delivery_t;

extern const act_spec_t delivery_spec;

int64_t delivery_now_ms(const delivery_t *self);
void delivery_add_metric(const delivery_t *self, delivery_metric_t metric, uint64_t value);

// The client that may go where the account's base URL leads.
act_http_client_t *delivery_client(const delivery_t *self, const account_t *account);
