// agent: the actor. One call is one message; nothing is kept between two. main.c declares the
// process, this is its content.
#pragma once
#include "actor/actor.h"

// Zeroed memory of this size is what open and the methods get.
extern const size_t agent_size_bytes;

act_err_t agent_open(void *self, act_actor_t *actor);
void agent_drain(void *self);
void agent_close(void *self);

// The generated server struct with the methods.
extern const struct agent_server agent_methods;
// Settings.
extern const act_config_row_t agent_config[];
