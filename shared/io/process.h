// process: starting a program as a clean room, and hearing of its death through a pidfd. Works for our
// children and for adopted processes alike.
#pragma once
#include "base/err.h"
#include "io/loop.h"

#include <sys/types.h>

typedef struct process process_t;
typedef void process_exit_fn(void *context);

typedef struct {
    const char *path;
    const char *const *argv;  // NULL-terminated
    const char *output_path;  // standard output and error are appended here
    int inherited_descriptor; // becomes descriptor 3; -1: none
} process_spec_t;

// Only descriptors 0 to 2 (and 3, if inherited) reach the program; it leads its own session, so that
// a terminal's signals reach the launcher alone, and it is not killed when we die. ACT_E_IO: nothing runs.
ACT_MUST_CHECK act_err_t process_start(act_loop_t *loop, const process_spec_t *spec,
                                       process_exit_fn *on_exit, void *context,
                                       process_t **ret_process);
// A process that someone else started; start_ticks must match /proc/PID/stat, or it is another one.
ACT_MUST_CHECK act_err_t process_adopt(act_loop_t *loop, pid_t pid, uint64_t start_ticks,
                                       process_exit_fn *on_exit, void *context,
                                       process_t **ret_process);
void process_destroy(process_t **self_p);

pid_t process_pid(const process_t *self);
uint64_t process_start_ticks(const process_t *self);
void process_signal(process_t *self, int number);

// After on_exit: how it ended, as text ("exit 0", "signal 9"), and whether that was a clean exit.
const char *process_verdict(const process_t *self);
bool process_ended_well(const process_t *self);
