// speech: what a model wrote, as what may be said: plain text. The model's output is data (promises.md S-32):
// no HTML, no Markdown links or images, nothing invisible, no link but those that may be said (links.h), and
// not longer than the channel has it. Pure.
#pragma once
#include "links.h"

typedef struct {
    links_rules_t links;
    size_t max_chars;
} speech_rules_t;

// The text that may be said, in the arena; empty when nothing is left of it.
act_str_t speech_clean(act_arena_t *arena, act_str_t text, const speech_rules_t *rules);
