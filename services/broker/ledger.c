// ledger: a slot map of entries; the low 17 bits of an id are its slot. A second index, chained, finds
// a call by who asked; it has a bucket a slot.
#include "ledger.h"

#include "base/assert.h"
#include "base/mem.h"

#include <string.h>

#define SLOT_BITS 17
#define SLOT_MASK ((UINT64_C(1) << SLOT_BITS) - 1)
_Static_assert(LEDGER_MAX_COUNT <= SLOT_MASK, "a slot number fits its bits");

struct ledger {
    entry_t **entries;      // by slot; NULL: free
    entry_t **buckets;      // by caller and its id
    uint32_t buckets_count; // a power of two
    uint32_t *free_slots;
    uint32_t free_count;
    uint32_t slots_count;
    uint32_t open_count;
    uint64_t uses;
};

ledger_t *ledger_new(void)
{
    return act_alloc(sizeof(ledger_t));
}

static void free_entry(entry_t *entry)
{
    payload_unref(&entry->body);
    act_free(entry->texts);
    act_free(entry->causes);
    act_free(entry);
}

void ledger_destroy(ledger_t **self_p)
{
    ledger_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->slots_count; i++)
        if (self->entries[i])
            free_entry(self->entries[i]);
    act_free(self->entries);
    act_free(self->free_slots);
    act_free(self->buckets);
    act_free(act_take(self_p));
}

static char *copy_text(char *at, act_str_t *view)
{
    if (view->len_bytes > 0)
        memcpy(at, view->ptr, view->len_bytes);
    view->ptr = at;
    return at + view->len_bytes;
}

// The header's views borrow from a frame that goes; the entry keeps its own copies in one block.
static void own_texts(entry_t *entry)
{
    act_header_t *h = &entry->header;
    act_str_t *views[] = {&h->sender, &h->tenant, &h->service,
                          &h->method, &h->key,    &h->idempotency_key};
    size_t size_bytes = 0;
    for (size_t i = 0; i < ACT_COUNT(views); i++)
        size_bytes += views[i]->len_bytes;
    entry->texts = act_alloc(size_bytes);
    char *at = entry->texts;
    for (size_t i = 0; i < ACT_COUNT(views); i++)
        at = copy_text(at, views[i]);
}

// --- who asked -----------------------------------------------------------------------------------

static entry_t **bucket_of(ledger_t *self, const peer_t *caller, uint64_t caller_id)
{
    // Ids count up and pointers are aligned: a multiplication spreads both.
    uint64_t hash = ((uint64_t)(uintptr_t)caller ^ caller_id) * UINT64_C(0x9e3779b97f4a7c15);
    return &self->buckets[hash >> 32 & (self->buckets_count - 1)];
}

static void put_in_bucket(ledger_t *self, entry_t *entry)
{
    entry_t **bucket = bucket_of(self, entry->caller, entry->caller_id);
    entry->next_of_caller = *bucket;
    *bucket = entry;
}

static void grow_buckets(ledger_t *self, uint32_t count)
{
    self->buckets = act_realloc(self->buckets, count * sizeof *self->buckets);
    memset(self->buckets, 0, count * sizeof *self->buckets);
    self->buckets_count = count;
    for (uint32_t i = 0; i < self->slots_count; i++)
        if (self->entries[i] && self->entries[i]->caller)
            put_in_bucket(self, self->entries[i]);
}

void ledger_set_caller(ledger_t *self, entry_t *entry, peer_t *caller, uint64_t caller_id)
{
    if (entry->caller) {
        entry_t **at = bucket_of(self, entry->caller, entry->caller_id);
        while (*at != entry)
            at = &(*at)->next_of_caller;
        *at = entry->next_of_caller;
    }
    entry->caller = caller;
    if (!caller)
        return;
    entry->caller_id = caller_id;
    put_in_bucket(self, entry);
}

entry_t *ledger_find_call(ledger_t *self, const peer_t *caller, uint64_t caller_id)
{
    if (self->buckets_count == 0)
        return NULL;
    entry_t *entry = *bucket_of(self, caller, caller_id);
    while (entry && (entry->caller != caller || entry->caller_id != caller_id))
        entry = entry->next_of_caller;
    return entry;
}

