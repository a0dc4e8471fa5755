// One stream of random numbers for a whole run: the same seed gives the same decisions in the same
// order.

#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t state;
} dice_t;

dice_t dice_new(uint64_t seed);
uint64_t dice_next(dice_t *self);
// 0 to below - 1; below is at least 1.
uint64_t dice_below(dice_t *self, uint64_t below);
// From min to max, both included.
int64_t dice_between(dice_t *self, int64_t min, int64_t max);
// True so many times in ten thousand.
bool dice_in_10000(dice_t *self, uint32_t times);
