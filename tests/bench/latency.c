// A histogram of latencies with buckets that grow with the value.

#include "latency.h"

#include <stddef.h>
#include <stdlib.h>

#define STEP_BITS 7 // 128 buckets for each doubling
#define STEPS_COUNT (1u << STEP_BITS)
#define VALUE_BITS 36 // 2^36 us are 19 hours
#define VALUE_MAX_US ((INT64_C(1) << VALUE_BITS) - 1)
#define BUCKETS_COUNT ((size_t)(VALUE_BITS - STEP_BITS + 1) * STEPS_COUNT)

struct latency {
    uint64_t total_count;
    int64_t max_us;
    uint64_t buckets[BUCKETS_COUNT];
};

latency_t *latency_new(void)
{
    latency_t *self = calloc(1, sizeof *self);
    if (self == NULL)
        abort();
    return self;
}

void latency_destroy(latency_t **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

// Below 128 a bucket is one value; above, the highest 8 bits of the value choose it.
static size_t bucket_of(uint64_t value_us)
{
    if (value_us < STEPS_COUNT)
        return (size_t)value_us;
    unsigned shift = 63u - (unsigned)__builtin_clzll(value_us) - STEP_BITS;
    return (size_t)shift * STEPS_COUNT + (size_t)(value_us >> shift);
}

static double bucket_middle_us(size_t bucket)
{
    if (bucket < STEPS_COUNT)
        return (double)bucket;
    unsigned shift = (unsigned)(bucket / STEPS_COUNT) - 1;
    uint64_t width_us = UINT64_C(1) << shift;
    uint64_t low_us = (uint64_t)(STEPS_COUNT + bucket % STEPS_COUNT) << shift;
    return (double)low_us + (double)(width_us - 1) / 2;
}

void latency_add(latency_t *self, int64_t latency_us)
{
    if (latency_us < 0)
        latency_us = 0;
    if (latency_us > VALUE_MAX_US)
        latency_us = VALUE_MAX_US;
    self->buckets[bucket_of((uint64_t)latency_us)]++;
    self->total_count++;
    if (latency_us > self->max_us)
        self->max_us = latency_us;
}

uint64_t latency_count(const latency_t *self)
{
    return self->total_count;
}

double latency_percentile_ms(const latency_t *self, double pct)
{
    double wanted = pct / 100 * (double)self->total_count;
    uint64_t seen_count = 0;
    for (size_t i = 0; i < BUCKETS_COUNT; i++) {
        seen_count += self->buckets[i];
        if (self->buckets[i] > 0 && (double)seen_count >= wanted) {
            double middle_ms = bucket_middle_us(i) / 1000;
            return middle_ms < latency_max_ms(self) ? middle_ms : latency_max_ms(self);
        }
    }
    return 0.0;
}

double latency_max_ms(const latency_t *self)
{
    return (double)self->max_us / 1000;
}
