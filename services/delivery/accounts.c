// accounts: a list in an arena with a hash table over it; buckets and pauses move on to the next
// list.
#include "accounts.h"

#include "actor/refresh.h"
#include "base/mem.h"
#include "proto/persistence_service.h"

#define READ_BUDGET_MS 3000
#define REFRESH_EVERY_MS 200
#define EMPTY UINT32_MAX

typedef struct {
    act_arena_t *arena; // NULL: no list yet
    account_t *items;
    uint32_t count;
    uint32_t *slots; // places in items, or EMPTY; at most half of them taken
    uint64_t slots_mask;
} list_t;

struct accounts {
    act_actor_t *actor;
    const act_seal_key_t *key;
    accounts_settings_t settings;
    void (*on_read)(void *context);
    void *context;
    list_t list;
    act_refresh_t *refresh;
};

static int64_t now_ms(const accounts_t *self)
{
    return act_loop_now_ms(act_actor_loop(self->actor));
}

// --- the list ------------------------------------------------------------------------------------

static void list_fini(list_t *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        act_seal_wipe(&self->items[i].route.access_token);
    act_arena_destroy(&self->arena);
    *self = (list_t){0};
}

static void list_init(list_t *self, uint32_t count)
{
    uint64_t slots_count = 2;
    while (slots_count < 2 * (uint64_t)count)
        slots_count *= 2;
    *self = (list_t){.arena = act_arena_new(), .slots_mask = slots_count - 1};
    self->items = act_arena_alloc_array(self->arena, count, sizeof *self->items);
    self->slots = act_arena_alloc_array(self->arena, slots_count, sizeof *self->slots);
    for (uint64_t i = 0; i < slots_count; i++)
        self->slots[i] = EMPTY;
}

static uint64_t first_slot(const list_t *self, act_str_t account_id)
{
    return act_str_hash(account_id, /* seed= */ 0) & self->slots_mask;
}

static account_t *list_find(const list_t *self, act_str_t tenant, act_str_t account_id)
{
    if (!self->arena)
        return NULL;
    for (uint64_t slot = first_slot(self, account_id); self->slots[slot] != EMPTY;
         slot = (slot + 1) & self->slots_mask) {
        account_t *account = &self->items[self->slots[slot]];
        if (act_str_eq(account->account_id, account_id) && act_str_eq(account->tenant, tenant))
            return account;
    }
    return NULL;
}

static account_t *list_add(list_t *self, act_str_t tenant, act_str_t account_id)
{
    uint64_t slot = first_slot(self, account_id);
    while (self->slots[slot] != EMPTY)
        slot = (slot + 1) & self->slots_mask;
    self->slots[slot] = self->count;
    account_t *account = &self->items[self->count++];
    account->tenant = act_arena_str(self->arena, tenant);
    account->account_id = act_arena_str(self->arena, account_id);
    return account;
}

// --- reading -------------------------------------------------------------------------------------

static act_channel_account_t route_of(accounts_t *self, const channel_account_t *row,
                                      act_arena_t *arena)
{
    bool is_own_base = !act_str_empty(row->api_base);
    act_channel_account_t route = {
        .api_base =
            is_own_base ? act_arena_str(arena, row->api_base) : self->settings.graph_api_base,
        .api_version = self->settings.graph_api_version,
        .external_id = act_arena_str(arena, row->external_id),
    };
    if (act_open(self->key, row->tenant, ACT_SEAL_ACCESS_TOKEN, row->access_token, arena,
                 &route.access_token) != ACT_E_OK)
        act_log_error(act_actor_log(self->actor), "token_unopened", "tenant=%.*s,account=%.*s",
                      ACT_STR_ARG(row->tenant), ACT_STR_ARG(row->channel_account_id));
    return route;
}

static void take_row(accounts_t *self, list_t *list, const channel_account_t *row)
{
    const act_channel_t *channel = act_channel_find(row->channel);
    if (!channel)
        return; // sends without an account, as the console
    account_t *account = list_add(list, row->tenant, row->channel_account_id);
    account->channel = channel;
    account->parks_unknown = act_str_is(row->unknown_policy, "park");
    account->route = route_of(self, row, list->arena);
    account->is_operator_base =
        act_str_empty(row->api_base) || act_str_eq(row->api_base, self->settings.graph_api_base);
    bucket_init(&account->bucket, self->settings.throughput_per_s, now_ms(self));
    const account_t *before = list_find(&self->list, row->tenant, row->channel_account_id);
    if (!before)
        return;
    account->bucket = before->bucket;
    // What a person has changed is worth a try at once.
    if (act_str_eq(account->route.access_token, before->route.access_token) &&
        act_str_eq(account->route.api_base, before->route.api_base))
        account->paused_until_ms = before->paused_until_ms;
}

static void take_list(accounts_t *self, const list_channel_accounts_reply_t *reply)
{
    uint32_t count_before = self->list.count;
    bool is_first = !self->list.arena;
    list_t list;
    list_init(&list, reply->accounts.count);
    for (uint32_t i = 0; i < reply->accounts.count; i++)
        take_row(self, &list, &reply->accounts.items[i]);
    list_fini(&self->list);
    self->list = list;
    if (is_first || list.count != count_before)
        act_log_info(act_actor_log(self->actor), "accounts_read", "count=%u", list.count);
}

static void on_list(void *context, const act_reply_t *reply,
                    const list_channel_accounts_reply_t *body)
{
    accounts_t *self = context;
    if (reply->err == ACT_E_OK)
        take_list(self, body);
    else if (!act_refresh_is_failing(self->refresh))
        act_log_warn(act_actor_log(self->actor), "accounts_unread", "code=%s",
                     act_err_code(reply->err));
    act_refresh_done(self->refresh, reply->err);
    if (reply->err == ACT_E_OK)
        self->on_read(self->context);
}

static uint64_t ask(void *context)
{
    accounts_t *self = context;
    act_call_opts_t opts = {.budget_ms = READ_BUDGET_MS};
    empty_t request = {0};
    return persistence_list_channel_accounts(self->actor, &opts, &request, on_list, self);
}

// --- life ----------------------------------------------------------------------------------------

accounts_t *accounts_new(act_actor_t *actor, const act_seal_key_t *key,
                         const accounts_settings_t *settings, void (*on_read)(void *context),
                         void *context)
{
    accounts_t *self = act_alloc(sizeof *self);
    *self = (accounts_t){
        .actor = actor, .key = key, .settings = *settings, .on_read = on_read, .context = context};
    self->refresh = act_refresh_new(actor, ask, self);
    return self;
}

void accounts_destroy(accounts_t **self_p)
{
    accounts_t *self = *self_p;
    if (!self)
        return;
    act_refresh_destroy(&self->refresh);
    list_fini(&self->list);
    act_free(act_take(self_p));
}

bool accounts_are_there(const accounts_t *self)
{
    return self->list.arena != NULL;
}

void accounts_refresh(accounts_t *self)
{
    act_refresh_soon(self->refresh, REFRESH_EVERY_MS);
}

account_t *accounts_find(const accounts_t *self, act_str_t tenant, act_str_t account_id)
{
    return list_find(&self->list, tenant, account_id);
}

void accounts_pause(const accounts_t *self, account_t *account, int64_t pause_ms)
{
    int64_t until_ms = now_ms(self) + pause_ms;
    if (until_ms > account->paused_until_ms)
        account->paused_until_ms = until_ms;
}
