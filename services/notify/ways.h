// ways: how a notification goes out, by the kind of the integration (org_integrations). Where to is only in its
// configuration:
//   email    {host, port, security (starttls, tls, plain), user, from, to}; secret: the password
//   webhook  url; the body is JSON, signed with the secret (X-Parley-Signature: sha256=<HMAC>)
//   channel  {address}: of the owner at the channel where they write to the bot
#pragma once
#include "actor/actor.h"
#include "base/seal.h"
#include "io/http_client.h"
#include "proto/persistence_service.h"

typedef struct {
    act_actor_t *actor;
    act_http_client_t *http;
    const act_seal_key_t *key;
    bool allow_private_addresses;
} ways_t;

typedef struct {
    act_err_t err;
    bool is_final; // trying again would change nothing
    uint32_t retry_after_ms;
    const char *text;
} way_result_t;
typedef void way_done_fn(void *context, const way_result_t *result);

// The notice lives until `done`, which is called once, later.
void ways_send(const ways_t *self, const notice_t *notice, act_arena_t *arena, way_done_fn *done,
               void *context);
