// top_rows_test: rates between two looks, sorting, and lines that fit 80 columns.
#include "top_rows.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    service_view_t services[2];
    instance_view_t instances[3];
    top_look_t look;
} fixture_t;

static void fill(fixture_t *self, int64_t at_ms, uint64_t calls)
{
    self->services[0] = (service_view_t){.name = ACT_STR("session"),
                                         .instances = 2,
                                         .ready = 1,
                                         .queued_interactive = 4,
                                         .queued_bulk = 3,
                                         .calls = calls,
                                         .errors = calls / 10,
                                         .p99_us = 5000};
    self->services[1] =
        (service_view_t){.name = ACT_STR("flow"), .instances = 1, .calls = 7, .is_parked = true};
    self->instances[0] = (instance_view_t){.service = ACT_STR("session"),
                                           .calls = calls,
                                           .instance = ACT_STR("session-1"),
                                           .restarts = 2,
                                           .state = ACT_STR("ready"),
                                           .uptime_ms = 90000,
                                           .pid = 7};
    self->instances[1] = (instance_view_t){.service = ACT_STR("session"),
                                           .calls = 3,
                                           .instance = ACT_STR("session-2"),
                                           .restarts = 1,
                                           .state = ACT_STR("backoff")};
    self->instances[2] = (instance_view_t){
        .service = ACT_STR("flow"), .instance = ACT_STR("flow-1"), .state = ACT_STR("parked")};
    self->look = (top_look_t){
        .at_ms = at_ms,
        .status = {.instances = {self->instances, 3}, .accepted = calls, .replied = calls},
        .services = {.services = {self->services, 2}},
    };
}

static void rates_are_of_the_time_between_two_looks(void **state)
{
    (void)state;
    static top_row_t rows[TOP_ROWS_MAX_COUNT];
    fixture_t now, before;
    fill(&before, 1000, 100);
    fill(&now, 3000, 300);
    assert_int_equal(top_rows_of_services(&now.look, &before.look, rows), 2);
    assert_string_equal(rows[0].name, "session");
    assert_true(rows[0].calls_per_s == 100.0);
    assert_true(rows[0].errors_per_s == 10.0);
    assert_int_equal(rows[0].queued, 7);
    assert_int_equal(rows[0].restarts, 3);
    assert_string_equal(rows[0].state, "ready");
    assert_string_equal(rows[1].state, "parked");
    now.services[1] = (service_view_t){.name = ACT_STR("flow")}; // offers nothing, but is there
    now.instances[2].state = ACT_STR("ready");
    top_rows_of_services(&now.look, &before.look, rows);
    assert_string_equal(rows[1].state, "ready");
    assert_int_equal(rows[1].instances, 1);
    assert_true(rows[1].calls_per_s == 0);
    before.look.at_ms = 0; // no look yet
    top_rows_of_services(&now.look, &before.look, rows);
    assert_true(rows[0].calls_per_s == 0);
    fill(&before, 1000, 500); // the process is another one
    assert_int_equal(top_rows_of_instances(&now.look, &before.look, "session", rows), 2);
    assert_true(rows[0].calls_per_s == 150.0);
    assert_int_equal(top_rows_of_instances(&now.look, &before.look, "", rows), 3);
}

static void rows_are_sorted_by_every_column(void **state)
{
    (void)state;
    static top_row_t rows[TOP_ROWS_MAX_COUNT];
    fixture_t now, before;
    fill(&before, 1000, 100);
    fill(&now, 2000, 300);
    uint32_t count = top_rows_of_services(&now.look, &before.look, rows);
    for (top_sort_t sort = 0; sort < TOP_SORTS_COUNT; sort++) {
        top_rows_sort(rows, count, sort);
        assert_string_equal(rows[0].name, sort == TOP_SORT_NAME ? "flow" : "session");
        assert_true(*top_sort_name(sort) != '\0');
    }
}

static void lines_fit_eighty_columns(void **state)
{
    (void)state;
    top_row_t row = {.pid = 4194304,
                     .instances = 12,
                     .ready = 12,
                     .queued = 10000,
                     .in_flight = 1024,
                     .restarts = 99,
                     .oldest_ms = 30000,
                     .uptime_ms = UINT64_C(9000000000),
                     .calls_per_s = 250000,
                     .errors_per_s = 1200,
                     .p50_us = 1234567,
                     .p99_us = 12345678};
    memset(row.name, 'x', 64);
    strcpy(row.state, "waiting");
    act_buf_t out;
    act_buf_init(&out, 65536);
    for (int is_instances = 0; is_instances < 2; is_instances++) {
        act_buf_reset(&out);
        top_rows_head(is_instances, &out);
        assert_in_range(out.len_bytes, 60, 80);
        act_buf_reset(&out);
        top_rows_line(&row, is_instances, &out);
        assert_in_range(out.len_bytes, 60, 80);
    }
    fixture_t now;
    fill(&now, 2000, 300);
    top_look_t none = {0};
    act_buf_reset(&out);
    top_rows_summary(&now.look, &none, &out);
    assert_non_null(memmem(out.ptr, out.len_bytes, "accepted 300 = replied 300", 26));
    act_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_of_the_time_between_two_looks),
        cmocka_unit_test(rows_are_sorted_by_every_column),
        cmocka_unit_test(lines_fit_eighty_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
