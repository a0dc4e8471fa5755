// obituaries: a ring of pointers; each obituary is allocated when somebody dies.
#include "obituaries.h"

#include "base/mem.h"

struct obituaries {
    obituary_row_t *ring[OBITUARIES_MAX_COUNT];
    uint64_t count; // ever
};

const char *death_reason_name(death_reason_t reason)
{
    static const char *const names[] = {
#define X(name, text) [DEATH_##name] = (text),
        DEATH_REASONS(X)
#undef X
    };
    return names[reason];
}

obituaries_t *obituaries_new(void)
{
    return act_alloc(sizeof(obituaries_t));
}

void obituaries_destroy(obituaries_t **self_p)
{
    if (!*self_p)
        return;
    for (size_t i = 0; i < OBITUARIES_MAX_COUNT; i++)
        act_free((*self_p)->ring[i]);
    act_free(act_take(self_p));
}

obituary_row_t *obituaries_add(obituaries_t *self)
{
    obituary_row_t **slot = &self->ring[self->count % OBITUARIES_MAX_COUNT];
    act_free(*slot);
    *slot = act_alloc(sizeof **slot);
    (*slot)->number = ++self->count;
    return *slot;
}

static uint64_t kept_count(const obituaries_t *self)
{
    return self->count < OBITUARIES_MAX_COUNT ? self->count : OBITUARIES_MAX_COUNT;
}

const obituary_row_t *obituaries_get(const obituaries_t *self, uint32_t index)
{
    if (index >= kept_count(self))
        return NULL;
    return self->ring[(self->count - 1 - index) % OBITUARIES_MAX_COUNT];
}

obituary_row_t *obituaries_next_unstored(obituaries_t *self)
{
    for (uint64_t left = kept_count(self); left > 0; left--) {
        obituary_row_t *at = self->ring[(self->count - left) % OBITUARIES_MAX_COUNT];
        if (!at->is_stored)
            return at;
    }
    return NULL;
}
