// flow: the actor. Holds the flows; every call is a run of its own (run.h) and nothing is kept
// between two calls.
#pragma once
#include "actor/actor.h"

extern const act_spec_t flow_spec;
