// supervisor: starts the children of parley.yaml, restarts them with backoff, parks those that crash
// in a loop, kills those whose loop stands still, adopts those that outlived an earlier broker, rolls
// services over to a new generation, and stops all in order, drained. It decides; processes are the
// host's (child_host.h), so that all of it also runs in simulated time.
#pragma once
#include "base/log.h"
#include "broker.h"
#include "child_host.h"
#include "children.h"
#include "io/loop.h"
#include "obituaries.h"

typedef struct supervisor supervisor_t;

// Names are those of `parley status`.
#define CHILD_STATES(X)                                                                            \
    X(WAITING, "waiting")   /* for what it needs, its group, or for an adoption */                 \
    X(STARTING, "starting") /* process runs, READY not said yet */                                 \
    X(PROBING, "probing")   /* the same, out of parking */                                         \
    X(RUNNING, "ready")                                                                            \
    X(DRAINING, "draining") /* told over the bus to finish and go */                               \
    X(STOPPING, "stopping") /* told by a signal to go */                                           \
    X(BACKOFF, "backoff")   /* crashed; starts again after a pause */                              \
    X(PARKED, "parked")     /* crashed too often; a probe start now and then */                    \
    X(GONE, "gone")         /* ended and not to be started again by itself */
typedef enum {
#define X(name, text) CHILD_##name,
    CHILD_STATES(X)
#undef X
        CHILD_STATES_COUNT
} child_state_t;

typedef struct {
    const char *log_dir; // for the last words of the dead
    int64_t adopt_ms;    // children that live already have this long to say HELLO; 0: none do
} supervisor_opts_t;

// Everything is borrowed and outlives the supervisor; the host is copied.
supervisor_t *supervisor_new(act_loop_t *loop, broker_t *broker, act_log_t *log,
                             const children_t *children, const child_host_t *host,
                             const supervisor_opts_t *opts);
// Processes live on; `gone` is not called any more.
void supervisor_destroy(supervisor_t **self_p);

// One more entry, borrowed until it is gone; its children start when their time comes.
void supervisor_add(supervisor_t *self, const child_spec_t *spec);
// Drains its children; gone is called once when the last has ended, never from in here. Until then the
// entry's names are taken.
void supervisor_remove(supervisor_t *self, const child_spec_t *spec,
                       void (*gone)(void *context, const child_spec_t *spec), void *context);

void supervisor_on_hello(supervisor_t *self, const peer_t *peer);
void supervisor_on_ready(supervisor_t *self, const peer_t *peer);

// Stops everything, last started first, and then calls done once.
void supervisor_stop(supervisor_t *self, void (*done)(void *context), void *context);

// --- commands ------------------------------------------------------------------------------------
// On an error *error has one line that says what is possible instead. NOT_FOUND: no such child;
// CONFLICT: not now; INVALID_ARGUMENT: never.

// Rolls a service (instance empty), or one instance of it, over to a new generation: starts the new
// one, waits until it is ready and has lived for probation_ms, drains the old one. When the new one
// dies before that, the old one stays (rolled back). What does not run is started. Children that
// must be single are stopped first.
ACT_MUST_CHECK act_err_t supervisor_restart(supervisor_t *self, act_str_t service,
                                            act_str_t instance, act_buf_t *error);
// The instance (all of the service when empty) finishes what it has and is not started again.
ACT_MUST_CHECK act_err_t supervisor_drain(supervisor_t *self, act_str_t service, act_str_t instance,
                                          act_buf_t *error);
// Starts instances, or drains those with the highest numbers. Holds until the broker is restarted.
ACT_MUST_CHECK act_err_t supervisor_scale(supervisor_t *self, act_str_t service, uint32_t count,
                                          act_buf_t *error);

// --- views; index from 0 -----------------------------------------------------------------------------
typedef struct {
    const char *service;
    const char *instance;
    child_state_t state;
    int32_t pid; // 0: no process
    uint32_t generation;
    uint32_t restarts_count;
    bool is_adopted;
    const char *last_error; // how it ended last; "": it never did
} child_view_t;
bool supervisor_view(const supervisor_t *self, uint32_t index, child_view_t *ret_view);
const char *child_state_name(child_state_t state);

// Rolls since the start of the broker: the last of each service.
typedef struct {
    const char *service;
    const char *state; // "rolling", "done", "rolled back"
    uint32_t replaced_count;
    const char *error; // why it was rolled back; else ""
} roll_row_t;
bool supervisor_roll_view(const supervisor_t *self, uint32_t index, roll_row_t *ret_view);

obituaries_t *supervisor_obituaries(supervisor_t *self);

// Which log an instance writes: the name of its actor, or NULL when it is no child.
const char *supervisor_log_name(const supervisor_t *self, act_str_t service, act_str_t instance);
