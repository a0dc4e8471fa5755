// children: what parley.yaml says: which actors run, how many, and how they are looked after.
#pragma once
#include "base/buf.h"
#include "base/err.h"

typedef enum { RESTART_PERMANENT, RESTART_TRANSIENT, RESTART_TEMPORARY } restart_t;

// broker.md section 3. Times in milliseconds; 0 in the file means the default.
typedef struct {
    char *name;     // also the program: <bin_dir>/parley-<name>
    char *service;  // what it offers; NULL: like name
    uint32_t count; // instances
    uint32_t order; // started in this order, stopped in reverse
    char **needs;   // waits until these services are ready
    uint32_t needs_count;
    restart_t restart;
    uint32_t start_ms;
    uint32_t stop_ms;
    uint32_t hang_ms;
    uint32_t intensity_count;
    uint32_t intensity_ms;
    uint32_t backoff_ms;
    uint32_t backoff_max_ms;
    uint32_t park_ms;
    char **settings; // "name=value", given to the actor as --set
    uint32_t settings_count;
    bool has_listener; // inherits the public listening socket
} child_spec_t;

typedef struct {
    child_spec_t *children;
    uint32_t children_count;
} children_t;

// Reads and checks the file; on ACT_E_CONFIG *error has one line that names file and field.
ACT_MUST_CHECK act_err_t children_load(const char *path, children_t **ret_children,
                                       act_buf_t *error);
void children_destroy(children_t **self_p);
