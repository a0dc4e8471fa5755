// broker_world: the broker without sockets among simulated clients and workers, connections that delay
// and break, processes that die and stand still, and a clock that jumps from event to event. Every
// random choice comes from one seed, so a failure is repeated by its seed.
#pragma once
#include "broker.h"
#include "harness/model_check.h"

#define WORLD_CLIENTS_COUNT 4
#define WORLD_WORKERS_COUNT 6 // the first half offers "turns", the others "store"
#define WORLD_ACTORS_COUNT (WORLD_CLIENTS_COUNT + WORLD_WORKERS_COUNT)
#define WORLD_KEYS_MAX_COUNT 1000
#define WORLD_CREDIT 8

// Faults of the simulation itself, to show that the oracle sees them.
typedef enum {
    MUTANT_NONE,
    MUTANT_UNORDERED,   // calls lose their flag: no lanes
    MUTANT_OVERCREDIT,  // workers say they take more than they do
    MUTANT_LOST_ANSWER, // one answer in a thousand never reaches its caller
    MUTANT_NO_CLOCK,    // the broker hears of time only with frames
    MUTANTS_COUNT
} mutant_t;

typedef struct {
    uint64_t seed;
    int64_t duration_us; // simulated
    uint32_t calls_per_s;
    uint32_t keys_count; // of each service
    // 0: faults of every kind at random. Else broker.md row 2: all calls are of the first service and
    // ordered by one of the keys, and one of its three workers is killed so often.
    int64_t kill_every_us;
    mutant_t mutant;
} world_opts_t;

typedef struct {
    uint64_t calls, answers, replies, kills, stops, breaks, pauses, requeued, dead, cancelled,
        repeated;
    uint64_t p99_requeue_us;
    char violation[256]; // empty: none
} world_result_t;

void world_run(const world_opts_t *opts, world_result_t *ret_result);
const char *world_mutant_name(mutant_t mutant);
