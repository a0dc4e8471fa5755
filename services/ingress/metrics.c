// metrics: table and log line are made from the list.
#include "metrics.h"

#define GATE_EVERY_MS 1000

const act_metric_row_t ingress_metrics[] = {
#define X(id, name, type, help) {name, ACT_METRIC_##type, help},
    INGRESS_METRICS(X)
#undef X
        {0},
};

#define FORMAT(id, name, type, help) "," name "=%llu"
#define VALUE(id, name, type, help) , (unsigned long long)logged[METRIC_##id]

void metrics_log(const act_metrics_t *self, uint64_t logged[METRICS_COUNT], act_log_t *log)
{
    bool has_changed = false;
    for (uint32_t i = 0; i < METRICS_COUNT; i++) {
        uint64_t value = act_metrics_value(self, i);
        has_changed |= value != logged[i];
        logged[i] = value;
    }
    if (has_changed)
        act_log_info(log, "metrics", "since=%s" INGRESS_METRICS(FORMAT),
                     "start" INGRESS_METRICS(VALUE));
}

bool log_gate_pass(log_gate_t *self, int64_t now_ms, uint32_t count, uint32_t *ret_count)
{
    self->count += count;
    if (now_ms < self->opens_at_ms)
        return false;
    *ret_count = self->count;
    *self = (log_gate_t){.opens_at_ms = now_ms + GATE_EVERY_MS};
    return true;
}
