// translation: the actor. Between the bus and the detector and translator.
#pragma once
#include "actor/actor.h"

extern const act_spec_t translation_spec;
