// tool_set: the tools that exist, as one look at bus.tools gave them; and the shelf, which keeps the newest
// set for the calls of this process. A turn holds on to the set it began with: it does not change under it.
#pragma once
#include "actor/actor.h"
#include "proto/broker.h"
#include "tool/card.h"

typedef struct {
    act_tool_card_t *card;
    char *service; // "tool.read"
    char *tenant;  // the only one that has it; NULL: all do
    char hash[65]; // of the card, hexadecimal
} tool_entry_t;

typedef struct tool_set {
    tool_entry_t *items; // by name
    uint32_t count;
    uint32_t uses_count;
    struct tool_set *base; // owns the entries; NULL: this does
} tool_set_t;

// Of the tools that run; a card that cannot be read is left out. In use once.
tool_set_t *tool_set_new(const tools_reply_t *reply);
// Those that a tenant has; of two with one name its own. In use once; the other set is consumed.
tool_set_t *tool_set_of_tenant(tool_set_t **base_p, act_str_t tenant);
void tool_set_unref(tool_set_t **self_p); // accepts NULL inside

// NULL: there is no such tool.
const tool_entry_t *tool_set_find(const tool_set_t *self, act_str_t name);

// --- the shelf -------------------------------------------------------------------------------------

typedef struct tool_shelf tool_shelf_t;

tool_shelf_t *tool_shelf_new(act_actor_t *actor);
// Has this set and asks nobody (tests).
tool_shelf_t *tool_shelf_of(tool_set_t *set);
void tool_shelf_destroy(tool_shelf_t **self_p);

// A set that is at most a second old, or older when the broker does not answer; NULL: there was never an
// answer. The set is the caller's to unref.
typedef void tool_shelf_fn(void *context, tool_set_t *set);
// The callback comes once, perhaps before this returns, unless forgotten.
void tool_shelf_get(tool_shelf_t *self, tool_shelf_fn *fn, void *context);
void tool_shelf_forget(tool_shelf_t *self, void *context);
