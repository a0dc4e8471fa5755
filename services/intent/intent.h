// intent: the actor. Between the bus and the classifier.
#pragma once
#include "actor/actor.h"

extern const act_spec_t intent_spec;
