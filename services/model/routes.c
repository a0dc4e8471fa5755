// routes: a book is an arena with the rows of both lists, sorted; the newest replaces it when both have
// been read.
#include "routes.h"

#include "actor/refresh.h"
#include "proto/persistence_service.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define READ_BUDGET_MS 3000
#define WAITERS_MAX_COUNT 8
#define DIGEST_BYTES 12
#define DEFAULT_MODEL "gpt-6-luna"
#define OPENAI_BASE "https://api.openai.com"

static const struct {
    const char *name;
    bool is_chat;
    bool is_extra; // nobody answers it by default
} roles[] = {
    {"agent", true, false},       {"agent_small", true, true}, {"classify", true, false},
    {"translate", true, false},   {"summarise", true, false},  {"embed", false, false},
    {"transcribe", false, false},
};

struct tenant_limits {
    act_str_t tenant;
    spend_limits_t limits;
};

struct book {
    uint32_t refs_count;
    act_arena_t *arena;
    route_t *items;
    uint32_t count;
    struct tenant_limits *limits;
    uint32_t limits_count;
    spend_limits_t default_limits;
    route_t defaults[ACT_COUNT(roles)]; // one a role; without provider: none
};

struct routes {
    act_actor_t *actor;
    const act_seal_key_t *key;
    routes_settings_t settings;
    const provider_t *default_provider; // NULL: built in only
    gates_t *gates;
    book_t *book;
    act_refresh_t *refresh;
    bool is_reading;
    struct {
        void (*fn)(void *context, act_err_t err);
        void *context;
        bool is_early; // the answer that is on its way may be too old
    } waiters[WAITERS_MAX_COUNT];
    uint32_t waiters_count;
};

bool routes_has_role(act_str_t role)
{
    for (size_t i = 0; i < ACT_COUNT(roles); i++)
        if (act_str_is(role, roles[i].name))
            return true;
    return false;
}

const char *routes_role_name(uint32_t index)
{
    return index < ACT_COUNT(roles) ? roles[index].name : NULL;
}

// --- books ---------------------------------------------------------------------------------------

static book_t *book_new(void)
{
    book_t *self = act_alloc(sizeof *self);
    self->refs_count = 1;
    self->arena = act_arena_new();
    return self;
}

void book_unref(book_t **self_p)
{
    book_t *self = act_take(self_p);
    if (!self || --self->refs_count > 0)
        return;
    for (uint32_t i = 0; i < self->count; i++)
        act_seal_wipe(&self->items[i].target.api_key);
    act_arena_destroy(&self->arena);
    act_free(self);
}

static int compare_keys(act_str_t a, act_str_t b)
{
    size_t shorter = a.len_bytes < b.len_bytes ? a.len_bytes : b.len_bytes;
    int order = shorter > 0 ? memcmp(a.ptr, b.ptr, shorter) : 0;
    return order != 0 ? order : (a.len_bytes > b.len_bytes) - (a.len_bytes < b.len_bytes);
}

static int compare_place(const route_t *row, act_str_t tenant, act_str_t role)
{
    int order = compare_keys(row->tenant, tenant);
    return order != 0 ? order : compare_keys(row->role, role);
}

static int compare_rows(const void *a, const void *b)
{
    const route_t *left = a;
    const route_t *right = b;
    int order = compare_place(left, right->tenant, right->role);
    return order != 0 ? order
                      : (left->position > right->position) - (left->position < right->position);
}

