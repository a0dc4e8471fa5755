// hint: what the database says of work that was committed (schema/functions/hint_send.sql), as a cast to who does
// it: they would find it by looking, a little later. A hint may be lost or come twice.
#pragma once
#include "actor/actor.h"

// Of hint_send. False: no hint, or for nobody that is known.
bool hint_send(act_actor_t *actor, act_str_t text);