// --- slots ---------------------------------------------------------------------------------------

static bool take_slot(ledger_t *self, uint32_t *ret_slot)
{
    if (self->free_count > 0) {
        *ret_slot = self->free_slots[--self->free_count];
        return true;
    }
    if (self->slots_count == LEDGER_MAX_COUNT)
        return false;
    uint32_t count = self->slots_count + 1;
    if ((count & (count - 1)) == 0 || count == 1) {
        self->entries = act_realloc(self->entries, 2 * (size_t)count * sizeof(entry_t *));
        self->free_slots = act_realloc(self->free_slots, 2 * (size_t)count * sizeof(uint32_t));
        grow_buckets(self, 2 * count);
    }
    *ret_slot = self->slots_count++;
    return true;
}

entry_t *ledger_open(ledger_t *self, const act_header_t *header, payload_t *body)
{
    uint32_t slot = 0;
    if (!take_slot(self, &slot))
        return NULL;
    entry_t *entry = act_alloc(sizeof *entry);
    entry->id = ++self->uses << SLOT_BITS | slot;
    entry->header = *header;
    own_texts(entry);
    entry->body = payload_ref(body);
    self->entries[slot] = entry;
    self->open_count++;
    return entry;
}

entry_t *ledger_find(ledger_t *self, uint64_t id)
{
    uint64_t slot = id & SLOT_MASK;
    entry_t *entry = slot < self->slots_count ? self->entries[slot] : NULL;
    return entry && entry->id == id ? entry : NULL;
}

void ledger_renew_id(ledger_t *self, entry_t *entry)
{
    entry->id = ++self->uses << SLOT_BITS | (entry->id & SLOT_MASK);
}

void ledger_close(ledger_t *self, entry_t **entry_p)
{
    entry_t *entry = act_take(entry_p);
    uint32_t slot = (uint32_t)(entry->id & SLOT_MASK);
    act_assert(self->entries[slot] == entry && !entry->due_p);
    ledger_set_caller(self, entry, NULL, 0);
    self->entries[slot] = NULL;
    self->free_slots[self->free_count++] = slot;
    self->open_count--;
    free_entry(entry);
}

uint32_t ledger_count(const ledger_t *self)
{
    return self->open_count;
}

entry_t *ledger_next(ledger_t *self, uint32_t *index)
{
    while (*index < self->slots_count) {
        entry_t *entry = self->entries[(*index)++];
        if (entry)
            return entry;
    }
    return NULL;
}

// --- lists ---------------------------------------------------------------------------------------

static void count_in(entry_list_t *self, const entry_t *entry)
{
    self->count++;
    self->bulk_count += entry->header.class_ == ACT_CLASS_BULK;
    self->suspects_count += entry->is_suspect;
    self->size_bytes += entry->body->bytes.len_bytes;
}

void entry_list_push(entry_list_t *self, entry_t *entry)
{
    entry->next = NULL;
    entry->previous = self->last;
    if (self->last)
        self->last->next = entry;
    else
        self->first = entry;
    self->last = entry;
    count_in(self, entry);
}

void entry_list_push_front(entry_list_t *self, entry_t *entry)
{
    entry->previous = NULL;
    entry->next = self->first;
    if (self->first)
        self->first->previous = entry;
    else
        self->last = entry;
    self->first = entry;
    count_in(self, entry);
}

void entry_list_remove(entry_list_t *self, entry_t *entry)
{
    if (entry->previous)
        entry->previous->next = entry->next;
    else
        self->first = entry->next;
    if (entry->next)
        entry->next->previous = entry->previous;
    else
        self->last = entry->previous;
    entry->next = entry->previous = NULL;
    self->count--;
    self->bulk_count -= entry->header.class_ == ACT_CLASS_BULK;
    self->suspects_count -= entry->is_suspect;
    self->size_bytes -= entry->body->bytes.len_bytes;
}
