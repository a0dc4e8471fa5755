// graph_hooks: status webhooks, signed as Meta signs them. Each one is repeated until it is
// answered 200: at once, after 1 s, 2 s, 4 s, ... eight times in all. Bounded: what does not fit is
// dropped and counted.
#pragma once
#include "io/loop.h"
#include "sim/graph_behaviour.h"
#include "sim/graph_check.h"

typedef struct graph_hooks graph_hooks_t;

typedef struct {
    const char *url;     // NULL: no webhooks
    const char *secret;  // app secret
    const char *waba_id; // entry[].id
} graph_hooks_options_t;

typedef struct {
    uint64_t sent_count;    // posts answered 200
    uint64_t repeats_count; // posts not answered 200, sent again
    uint64_t dropped_count; // updates: no room, or given up
    uint32_t waiting_count; // updates not yet answered 200
} graph_hooks_counts_t;

// The strings are borrowed for as long as the object lives.
graph_hooks_t *graph_hooks_new(act_loop_t *loop, const graph_hooks_options_t *options);
void graph_hooks_destroy(graph_hooks_t **self_p);

// Schedules the statuses that the behaviour asks for.
void graph_hooks_accepted(graph_hooks_t *self, const graph_behaviour_t *behaviour,
                          act_str_t phone_number_id, act_str_t provider_id,
                          const graph_send_t *send);

// Forgets what is scheduled; webhooks under way are not called back.
void graph_hooks_reset(graph_hooks_t *self);

graph_hooks_counts_t graph_hooks_counts(const graph_hooks_t *self);
