// calibrate: from margins to probabilities (build time only): logit = temperature * margin +
// offset, with the values that make the known answers most likely.
#pragma once
#include <stdint.h>

typedef struct {
    const float *margins; // [sample][class]
    const uint32_t *labels;
    uint32_t samples_count;
    uint32_t classes_count;
} act_calibrate_samples_t;

// ret_offsets: one a class. Returns the mean negative log-likelihood reached.
double act_calibrate(const act_calibrate_samples_t *samples, float *ret_temperature,
                     float *ret_offsets);
