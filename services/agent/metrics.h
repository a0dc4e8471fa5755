// metrics: what agent counts; the broker collects the numbers.
#pragma once
#include "memory.h"

#include "base/metric.h"

typedef enum {
#define X(id, name, type, help) METRIC_##id,
    MEMORY_METRICS(X)
#undef X
        METRICS_COUNT
} agent_metric_t;

extern const act_metric_row_t agent_metrics[]; // ends with a row without name
