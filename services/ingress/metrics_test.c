// metrics_test: names that the collector takes, and a log that stays readable.
#include "metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void lets_one_through_a_second(void **state)
{
    (void)state;
    log_gate_t gate = {0};
    uint32_t count = 99, sum = 0, passed_count = 0;
    for (int64_t now_ms = 5000; now_ms < 8000; now_ms++)
        if (log_gate_pass(&gate, now_ms, 2, &count)) {
            passed_count++;
            sum += count;
        }
    assert_int_equal(passed_count, 3);
    assert_true(log_gate_pass(&gate, 8000, 0, &count));
    assert_int_equal(sum + count, 2 * 3000);
}

static void names_counters_as_counters(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < METRICS_COUNT; i++) {
        const char *name = ingress_metrics[i].name;
        size_t len = strlen(name);
        bool is_total = len > 6 && strcmp(name + len - 6, "_total") == 0;
        assert_int_equal(is_total, ingress_metrics[i].type == ACT_METRIC_COUNTER);
        for (uint32_t k = 0; k < i; k++)
            assert_string_not_equal(name, ingress_metrics[k].name);
    }
    assert_null(ingress_metrics[METRICS_COUNT].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_one_through_a_second),
        cmocka_unit_test(names_counters_as_counters),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
