// child_process: a child as a real process: a clean room with a flight recorder and limits.
#pragma once
#include "child_host.h"
#include "io/loop.h"

typedef struct {
    act_loop_t *loop;
    const char *bin_dir; // programs are <bin_dir>/parley-<name>
    const char *log_dir;
    const char *endpoint; // of the bus, for the children
    int listener;         // public listening socket; -1: none
} child_paths_t;

// The host of real processes; paths must outlive it.
child_host_t child_processes(const child_paths_t *paths);
