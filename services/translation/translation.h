// translation: the actor. Between the bus and the detector and translator.
#pragma once
#include "actor/actor.h"
#include "proto/translation_service.h"

extern const translation_server_t translation_methods;
extern const act_config_row_t translation_config[];
extern const size_t translation_size_bytes;

act_err_t translation_open(void *context, act_actor_t *actor);
void translation_close(void *context);
