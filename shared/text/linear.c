// linear: a calibrated linear model, read in place.
#include "text/linear.h"

#include "base/assert.h"

#include <math.h>
#include <string.h>

#define BUCKETS (1u << ACT_FEATURES_BITS)

typedef struct act_linear_class {
    char name[ACT_LINEAR_NAME_BYTES];
    float scale; // of the quantised weights
    float bias;
    float calibration;
    float reserved;
} class_t;

typedef struct {
    uint32_t bits;
    uint32_t classes_count;
    float temperature;
    uint32_t reserved;
} head_t;

// --- reading -------------------------------------------------------------------------------------

static bool class_is_sound(const class_t *class)
{
    return class->name[0] != '\0' && memchr(class->name, '\0', sizeof class->name) &&
           isfinite(class->scale) && isfinite(class->bias) && isfinite(class->calibration);
}

act_err_t act_linear_init(act_linear_t *self, act_str_t section)
{
    head_t head;
    if (section.len_bytes < sizeof head || (uintptr_t)section.ptr % 8 != 0)
        return ACT_E_CONFIG;
    memcpy(&head, section.ptr, sizeof head);
    if (head.bits != ACT_FEATURES_BITS || head.classes_count == 0 ||
        head.classes_count > ACT_LINEAR_MAX_CLASSES || !isfinite(head.temperature))
        return ACT_E_CONFIG;
    size_t classes_bytes = head.classes_count * sizeof(class_t);
    if (section.len_bytes != sizeof head + classes_bytes + (size_t)head.classes_count * BUCKETS)
        return ACT_E_CONFIG;
    const class_t *classes = (const class_t *)(const void *)(section.ptr + sizeof head);
    for (uint32_t i = 0; i < head.classes_count; i++)
        if (!class_is_sound(&classes[i]))
            return ACT_E_CONFIG;
    *self = (act_linear_t){
        .classes_count = head.classes_count,
        .classes = classes,
        .weights = (const int8_t *)(section.ptr + sizeof head + classes_bytes),
        .temperature = head.temperature,
    };
    return ACT_E_OK;
}

const char *act_linear_class(const act_linear_t *self, uint32_t index)
{
    act_assert(index < self->classes_count);
    return self->classes[index].name;
}

uint32_t act_linear_find(const act_linear_t *self, act_str_t name)
{
    uint32_t index = 0;
    while (index < self->classes_count && !act_str_is(name, self->classes[index].name))
        index++;
    return index;
}

void act_linear_logits(const act_linear_t *self, const act_features_t *features,
                       float ret_logits[ACT_LINEAR_MAX_CLASSES])
{
    float sums[ACT_LINEAR_MAX_CLASSES] = {0};
    uint32_t count = self->classes_count;
    for (uint32_t i = 0; i < features->count; i++) {
        const act_feature_t *feature = &features->items[i];
        const int8_t *row = self->weights + (size_t)act_feature_bucket(feature) * count;
        for (uint32_t c = 0; c < count; c++)
            sums[c] += feature->value * (float)row[c];
    }
    for (uint32_t c = 0; c < count; c++) {
        const class_t *class = &self->classes[c];
        float margin = sums[c] * class->scale + class->bias;
        ret_logits[c] = self->temperature * margin + class->calibration;
    }
}

void act_linear_softmax(float *values, uint32_t count)
{
    float highest = -INFINITY;
    for (uint32_t i = 0; i < count; i++)
        highest = fmaxf(highest, values[i]);
    float sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = expf(values[i] - highest);
        sum += values[i];
    }
    for (uint32_t i = 0; i < count; i++)
        values[i] /= sum;
}

// --- writing -------------------------------------------------------------------------------------

static float highest_weight(const act_linear_spec_t *spec, uint32_t class)
{
    float highest = 0;
    for (size_t bucket = 0; bucket < BUCKETS; bucket++)
        highest = fmaxf(highest, fabsf(spec->weights[bucket * spec->classes_count + class]));
    return highest;
}

void act_linear_pack(const act_linear_spec_t *spec, act_buf_t *out)
{
    uint32_t count = spec->classes_count;
    act_assert(count > 0 && count <= ACT_LINEAR_MAX_CLASSES);
    const head_t head = {
        .bits = ACT_FEATURES_BITS, .classes_count = count, .temperature = spec->temperature};
    act_buf_add(out, &head, sizeof head);
    float scales[ACT_LINEAR_MAX_CLASSES];
    for (uint32_t c = 0; c < count; c++) {
        scales[c] = fmaxf(highest_weight(spec, c) / 127, 1e-12f);
        class_t class = {
            .scale = scales[c], .bias = spec->biases[c], .calibration = spec->calibrations[c]};
        act_assert(act_str_copy(act_str(spec->names[c]), class.name, sizeof class.name));
        act_buf_add(out, &class, sizeof class);
    }
    for (size_t i = 0; i < (size_t)BUCKETS * count; i++)
        act_buf_add_char(out, (char)lrintf(spec->weights[i] / scales[i % count]));
    act_assert(!out->is_overflowed);
}
