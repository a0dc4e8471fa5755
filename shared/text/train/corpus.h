// corpus: the labelled example texts, <root>/<language>/<label>.txt, one text a line; `#` starts a
// comment line. Every text belongs for ever to one side: a stable hash of language, label and text
// puts one in five aside. Those are never trained on, never looked at to choose anything; figures
// are made with them alone. The others are dealt into folds for cross-validation.
#pragma once
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

#define ACT_CORPUS_FOLDS 5u

typedef struct {
    act_str_t text; // borrowed from the corpus
    uint32_t language;
    uint32_t label;
    uint32_t fold;
    bool is_held_out;
} act_example_t;

typedef struct act_corpus act_corpus_t;

// Languages without a folder are left out; a file whose name is no label is an error, and so is a
// label without a file. labels NULL: every file is read, and all labels are 0.
ACT_MUST_CHECK act_err_t act_corpus_read(const char *root, const char *const *labels,
                                         uint32_t labels_count, act_corpus_t **ret_corpus,
                                         act_buf_t *error);
void act_corpus_destroy(act_corpus_t **self_p);

uint32_t act_corpus_count(const act_corpus_t *self);
const act_example_t *act_corpus_example(const act_corpus_t *self, uint32_t index);

// Does a training text of that language consist of the same words? Such held-out texts are easy,
// and the figures are given with and without them.
bool act_corpus_is_repeated(const act_corpus_t *self, const act_example_t *example);

// Has it no words, or is it said in the same words in another language ("hello", "contrato")?
// Nobody could tell the language of such a text.
bool act_corpus_is_shared(const act_corpus_t *self, const act_example_t *example);
