// faq: a rung of the ladder: what the tenant's FAQ says, found without agent and model.
#pragma once
#include "turn.h"

// The pipeline goes on with the best entry; when there is none, or no answer, `next` is called.
void faq_ask(turn_t *turn, void (*next)(turn_t *turn, act_err_t err));
