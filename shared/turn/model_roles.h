// model_roles: has a tenant a real model for a role, or only what is built in? Known from
// model.list_models, and kept for a while: who asks often asks nobody. A change of the configuration holds
// within seconds.
#pragma once
#include "actor/actor.h"

typedef struct act_model_roles act_model_roles_t;
typedef void act_model_roles_fn(void *context, bool has_model);

act_model_roles_t *act_model_roles_new(act_actor_t *actor);
// Nobody is called any more. Accepts NULL inside.
void act_model_roles_destroy(act_model_roles_t **self_p);

// fn is called once: before this returns when the answer is known, later when it must be asked for (a
// second at most; without an answer what was known before counts, else there is none). One question a
// context at a time.
void act_model_roles_ask(act_model_roles_t *self, act_str_t tenant, act_str_t role,
                         act_model_roles_fn *fn, void *context);
// Whoever asked with this context does not want to know any more.
void act_model_roles_forget(act_model_roles_t *self, const void *context);
