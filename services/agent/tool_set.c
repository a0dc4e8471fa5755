// tool_set: cards are parsed once a look; who asks meanwhile waits for the same answer.
#include "tool_set.h"

#include "base/assert.h"
#include "io/loop.h"
#include "proto/broker_service.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_MS 1000
#define ASK_MS 2000
#define WAITING_MAX_COUNT 256
#define HASH_BYTES 32

// --- a set -----------------------------------------------------------------------------------------

static void hash_card(const act_tool_card_t *card, char ret_hash[65])
{
    uint8_t hash[HASH_BYTES];
    char *text = json_dumps(card->root, JSON_COMPACT | JSON_SORT_KEYS);
    crypto_generichash(hash, sizeof hash, (const uint8_t *)text, text ? strlen(text) : 0, NULL, 0);
    sodium_bin2hex(ret_hash, 65, hash, sizeof hash);
    free(text);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const tool_entry_t *)a)->card->name, ((const tool_entry_t *)b)->card->name);
}

static void add(tool_set_t *self, const tool_view_t *view)
{
    act_buf_t why;
    act_buf_init(&why, 1024);
    act_tool_card_t *card = NULL;
    bool is_good = act_str_is(view->state, "ready") && !act_str_empty(view->service) &&
                   act_tool_card_parse(view->card, &card, &why) == ACT_E_OK;
    if (is_good) {
        tool_entry_t *entry = &self->items[self->count++];
        entry->card = card;
        if (!act_str_empty(view->tenant)) {
            entry->tenant = act_alloc(view->tenant.len_bytes + 1);
            act_str_copy(view->tenant, entry->tenant, view->tenant.len_bytes + 1);
        }
        entry->service = act_alloc(view->service.len_bytes + 1);
        act_str_copy(view->service, entry->service, view->service.len_bytes + 1);
        hash_card(card, entry->hash);
    }
    act_buf_fini(&why);
}

tool_set_t *tool_set_new(const tools_reply_t *reply)
{
    tool_set_t *self = act_alloc(sizeof *self);
    self->items = act_alloc_array(reply->tools.count + 1, sizeof *self->items);
    self->uses_count = 1;
    for (uint32_t i = 0; i < reply->tools.count; i++)
        add(self, &reply->tools.items[i]);
    qsort(self->items, self->count, sizeof *self->items, by_name);
    return self;
}

tool_set_t *tool_set_of_tenant(tool_set_t **base_p, act_str_t tenant)
{
    tool_set_t *base = act_take(base_p);
    tool_set_t *self = act_alloc(sizeof *self);
    self->items = act_alloc_array(base->count + 1, sizeof *self->items);
    self->uses_count = 1;
    self->base = base;
    for (uint32_t i = 0; i < base->count; i++) {
        const tool_entry_t *entry = &base->items[i];
        if (entry->tenant && !act_str_is(tenant, entry->tenant))
            continue;
        bool is_same = self->count > 0 &&
                       strcmp(self->items[self->count - 1].card->name, entry->card->name) == 0;
        if (!is_same)
            self->items[self->count++] = *entry;
        else if (entry->tenant)
            self->items[self->count - 1] = *entry;
    }
    return self;
}

static tool_set_t *ref(tool_set_t *self)
{
    self->uses_count++;
    return self;
}

void tool_set_unref(tool_set_t **self_p)
{
    tool_set_t *self = act_take(self_p);
    if (!self || --self->uses_count > 0)
        return;
    for (uint32_t i = 0; !self->base && i < self->count; i++) {
        act_tool_card_destroy(&self->items[i].card);
        act_free(self->items[i].service);
        act_free(self->items[i].tenant);
    }
    if (self->base)
        tool_set_unref(&self->base);
    act_free(self->items);
    act_free(self);
}

const tool_entry_t *tool_set_find(const tool_set_t *self, act_str_t name)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (act_str_is(name, self->items[i].card->name))
            return &self->items[i];
    return NULL;
}

// --- the shelf -------------------------------------------------------------------------------------

typedef struct {
    tool_shelf_fn *fn;
    void *context;
} waiting_t;

struct tool_shelf {
    act_actor_t *actor;
    tool_set_t *set; // NULL: none yet
    int64_t asked_at_ms;
    uint64_t call_id; // 0: nobody is asked
    waiting_t waiting[WAITING_MAX_COUNT];
    uint32_t waiting_count;
};

tool_shelf_t *tool_shelf_new(act_actor_t *actor)
{
    tool_shelf_t *self = act_alloc(sizeof *self);
    self->actor = actor;
    return self;
}

tool_shelf_t *tool_shelf_of(tool_set_t *set)
{
    tool_shelf_t *self = act_alloc(sizeof *self);
    self->set = ref(set);
    return self;
}

void tool_shelf_destroy(tool_shelf_t **self_p)
{
    tool_shelf_t *self = act_take(self_p);
    if (!self)
        return;
    if (self->call_id != 0)
        act_actor_cancel(self->actor, self->call_id);
    tool_set_unref(&self->set);
    act_free(self);
}

static void give(const tool_shelf_t *self, tool_shelf_fn *fn, void *context)
{
    fn(context, self->set ? ref(self->set) : NULL);
}

static void on_tools(void *context, const act_reply_t *reply, const tools_reply_t *tools)
{
    tool_shelf_t *self = context;
    self->call_id = 0;
    if (reply->err == ACT_E_OK && tools) {
        tool_set_unref(&self->set);
        self->set = tool_set_new(tools);
    } else {
        act_log_warn(act_actor_log(self->actor), "tools_unknown", "code=%s",
                     act_err_code(reply->err));
    }
    uint32_t count = self->waiting_count;
    waiting_t waiting[WAITING_MAX_COUNT];
    memcpy(waiting, self->waiting, count * sizeof *waiting);
    self->waiting_count = 0;
    for (uint32_t i = 0; i < count; i++)
        give(self, waiting[i].fn, waiting[i].context);
}

static void ask(tool_shelf_t *self)
{
    const act_call_opts_t opts = {.budget_ms = ASK_MS};
    const tools_request_t request = {0};
    self->asked_at_ms = act_loop_now_ms(act_actor_loop(self->actor));
    self->call_id = bus_tools(self->actor, &opts, &request, on_tools, self);
}

static bool is_fresh(const tool_shelf_t *self)
{
    if (!self->actor) // a test's: it is all there is
        return true;
    int64_t now_ms = act_loop_now_ms(act_actor_loop(self->actor));
    return self->set && now_ms - self->asked_at_ms < FRESH_MS && self->call_id == 0;
}

void tool_shelf_get(tool_shelf_t *self, tool_shelf_fn *fn, void *context)
{
    if (is_fresh(self) || self->waiting_count == WAITING_MAX_COUNT) {
        give(self, fn, context);
        return;
    }
    self->waiting[self->waiting_count++] = (waiting_t){fn, context};
    if (self->call_id == 0)
        ask(self);
}

void tool_shelf_forget(tool_shelf_t *self, void *context)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < self->waiting_count; i++)
        if (self->waiting[i].context != context)
            self->waiting[kept++] = self->waiting[i];
    self->waiting_count = kept;
}