// The first row that does not stand before this place.
static uint32_t lower_bound(const book_t *self, act_str_t tenant, act_str_t role)
{
    uint32_t low = 0;
    uint32_t high = self->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_place(&self->items[middle], tenant, role) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t book_find(const book_t *self, act_str_t tenant, act_str_t role, const route_t **ret_first)
{
    uint32_t first = lower_bound(self, tenant, role);
    uint32_t count = 0;
    while (first + count < self->count && count < ROUTES_MAX_COUNT &&
           compare_place(&self->items[first + count], tenant, role) == 0)
        count++;
    *ret_first = count > 0 ? &self->items[first] : NULL;
    for (size_t i = 0; count == 0 && i < ACT_COUNT(roles); i++) {
        if (!act_str_is(role, roles[i].name) || !self->defaults[i].provider)
            continue;
        *ret_first = &self->defaults[i];
        return 1;
    }
    return count;
}

spend_limits_t book_limits(const book_t *self, act_str_t tenant)
{
    for (uint32_t i = 0; i < self->limits_count; i++)
        if (act_str_eq(self->limits[i].tenant, tenant))
            return self->limits[i].limits;
    return self->default_limits;
}

// --- rows ----------------------------------------------------------------------------------------

// What stands for address and key: neither can be read from it.
static act_str_t digest_of(act_arena_t *arena, act_str_t tenant, const target_t *target)
{
    uint8_t digest[DIGEST_BYTES + crypto_generichash_BYTES_MIN];
    char text[2 * sizeof digest + 1];
    const act_str_t parts[] = {tenant, target->base_url, target->api_key};
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof digest);
    for (size_t i = 0; i < ACT_COUNT(parts); i++) {
        (void)crypto_generichash_update(&state, (const uint8_t *)parts[i].ptr, parts[i].len_bytes);
        (void)crypto_generichash_update(&state, (const uint8_t *)"", 1);
    }
    (void)crypto_generichash_final(&state, digest, sizeof digest);
    (void)sodium_bin2hex(text, sizeof text, digest, DIGEST_BYTES);
    return act_arena_str(arena, act_str(text));
}

static act_str_t without_slash(act_str_t url)
{
    while (url.len_bytes > 0 && url.ptr[url.len_bytes - 1] == '/')
        url.len_bytes--;
    return url;
}

static void finish_route(routes_t *self, route_t *route, act_arena_t *arena,
                         const gate_limits_t *limits)
{
    target_t *target = &route->target;
    act_str_t bad;
    if (act_str_empty(target->base_url))
        target->base_url = act_str(route->provider->base_url);
    target->base_url = act_arena_str(arena, without_slash(target->base_url));
    if (!caps_read(route->provider->name, target->model, route->options, &target->caps, &bad))
        act_log_warn(act_actor_log(self->actor), "model_option_unknown",
                     "tenant=%.*s,role=%.*s,option=%.*s", ACT_STR_ARG(route->tenant),
                     ACT_STR_ARG(route->role), ACT_STR_ARG(bad));
    act_str_t digest = digest_of(arena, route->tenant, target);
    target->identity =
        act_arena_printf(arena, "%s/%.64s/%" ACT_STR_FMT, route->provider->name,
                         act_arena_str(arena, target->model).ptr, ACT_STR_ARG(digest));
    route->gate = gates_find(self->gates, digest, limits);
}

static void take_row(routes_t *self, book_t *book, const model_route_t *row)
{
    const provider_t *provider = provider_find(row->dialect);
    act_arena_t *arena = book->arena;
    if (!provider || !routes_has_role(row->role))
        return; // written by a later version
    route_t *route = &book->items[book->count++];
    *route = (route_t){.tenant = act_arena_str(arena, row->tenant),
                       .role = act_arena_str(arena, row->role),
                       .position = row->position,
                       .provider_id = act_arena_str(arena, row->provider_id),
                       .provider = provider,
                       .options = act_arena_str(arena, row->options)};
    route->target.model = act_arena_str(arena, row->model);
    route->target.base_url = row->base_url;
    act_str_t name =
        act_arena_printf(arena, ACT_SEAL_MODEL_KEY "%" ACT_STR_FMT, ACT_STR_ARG(row->provider_id));
    if (act_open(self->key, row->tenant, name.ptr, row->api_key, arena, &route->target.api_key) !=
        ACT_E_OK) {
        route->is_broken = true;
        act_log_error(act_actor_log(self->actor), "model_key_unopened", "tenant=%.*s,provider=%.*s",
                      ACT_STR_ARG(row->tenant), ACT_STR_ARG(row->provider_id));
    }
    int64_t most = self->settings.concurrency_max_count;
    int64_t own = row->concurrency_max_count;
    finish_route(self, route, arena,
                 &(gate_limits_t){.concurrency_max_count = own > 0 && own < most ? own : most,
                                  .requests_per_minute = row->requests_per_minute});
}

