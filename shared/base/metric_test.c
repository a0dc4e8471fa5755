// metric: values beside a table.
#include "base/metric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SEEN, DEPTH };
static const act_metric_row_t table[] = {
    [SEEN] = {"seen_total", ACT_METRIC_COUNTER, "things seen"},
    [DEPTH] = {"depth", ACT_METRIC_GAUGE, "things waiting"},
    {0},
};

static void counts_and_sets(void **state)
{
    (void)state;
    ACT_AUTO(act_metrics) *metrics = act_metrics_new(table);
    assert_int_equal(act_metrics_count(metrics), 2);
    act_metrics_add(metrics, SEEN, 2);
    act_metrics_add(metrics, SEEN, 3);
    act_metrics_set(metrics, DEPTH, 9);
    act_metrics_set(metrics, DEPTH, 4);
    assert_int_equal(act_metrics_value(metrics, SEEN), 5);
    assert_int_equal(act_metrics_value(metrics, DEPTH), 4);
    assert_string_equal(act_metrics_row(metrics, DEPTH)->name, "depth");
}

static void an_actor_may_have_none(void **state)
{
    (void)state;
    ACT_AUTO(act_metrics) *metrics = act_metrics_new(NULL);
    assert_int_equal(act_metrics_count(metrics), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_sets),
        cmocka_unit_test(an_actor_may_have_none),
    };
    return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
