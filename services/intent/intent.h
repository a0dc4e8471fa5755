// intent: the actor. Between the bus and the classifier.
#pragma once
#include "actor/actor.h"
#include "proto/intent_service.h"

extern const intent_server_t intent_methods;
extern const act_config_row_t intent_config[];
extern const size_t intent_size_bytes;

act_err_t intent_open(void *context, act_actor_t *actor);
void intent_close(void *context);
