// features: what a linear model sees of a text: a sparse vector of hashed things. The caller names
// each thing with a 64-bit key; equal keys are counted, keys that share a bucket of the model are
// simply added up (at 16 bits this costs 0.1 % accuracy, measured, and no dictionary is needed).
//
// Life: act_features_reset, act_features_add ..., act_features_finish, then read items. The struct
// is about 68 KB, of which a chat message touches 15; keep one and use it again. Nothing is
// allocated.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Buckets of every model. Training and reading must agree, so it is no setting.
#define ACT_FEATURES_BITS 16
#define ACT_FEATURES_MAX 4096
#define ACT_FEATURES_SLOTS 8192

typedef struct {
    uint32_t hash;
    uint32_t kind; // index into the weights
    float value;   // how often until finish, then its part of the unit vector
} act_feature_t;

typedef struct {
    uint32_t count;
    uint16_t slots[ACT_FEATURES_SLOTS]; // position in items plus 1, by hash
    act_feature_t items[ACT_FEATURES_MAX];
} act_features_t;

// One step of the hash that makes keys: of letters, of words' keys, of anything. The order counts:
// mix(a, b) is not mix(b, a).
static inline uint64_t act_features_mix(uint64_t key, uint64_t value)
{
    key = (key * UINT64_C(0xff51afd7ed558ccd) ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return key ^ (key >> 29);
}

void act_features_reset(act_features_t *self);

// Counts the thing once more. When ACT_FEATURES_MAX different ones are held, new ones are ignored:
// the start of a very long text is enough to know what it is about.
void act_features_add(act_features_t *self, uint32_t kind, uint64_t key);

// Turns counts into values: damped by a logarithm, weighted by kind, and scaled to length 1.
void act_features_finish(act_features_t *self, const float *kind_weights);

static inline uint32_t act_feature_bucket(const act_feature_t *feature)
{
    return feature->hash >> (32 - ACT_FEATURES_BITS);
}
