// ingress: the public HTTP side. Webhooks are checked, normalised and stored before they are
// acknowledged; nothing is decided here about what they say. The struct is shared by the actor's
// modules.
#pragma once
#include "accounts.h"
#include "admission.h"
#include "backlog.h"
#include "actor/actor.h"
#include "base/seal.h"
#include "client.h"
#include "io/http_server.h"
#include "metrics.h"
#include "post.h"
#include "rate_limit.h"

// Calls of Reload that wait for the list; more are told to come again.
#define INGRESS_RELOADS_MAX_COUNT 16

typedef struct {
    act_actor_t *actor;
    act_http_server_t *server;
    act_seal_key_t *key;
    accounts_t *accounts;
    posts_t *posts;
    rate_limit_t *by_address;
    rate_limit_t *by_bad_signature; // by address too
    rate_limit_t *by_sender;
    admission_t admission;
    backlog_t *backlog;
    client_proxies_t proxies;
    uint64_t logged_metrics[METRICS_COUNT];
    log_gate_t unknown_account_gate; // of the log
    log_gate_t handshake_gate;
    act_timer_t *minute;
    act_call_t *reloads[INGRESS_RELOADS_MAX_COUNT];
    uint32_t reloads_count;
} ingress_t;

extern const act_spec_t ingress_spec;
