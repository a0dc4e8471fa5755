// names: open addressing over a list that only grows.
#include "names.h"

#include "actor/header.h"
#include "base/mem.h"

#include <string.h>

#define INDEX_COUNT (2 * NAMES_MAX_COUNT)

typedef struct {
    uint64_t hash;
    char *text; // owned, not terminated
    uint32_t len_bytes;
} name_t;

struct names {
    name_t list[NAMES_MAX_COUNT];
    uint32_t count;
    uint16_t index[INDEX_COUNT]; // number + 1; 0: free
};

static void add(names_t *self, act_str_t text, uint64_t hash, uint32_t place)
{
    name_t *name = &self->list[self->count];
    name->hash = hash;
    name->len_bytes = (uint32_t)text.len_bytes;
    name->text = act_alloc(text.len_bytes + 1);
    if (text.len_bytes > 0)
        memcpy(name->text, text.ptr, text.len_bytes);
    self->index[place] = (uint16_t)(++self->count);
}

names_t *names_new(void)
{
    names_t *self = act_alloc(sizeof *self);
    names_put(self, ACT_STR("(other)"));
    return self;
}

void names_destroy(names_t **self_p)
{
    names_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->count; i++)
        act_free(self->list[i].text);
    act_free(act_take(self_p));
}

static bool is_name(const name_t *name, act_str_t text, uint64_t hash)
{
    return name->hash == hash && act_str_eq(text, act_str_of(name->text, name->len_bytes));
}

uint16_t names_put(names_t *self, act_str_t text)
{
    if (text.len_bytes > ACT_HEADER_NAME_MAX_BYTES)
        text.len_bytes = ACT_HEADER_NAME_MAX_BYTES;
    uint64_t hash = act_str_hash(text, 0);
    uint32_t place = (uint32_t)(hash % INDEX_COUNT);
    for (; self->index[place]; place = (place + 1) % INDEX_COUNT)
        if (is_name(&self->list[self->index[place] - 1], text, hash))
            return (uint16_t)(self->index[place] - 1);
    if (self->count == NAMES_MAX_COUNT)
        return NAMES_OTHER;
    add(self, text, hash, place);
    return (uint16_t)(self->count - 1);
}

act_str_t names_text(const names_t *self, uint16_t number)
{
    const name_t *name = &self->list[number < self->count ? number : NAMES_OTHER];
    return act_str_of(name->text, name->len_bytes);
}

uint32_t names_count(const names_t *self)
{
    return self->count;
}
