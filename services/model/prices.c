// prices: of the rows for a model the newest that has begun and, of those, the highest band passed.
#include "prices.h"

#include <string.h>

#define MILLION 1000000
#define MINUTE_MS 60000

// "claude-haiku-4-5" is also "claude-haiku-4-5-20251001".
static bool is_model(const price_t *row, act_str_t model)
{
    size_t len_bytes = strlen(row->model);
    if (!act_str_starts_with(model, row->model))
        return false;
    act_str_t rest = act_str_of(model.ptr + len_bytes, model.len_bytes - len_bytes);
    int64_t date = 0;
    return act_str_empty(rest) ||
           (rest.ptr[0] == '-' &&
            act_str_to_int(act_str_of(rest.ptr + 1, rest.len_bytes - 1), &date) && date > 20000000);
}

const price_t *price_find(act_str_t model, int64_t day, int64_t prompt_tokens)
{
    const price_t *best = NULL;
    for (size_t i = 0; i < price_table_count; i++) {
        const price_t *row = &price_table[i];
        if (!is_model(row, model) || row->from_day > day)
            continue;
        if (row->above_tokens > 0 && prompt_tokens <= row->above_tokens)
            continue;
        if (!best || row->from_day > best->from_day ||
            (row->from_day == best->from_day && row->above_tokens > best->above_tokens))
            best = row;
    }
    return best;
}

int64_t price_cost_micro_usd(const price_t *price, const model_usage_t *usage)
{
    int64_t sum =
        usage->input_tokens * price->input + usage->cache_read_tokens * price->cache_read +
        usage->cache_write_tokens * price->cache_write +
        usage->cache_write_1h_tokens * price->cache_write_1h + usage->output_tokens * price->output;
    int64_t audio = usage->audio_ms * price->minute;
    return (sum + MILLION - 1) / MILLION + (audio + MINUTE_MS - 1) / MINUTE_MS;
}
