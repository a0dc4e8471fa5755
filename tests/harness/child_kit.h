// child_kit: a supervisor with processes that only pretend, in simulated time. Tests say what becomes of
// a process; what the supervisor did is counted. Linked with harness/fake_clock.
#pragma once
#include "harness/broker_kit.h"
#include "supervisor.h"

#define CHILD_KIT_PROCESSES_MAX_COUNT 4096

typedef struct child_kit child_kit_t;

// What a process does by itself once it is started.
typedef enum {
    CHILD_KIT_GETS_READY, // says READY in the next step
    CHILD_KIT_STAYS_SILENT,
    CHILD_KIT_CRASHES, // exits with 3 in the next step
    CHILD_KIT_REFUSES, // exits with 78 in the next step
} child_kit_habit_t;

child_kit_t *child_kit_new(const children_t *children);
void child_kit_destroy(child_kit_t **self_p);
broker_kit_t *child_kit_broker(child_kit_t *self);
supervisor_t *child_kit_supervisor(child_kit_t *self);

// Of the entry of this name, from its next start on; the start is "ready".
void child_kit_set_habit(child_kit_t *self, const char *name, child_kit_habit_t habit);

// Time passes in steps of 50 ms; processes do what they do, told ones go.
void child_kit_pass_ms(child_kit_t *self, int64_t by_ms);
// Until the instance is in this state, or the test fails after limit_ms.
void child_kit_until(child_kit_t *self, const char *instance, child_state_t state,
                     int64_t limit_ms);

child_view_t child_kit_view(child_kit_t *self, const char *instance);
bool child_kit_has(child_kit_t *self, const char *instance);
// The process behind the instance ends: by itself, or by a signal from outside.
void child_kit_exit(child_kit_t *self, const char *instance, int code);
void child_kit_die(child_kit_t *self, const char *instance, int signal);
// Its loop stands still in a method; it answers SIGQUIT with its stack.
void child_kit_hang(child_kit_t *self, const char *instance, const char *method);

uint32_t child_kit_starts(const child_kit_t *self, const char *name); // since the kit's beginning
uint32_t child_kit_drains(const child_kit_t *self, const char *name); // how often told to go
uint32_t child_kit_kills(const child_kit_t *self, const char *name);
