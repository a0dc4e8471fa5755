// languages: the nine languages Parley speaks, as small numbers for tables.
#pragma once
#include "base/str.h"

#define ACT_LANGUAGES_COUNT 9u
// Not one of ours, or not known yet.
#define ACT_LANGUAGE_NONE ACT_LANGUAGES_COUNT

// "fr"; "" for ACT_LANGUAGE_NONE.
const char *act_language_code(uint32_t language);

// Reads "fr", "FR", "fr-BE", "fr_CA"; anything else is ACT_LANGUAGE_NONE.
uint32_t act_language_find(act_str_t code);
