// traces: what the language model sees of a message: words, runs of letters, accents. Used by the
// detector and by its training, which must see the same.
#pragma once
#include "text/features.h"
#include "text/tokens.h"

// Replaces what *ret_features held.
void traces_read(const act_tokens_t *tokens, act_features_t *ret_features);
