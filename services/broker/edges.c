// edges: open addressing over a list that only grows; edge 0 is "(other)".
#include "edges.h"

#include "base/mem.h"

#define INDEX_COUNT (4 * EDGES_MAX_COUNT)

struct edges {
    edge_t *list[EDGES_MAX_COUNT];
    uint32_t count;
    uint16_t index[INDEX_COUNT]; // place in the list; 0: free
};

static edge_t *add(edges_t *self, const char *caller, act_str_t service, act_str_t method)
{
    edge_t *edge = act_alloc(sizeof *edge);
    act_str_copy(act_str(caller), edge->caller, sizeof edge->caller);
    act_str_copy(service, edge->service, sizeof edge->service);
    act_str_copy(method, edge->method, sizeof edge->method);
    self->list[self->count++] = edge;
    return edge;
}

edges_t *edges_new(void)
{
    edges_t *self = act_alloc(sizeof *self);
    add(self, "(other)", ACT_STR(""), ACT_STR(""));
    return self;
}

void edges_destroy(edges_t **self_p)
{
    edges_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->count; i++)
        act_free(self->list[i]);
    act_free(act_take(self_p));
}

edge_t *edges_count(edges_t *self, const char *caller, act_str_t service, act_str_t method)
{
    uint64_t hash = act_str_hash(method, act_str_hash(service, act_str_hash(act_str(caller), 0)));
    uint32_t place = (uint32_t)(hash % INDEX_COUNT);
    edge_t *edge = NULL;
    for (; self->index[place]; place = (place + 1) % INDEX_COUNT) {
        edge = self->list[self->index[place]];
        if (edge->hash == hash)
            break;
    }
    if (!self->index[place]) {
        edge = self->list[0];
        if (self->count < EDGES_MAX_COUNT) {
            self->index[place] = (uint16_t)self->count;
            edge = add(self, caller, service, method);
            edge->hash = hash;
        }
    }
    edge->calls++;
    return edge;
}

uint32_t edges_size(const edges_t *self)
{
    return self->count;
}

edge_t *edges_at(edges_t *self, uint32_t index)
{
    return self->list[index];
}
