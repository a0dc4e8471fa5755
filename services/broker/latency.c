// latency: rings of logarithmic histograms.
#include "latency.h"

#include <string.h>

static uint32_t bucket_of(int64_t took_us)
{
    uint64_t value = took_us < 4 ? 4 : (uint64_t)took_us;
    uint32_t power = 63u - (uint32_t)__builtin_clzll(value);
    uint32_t quarter = (uint32_t)(value >> (power - 2)) & 3u;
    uint32_t bucket = (power - 2) * 4 + quarter;
    return bucket < LATENCY_BUCKETS_COUNT ? bucket : LATENCY_BUCKETS_COUNT - 1;
}

static uint64_t upper_bound_us(uint32_t bucket)
{
    return (UINT64_C(5) + bucket % 4) << (bucket / 4);
}

// Empties the rings that were skipped since the last use.
static void turn(latency_t *self, int64_t now_ms)
{
    int64_t number = now_ms / LATENCY_RING_MS;
    if (number - self->ring_number >= LATENCY_RINGS_COUNT)
        self->ring_number = number - LATENCY_RINGS_COUNT;
    while (self->ring_number < number) {
        self->ring_number++;
        memset(self->buckets[self->ring_number % LATENCY_RINGS_COUNT], 0, sizeof self->buckets[0]);
    }
}

void latency_add(latency_t *self, int64_t now_ms, int64_t took_us)
{
    turn(self, now_ms);
    self->buckets[self->ring_number % LATENCY_RINGS_COUNT][bucket_of(took_us)]++;
}

uint64_t latency_percentile_us(latency_t *self, int64_t now_ms, double pct)
{
    turn(self, now_ms);
    uint64_t sums[LATENCY_BUCKETS_COUNT] = {0};
    uint64_t total = 0;
    for (uint32_t ring = 0; ring < LATENCY_RINGS_COUNT; ring++)
        for (uint32_t i = 0; i < LATENCY_BUCKETS_COUNT; i++) {
            sums[i] += self->buckets[ring][i];
            total += self->buckets[ring][i];
        }
    if (total == 0)
        return 0;
    double wanted = (double)total * pct / 100.0;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < LATENCY_BUCKETS_COUNT; i++) {
        seen += sums[i];
        if ((double)seen >= wanted && sums[i] > 0)
            return upper_bound_us(i);
    }
    return upper_bound_us(LATENCY_BUCKETS_COUNT - 1);
}
