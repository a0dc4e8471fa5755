// providers: a table of names, and what each tenant has, in slots by hash.
#include "providers.h"

#include "proto/persistence_service.h"
#include "records.h"

#include <string.h>

#define SLOTS_COUNT 64
#define REMEMBER_MS 60000

static const struct {
    const char *system;
    const char *provider; // "": the default
    record_provider_fn *run;
} rows[] = {
    {"projects", "", records_run},
    {"projects", "parley", records_run},
};

typedef struct {
    char tenant[ACT_HEADER_NAME_MAX_BYTES + 1];
    char system[17];
    char provider[33];
    int64_t until_ms; // of the loop; 0: empty
} slot_t;

struct providers {
    act_actor_t *actor;
    slot_t slots[SLOTS_COUNT];
};

typedef struct {
    providers_t *self;
    act_tool_call_t *call;
} asking_t;

providers_t *providers_new(act_actor_t *actor)
{
    providers_t *self = act_alloc(sizeof *self);
    self->actor = actor;
    return self;
}

void providers_destroy(providers_t **self_p)
{
    act_free(act_take(self_p));
}

static slot_t *slot_of(providers_t *self, act_str_t tenant, const char *system)
{
    return &self->slots[act_str_hash(tenant, act_str_hash(act_str(system), 0)) % SLOTS_COUNT];
}

static void run(providers_t *self, act_tool_call_t *call, act_str_t provider)
{
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (strcmp(rows[i].system, call->card->system) == 0 &&
            act_str_is(provider, rows[i].provider)) {
            rows[i].run(self->actor, call);
            return;
        }
    tool_call_break(&call, ACT_E_NOT_CONFIGURED,
                    ACT_STR("the tenant's provider is none that this Parley knows"));
}

static void on_provider(void *context, const act_reply_t *reply, const get_provider_reply_t *found)
{
    asking_t *asking = context;
    act_tool_call_t *call = asking->call;
    providers_t *self = asking->self;
    if (reply->err != ACT_E_OK) {
        tool_call_break(&call, reply->err, reply->text);
        return;
    }
    act_str_t tenant = act_call_header(call->call)->tenant;
    slot_t *slot = slot_of(self, tenant, call->card->system);
    slot->until_ms = 0;
    if (tenant.len_bytes < sizeof slot->tenant &&
        found->provider.len_bytes < sizeof slot->provider) {
        act_str_copy(tenant, slot->tenant, sizeof slot->tenant);
        act_str_copy(act_str(call->card->system), slot->system, sizeof slot->system);
        act_str_copy(found->provider, slot->provider, sizeof slot->provider);
        slot->until_ms = act_loop_now_ms(act_actor_loop(self->actor)) + REMEMBER_MS;
    }
    run(self, call, found->provider);
}

void providers_run(providers_t *self, act_tool_call_t *call)
{
    if (!call->card->system) {
        records_run(self->actor, call);
        return;
    }
    act_str_t tenant = act_call_header(call->call)->tenant;
    const slot_t *slot = slot_of(self, tenant, call->card->system);
    if (slot->until_ms > act_loop_now_ms(act_actor_loop(self->actor)) &&
        act_str_is(tenant, slot->tenant) && strcmp(slot->system, call->card->system) == 0) {
        run(self, call, act_str(slot->provider));
        return;
    }
    asking_t *asking = act_arena_alloc(act_call_arena(call->call), sizeof *asking);
    *asking = (asking_t){.self = self, .call = call};
    const get_provider_request_t request = {.system = act_str(call->card->system)};
    const act_call_opts_t opts = {.parent = call->call};
    persistence_get_provider(self->actor, &opts, &request, on_provider, asking);
}
