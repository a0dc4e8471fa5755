// metrics_test: names that the collector takes, and a log that stays readable.
#include "metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
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

// A counter of seven digits is no phone number: the collector of the log reads it as a number.
static void large_counters_stay_numbers_in_the_log(void **state)
{
    (void)state;
    char folder[] = "/tmp/metrics_test.XXXXXX", command[64], text[4096] = "";
    assert_non_null(mkdtemp(folder));
    act_log_t *log = act_log_new(folder, "ingress", "ingress-1", ACT_LOG_INFO);
    act_metrics_t *metrics = act_metrics_new(ingress_metrics);
    uint64_t logged[METRICS_COUNT] = {0};
    act_metrics_set(metrics, METRIC_WEBHOOKS, 1234567);
    act_metrics_set(metrics, METRIC_MESSAGES, UINT64_C(123456789012));
    act_metrics_set(metrics, METRIC_RETRIES, UINT64_C(999999999999999999));
    metrics_log(metrics, logged, log);
    act_metrics_destroy(&metrics);
    act_log_destroy(&log);
    snprintf(command, sizeof command, "cat %s/*; rm -r %s", folder, folder);
    FILE *pipe = popen(command, "r");
    assert_true(fread(text, 1, sizeof text - 1, pipe) > 0);
    assert_int_equal(pclose(pipe), 0);
    assert_non_null(strstr(text, "\"webhooks_total\":1234567,"));
    assert_non_null(strstr(text, "\"messages_total\":123456789012,"));
    assert_non_null(strstr(text, "\"store_retries_total\":999999999999999999}"));
    assert_null(strstr(text, "redacted"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_one_through_a_second),
        cmocka_unit_test(names_counters_as_counters),
        cmocka_unit_test(large_counters_stay_numbers_in_the_log),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
