// prices: what a call costs, in micro-dollars, by services/model/prices.yaml. Prices have a first day,
// and bands by the size of the whole prompt.
#pragma once
#include "base/mem.h"
#include "base/str.h"
#include "proto/model.h"

typedef struct {
    const char *model;
    int64_t from_day;     // days since 1970 (UTC)
    int64_t above_tokens; // of the prompt; the whole request costs this then
    // Micro-dollars for a million tokens, and for a minute of audio.
    int64_t input;
    int64_t cache_read;
    int64_t cache_write;
    int64_t cache_write_1h;
    int64_t output;
    int64_t minute;
} price_t;

extern const price_t price_table[]; // made by prices_gen.py
extern const size_t price_table_count;

// NULL: unknown.
const price_t *price_find(act_str_t model, int64_t day, int64_t prompt_tokens);

// Rounded up.
int64_t price_cost_micro_usd(const price_t *price, const model_usage_t *usage);
