// calibrate: from margins to probabilities.
#include "text/train/calibrate.h"

#include "text/linear.h"

#include <math.h>
#include <string.h>

// Adam with the usual constants; 400 steps are far past the point where the figures still move.
#define STEPS 400
#define RATE 0.05
#define MOMENTUM 0.9
#define VARIANCE_DECAY 0.999
// Keeps the offsets of rare classes near 0.
#define OFFSET_PENALTY 1e-3

#define PARAMETERS_MAX (ACT_LINEAR_MAX_CLASSES + 1)

typedef struct {
    double values[PARAMETERS_MAX]; // log of the temperature, then the offsets
    double gradients[PARAMETERS_MAX];
    double means[PARAMETERS_MAX];
    double variances[PARAMETERS_MAX];
    uint32_t count;
} descent_t;

// Adds one sample's gradient; returns its negative log-likelihood.
static double add_sample(const act_calibrate_samples_t *samples, uint32_t sample,
                         descent_t *descent)
{
    uint32_t classes_count = samples->classes_count;
    const float *margins = samples->margins + (size_t)sample * classes_count;
    double temperature = exp(descent->values[0]);
    float probabilities[ACT_LINEAR_MAX_CLASSES];
    for (uint32_t c = 0; c < classes_count; c++)
        probabilities[c] = (float)(temperature * margins[c] + descent->values[c + 1]);
    act_linear_softmax(probabilities, classes_count);
    uint32_t label = samples->labels[sample];
    for (uint32_t c = 0; c < classes_count; c++) {
        double error = probabilities[c] - (c == label ? 1.0 : 0.0);
        descent->gradients[0] += error * margins[c] * temperature;
        descent->gradients[c + 1] += error;
    }
    return -log(fmax(probabilities[label], 1e-12));
}

static void step(descent_t *descent, uint32_t samples_count, int number)
{
    for (uint32_t i = 0; i < descent->count; i++) {
        double gradient = descent->gradients[i] / samples_count;
        if (i > 0)
            gradient += OFFSET_PENALTY * descent->values[i];
        descent->means[i] = MOMENTUM * descent->means[i] + (1 - MOMENTUM) * gradient;
        descent->variances[i] =
            VARIANCE_DECAY * descent->variances[i] + (1 - VARIANCE_DECAY) * gradient * gradient;
        double mean = descent->means[i] / (1 - pow(MOMENTUM, number));
        double variance = descent->variances[i] / (1 - pow(VARIANCE_DECAY, number));
        descent->values[i] -= RATE * mean / (sqrt(variance) + 1e-8);
    }
}

double act_calibrate(const act_calibrate_samples_t *samples, float *ret_temperature,
                     float *ret_offsets)
{
    descent_t descent = {.count = samples->classes_count + 1};
    double likelihood = 0;
    for (int number = 1; number <= STEPS; number++) {
        memset(descent.gradients, 0, sizeof descent.gradients);
        likelihood = 0;
        for (uint32_t i = 0; i < samples->samples_count; i++)
            likelihood += add_sample(samples, i, &descent);
        step(&descent, samples->samples_count, number);
    }
    *ret_temperature = (float)exp(descent.values[0]);
    for (uint32_t c = 0; c < samples->classes_count; c++)
        ret_offsets[c] = (float)descent.values[c + 1];
    return likelihood / samples->samples_count;
}
