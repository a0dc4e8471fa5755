// supervisor_private: what the supervisor's own files share. One job a file:
//   supervisor.c           life, time, what peers say, starts and stops
//   supervisor_deaths.c    what becomes of a child that ended, and of its group
//   supervisor_hangs.c     loops that stand still
//   supervisor_roll.c      new generations, one instance after the other
//   supervisor_commands.c  restart, drain, scale
#pragma once
#include "restarts.h"
#include "supervisor.h"

#define LAST_ERROR_MAX_BYTES 128

// What shall become of a child when it ends.
typedef enum {
    WANT_ALIVE, // an end is a crash, or what `restart` says
    WANT_AGAIN, // it was stopped to be started again
    WANT_GONE,  // it was stopped for good
} child_want_t;

typedef struct {
    supervisor_t *owner;
    const child_spec_t *spec;
    uint32_t slot;            // the number in its name
    uint32_t generation;      // from 1
    uint32_t next_generation; // of its next process; 0: the same
    char instance[ACT_HEADER_NAME_MAX_BYTES + 1];
    child_state_t state;
    int64_t state_since_ms;
    int64_t started_ms;
    child_process_t *process; // NULL: none
    child_want_t want;
    bool is_adopted;
    bool was_ready;     // since it was started
    bool was_killed;    // by us
    bool is_newcomer;   // of a roll: on trial until the old one is told to go
    bool is_passing;    // its row goes when it is gone (scaled down, replaced)
    death_reason_t why; // it was killed
    int64_t pause_ms;   // in BACKOFF
    int64_t asked_ms;   // when its stack was asked for; 0: it was not
    restarts_t restarts;
    uint32_t restarts_count;
    char last_error[LAST_ERROR_MAX_BYTES];
} child_t;

typedef enum { ROLL_NONE, ROLL_RUNS, ROLL_DONE, ROLL_BACK } roll_state_t;

// Of one entry: one child after the other gets a successor.
typedef struct {
    roll_state_t state;
    uint32_t generation; // everybody below it is replaced
    uint32_t slot;       // only this one; 0: all
    child_t *old;        // of the pair at work; NULL: gone, or none
    child_t *newcomer;   // the same; for a single child its old and new self
    uint32_t replaced_count;
    char error[2 * LAST_ERROR_MAX_BYTES];
} roll_t;

// One entry: of parley.yaml, or a tool's.
typedef struct {
    const child_spec_t *spec;
    roll_t roll;
    uint32_t place;  // among entries of the same order
    bool is_leaving; // goes when its children are gone
    void (*gone)(void *context, const child_spec_t *spec);
    void *gone_context;
} supervisor_entry_t;

struct supervisor {
    act_loop_t *loop;
    broker_t *broker;
    act_log_t *log;
    supervisor_entry_t **entries;
    uint32_t entries_count;
    uint32_t places_count;
    child_host_t host;
    supervisor_opts_t opts;
    child_t **children; // in the order of starts
    uint32_t children_count;
    obituaries_t *obituaries;
    act_timer_t *tick;
    int64_t adopt_until_ms;
    bool is_stopping;
    void (*done)(void *context);
    void *done_context;
};

// --- supervisor.c ----------------------------------------------------------------------------------

void child_set_state(child_t *child, child_state_t state);
int64_t child_age_ms(const child_t *child); // in its state
bool child_runs(const child_t *child);      // has said READY, and nobody told it to go
void child_start(child_t *child);
// Tells it to finish and go; what then becomes of it is `want`.
void child_stop(child_t *child, child_want_t want);
void child_kill(child_t *child, death_reason_t why);
// In the order of starts. Its slot must be free, or its generation a new one.
child_t *supervisor_add_child(supervisor_t *self, const child_spec_t *spec, uint32_t slot,
                              uint32_t generation);
// Services nobody of which can come soon are parked: their callers hear UNAVAILABLE at once.
void supervisor_refresh_parking(supervisor_t *self);

// The entry of this spec, which must be one of them.
supervisor_entry_t *supervisor_entry(const supervisor_t *self, const child_spec_t *spec);

// --- supervisor_deaths.c ---------------------------------------------------------------------------

void child_on_exit(void *context);
// Its program could not be started.
void child_on_no_start(child_t *child);

// --- supervisor_hangs.c ----------------------------------------------------------------------------

void child_look_for_hang(child_t *child);

// --- supervisor_roll.c -----------------------------------------------------------------------------

roll_t *supervisor_roll(const supervisor_t *self, const child_spec_t *spec);
void roll_begin(roll_t *self, uint32_t generation, uint32_t slot);
void roll_on_tick(supervisor_t *self, const child_spec_t *spec);
// The child is about to be freed.
void roll_forget(roll_t *self, const child_t *child);
