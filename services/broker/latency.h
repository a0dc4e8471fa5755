// latency: how long calls took in the last minute, as percentiles. Six rings of ten seconds, each a
// histogram with four buckets a power of two, so recording is one increment. A percentile is told as the
// upper bound of its bucket: never below the truth, and at most 25 % above it.
#pragma once
#include <stdint.h>

#define LATENCY_BUCKETS_COUNT 128
#define LATENCY_RINGS_COUNT 6
#define LATENCY_RING_MS 10000

typedef struct {
    uint32_t buckets[LATENCY_RINGS_COUNT][LATENCY_BUCKETS_COUNT];
    int64_t ring_number; // now_ms / LATENCY_RING_MS of the newest ring
} latency_t;

void latency_add(latency_t *self, int64_t now_ms, int64_t took_us);

// The value that `pct` percent of the last minute's calls did not pass; 0 when there were none.
uint64_t latency_percentile_us(latency_t *self, int64_t now_ms, double pct);
