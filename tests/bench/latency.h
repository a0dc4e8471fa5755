// Counts latencies and answers percentiles, in fixed memory: a histogram whose buckets are never
// wider than 1/128 of their value, so a percentile is right to 0.8 %. The greatest value is kept
// exactly.

#pragma once

#include <stdint.h>

typedef struct latency latency_t;

latency_t *latency_new(void);
void latency_destroy(latency_t **self_p);

// A negative value counts as 0, one over 19 hours as 19 hours.
void latency_add(latency_t *self, int64_t latency_us);

uint64_t latency_count(const latency_t *self);

// pct: 0 to 100. 0.0 when nothing was added.
double latency_percentile_ms(const latency_t *self, double pct);
double latency_max_ms(const latency_t *self);
