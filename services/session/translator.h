// translator: translations that a turn asks for, when its tenant has a model for them. That it has is a fact
// of the turn, recorded for a replay.
#pragma once
#include "turn.h"

// Called once with the translation, or with the text as it was; lives as long as the turn.
typedef void translator_fn(turn_t *turn, act_str_t text);

struct translator_ask {
    act_str_t text, from, to;
    act_str_t step;      // tells the translations of a turn apart: "in", "out1"
    translator_fn *done; // perhaps before translator_ask returned
};

// For a part of what is left of the turn's time.
void translator_ask(turn_t *turn, const translator_ask_t *ask);
// The turn goes: nobody waits any more.
void translator_forget(turn_t *turn);
