// models: a small table; the oldest entry goes first.
#include "models.h"

#include "base/mem.h"

#define TENANTS_MAX_COUNT 256
#define TENANT_MAX_BYTES 65
#define KEPT_MS 3000

typedef struct {
    char tenant[TENANT_MAX_BYTES];
    int64_t noted_ms; // 0: empty
    models_have_t have;
} entry_t;

struct models {
    entry_t entries[TENANTS_MAX_COUNT];
};

models_t *models_new(void)
{
    return act_alloc(sizeof(models_t));
}

void models_destroy(models_t **self_p)
{
    act_free(act_take(self_p));
}

bool models_known(const models_t *self, act_str_t tenant, int64_t now_ms, models_have_t *ret_have)
{
    for (size_t i = 0; i < TENANTS_MAX_COUNT; i++) {
        const entry_t *entry = &self->entries[i];
        if (entry->noted_ms == 0 || !act_str_is(tenant, entry->tenant))
            continue;
        *ret_have = entry->have;
        return now_ms - entry->noted_ms < KEPT_MS;
    }
    return false;
}

static entry_t *place_of(models_t *self, act_str_t tenant)
{
    entry_t *oldest = &self->entries[0];
    for (size_t i = 0; i < TENANTS_MAX_COUNT; i++) {
        entry_t *entry = &self->entries[i];
        if (entry->noted_ms != 0 && act_str_is(tenant, entry->tenant))
            return entry;
        if (entry->noted_ms < oldest->noted_ms)
            oldest = entry;
    }
    return oldest;
}

models_have_t models_note(models_t *self, act_str_t tenant, int64_t now_ms,
                          const list_models_reply_t *reply)
{
    models_have_t have = {false, false};
    for (uint32_t i = 0; i < reply->routes.count; i++) {
        const model_route_view_t *route = &reply->routes.items[i];
        bool is_real = !act_str_is(route->dialect, "builtin");
        have.has_large = have.has_large || (is_real && act_str_is(route->role, MODELS_LARGE));
        have.has_small = have.has_small || (is_real && act_str_is(route->role, MODELS_SMALL));
    }
    entry_t *entry = place_of(self, tenant);
    *entry = (entry_t){.noted_ms = now_ms > 0 ? now_ms : 1, .have = have};
    if (!act_str_copy(tenant, entry->tenant, sizeof entry->tenant))
        entry->noted_ms = 0; // no such tenant
    return have;
}
