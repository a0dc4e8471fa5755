// grams: the features of words and letters.
#include "text/grams.h"

#include "base/assert.h"

enum { SEED_WORD = 1, SEED_PLAIN, SEED_LETTERS, SEED_ACCENTS, SEED_STEM, SEED_EDGE };

static uint64_t letters_key(const uint32_t *letters, uint32_t count, uint64_t seed)
{
    uint64_t key = act_features_mix(seed, count);
    for (uint32_t i = 0; i < count; i++)
        key = act_features_mix(key, letters[i]);
    return key;
}

static uint64_t word_key(const act_tokens_t *tokens, uint32_t index)
{
    const act_token_t *token = &tokens->items[index];
    return letters_key(act_token_base(tokens, index), token->base_count,
                       SEED_WORD + ((uint64_t)token->kind << 8));
}

void act_grams_words(const act_tokens_t *tokens, uint32_t kind, act_features_t *features)
{
    for (uint32_t i = 0; i < tokens->count; i++) {
        const act_token_t *token = &tokens->items[i];
        act_features_add(features, kind, word_key(tokens, i));
        if (token->has_accent)
            act_features_add(
                features, kind,
                letters_key(act_token_plain(tokens, i), token->plain_count, SEED_PLAIN));
    }
}

void act_grams_pairs(const act_tokens_t *tokens, uint32_t kind, act_features_t *features)
{
    uint64_t previous = SEED_EDGE;
    for (uint32_t i = 0; i < tokens->count; i++) {
        uint64_t current = word_key(tokens, i);
        act_features_add(features, kind, act_features_mix(previous, current));
        previous = current;
    }
    if (tokens->count > 0)
        act_features_add(features, kind, act_features_mix(previous, SEED_EDGE));
}

// One spelling of a word with its ends marked; the tokens are never longer.
#define MARKED_MAX 192

static uint32_t mark_ends(const uint32_t *letters, uint32_t count, uint32_t *ret_marked)
{
    uint32_t marked_count = 0;
    ret_marked[marked_count++] = '<';
    for (uint32_t i = 0; i < count && marked_count < MARKED_MAX - 1; i++)
        ret_marked[marked_count++] = letters[i];
    ret_marked[marked_count++] = '>';
    return marked_count;
}

typedef struct {
    const act_grams_letters_t *what;
    uint64_t seed;
    bool accents_only; // the runs without one were added with the other spelling
    uint32_t kind;
    act_features_t *features;
} runs_t;

static void add_runs(const runs_t *runs, const uint32_t *letters, uint32_t count)
{
    uint32_t marked[MARKED_MAX];
    uint32_t marked_count = mark_ends(letters, count, marked);
    for (uint32_t at = 0; at < marked_count; at++) {
        uint64_t key = runs->seed;
        bool is_wanted = !runs->accents_only;
        for (uint32_t n = 1; n <= runs->what->max && at + n <= marked_count; n++) {
            key = act_features_mix(key, marked[at + n - 1]);
            is_wanted = is_wanted || marked[at + n - 1] > 0x7f;
            // A whole long word is a word, not a run.
            bool is_whole = n == marked_count && n > 3;
            if (is_wanted && n >= runs->what->min && !is_whole)
                act_features_add(runs->features, runs->kind, act_features_mix(key, n));
        }
    }
}

void act_grams_letters(const act_tokens_t *tokens, const act_grams_letters_t *what, uint32_t kind,
                       act_features_t *features)
{
    act_assert(what->max <= 8);
    const runs_t base = {.what = what, .seed = SEED_LETTERS, .kind = kind, .features = features};
    const runs_t plain = {.what = what,
                          .seed = SEED_ACCENTS,
                          .accents_only = true,
                          .kind = kind,
                          .features = features};
    for (uint32_t i = 0; i < tokens->count; i++) {
        const act_token_t *token = &tokens->items[i];
        add_runs(&base, act_token_base(tokens, i), token->base_count);
        if (what->with_accents && token->has_accent)
            add_runs(&plain, act_token_plain(tokens, i), token->plain_count);
    }
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
    return value < limit ? value : limit;
}

void act_grams_stems(const act_tokens_t *tokens, uint32_t kind, act_features_t *features)
{
    uint64_t previous = SEED_EDGE;
    for (uint32_t i = 0; i < tokens->count; i++) {
        const uint32_t *letters = act_token_base(tokens, i);
        uint32_t count = tokens->items[i].base_count;
        for (uint32_t n = 3; n <= 6 && n < count; n++)
            act_features_add(features, kind, letters_key(letters, n, SEED_STEM));
        uint64_t stem = letters_key(letters, at_most(count, 4), SEED_STEM);
        if (i > 0)
            act_features_add(features, kind, act_features_mix(previous, stem));
        previous = stem;
    }
}

void act_grams_accents(const act_tokens_t *tokens, uint32_t kind, act_features_t *features)
{
    for (uint32_t i = 0; i < tokens->count; i++) {
        const act_token_t *token = &tokens->items[i];
        const uint32_t *letters = act_token_plain(tokens, i);
        for (uint32_t n = 0; token->has_accent && n < token->plain_count; n++)
            if (letters[n] > 0x7f && letters[n] < 0x300)
                act_features_add(features, kind, act_features_mix(SEED_ACCENTS, letters[n]));
    }
}
