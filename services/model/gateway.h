// gateway: the actor: one call in, an answer of one of the configured models out. The struct is shared by
// its modules.
//
// A call of a role goes through its tenant's routes in order. What it may cost is reserved before anything
// is sent and settled after (docs/models.md). Nothing is sent twice that a caller has heard a part of.
#pragma once
#include "actor/actor.h"
#include "base/seal.h"
#include "cache.h"
#include "io/http_client.h"
#include "metrics.h"
#include "routes.h"

typedef struct asks asks_t;

typedef struct {
    act_actor_t *actor;
    act_seal_key_t *key;
    routes_t *routes;
    cache_t *cache;
    act_http_client_t *public_client;   // refuses addresses inside, unless a setting allows them
    act_http_client_t *operator_client; // for the operator's own base URL
    asks_t *asks;
} gateway_t;

extern const act_spec_t gateway_spec;

int64_t gateway_now_ms(const gateway_t *self);
void gateway_count(const gateway_t *self, gateway_metric_t metric, uint64_t value);
