// classify_sections: any bytes as the sections of a model file. What is taken for sound must be
// safe to use on a message.
#include "base/mem.h"
#include "text/lexicon.h"
#include "text/linear.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void try_lexicon(act_str_t section, const act_tokens_t *tokens)
{
    act_lexicon_t lexicon;
    act_match_t matches[32];
    if (act_lexicon_init(&lexicon, section) == ACT_E_OK)
        act_lexicon_match(&lexicon, tokens, ACT_LANGUAGE_NONE, matches, ACT_COUNT(matches));
}

static void try_linear(act_str_t section)
{
    static act_features_t features;
    static const float weights[] = {1};
    act_linear_t model;
    float logits[ACT_LINEAR_MAX_CLASSES];
    if (act_linear_init(&model, section) != ACT_E_OK)
        return;
    act_features_reset(&features);
    for (uint64_t key = 0; key < 100; key++)
        act_features_add(&features, 0, key);
    act_features_finish(&features, weights);
    act_linear_logits(&model, &features, logits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static act_tokens_t tokens;
    if (tokens.count == 0)
        act_tokens_read(act_str("book a table, rendez-vous, Zahnarzttermin, الموعد 80%"), &tokens);
    // As in a mapped file: aligned to 8 bytes, and not a byte more than there is.
    char *section = act_alloc(size_bytes);
    if (size_bytes > 0)
        memcpy(section, data, size_bytes);
    try_lexicon(act_str_of(section, size_bytes), &tokens);
    try_linear(act_str_of(section, size_bytes));
    act_free(section);
    return 0;
}
