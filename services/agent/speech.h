// speech: what a model wrote, as what may be said: plain text. The model's output is data (promises.md S-32):
// no HTML, no Markdown links or images, nothing invisible, and no link but
//
//   to a host of the tenant's list (and hosts below it), or
//   one that stands, letter for letter, in what the turn was given by tools or the FAQ.
//
// What is left of any other link is the name of its host: no scheme, no path, no parameters. Pure.
#pragma once
#include "base/arena.h"

typedef struct {
    act_str_t hosts;          // the tenant's, one a line
    const act_str_t *sources; // texts whose links may be said
    uint32_t sources_count;
    size_t max_chars;
} speech_rules_t;

// The text that may be said, in the arena; empty when nothing is left of it.
act_str_t speech_clean(act_arena_t *arena, act_str_t text, const speech_rules_t *rules);
