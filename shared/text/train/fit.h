// fit: trains a linear model with liblinear and calibrates it (build time only). Deterministic: the
// same samples in the same order give the same bytes.
//
// One one-against-the-rest classifier a class (L2-regularised, squared hinge: 0.2 % better here
// than logistic regression), then a temperature and one offset a class that turn margins into
// probabilities, fitted on the margins of cross-validation, so that nothing held out is needed.
#pragma once
#include "base/buf.h"
#include "text/features.h"

#include <stdbool.h>

typedef struct act_fit act_fit_t;

// Of a sample: its fold for cross-validation, or always trained on.
#define ACT_FIT_EVERY_FOLD UINT32_MAX

typedef struct {
    uint32_t label;
    uint32_t fold;
    bool is_measured; // false: a variation or an extra, trained on but not calibrated with
} act_fit_sample_t;

typedef struct {
    double cost; // liblinear's C
    uint32_t folds_count;
    const char *title; // for the progress line on standard error
} act_fit_opts_t;

act_fit_t *act_fit_new(const char *const *class_names, uint32_t classes_count);
void act_fit_destroy(act_fit_t **self_p);

// Copies what it needs of the features.
void act_fit_add(act_fit_t *self, const act_features_t *features, const act_fit_sample_t *sample);

// Trains and appends a linear section (see linear.h) to out.
void act_fit_pack(act_fit_t *self, const act_fit_opts_t *opts, act_buf_t *out);
