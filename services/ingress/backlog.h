// backlog: asks now and then how much waits for an answer, and tells the admission.
#pragma once
#include "actor/actor.h"
#include "admission.h"

typedef struct backlog backlog_t;

// Both are borrowed for as long as the object lives.
backlog_t *backlog_new(act_actor_t *actor, admission_t *admission);
void backlog_destroy(backlog_t **self_p);
