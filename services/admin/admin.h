// admin: the management port: health, metrics, the management API (api/openapi.yaml), the live feed and
// the web console. What its files share.
#pragma once
#include "actor/actor.h"
#include "assets.h"
#include "auth.h"
#include "io/http_server.h"
#include "mcp/mcp_server.h"

typedef struct live live_t;

typedef struct admin {
    act_actor_t *actor;
    int listener;
    act_http_server_t *server;
    auth_t *auth;
    assets_t *assets;
    live_t *live;
    mcp_server_t *mcp;
} admin_t;

extern const act_config_row_t admin_settings[]; // ends with a row without name
extern const act_spec_t admin_spec;

// Budget of a call made for a request.
#define ADMIN_CALL_BUDGET_MS 5000

// --- who asks (access.c) ---------------------------------------------------------------------------

typedef enum { ADMIN_NOBODY, ADMIN_TOKEN, ADMIN_SESSION } admin_who_t;

// By token or cookie; NOBODY: the request was answered (401, 403, 429) and is gone. Checks the CSRF
// token of a session's command, and the Origin of every request that has one.
admin_who_t admin_authenticate(admin_t *self, act_http_request_t **request_p);
// For audit_log: "token 127.0.0.1", "session 3f9a 127.0.0.1"; in the request's arena.
act_str_t admin_actor_of(admin_who_t who, act_http_request_t *request);

void admin_session_create(admin_t *self, act_http_request_t *request);
void admin_session_get(admin_t *self, act_http_request_t *request);
void admin_session_delete(admin_t *self, act_http_request_t *request);

// --- the API (api.c) -------------------------------------------------------------------------------

// True when the path is one of the API's: the request is answered now or later.
bool admin_api(admin_t *self, act_http_request_t *request);
void admin_openapi_get(admin_t *self, act_http_request_t *request);

// A command that was given: one row of audit_log and one line of the log.
typedef struct {
    const char *operation; // as in the document
    act_str_t path;
    act_str_t actor;
    act_str_t details; // JSON
    act_err_t err;
} admin_command_t;
void admin_audit(admin_t *self, const admin_command_t *command);
// What a person wrote is to be sent now, not when the outbox is looked at next.
void admin_wake_delivery(admin_t *self, act_str_t tenant);

// --- the Model Context Protocol (mcp.c) --------------------------------------------------------------

mcp_server_t *admin_mcp_new(admin_t *self);
// True when the path is /mcp: the request is answered now or later.
bool admin_mcp(admin_t *self, act_http_request_t *request);

// --- the feed (live.c) -----------------------------------------------------------------------------

live_t *live_new(admin_t *admin);
void live_destroy(live_t **self_p);
void admin_live_open(admin_t *self, act_http_request_t *request);
