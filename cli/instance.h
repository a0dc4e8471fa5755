// instance: one running Parley, named by its data folder. Two folders, two instances side by side.
#pragma once
#include "base/err.h"

#include <limits.h>
#include <sys/types.h>

typedef struct {
    char data[PATH_MAX]; // absolute
    char run[PATH_MAX];  // 0700: bus socket, pid and lock files; short enough for a socket path
    char log[PATH_MAX];
    char keys[PATH_MAX];          // 0700: master key
    char postgres[PATH_MAX];      // private cluster
    char tools[PATH_MAX];         // the operator's tools, a folder each
    char endpoint[PATH_MAX + 16]; // "ipc://<run>/bus.sock"
    char programs[PATH_MAX];      // folder of the actors' programs
    char source[PATH_MAX];        // folder of parley.yaml
} instance_t;

// Works out the paths; makes nothing. Data may be relative; NULL is "var".
ACT_MUST_CHECK act_err_t instance_locate(const char *data, instance_t *ret_instance);

// Makes the folders with their permissions.
ACT_MUST_CHECK act_err_t instance_create(const instance_t *self);

// Takes the instance's lock for as long as this process lives. CONFLICT: someone has it.
ACT_MUST_CHECK act_err_t instance_lock(const instance_t *self);

// Small files in run/: "launcher.pid", "http.port". Write replaces; read gives 0 when missing.
void instance_write_number(const instance_t *self, const char *name, long number);
long instance_read_number(const instance_t *self, const char *name);

// The launcher's pid when the instance is running (its lock is held), else 0.
pid_t instance_running(const instance_t *self);

// Removes what must not outlive the instance: sockets, pid files.
void instance_clean(const instance_t *self);
