// calibration: sums over percents.
#include "calibration.h"

#define BINS 10

void calibration_add(calibration_t *self, double confidence, uint64_t count, uint64_t right_count)
{
    uint32_t pct = confidence <= 0 ? 0 : (uint32_t)(confidence * CALIBRATION_PCTS);
    if (pct >= CALIBRATION_PCTS)
        pct = CALIBRATION_PCTS - 1;
    self->counts[pct] += count;
    self->right_counts[pct] += right_count;
    self->confidence_sums[pct] += confidence * (double)count;
}

void calibration_add_all(calibration_t *self, const calibration_t *other)
{
    for (uint32_t pct = 0; pct < CALIBRATION_PCTS; pct++) {
        self->counts[pct] += other->counts[pct];
        self->right_counts[pct] += other->right_counts[pct];
        self->confidence_sums[pct] += other->confidence_sums[pct];
    }
}

calibration_bin_t calibration_bin(const calibration_t *self, uint32_t from_pct, uint32_t to_pct)
{
    calibration_bin_t bin = {0};
    for (uint32_t pct = from_pct; pct < to_pct && pct < CALIBRATION_PCTS; pct++) {
        bin.count += self->counts[pct];
        bin.right_count += self->right_counts[pct];
        bin.mean_confidence += self->confidence_sums[pct];
    }
    if (bin.count > 0) {
        bin.share_right = (double)bin.right_count / (double)bin.count;
        bin.mean_confidence /= (double)bin.count;
    }
    return bin;
}

double calibration_error(const calibration_t *self)
{
    double sum = 0;
    uint64_t all_count = calibration_bin(self, 0, CALIBRATION_PCTS).count;
    for (uint32_t i = 0; i < BINS; i++) {
        calibration_bin_t bin =
            calibration_bin(self, i * CALIBRATION_PCTS / BINS, (i + 1) * CALIBRATION_PCTS / BINS);
        double gap = bin.share_right - bin.mean_confidence;
        sum += (gap < 0 ? -gap : gap) * (double)bin.count;
    }
    return all_count > 0 ? sum / (double)all_count : 0;
}

bool calibration_propose(const calibration_t *self, double precision, uint32_t *ret_pct)
{
    bool is_found = false;
    for (uint32_t pct = CALIBRATION_PCTS - 1; pct >= CALIBRATION_LOWEST_PCT; pct--) {
        calibration_bin_t above = calibration_bin(self, pct, CALIBRATION_PCTS);
        if (above.count < CALIBRATION_MIN_COUNT)
            continue;
        if (above.share_right < precision)
            break;
        is_found = true;
        *ret_pct = pct;
    }
    return is_found;
}
