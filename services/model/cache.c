// cache: a hash table with chains, and a list in the order of use.
#include "cache.h"

#include <string.h>

#include <sodium.h>

typedef struct entry {
    struct entry *newer, *older;
    struct entry *next; // in its slot
    cache_key_t key;
    int64_t until_ms;
    size_t value_bytes;
    char value[];
} entry_t;

struct cache {
    uint32_t max_count;
    size_t max_bytes;
    int64_t keep_ms;
    uint32_t count;
    size_t bytes;
    entry_t *newest, *oldest;
    entry_t **slots; // as many as max_count, a power of two at least
    uint32_t slots_count;
};

cache_t *cache_new(uint32_t max_count, size_t max_bytes, int64_t keep_ms)
{
    cache_t *self = act_alloc(sizeof *self);
    *self = (cache_t){.max_count = max_count, .max_bytes = max_bytes, .keep_ms = keep_ms};
    self->slots_count = 1;
    while (self->slots_count < max_count)
        self->slots_count *= 2;
    self->slots = act_alloc_array(self->slots_count, sizeof(entry_t *));
    return self;
}

static entry_t **slot_of(const cache_t *self, const cache_key_t *key)
{
    uint32_t hash = 0;
    memcpy(&hash, key->bytes, sizeof hash);
    return &self->slots[hash & (self->slots_count - 1)];
}

static void unlink_use(cache_t *self, entry_t *entry)
{
    *(entry->newer ? &entry->newer->older : &self->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &self->oldest) = entry->newer;
}

static void link_newest(cache_t *self, entry_t *entry)
{
    entry->newer = NULL;
    entry->older = self->newest;
    *(self->newest ? &self->newest->newer : &self->oldest) = entry;
    self->newest = entry;
}

static void remove_entry(cache_t *self, entry_t *entry)
{
    entry_t **at = slot_of(self, &entry->key);
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    unlink_use(self, entry);
    self->count--;
    self->bytes -= entry->value_bytes;
    act_free(entry);
}

void cache_destroy(cache_t **self_p)
{
    cache_t *self = *self_p;
    if (!self)
        return;
    while (self->oldest)
        remove_entry(self, self->oldest);
    act_free(self->slots);
    act_free(act_take(self_p));
}

cache_key_t cache_key(act_str_t tenant, act_str_t kind, act_str_t identity, act_str_t request)
{
    cache_key_t key;
    crypto_generichash_state state;
    const act_str_t parts[] = {tenant, kind, identity, request};
    (void)crypto_generichash_init(&state, NULL, 0, sizeof key.bytes);
    for (size_t i = 0; i < ACT_COUNT(parts); i++) {
        uint64_t len_bytes = parts[i].len_bytes;
        (void)crypto_generichash_update(&state, (const uint8_t *)&len_bytes, sizeof len_bytes);
        (void)crypto_generichash_update(&state, (const uint8_t *)parts[i].ptr, parts[i].len_bytes);
    }
    (void)crypto_generichash_final(&state, key.bytes, sizeof key.bytes);
    return key;
}

static entry_t *find(const cache_t *self, const cache_key_t *key)
{
    entry_t *entry = *slot_of(self, key);
    while (entry && memcmp(entry->key.bytes, key->bytes, sizeof key->bytes) != 0)
        entry = entry->next;
    return entry;
}

act_str_t cache_get(cache_t *self, const cache_key_t *key, int64_t now_ms)
{
    entry_t *entry = find(self, key);
    if (entry && entry->until_ms <= now_ms) {
        remove_entry(self, entry);
        entry = NULL;
    }
    if (!entry)
        return ACT_STR("");
    unlink_use(self, entry);
    link_newest(self, entry);
    return act_str_of(entry->value, entry->value_bytes);
}

void cache_put(cache_t *self, const cache_key_t *key, act_str_t value, int64_t now_ms)
{
    entry_t *old = find(self, key);
    if (old)
        remove_entry(self, old);
    if (self->max_count == 0 || value.len_bytes == 0 || value.len_bytes > self->max_bytes / 4)
        return;
    while (self->count == self->max_count || self->bytes + value.len_bytes > self->max_bytes)
        remove_entry(self, self->oldest);
    entry_t *entry = act_alloc(sizeof *entry + value.len_bytes);
    entry_t **slot = slot_of(self, key);
    entry->key = *key;
    entry->until_ms = now_ms + self->keep_ms;
    entry->value_bytes = value.len_bytes;
    memcpy(entry->value, value.ptr, value.len_bytes);
    entry->next = *slot;
    *slot = entry;
    link_newest(self, entry);
    self->count++;
    self->bytes += value.len_bytes;
}

size_t cache_bytes(const cache_t *self)
{
    return self->bytes;
}
