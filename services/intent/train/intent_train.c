// intent_train: makes the intent model of the utterances and the words.
//   intent_train <utterances> <words> <model file>
#include "base/assert.h"
#include "cues.h"
#include "intents.h"
#include "text/model_file.h"
#include "text/train/corpus.h"
#include "text/train/files.h"
#include "text/train/fit.h"
#include "text/train/vocabulary.h"

#include <stdio.h>
#include <stdlib.h>

// liblinear's C and the share of concepts that variations leave out; both by cross-validation.
#define COST 3.0
#define FORGET_ONE_IN 5u

// The whole file, sections included.
#define MODEL_MAX_BYTES ACT_MODEL_FILE_MAX_BYTES

// Working memory of one text.
typedef struct {
    act_tokens_t tokens;
    act_match_t matches[CUES_MAX_MATCHES];
    act_features_t features;
} scratch_t;

static _Noreturn void fail(act_buf_t *error)
{
    act_buf_add_char(error, '\0');
    fprintf(stderr, "intent_train: %s\n", error->ptr);
    exit(1);
}

// The vocabulary knows the training texts' words better than those of real customers. So each text
// is learned twice, the second time with some of its concepts forgotten.
static uint32_t forget(const act_example_t *example, act_match_t *matches, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (act_str_hash(example->text, matches[i].first) % FORGET_ONE_IN != 0)
            matches[kept++] = matches[i];
    return kept;
}

static void add_example(const act_example_t *example, const act_lexicon_t *concepts,
                        scratch_t *scratch, act_fit_t *fit)
{
    act_fit_sample_t sample = {.label = example->label, .fold = example->fold, .is_measured = true};
    act_tokens_read(example->text, &scratch->tokens);
    uint32_t count = act_lexicon_match(concepts, &scratch->tokens, example->language,
                                       scratch->matches, CUES_MAX_MATCHES);
    cues_read(&scratch->tokens, scratch->matches, count, &scratch->features);
    act_fit_add(fit, &scratch->features, &sample);

    sample.is_measured = false;
    count = forget(example, scratch->matches, count);
    cues_read(&scratch->tokens, scratch->matches, count, &scratch->features);
    act_fit_add(fit, &scratch->features, &sample);
}

static void train_model(const act_corpus_t *corpus, const act_buf_t *lexicon, act_buf_t *out)
{
    act_lexicon_t concepts;
    act_assert(act_lexicon_init(&concepts, act_buf_str(lexicon)) == ACT_E_OK);
    ACT_AUTO(act_fit) *fit = act_fit_new(intents_names, INTENTS_COUNT);
    scratch_t *scratch = act_alloc(sizeof *scratch);
    for (uint32_t i = 0; i < act_corpus_count(corpus); i++) {
        const act_example_t *example = act_corpus_example(corpus, i);
        if (!example->is_held_out)
            add_example(example, &concepts, scratch, fit);
    }
    act_free(scratch);
    const act_fit_opts_t opts = {.cost = COST, .folds_count = ACT_CORPUS_FOLDS, .title = "intent"};
    act_fit_pack(fit, &opts, out);
}

static void read_group(const char *words, const char *group, act_buf_t *ret_section,
                       act_buf_t *error)
{
    act_buf_init(ret_section, MODEL_MAX_BYTES);
    ACT_AUTO(act_vocabulary) *vocabulary = act_vocabulary_new();
    if (act_vocabulary_read(vocabulary, words, group, error) != ACT_E_OK)
        fail(error);
    act_vocabulary_pack(vocabulary, ret_section);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: intent_train <utterances> <words> <model file>\n");
        return 2;
    }
    act_buf_t error, model, concepts, feelings, risks, file;
    act_buf_init(&error, 1024);
    act_buf_init(&model, MODEL_MAX_BYTES);
    act_buf_init(&file, MODEL_MAX_BYTES);
    read_group(argv[2], "", &concepts, &error);
    read_group(argv[2], "feeling", &feelings, &error);
    read_group(argv[2], "risk", &risks, &error);
    act_corpus_t *corpus = NULL;
    if (act_corpus_read(argv[1], intents_names, INTENTS_COUNT, &corpus, &error) != ACT_E_OK)
        fail(&error);
    train_model(corpus, &concepts, &model);
    const act_model_file_section_t sections[] = {
        {"intents", act_buf_str(&model)},
        {"concepts", act_buf_str(&concepts)},
        {"feelings", act_buf_str(&feelings)},
        {"risks", act_buf_str(&risks)},
    };
    act_model_file_pack(sections, ACT_COUNT(sections), &file);
    if (act_files_write(argv[3], &file, &error) != ACT_E_OK)
        fail(&error);
    act_corpus_destroy(&corpus);
    act_buf_t *const bufs[] = {&error, &model, &concepts, &feelings, &risks, &file};
    for (size_t i = 0; i < ACT_COUNT(bufs); i++)
        act_buf_fini(bufs[i]);
    return 0;
}
