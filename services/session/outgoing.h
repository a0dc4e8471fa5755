// outgoing: answers that are not in the customer's language yet.
#pragma once
#include "turn.h"

// Translates the texts of the turn's messages, one after the other, and goes on in the pipeline. What cannot be
// translated goes out as it is.
void outgoing_translate(turn_t *turn, act_str_t from);
