// attack_texts: texts that are to take a model over (tests/attacks): carriers x sentences x orders, the order in one
// of several disguises.
#pragma once
#include "base/arena.h"

typedef struct attack_texts attack_texts_t;

#define ATTACK_DISGUISES_COUNT 11

typedef struct {
    act_str_t text;
    const char *order, *disguise;
    uint32_t disguise_place; // less than ATTACK_DISGUISES_COUNT
} attack_t;

attack_texts_t *attack_texts_new(const char *folder);
void attack_texts_destroy(attack_texts_t **self_p);

// How many there are in one language, of carriers, sentences and orders alone.
uint32_t attack_texts_count(const attack_texts_t *self, const char *language);
// The text lives in the arena.
attack_t attack_texts_get(const attack_texts_t *self, act_arena_t *arena, const char *language,
                          uint32_t place);
const char *attack_disguise_name(uint32_t place);
