// supervisor: starts the children of parley.yaml, restarts them with backoff, parks those that crash
// in a loop, adopts those that outlived an earlier broker, and stops all in order, drained.
#pragma once
#include "base/log.h"
#include "broker.h"
#include "children.h"
#include "io/loop.h"

typedef struct supervisor supervisor_t;

// Names are those of `parley status`.
#define CHILD_STATES(X)                                                                            \
    X(WAITING, "waiting")   /* for what it needs, or for an adoption */                            \
    X(STARTING, "starting") /* process runs, READY not said yet */                                 \
    X(RUNNING, "ready")                                                                            \
    X(STOPPING, "stopping") /* asked to stop */                                                    \
    X(BACKOFF, "backoff")   /* crashed; starts again after a pause */                              \
    X(PARKED, "parked")     /* crashed too often; a probe start now and then */                    \
    X(GONE, "gone")         /* ended and not to be started again */
typedef enum {
#define X(name, text) CHILD_##name,
    CHILD_STATES(X)
#undef X
        CHILD_STATES_COUNT
} child_state_t;

typedef struct {
    const char *bin_dir; // programs are <bin_dir>/parley-<name>
    const char *log_dir;
    const char *endpoint; // of the bus, for the children
    int listener;         // public listening socket; -1: none
    int64_t adopt_ms;     // children that live already have this long to say HELLO; 0: none do
} supervisor_paths_t;

supervisor_t *supervisor_new(act_loop_t *loop, broker_t *broker, act_log_t *log,
                             const children_t *children, const supervisor_paths_t *paths);
void supervisor_destroy(supervisor_t **self_p);

void supervisor_on_hello(supervisor_t *self, const peer_t *peer);
void supervisor_on_ready(supervisor_t *self, const peer_t *peer);

// Stops everything, last started first, and then calls done once.
void supervisor_stop(supervisor_t *self, void (*done)(void *context), void *context);

// --- views; index from 0 -----------------------------------------------------------------------------
typedef struct {
    const char *service;
    const char *instance;
    child_state_t state;
    int32_t pid; // 0: no process
    uint32_t restarts_count;
    bool is_adopted;
} child_view_t;
bool supervisor_view(const supervisor_t *self, uint32_t index, child_view_t *ret_view);
const char *child_state_name(child_state_t state);
