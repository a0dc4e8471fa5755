// classify_sections: any bytes as the sections of a model file. What is taken for sound must be
// safe to use on a message.
#include "base/assert.h"
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

#ifdef PARLEY_REPLAY
#include "harness/fuzz_replay.h"
#include "text/train/vocabulary.h"

#define LINEAR_MAX_BYTES (1u << 20)

static void pack_lexicon(act_buf_t *out)
{
    ACT_AUTO(act_vocabulary) *vocabulary = act_vocabulary_new();
    act_buf_t error;
    act_buf_init(&error, 256);
    act_buf_init(out, 4096);
    act_assert(act_vocabulary_add(vocabulary, act_language_find(act_str("en")), "",
                                  act_str("book: book\nthing: a_table\n"), "seed",
                                  &error) == ACT_E_OK);
    act_vocabulary_pack(vocabulary, out);
    act_buf_fini(&error);
}

// Too long to be changed byte by byte: it is run once, whole.
static void run_linear(void)
{
    static const char *const names[] = {"one"};
    static const float zero[] = {0};
    float *weights = act_alloc_array((size_t)1 << ACT_FEATURES_BITS, sizeof *weights);
    act_buf_t section;
    act_buf_init(&section, LINEAR_MAX_BYTES);
    act_linear_pack(&(act_linear_spec_t){.classes_count = 1,
                                         .names = names,
                                         .weights = weights,
                                         .biases = zero,
                                         .calibrations = zero,
                                         .temperature = 1},
                    &section);
    act_str_t bytes = act_buf_str(&section);
    act_linear_t model;
    act_assert(act_linear_init(&model, bytes) == ACT_E_OK);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)bytes.ptr, bytes.len_bytes);
    act_buf_fini(&section);
    act_free(weights);
}

int main(int argc, char **argv)
{
    act_buf_t lexicon;
    pack_lexicon(&lexicon);
    run_linear();
    const act_str_t seeds[] = {act_buf_str(&lexicon)};
    int code = fuzz_replay(argc, argv, LLVMFuzzerTestOneInput, seeds, ACT_COUNT(seeds));
    act_buf_fini(&lexicon);
    return code;
}
#endif
