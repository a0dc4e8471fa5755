// linear: a calibrated linear model, read in place from a section of a model file: one byte a
// weight, one row a bucket of the features. 65,536 buckets of 11 classes are 704 KB.
#pragma once
#include "base/buf.h"
#include "base/err.h"
#include "text/features.h"

#define ACT_LINEAR_MAX_CLASSES 32u
#define ACT_LINEAR_NAME_BYTES 32u

// A view: nothing to release. The section must outlive it.
typedef struct {
    uint32_t classes_count;
    const struct act_linear_class *classes;
    const int8_t *weights; // [bucket][class]
    float temperature;
} act_linear_t;

// ACT_E_CONFIG when the section is not a sound model (sizes, names, finite numbers).
ACT_MUST_CHECK act_err_t act_linear_init(act_linear_t *self, act_str_t section);

// Borrowed from the section.
const char *act_linear_class(const act_linear_t *self, uint32_t index);

// classes_count when there is none of that name.
uint32_t act_linear_find(const act_linear_t *self, act_str_t name);

// The calibrated log-odds of each class, up to a constant: their softmax is the probabilities.
void act_linear_logits(const act_linear_t *self, const act_features_t *features,
                       float ret_logits[ACT_LINEAR_MAX_CLASSES]);

// exp and scale to a sum of 1, in place.
void act_linear_softmax(float *values, uint32_t count);

// --- writing (build time) -----------------------------------------------------------------------

typedef struct {
    uint32_t classes_count;
    const char *const *names;
    const float *weights;      // [bucket][class]
    const float *biases;       // of the model
    const float *calibrations; // added to temperature * margin
    float temperature;
} act_linear_spec_t;

// Quantises and appends a section.
void act_linear_pack(const act_linear_spec_t *spec, act_buf_t *out);
