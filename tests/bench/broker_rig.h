// A broker process of its own for a bench, with one worker: the bench's own program, which the broker
// starts as its child "translation" and which answers every call at once with the body it got.

#pragma once

#include <stdbool.h>
#include <sys/types.h>

typedef struct {
    char folder[64];
    char endpoint[96];
    pid_t pid;
} broker_rig_t;

// First thing in main: is this process the worker? Then rig_work is all it does.
bool broker_rig_is_worker(char **argv);
int broker_rig_work(int argc, char **argv);

// False: errno says why.
bool broker_rig_start(broker_rig_t *self, const char *broker_program);
void broker_rig_stop(broker_rig_t *self);
