// bus_stage: a real broker in a folder of its own, its workers, and a driver that calls them. The broker
// starts the program itself again as its children; a program's main therefore begins with
// bus_stage_is_worker. Every worker writes what it begins and ends into one journal in shared memory,
// where it stays when the worker is killed, so that the journal tells what really ran.
#pragma once
#include "actor/actor.h"
#include "proto/broker.h"

#include <stdatomic.h>
#include <sys/types.h>

// One attempt at a call that a worker began.
typedef struct {
    uint32_t number; // of the call, as the driver gave it
    uint32_t attempt;
    int32_t pid;
    int64_t began_us;
    int64_t ended_us; // 0: it did not come so far
} journal_row_t;

// One instance, whatever process it is just now.
typedef struct {
    char name[ACT_HEADER_NAME_MAX_BYTES + 1];
    _Atomic int32_t pid; // of the process that has begun a call; 0: none has
    // Most that it had unanswered at a time, of all its processes.
    uint32_t held_max_count;
    uint64_t held_max_bytes;
} journal_slot_t;

#define JOURNAL_ROWS_MAX_COUNT (1u << 21)
#define JOURNAL_SLOTS_MAX_COUNT 16

typedef struct {
    _Atomic uint32_t slots_count;
    journal_slot_t slots[JOURNAL_SLOTS_MAX_COUNT];
    _Atomic uint32_t rows_count; // may be more than there is room for: then some are missing
    journal_row_t rows[JOURNAL_ROWS_MAX_COUNT];
} journal_t;

// The beginning of a call's body; the rest of it is filler, and the answer is this much.
typedef struct {
    uint32_t number;
    uint32_t work_ms; // how long the worker takes; 0: answers at once
} stage_work_t;

typedef struct bus_stage bus_stage_t;

// The broker gave us its arguments: be the worker it wants, and return its exit code.
bool bus_stage_is_worker(int argc, char **argv);
int bus_stage_be_worker(int argc, char **argv);

// Entries of parley.yaml without exec, such as "name: worker, count: 4"; names are worker and other.
// NULL when something could not be started.
bus_stage_t *bus_stage_new(const char *broker, const char *const *entries, uint32_t entries_count);
// Stops the broker with its children and removes the folder.
void bus_stage_destroy(bus_stage_t **self_p);

journal_t *bus_stage_journal(bus_stage_t *self);
pid_t bus_stage_broker(const bus_stage_t *self);
act_actor_t *bus_stage_driver(bus_stage_t *self);
// The service's only method.
extern const act_method_t bus_stage_method;

// A call of size_bytes (at least a stage_work_t) with 30 s; fn as in act_actor_call.
void bus_stage_call(bus_stage_t *self, const char *service, const stage_work_t *work,
                    act_class_t class_, size_t size_bytes, act_reply_fn *fn, void *context);

// Turns the loop until it is so. False: not within limit_ms.
bool bus_stage_wait(bus_stage_t *self, bool (*is_so)(void *context), void *context,
                    int64_t limit_ms);
void bus_stage_pass(bus_stage_t *self, int64_t by_ms);
// All instances of the service are ready.
bool bus_stage_wait_ready(bus_stage_t *self, const char *service, uint32_t count);
// What the broker says of itself; borrowed until the next time. NULL: it did not answer.
const status_reply_t *bus_stage_status(bus_stage_t *self);
// accepted = replied + failed + dead + cancelled + open
bool bus_stage_is_conserved(const status_reply_t *status);
// The pid of one instance, or 0.
pid_t bus_stage_pid(bus_stage_t *self, const char *instance);

// Sorts, and gives the value that `permille` of 1000 do not pass; 0 of nothing.
int64_t bus_stage_rank(int64_t *values, uint32_t count, uint32_t permille);
