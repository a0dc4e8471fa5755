// features: a sparse vector of hashed things.
#include "text/features.h"

#include <math.h>
#include <string.h>

void act_features_reset(act_features_t *self)
{
    self->count = 0;
    memset(self->slots, 0, sizeof self->slots);
}

void act_features_add(act_features_t *self, uint32_t kind, uint64_t key)
{
    // The high half is the better mixed one; the low bits of it choose the slot, the high ones the
    // bucket of the model.
    uint32_t hash = (uint32_t)(act_features_mix(key, kind + 1) >> 32);
    uint32_t slot = hash % ACT_FEATURES_SLOTS;
    for (; self->slots[slot] != 0; slot = (slot + 1) % ACT_FEATURES_SLOTS) {
        act_feature_t *item = &self->items[self->slots[slot] - 1];
        if (item->hash != hash || item->kind != kind)
            continue;
        item->value += 1;
        return;
    }
    if (self->count == ACT_FEATURES_MAX)
        return;
    self->items[self->count] = (act_feature_t){.hash = hash, .kind = kind, .value = 1};
    self->slots[slot] = (uint16_t)++self->count;
}

void act_features_finish(act_features_t *self, const float *kind_weights)
{
    float sum = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        act_feature_t *item = &self->items[i];
        float damped = item->value > 1 ? 1 + logf(item->value) : 1;
        item->value = damped * kind_weights[item->kind];
        sum += item->value * item->value;
    }
    float scale = sum > 0 ? 1 / sqrtf(sum) : 0;
    for (uint32_t i = 0; i < self->count; i++)
        self->items[i].value *= scale;
}
