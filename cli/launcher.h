// launcher: the process behind `parley up`: keeps the broker (and the private PostgreSQL) running until
// it is told to stop. A broker that dies is started again and adopts the actors that outlived it.
#pragma once
#include "base/buf.h"
#include "instance.h"

typedef struct launcher launcher_t;

typedef struct {
    const instance_t *instance;
    int listener; // public listening socket; inherited through the broker by ingress
    bool has_own_postgres;
} launcher_options_t;

// Runs until SIGTERM, SIGINT or `parley down`; then everything is stopped. Returns the exit code.
int launcher_run(const launcher_options_t *options);
