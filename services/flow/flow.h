// flow: the actor. Holds the flows; every call is a run of its own (run.h) and nothing is kept
// between two calls. main.c declares the process, this is its content.
#pragma once
#include "actor/actor.h"

// Zeroed memory of this size is what open, the methods and close get.
extern const size_t flow_size_bytes;

act_err_t flow_open(void *self, act_actor_t *actor);
void flow_close(void *self);

// The generated server struct with the methods.
extern const struct flow_server flow_methods;
// Settings.
extern const act_config_row_t flow_config[];
