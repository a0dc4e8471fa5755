// care: what a turn needs while it takes its time: the customer sees that we are writing (or, on a channel
// that cannot show it, reads once that we are), before the tenant's deadline for a first sign; and the
// lease is prolonged. One timer a turn; a turn that is done at once never sees it run out.
#pragma once
#include "turn.h"

// The turn was granted.
void care_start(turn_t *turn);
