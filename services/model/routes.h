// routes: which models answer which role of which tenant, in order, and what may be spent. A tenant's own
// rows (PostgreSQL) come first; a role without any has the operator's default (settings), and without
// that the built-in answer. Read at the start, once a minute and when told to; until they were read once the
// actor is paused, and while the database is away the last good ones stay.
//
// What a call began with it keeps: routes are held by references to the book they stand in.
#pragma once
#include "actor/actor.h"
#include "base/seal.h"
#include "gate.h"
#include "provider.h"

// Most routes of a role.
#define ROUTES_MAX_COUNT 8

typedef struct {
    act_str_t tenant; // empty: the operator's
    act_str_t role;
    int64_t position;
    act_str_t provider_id;
    const provider_t *provider;
    target_t target;
    gate_t *gate;
    act_str_t options;
    bool is_broken; // its key does not open: never asked
} route_t;

typedef struct book book_t;
typedef struct routes routes_t;

typedef struct {
    const char *api_key;
    const char *model;
    const char *base_url;
    const char *dialect; // empty: by the base URL
    const char *options;
    const char *embed_model;
    const char *transcribe_model;
    int64_t concurrency_max_count;
    int64_t day_micro_usd;
    int64_t conversation_micro_usd;
} routes_settings_t;

typedef struct {
    int64_t day_micro_usd; // 0: none
    int64_t conversation_micro_usd;
} spend_limits_t;

// Key and settings are borrowed. CONFIG: the default cannot be used; *ret_why says why.
ACT_MUST_CHECK act_err_t routes_new(act_actor_t *actor, const act_seal_key_t *key,
                                    const routes_settings_t *settings, routes_t **ret_routes,
                                    const char **ret_why);
void routes_destroy(routes_t **self_p);

// fn is called once, when what is stored now has been read (or could not be).
void routes_reload(routes_t *self, void (*fn)(void *context, act_err_t err), void *context);

// A reference to the present book; given back with book_unref.
book_t *routes_book(routes_t *self);
void book_unref(book_t **self_p);

// The routes of a role, in order, and their number; 0: nobody, not even built in.
uint32_t book_find(const book_t *self, act_str_t tenant, act_str_t role, const route_t **ret_first);
spend_limits_t book_limits(const book_t *self, act_str_t tenant);

// Is there such a role?
bool routes_has_role(act_str_t role);
// The roles, one after the other; NULL behind the last.
const char *routes_role_name(uint32_t index);
