// model_roles: a table of tenants, and who waits for what is asked for.
#include "turn/model_roles.h"

#include "base/mem.h"
#include "proto/model_service.h"

// A tenant's own place by the hash of its name; another one with the same place takes it.
#define TENANTS_COUNT 1024u
// What is younger is taken as it is; what is older is asked for again, and then until...
#define FRESH_MS 5000
// ...nobody waits for the answer.
#define USABLE_MS 60000
#define ASK_BUDGET_MS 1000
#define WAITERS_MAX_COUNT 1024u

static const char *const roles[] = {"agent",     "classify", "translate",
                                    "summarise", "embed",    "transcribe"};

typedef struct {
    act_model_roles_t *owner;
    char *name;          // NULL: nobody is here
    uint32_t real_roles; // bits, by index in roles
    int64_t known_at_ms; // 0: never
    uint64_t call_id;    // 0: nothing is on its way
} tenant_t;

typedef struct waiter {
    struct waiter *next;
    tenant_t *tenant;
    uint32_t role;
    act_model_roles_fn *fn;
    void *context;
} waiter_t;

struct act_model_roles {
    act_actor_t *actor;
    waiter_t *waiters;
    uint32_t waiters_count;
    tenant_t tenants[TENANTS_COUNT];
};

static uint32_t role_index(act_str_t role)
{
    uint32_t index = 0;
    while (index < ACT_COUNT(roles) && !act_str_is(role, roles[index]))
        index++;
    return index;
}

static bool has_role(const tenant_t *tenant, uint32_t role)
{
    return (tenant->real_roles & (1u << role)) != 0;
}

// --- the answer ----------------------------------------------------------------------------------

static uint32_t real_roles(const list_models_reply_t *body)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < body->routes.count; i++) {
        const model_route_view_t *route = &body->routes.items[i];
        uint32_t role = role_index(route->role);
        if (role < ACT_COUNT(roles) && !act_str_is(route->dialect, "builtin"))
            bits |= 1u << role;
    }
    return bits;
}

static waiter_t *take_waiter(act_model_roles_t *self, const tenant_t *tenant)
{
    for (waiter_t **at = &self->waiters; *at; at = &(*at)->next) {
        waiter_t *waiter = *at;
        if (waiter->tenant != tenant)
            continue;
        *at = waiter->next;
        self->waiters_count--;
        return waiter;
    }
    return NULL;
}

// One at a time: who is called may forget another one.
static void tell_waiters(act_model_roles_t *self, const tenant_t *tenant)
{
    for (waiter_t *waiter = take_waiter(self, tenant); waiter; waiter = take_waiter(self, tenant)) {
        waiter->fn(waiter->context, has_role(tenant, waiter->role));
        act_free(waiter);
    }
}

static void on_listed(void *context, const act_reply_t *reply, const list_models_reply_t *body)
{
    tenant_t *tenant = context;
    act_model_roles_t *self = tenant->owner;
    tenant->call_id = 0;
    tenant->known_at_ms = act_loop_now_ms(act_actor_loop(self->actor));
    if (reply->err == ACT_E_OK)
        tenant->real_roles = real_roles(body);
    tell_waiters(self, tenant);
}

// --- the question --------------------------------------------------------------------------------

static void fetch(tenant_t *tenant)
{
    if (tenant->call_id != 0)
        return;
    const empty_t nothing = {0};
    const act_call_opts_t opts = {.tenant = act_str(tenant->name), .budget_ms = ASK_BUDGET_MS};
    tenant->call_id = model_list_models(tenant->owner->actor, &opts, &nothing, on_listed, tenant);
}

static char *name_of(act_str_t text)
{
    char *name = act_alloc(text.len_bytes + 1);
    act_str_copy(text, name, text.len_bytes + 1);
    return name;
}

static tenant_t *tenant_of(act_model_roles_t *self, act_str_t name)
{
    tenant_t *tenant = &self->tenants[act_str_hash(name, 0) % TENANTS_COUNT];
    if (tenant->name && act_str_is(name, tenant->name))
        return tenant;
    if (tenant->call_id != 0) { // its waiters are told what is known of it
        act_actor_cancel(self->actor, tenant->call_id);
        tenant->call_id = 0;
        tell_waiters(self, tenant);
    }
    act_free(tenant->name);
    *tenant = (tenant_t){.owner = self, .name = name_of(name)};
    return tenant;
}

static void wait_for(act_model_roles_t *self, tenant_t *tenant, const waiter_t *who)
{
    waiter_t *waiter = act_alloc(sizeof *waiter);
    *waiter = *who;
    waiter->tenant = tenant;
    waiter->next = self->waiters;
    self->waiters = waiter;
    self->waiters_count++;
}

void act_model_roles_ask(act_model_roles_t *self, act_str_t tenant_name, act_str_t role,
                         act_model_roles_fn *fn, void *context)
{
    tenant_t *tenant = tenant_of(self, tenant_name);
    uint32_t index = role_index(role);
    int64_t age_ms = act_loop_now_ms(act_actor_loop(self->actor)) - tenant->known_at_ms;
    bool is_known = tenant->known_at_ms > 0 && age_ms < USABLE_MS;
    if (tenant->known_at_ms == 0 || age_ms >= FRESH_MS)
        fetch(tenant);
    if (is_known || index == ACT_COUNT(roles) || self->waiters_count == WAITERS_MAX_COUNT)
        fn(context, index < ACT_COUNT(roles) && has_role(tenant, index));
    else
        wait_for(self, tenant, &(waiter_t){.role = index, .fn = fn, .context = context});
}

void act_model_roles_forget(act_model_roles_t *self, const void *context)
{
    for (waiter_t **at = &self->waiters; *at;) {
        waiter_t *waiter = *at;
        if (waiter->context != context) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        act_free(waiter);
        self->waiters_count--;
    }
}

// --- life ----------------------------------------------------------------------------------------

act_model_roles_t *act_model_roles_new(act_actor_t *actor)
{
    act_model_roles_t *self = act_alloc(sizeof *self);
    self->actor = actor;
    return self;
}

void act_model_roles_destroy(act_model_roles_t **self_p)
{
    act_model_roles_t *self = act_take(self_p);
    if (!self)
        return;
    for (uint32_t i = 0; i < TENANTS_COUNT; i++) {
        act_actor_cancel(self->actor, self->tenants[i].call_id);
        act_free(self->tenants[i].name);
    }
    while (self->waiters)
        act_model_roles_forget(self, self->waiters->context);
    act_free(self);
}
