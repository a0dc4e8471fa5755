// hops: the ring.
#include "hops.h"

#include "base/mem.h"

_Static_assert(sizeof(hop_t) <= 64, "a hop is one cache line");

struct hops {
    hop_t ring[HOPS_MAX_COUNT];
    uint64_t count; // written so far; the newest one's number
};

hops_t *hops_new(void)
{
    return act_alloc(sizeof(hops_t));
}

void hops_destroy(hops_t **self_p)
{
    act_free(act_take(self_p));
}

uint64_t hops_add(hops_t *self, const hop_t *hop)
{
    self->count++;
    self->ring[self->count % HOPS_MAX_COUNT] = *hop;
    return self->count;
}

const hop_t *hops_find(const hops_t *self, uint64_t number)
{
    if (number == 0 || number > self->count || self->count - number >= HOPS_MAX_COUNT)
        return NULL;
    return &self->ring[number % HOPS_MAX_COUNT];
}

uint64_t hops_written_count(const hops_t *self)
{
    return self->count;
}

uint64_t hops_overwritten_count(const hops_t *self)
{
    return self->count > HOPS_MAX_COUNT ? self->count - HOPS_MAX_COUNT : 0;
}

const char *hop_kind_name(uint8_t kind)
{
    static const char *const texts[] = {
#define X(name, text) text,
        HOP_KINDS(X)
#undef X
    };
    return kind < HOP_KINDS_COUNT ? texts[kind] : "?";
}
