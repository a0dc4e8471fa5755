// edges: who calls what: a counter and the latency of each (caller, service, method), always on, for
// the map of the traffic. Bounded: pairs beyond EDGES_MAX_COUNT are counted together under "(other)".
#pragma once
#include "latency.h"

#include "actor/header.h"

#define EDGES_MAX_COUNT 512

typedef struct {
    char caller[ACT_HEADER_NAME_MAX_BYTES + 1]; // the actor, not its instance
    char service[ACT_HEADER_NAME_MAX_BYTES + 1];
    char method[ACT_HEADER_NAME_MAX_BYTES + 1];
    uint64_t hash;
    uint64_t calls;  // that have ended, and casts
    uint64_t errors; // of those
    uint64_t bytes;  // bodies, there and back
    latency_t latency;
} edge_t;

typedef struct edges edges_t;

edges_t *edges_new(void);
void edges_destroy(edges_t **self_p);
// The edge of this call, counted already; never NULL. One hash and, as a rule, one compare.
edge_t *edges_count(edges_t *self, const char *caller, act_str_t service, act_str_t method);
uint32_t edges_size(const edges_t *self);
// index < edges_size.
edge_t *edges_at(edges_t *self, uint32_t index);
