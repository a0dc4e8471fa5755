// fit: trains a linear model with liblinear and calibrates it.
#include "text/train/fit.h"

#include "base/assert.h"
#include "text/linear.h"
#include "text/train/calibrate.h"

#include <linear.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS (1 << ACT_FEATURES_BITS)
// liblinear's stopping tolerance; its default of 0.01 doubles the time and changes nothing.
#define TOLERANCE 0.05

typedef struct {
    struct feature_node *nodes; // owned; ends with index -1; index is bucket + 1
    act_fit_sample_t is;
} sample_t;

struct act_fit {
    const char *const *names;
    uint32_t classes_count;
    sample_t *samples;
    uint32_t count;
    uint32_t cap;
};

// liblinear wants to print its progress somewhere; nobody wants to read it.
static void say_nothing(const char *text)
{
    (void)text;
}

act_fit_t *act_fit_new(const char *const *class_names, uint32_t classes_count)
{
    act_assert(classes_count > 2 && classes_count <= ACT_LINEAR_MAX_CLASSES);
    set_print_string_function(say_nothing);
    act_fit_t *self = act_alloc(sizeof *self);
    self->names = class_names;
    self->classes_count = classes_count;
    return self;
}

void act_fit_destroy(act_fit_t **self_p)
{
    act_fit_t *self = act_take(self_p);
    if (!self)
        return;
    for (uint32_t i = 0; i < self->count; i++)
        act_free(self->samples[i].nodes);
    act_free(self->samples);
    act_free(self);
}

// --- samples -------------------------------------------------------------------------------------

static int compare_nodes(const void *a, const void *b)
{
    return ((const struct feature_node *)a)->index - ((const struct feature_node *)b)->index;
}

// liblinear wants rising indices without repeats; the model adds up what shares a bucket, so this
// does.
static void merge_nodes(struct feature_node *nodes, uint32_t count)
{
    qsort(nodes, count, sizeof *nodes, compare_nodes);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept > 0 && nodes[kept - 1].index == nodes[i].index)
            nodes[kept - 1].value += nodes[i].value;
        else
            nodes[kept++] = nodes[i];
    }
    nodes[kept].index = -1;
}

void act_fit_add(act_fit_t *self, const act_features_t *features, const act_fit_sample_t *sample)
{
    act_assert(sample->label < self->classes_count);
    if (self->count == self->cap) {
        self->cap = self->cap ? 2 * self->cap : 4096;
        self->samples = act_realloc(self->samples, self->cap * sizeof *self->samples);
    }
    struct feature_node *nodes = act_alloc_array(features->count + 1, sizeof *nodes);
    for (uint32_t i = 0; i < features->count; i++)
        nodes[i] = (struct feature_node){
            .index = (int)act_feature_bucket(&features->items[i]) + 1,
            .value = (double)features->items[i].value,
        };
    merge_nodes(nodes, features->count);
    self->samples[self->count++] = (sample_t){.nodes = nodes, .is = *sample};
}

// --- training ------------------------------------------------------------------------------------

#define LEAVE_NONE_OUT (ACT_FIT_EVERY_FOLD - 1) // no sample has this fold

static struct model *train_without(const act_fit_t *self, uint32_t left_out, double cost)
{
    struct problem problem = {.n = BUCKETS, .bias = -1};
    problem.y = act_alloc_array(self->count, sizeof *problem.y);
    problem.x = act_alloc_array(self->count, sizeof(struct feature_node *));
    for (uint32_t i = 0; i < self->count; i++) {
        if (self->samples[i].is.fold == left_out)
            continue;
        problem.y[problem.l] = self->samples[i].is.label;
        problem.x[problem.l++] = self->samples[i].nodes;
    }
    const struct parameter parameter = {.solver_type = L2R_L2LOSS_SVC, .C = cost, .eps = TOLERANCE};
    struct model *model = train(&problem, &parameter);
    act_assert(model->nr_class == (int)self->classes_count);
    // The model borrows nothing from the problem.
    act_free(problem.y);
    act_free(problem.x);
    return model;
}

static void margins_of(const struct model *model, const sample_t *sample, float *ret_margins)
{
    double values[ACT_LINEAR_MAX_CLASSES];
    predict_values(model, sample->nodes, values);
    for (int k = 0; k < model->nr_class; k++)
        ret_margins[model->label[k]] = (float)values[k];
}

static bool is_right(const float *margins, uint32_t label, uint32_t classes_count)
{
    uint32_t best = 0;
    for (uint32_t c = 1; c < classes_count; c++)
        if (margins[c] > margins[best])
            best = c;
    return best == label;
}

// What cross-validation knows of the measured samples.
typedef struct {
    float *margins;
    uint32_t *labels;
    uint32_t count;
    uint32_t right_count;
} measured_t;

static void measure_fold(const act_fit_t *self, uint32_t fold, double cost, measured_t *measured)
{
    struct model *model = train_without(self, fold, cost);
    for (uint32_t i = 0; i < self->count; i++) {
        const sample_t *sample = &self->samples[i];
        if (sample->is.fold != fold || !sample->is.is_measured)
            continue;
        float *margins = measured->margins + (size_t)measured->count * self->classes_count;
        margins_of(model, sample, margins);
        measured->labels[measured->count++] = sample->is.label;
        measured->right_count += is_right(margins, sample->is.label, self->classes_count);
    }
    free_and_destroy_model(&model);
}

static void pack(const act_fit_t *self, const struct model *model, const float *offsets,
                 float temperature, act_buf_t *out)
{
    uint32_t count = self->classes_count;
    float *weights = act_alloc_array((size_t)BUCKETS * count, sizeof *weights);
    for (int bucket = 0; bucket < BUCKETS && bucket < model->nr_feature; bucket++)
        for (uint32_t k = 0; k < count; k++)
            weights[(size_t)bucket * count + (size_t)model->label[k]] =
                (float)model->w[(size_t)bucket * count + k];
    const float biases[ACT_LINEAR_MAX_CLASSES] = {0};
    act_linear_pack(&(act_linear_spec_t){.classes_count = count,
                                         .names = self->names,
                                         .weights = weights,
                                         .biases = biases,
                                         .calibrations = offsets,
                                         .temperature = temperature},
                    out);
    act_free(weights);
}

void act_fit_pack(act_fit_t *self, const act_fit_opts_t *opts, act_buf_t *out)
{
    measured_t measured = {
        .margins = act_alloc_array((size_t)self->count * self->classes_count, sizeof(float)),
        .labels = act_alloc_array(self->count, sizeof(uint32_t)),
    };
    for (uint32_t fold = 0; fold < opts->folds_count; fold++)
        measure_fold(self, fold, opts->cost, &measured);
    float temperature = 1;
    float offsets[ACT_LINEAR_MAX_CLASSES] = {0};
    double likelihood =
        act_calibrate(&(act_calibrate_samples_t){.margins = measured.margins,
                                                 .labels = measured.labels,
                                                 .samples_count = measured.count,
                                                 .classes_count = self->classes_count},
                      &temperature, offsets);
    fprintf(stderr, "%s: cross-validated accuracy %.2f %% of %u, -log p %.4f, temperature %.2f\n",
            opts->title, 100.0 * measured.right_count / measured.count, measured.count, likelihood,
            (double)temperature);
    act_free(measured.margins);
    act_free(measured.labels);
    struct model *model = train_without(self, LEAVE_NONE_OUT, opts->cost);
    pack(self, model, offsets, temperature, out);
    free_and_destroy_model(&model);
}
