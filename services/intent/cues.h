// cues: what the intent model sees of a message: its words and letters, and the concepts that the
// vocabulary (words/<language>.txt) finds in it. Concepts are the same in all nine languages, so
// what the model learns of "cancel" next to "appointment" in one language it knows in the others.
// Used by the classifier and by its training, which must see the same.
#pragma once
#include "text/features.h"
#include "text/lexicon.h"

// Most matches that are looked at; a message of 1,000 letters has fewer.
#define CUES_MAX_MATCHES 160

// Replaces what *ret_features held. matches: of the concepts, in the order of the text.
void cues_read(const act_tokens_t *tokens, const act_match_t *matches, uint32_t matches_count,
               act_features_t *ret_features);