// --- the operator's default ----------------------------------------------------------------------

static const char *default_model(const routes_settings_t *settings, size_t role)
{
    if (strcmp(roles[role].name, "embed") == 0)
        return settings->embed_model;
    if (strcmp(roles[role].name, "transcribe") == 0)
        return settings->transcribe_model;
    return settings->model[0] != '\0' ? settings->model : DEFAULT_MODEL;
}

// What the provider cannot do is left to what is built in.
static const provider_t *default_provider(const routes_t *self, size_t role)
{
    const provider_t *provider = self->default_provider;
    bool is_embed = strcmp(roles[role].name, "embed") == 0;
    bool is_named = *default_model(&self->settings, role) != '\0';
    if (roles[role].is_extra)
        return NULL;
    if (roles[role].is_chat)
        return provider ? provider : &provider_builtin;
    if (is_embed)
        return provider && provider->write_embed && is_named ? provider : &provider_builtin;
    return provider && provider->write_transcribe && is_named ? provider : NULL;
}

static void add_defaults(routes_t *self, book_t *book)
{
    const routes_settings_t *settings = &self->settings;
    gate_limits_t limits = {.concurrency_max_count = settings->concurrency_max_count};
    book->default_limits =
        (spend_limits_t){.day_micro_usd = settings->day_micro_usd,
                         .conversation_micro_usd = settings->conversation_micro_usd};
    for (size_t i = 0; i < ACT_COUNT(roles); i++) {
        route_t *route = &book->defaults[i];
        const provider_t *provider = default_provider(self, i);
        if (!provider)
            continue;
        bool is_builtin = provider == &provider_builtin;
        *route = (route_t){.role = act_str(roles[i].name),
                           .position = 1,
                           .provider_id = is_builtin ? ACT_STR("builtin") : ACT_STR("default"),
                           .provider = provider,
                           .options = act_str(is_builtin ? "" : settings->options)};
        route->target.model = act_str(is_builtin ? "builtin" : default_model(settings, i));
        route->target.base_url = act_str(is_builtin ? "" : settings->base_url);
        route->target.api_key = act_str(is_builtin ? "" : settings->api_key);
        finish_route(self, route, book->arena, &limits);
    }
}

// OpenAI itself is asked by its newer API, everything else that has a base URL by the one all speak.
static act_err_t choose_default(routes_t *self, const char **ret_why)
{
    const routes_settings_t *settings = &self->settings;
    bool has_base = settings->base_url[0] != '\0';
    bool is_openai = !has_base || act_str_starts_with(act_str(settings->base_url), OPENAI_BASE);
    if (settings->dialect[0] != '\0') {
        self->default_provider = provider_find(act_str(settings->dialect));
        *ret_why = "PARLEY_MODEL_DIALECT is none of anthropic, openai, openai_compatible, gemini, "
                   "builtin";
        return self->default_provider ? ACT_E_OK : ACT_E_CONFIG;
    }
    if (settings->api_key[0] == '\0' && !has_base)
        return ACT_E_OK;
    self->default_provider = is_openai ? &provider_openai : &provider_openai_compatible;
    *ret_why = "OPENAI_BASE_URL needs OPENAI_MODEL";
    return is_openai || settings->model[0] != '\0' ? ACT_E_OK : ACT_E_CONFIG;
}

// --- reading -------------------------------------------------------------------------------------

static void tell_waiters(routes_t *self, act_err_t err, bool is_end)
{
    uint32_t count = self->waiters_count;
    self->waiters_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (self->waiters[i].is_early && !is_end) {
            self->waiters[self->waiters_count] = self->waiters[i];
            self->waiters[self->waiters_count++].is_early = false;
        } else {
            self->waiters[i].fn(self->waiters[i].context, err);
        }
    }
}

