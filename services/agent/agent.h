// agent: the actor. One call is one message; nothing is kept between two.
#pragma once
#include "actor/actor.h"

extern const act_spec_t agent_spec;
