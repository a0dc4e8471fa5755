// metrics: the table, made from the list.
#include "metrics.h"

const act_metric_row_t agent_metrics[] = {
#define X(id, name, type, help) {name, ACT_METRIC_##type, help},
    AGENT_METRICS(X)
#undef X
        {0},
};