// Rows of a tenant stand together.
static void take_limits(book_t *book, const model_route_t *row)
{
    spend_limits_t limits = {.day_micro_usd = row->day_micro_usd,
                             .conversation_micro_usd = row->conversation_micro_usd};
    bool is_set = limits.day_micro_usd > 0 || limits.conversation_micro_usd > 0;
    bool is_there = book->limits_count > 0 &&
                    act_str_eq(book->limits[book->limits_count - 1].tenant, row->tenant);
    if (is_set && !is_there)
        book->limits[book->limits_count++] = (struct tenant_limits){
            .tenant = act_arena_str(book->arena, row->tenant), .limits = limits};
}

static void take_rows(routes_t *self, const list_model_routes_reply_t *body)
{
    book_t *book = book_new();
    book->items = act_arena_alloc_array(book->arena, body->routes.count, sizeof *book->items);
    book->limits = act_arena_alloc_array(book->arena, body->routes.count, sizeof *book->limits);
    add_defaults(self, book);
    for (uint32_t i = 0; i < body->routes.count; i++) {
        take_limits(book, &body->routes.items[i]);
        take_row(self, book, &body->routes.items[i]);
    }
    if (book->count > 0)
        qsort(book->items, book->count, sizeof *book->items, compare_rows);
    book_unref(&self->book);
    self->book = book;
}

static void on_routes(void *context, const act_reply_t *reply,
                      const list_model_routes_reply_t *body)
{
    routes_t *self = context;
    self->is_reading = false;
    if (reply->err == ACT_E_OK) {
        take_rows(self, body);
        act_actor_set_paused(self->actor, false);
    } else if (!act_refresh_is_failing(self->refresh)) {
        act_log_warn(act_actor_log(self->actor), "model_routes_unread", "code=%s",
                     act_err_code(reply->err));
    }
    act_refresh_done(self->refresh, reply->err);
    tell_waiters(self, reply->err, /* is_end= */ false);
}

static uint64_t ask(void *context)
{
    routes_t *self = context;
    act_call_opts_t opts = {.budget_ms = READ_BUDGET_MS};
    empty_t request = {0};
    self->is_reading = true;
    return persistence_list_model_routes(self->actor, &opts, &request, on_routes, self);
}

// --- life ----------------------------------------------------------------------------------------

act_err_t routes_new(act_actor_t *actor, const act_seal_key_t *key,
                     const routes_settings_t *settings, routes_t **ret_routes, const char **ret_why)
{
    routes_t *self = act_alloc(sizeof *self);
    *self = (routes_t){.actor = actor, .key = key, .settings = *settings};
    act_err_t err = choose_default(self, ret_why);
    if (err != ACT_E_OK) {
        act_free(self);
        return err;
    }
    self->gates = gates_new();
    self->book = book_new();
    add_defaults(self, self->book);
    act_actor_set_paused(actor, true); // nobody hears "no model" because we do not know yet
    self->refresh = act_refresh_new(actor, ask, self);
    *ret_routes = self;
    return ACT_E_OK;
}

void routes_destroy(routes_t **self_p)
{
    routes_t *self = *self_p;
    if (!self)
        return;
    act_refresh_destroy(&self->refresh);
    tell_waiters(self, ACT_E_CANCELLED, /* is_end= */ true);
    book_unref(&self->book);
    gates_destroy(&self->gates);
    act_free(act_take(self_p));
}

void routes_reload(routes_t *self, void (*fn)(void *context, act_err_t err), void *context)
{
    if (self->waiters_count == WAITERS_MAX_COUNT) {
        fn(context, ACT_E_OVERLOADED);
        return;
    }
    self->waiters[self->waiters_count].fn = fn;
    self->waiters[self->waiters_count].context = context;
    self->waiters[self->waiters_count].is_early = self->is_reading;
    self->waiters_count++;
    act_refresh_again(self->refresh);
}

book_t *routes_book(routes_t *self)
{
    self->book->refs_count++;
    return self->book;
}
