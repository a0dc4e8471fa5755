// translate: from one language into another, by the tenant's model for the role translate. Without one, and
// where there is nothing to do, the text comes back as it is: the agent answers in the customer's language
// anyway.
//
// What must not change is masked before and checked after (mask.h), the tenant's own words are told and
// checked (glossary.h). A translation that breaks a rule is told which, once (turn/question.h); then the
// untranslated text goes on.
#pragma once
#include "actor/actor.h"
#include "proto/translation.h"
#include "turn/model_roles.h"

// What is longer is not translated.
#define TRANSLATE_MAX_LETTERS 6000

typedef struct {
    act_actor_t *actor;
    act_model_roles_t *models;
} translator_t;

// Takes the call and ends it.
void translate_start(translator_t *self, act_call_t **call_p, const translate_request_t *request);
