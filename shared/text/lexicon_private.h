// lexicon_private: the format of a lexicon's section and the hash of its phrases, shared by the
// reader (lexicon.c) and the compiler (train/lexicon_pack.c).
#pragma once
#include "text/features.h"
#include "text/lexicon.h"

#define LEXICON_CONTINUES 255u // value of a phrase's beginning

typedef struct {
    uint32_t classes_count;
    uint32_t slots_count;
    uint32_t tails_mask;
    uint32_t reserved;
    // then: names [classes_count], keys [slots_count], values [slots_count]
} lexicon_head_t;

// How the letters of a word must stand to the letters of an entry.
typedef enum { LEXICON_EXACT = 1, LEXICON_STEM, LEXICON_TAIL, LEXICON_TAIL_STEM } lexicon_how_t;

// A phrase begins with its language, goes on letter by letter, and each word is closed by `how`.
static inline uint64_t lexicon_begin(uint32_t language)
{
    return act_features_mix(0x70617268, language + 1);
}

static inline uint64_t lexicon_letter(uint64_t state, uint32_t letter)
{
    return act_features_mix(state, letter);
}

static inline uint64_t lexicon_close(uint64_t state, lexicon_how_t how)
{
    return act_features_mix(state, UINT64_C(0xabcd0000) + how);
}

// 0 marks an empty slot.
static inline uint32_t lexicon_key(uint64_t closed)
{
    uint32_t key = (uint32_t)closed;
    return key ? key : 1;
}

static inline uint32_t lexicon_slot(uint64_t closed, uint32_t slots_count)
{
    return (uint32_t)(((closed >> 32) * slots_count) >> 32);
}
