// waterfall_test: hops become rows, rows become bars.
#include "waterfall.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T0 UINT64_C(1790000000000000)

static hop_view_t hop(uint64_t at_us, const char *kind, uint64_t call_id, const char *method)
{
    return (hop_view_t){.at_us = T0 + at_us,
                        .kind = act_str(kind),
                        .call_id = call_id,
                        .caller = ACT_STR("ingress-1"),
                        .service = ACT_STR("store"),
                        .method = act_str(method),
                        .attempt = 1};
}

static void hops_of_a_call_are_one_row(void **state)
{
    (void)state;
    hop_view_t hops[] = {hop(0, "queued", 7, "put"),  hop(400, "granted", 7, "put"),
                         hop(400, "sent", 7, "put"),  hop(500, "sent", 0, "wake"),
                         hop(900, "acked", 7, "put"), hop(1000, "stage", 0, "begin")};
    hops[1].queue_us = 400;
    hops[5].work_us = 800;
    trace_reply_t trace = {.hops = {hops, ACT_COUNT(hops)}};
    ACT_AUTO(act_arena) *arena = act_arena_new();
    uint32_t count = 0;
    waterfall_row_t *rows = waterfall_rows(&trace, arena, &count);
    assert_int_equal(count, 3);
    assert_int_equal(rows[0].call_id, 7);
    assert_int_equal(rows[0].ended_us - rows[0].began_us, 900);
    assert_int_equal(rows[0].queue_us, 400);
    assert_false(rows[0].is_open);
    assert_true(rows[1].is_stage);
    assert_int_equal(rows[1].began_us, T0 + 200);
    assert_true(act_str_is(rows[2].method, "wake"));
}

static void bars_show_waiting_work_and_errors(void **state)
{
    (void)state;
    hop_view_t hops[] = {hop(0, "queued", 7, "put"), hop(500, "granted", 7, "put"),
                         hop(1000, "acked", 7, "put"), hop(1000, "queued", 8, "get"),
                         hop(2000, "expired", 8, "get")};
    hops[1].queue_us = 500;
    hops[4].err = ACT_STR("SYSTEM_5002");
    trace_summary_t summary = {.trace = ACT_STR("ab"), .hops = 9, .duration_us = 2000};
    trace_reply_t trace = {.summary = &summary, .hops = {hops, ACT_COUNT(hops)}};
    act_buf_t out;
    act_buf_init(&out, 65536);
    waterfall_render(&trace, 100, &out);
    act_buf_add_char(&out, '\0');
    assert_non_null(strstr(out.ptr, "ingress-1 > store.put"));
    assert_non_null(strstr(out.ptr, "     0.00      1.00  ........========"));
    assert_non_null(strstr(out.ptr, "! SYSTEM_5002 expired\n"));
    assert_non_null(strstr(out.ptr, "the oldest 4 hops are gone"));
    act_buf_fini(&out);
}

static void an_open_call_and_an_empty_trace_are_drawn(void **state)
{
    (void)state;
    hop_view_t hops[] = {hop(0, "queued", 7, "put"), hop(10, "requeued", 7, "put")};
    hops[1].attempt = 2;
    trace_reply_t trace = {.hops = {hops, ACT_COUNT(hops)}};
    act_buf_t out;
    act_buf_init(&out, 65536);
    waterfall_render(&trace, 10, &out);
    act_buf_add_char(&out, '\0');
    assert_non_null(strstr(out.ptr, "attempt 2 open"));
    act_buf_reset(&out);
    trace.hops.count = 0;
    waterfall_render(&trace, 100, &out);
    assert_true(out.len_bytes > 0);
    act_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hops_of_a_call_are_one_row),
        cmocka_unit_test(bars_show_waiting_work_and_errors),
        cmocka_unit_test(an_open_call_and_an_empty_trace_are_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
