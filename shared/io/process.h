// process: starting a program as a clean room, and hearing of its death through a pidfd. Works for our
// children and for adopted processes alike.
#pragma once
#include "base/err.h"
#include "io/loop.h"

#include <sys/types.h>

typedef struct process process_t;
typedef void process_exit_fn(void *context);

// A descriptor that the program inherits, and which number it has there (3 or more).
typedef struct {
    int descriptor;
    int becomes;
} process_descriptor_t;

// NULL: like ours. Soft and hard limit alike.
typedef struct {
    const uint64_t *address_space_bytes;
    const uint64_t *open_files_count;
    const uint64_t *core_bytes;
    const uint64_t *cpu_s;
    const int *nice;     // -20 to 19
    const int *realtime; // 1 to 99: SCHED_RR; as before where we may not
} process_limits_t;

typedef struct {
    const char *path;
    const char *const *argv; // NULL-terminated
    const char *output_path; // standard output and error are appended here
    // In rising order of `becomes`, ended by a row of zeros; NULL: none. No descriptor may be the
    // number that an earlier row becomes.
    const process_descriptor_t *descriptors;
    process_limits_t limits;
} process_spec_t;

// How a process ended, and what it used.
typedef struct {
    bool is_known; // false: it is no child of ours (adopted), only its end is known
    int exit_code;
    int signal; // 0: it exited
    bool has_core;
    uint64_t user_ms;
    uint64_t system_ms;
    uint64_t rss_max_kb;
} process_death_t;

// Only descriptors 0 to 2 and those of the spec reach the program; it leads its own session, so that
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
const process_death_t *process_death(const process_t *self);
