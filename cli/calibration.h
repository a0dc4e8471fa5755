// calibration: is what is called sure right? Answers are counted by how sure they were, in whole percent; of
// the counts come reliability, expected calibration error, precision from a threshold on, and the lowest
// threshold that is precise enough.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define CALIBRATION_PCTS 100
// Fewer answers above a threshold say nothing about it.
#define CALIBRATION_MIN_COUNT 30
// A threshold below this would act on guesses.
#define CALIBRATION_LOWEST_PCT 50

typedef struct {
    uint64_t counts[CALIBRATION_PCTS]; // by floor(confidence * 100); 1.0 is with 0.99
    uint64_t right_counts[CALIBRATION_PCTS];
    double confidence_sums[CALIBRATION_PCTS];
} calibration_t;

void calibration_add(calibration_t *self, double confidence, uint64_t count, uint64_t right_count);
void calibration_add_all(calibration_t *self, const calibration_t *other);

typedef struct {
    uint64_t count, right_count;
    double share_right; // of those that answered; 0 without any
    double mean_confidence;
} calibration_bin_t;

// Answers from this percent on, up to but not with that one.
calibration_bin_t calibration_bin(const calibration_t *self, uint32_t from_pct, uint32_t to_pct);

// Ten bins, each with the weight of its answers.
double calibration_error(const calibration_t *self);

// The lowest percent from which on at least this share is right, with enough answers to say so; what is above
// it must hold that share at any higher threshold with enough answers, too. False: there is none.
bool calibration_propose(const calibration_t *self, double precision, uint32_t *ret_pct);
