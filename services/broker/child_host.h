// child_host: where children run. The supervisor decides, a host does: the real one starts programs
// (child_process.c), that of the simulation only pretends.
#pragma once
#include "actor/recorder.h"
#include "children.h"
#include "io/process.h"

typedef struct child_process child_process_t; // each host has its own

typedef struct {
    const child_spec_t *spec;
    const char *instance;
} child_launch_t;

// on_exit is called once, when the process is gone; until destroy its end can be asked for.
typedef struct {
    void *context;
    act_err_t (*start)(void *context, const child_launch_t *launch, process_exit_fn *on_exit,
                       void *exit_context, child_process_t **ret_process);
    // A process of an earlier supervisor; ACT_E_NOT_FOUND: it is gone, or another one has its pid.
    act_err_t (*adopt)(void *context, pid_t pid, uint64_t start_ticks, process_exit_fn *on_exit,
                       void *exit_context, child_process_t **ret_process);
    void (*destroy)(child_process_t **process_p);
    void (*signal)(child_process_t *process, int number);
    pid_t (*pid)(const child_process_t *process);
    uint64_t (*start_ticks)(const child_process_t *process);
    // What its flight recorder says now; all zeros without one.
    act_record_t (*record)(const child_process_t *process);
    // The stack that its signal handler wrote; "" when none did.
    size_t (*stack)(const child_process_t *process, char *text, size_t size_bytes);
    const process_death_t *(*death)(const child_process_t *process);
} child_host_t;
