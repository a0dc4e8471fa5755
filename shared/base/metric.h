// metric: an actor's numbers, as a table: one row a metric (name, unit, help), one value each. The
// runtime sends them to the broker once a second; `admin` shows them as Prometheus text.
#pragma once
#include "base/mem.h"

#include <stdint.h>

typedef enum { ACT_METRIC_COUNTER, ACT_METRIC_GAUGE } act_metric_type_t;

typedef struct {
    const char *name; // snake_case with unit; counters end in _total: "webhooks_accepted_total"
    act_metric_type_t type;
    const char *help;
} act_metric_row_t;

typedef struct act_metrics act_metrics_t;

// Most rows of one actor.
#define ACT_METRICS_MAX_COUNT 64

// The table ends with a row without name and must outlive this; NULL is an empty table.
act_metrics_t *act_metrics_new(const act_metric_row_t *table);
void act_metrics_destroy(act_metrics_t **self_p);

// index: place in the table (keep an enum beside it).
void act_metrics_add(act_metrics_t *self, uint32_t index, uint64_t value);
void act_metrics_set(act_metrics_t *self, uint32_t index, uint64_t value);

uint32_t act_metrics_count(const act_metrics_t *self);
uint64_t act_metrics_value(const act_metrics_t *self, uint32_t index);
const act_metric_row_t *act_metrics_row(const act_metrics_t *self, uint32_t index);
