// metric: an array beside a table.
#include "base/metric.h"

#include "base/assert.h"

struct act_metrics {
    const act_metric_row_t *table;
    uint32_t count;
    uint64_t values[ACT_METRICS_MAX_COUNT];
};

act_metrics_t *act_metrics_new(const act_metric_row_t *table)
{
    act_metrics_t *self = act_alloc(sizeof *self);
    self->table = table;
    while (table && table[self->count].name)
        self->count++;
    act_assert(self->count <= ACT_METRICS_MAX_COUNT);
    return self;
}

void act_metrics_destroy(act_metrics_t **self_p)
{
    act_free(act_take(self_p));
}

void act_metrics_add(act_metrics_t *self, uint32_t index, uint64_t value)
{
    act_assert(index < self->count);
    self->values[index] += value;
}

void act_metrics_set(act_metrics_t *self, uint32_t index, uint64_t value)
{
    act_assert(index < self->count);
    self->values[index] = value;
}

uint32_t act_metrics_count(const act_metrics_t *self)
{
    return self->count;
}

uint64_t act_metrics_value(const act_metrics_t *self, uint32_t index)
{
    act_assert(index < self->count);
    return self->values[index];
}

const act_metric_row_t *act_metrics_row(const act_metrics_t *self, uint32_t index)
{
    act_assert(index < self->count);
    return &self->table[index];
}
