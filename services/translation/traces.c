// traces: what the language model sees of a message.
#include "traces.h"

#include "text/grams.h"

enum { TRACE_WORD, TRACE_LETTERS, TRACE_ACCENT, TRACES_COUNT };

// Chosen by cross-validation.
static const float weights[TRACES_COUNT] = {
    [TRACE_WORD] = 1, [TRACE_LETTERS] = 1, [TRACE_ACCENT] = 2};
static const act_grams_letters_t letters = {.min = 1, .max = 5, .with_accents = true};

void traces_read(const act_tokens_t *tokens, act_features_t *ret_features)
{
    act_features_reset(ret_features);
    act_grams_words(tokens, TRACE_WORD, ret_features);
    act_grams_letters(tokens, &letters, TRACE_LETTERS, ret_features);
    act_grams_accents(tokens, TRACE_ACCENT, ret_features);
    act_features_finish(ret_features, weights);
}
