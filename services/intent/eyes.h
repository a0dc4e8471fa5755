// eyes: the second look. When the built-in classifier is not sure and the tenant has a real model for the
// role classify, it is asked too (turn/question.h); both opinions are in the reply. When the model fails, is
// late or says nothing of use, the built-in's result stands.
#pragma once
#include "actor/actor.h"
#include "proto/intent.h"
#include "turn/model_roles.h"

typedef struct {
    act_actor_t *actor;
    act_model_roles_t *models;
} eyes_t;

// Takes the call and ends it. `reply` holds the built-in's result; all it points to lives in the call's arena.
void eyes_look(eyes_t *self, act_call_t **call_p, const classify_request_t *request,
               const classify_reply_t *reply);
