// metrics: table and log line are made from the list.
#include "metrics.h"

#include "base/buf.h"

const act_metric_row_t ingress_metrics[] = {
#define X(id, name, type, help) {name, ACT_METRIC_##type, help},
    INGRESS_METRICS(X)
#undef X
    {0},
};

void metrics_log(const act_metrics_t *self, uint64_t logged[METRICS_COUNT], act_log_t *log)
{
    bool has_changed = false;
    act_buf_t line;
    act_buf_init(&line, 4096);
    for (uint32_t i = 0; i < METRICS_COUNT; i++) {
        uint64_t value = act_metrics_value(self, i);
        has_changed |= value != logged[i];
        logged[i] = value;
        act_buf_printf(&line, i ? " %s=%llu" : "%s=%llu", ingress_metrics[i].name,
                       (unsigned long long)value);
    }
    if (has_changed)
        act_log_info(log, "metrics", "values=%.*s", ACT_STR_ARG(act_buf_str(&line)));
    act_buf_fini(&line);
}
