// children: what parley.yaml says: which actors run, how many, and how they are looked after.
#pragma once
#include "base/buf.h"
#include "base/err.h"

typedef enum { RESTART_PERMANENT, RESTART_TRANSIENT, RESTART_TEMPORARY } restart_t;

// Whom a crash of one child of a group takes with it: nobody; those that come after it in the order
// of starts; all. They are stopped, and started again when the crashed one is ready.
typedef enum { STRATEGY_ONE_FOR_ONE, STRATEGY_REST_FOR_ONE, STRATEGY_ONE_FOR_ALL } strategy_t;

typedef struct {
    char *name;
    strategy_t strategy;
} group_spec_t;

// What the kernel holds a child to. NULL: like the broker.
typedef struct {
    uint32_t *address_space_mb;
    uint32_t *open_files_count;
    uint32_t *core_mb;
    uint32_t *cpu_s;
    int *nice;
    int *realtime;
} child_limits_t;

// broker.md section 3. Times in milliseconds; 0 in the file means the default.
typedef struct {
    char *name;  // and the name of its log file
    char *exec;  // program: a path, or a name in bin_dir; NULL: parley-<name>
    char **args; // more arguments for it
    uint32_t args_count;
    char *service;       // what it offers; NULL: like name
    uint32_t count;      // instances
    bool is_single;      // there must never be two at a time (it owns a port)
    char *group;         // NULL: none
    strategy_t strategy; // of its group
    uint32_t order;      // started in this order, stopped in reverse
    char **needs;        // waits until these services are ready
    uint32_t needs_count;
    restart_t restart;
    uint32_t start_ms;
    uint32_t stop_ms;
    uint32_t ping_ms; // silence on the bus before it is pinged
    uint32_t hang_ms; // its loop stands still for so long: it is killed
    uint32_t intensity_count;
    uint32_t intensity_ms;
    uint32_t backoff_ms;
    uint32_t backoff_max_ms;
    uint32_t park_ms;
    uint32_t probation_ms; // a new generation that dies in this time is rolled back
    child_limits_t *limits;
    char **settings; // "name=value", given to the actor as --set
    uint32_t settings_count;
    bool has_listener; // inherits the public listening socket
} child_spec_t;

typedef struct {
    group_spec_t *groups;
    uint32_t groups_count;
    child_spec_t *children;
    uint32_t children_count;
} children_t;

// Most instances of one child.
#define CHILDREN_INSTANCES_MAX_COUNT 64

const char *children_service(const child_spec_t *self);

// Reads and checks the file; on ACT_E_CONFIG *error has one line that names the file, the line or the
// child, the field, and an example of how it is meant.
ACT_MUST_CHECK act_err_t children_load(const char *path, children_t **ret_children,
                                       act_buf_t *error);
void children_destroy(children_t **self_p);
