// traces_test: sampling by trace id, what is kept in any case, bounds; and the broker's own writing of
// hops, driven through the kit.
#include "traces.h"

#include "harness/broker_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENT = 1, A = 10, B = 11 };

static broker_kit_t *new_kit(uint32_t sample_ppm, uint32_t slow_ms)
{
    broker_limits_t limits = broker_kit_limits;
    limits.traces = (traces_limits_t){sample_ppm, slow_ms};
    broker_kit_t *kit = broker_kit_new(&limits);
    broker_kit_client(kit, CLIENT);
    broker_kit_worker(kit, A, "work", "work-1", 8);
    return kit;
}

static void call(broker_kit_t *kit, uint64_t id, uint64_t trace_low)
{
    act_header_t header = broker_kit_call_header(id, "work", NULL);
    header.method = ACT_STR("do");
    header.tenant = ACT_STR("demo");
    header.trace = (act_trace_t){7, trace_low, 1};
    broker_kit_send(kit, CLIENT, &header, ACT_STR("x"));
}

// The kinds of a trace's hops, oldest first: "queued granted sent acked".
static const char *story(broker_kit_t *kit, uint64_t trace_low)
{
    static char text[512];
    const traces_t *traces = broker_traces(kit->broker);
    const trace_t *trace = traces_find(traces, 7, trace_low);
    text[0] = '\0';
    for (const hop_t *hop = trace ? traces_hop_before(traces, trace, NULL) : NULL; hop;
         hop = traces_hop_before(traces, trace, hop)) {
        char longer[512];
        snprintf(longer, sizeof longer, "%s%s%.400s", hop_kind_name(hop->kind), *text ? " " : "",
                 text);
        strcpy(text, longer);
    }
    return text;
}

static void fail_call(broker_kit_t *kit, act_err_t err)
{
    act_header_t header = broker_kit_expect(kit, A, ACT_KIND_CALL).header;
    act_header_t answer = {.kind = ACT_KIND_ERROR, .id = header.id, .err = (uint32_t)err};
    broker_kit_send(kit, A, &answer, ACT_STR(""));
}

static void the_share_is_of_trace_ids(void **state)
{
    (void)state;
    traces_t *traces = traces_new(&(traces_limits_t){.sample_ppm = 10000});
    service_t service = {0};
    uint32_t all = 0, own = 0;
    traces_set_service_share(&service, 200000);
    act_trace_t trace = {1, 0, 1};
    for (int i = 0; i < 100000; i++) {
        trace.trace_low += UINT64_C(0x9e3779b97f4a7c15); // as ingress counts
        bool is_sampled = traces_is_sampled(traces, NULL, &trace);
        all += is_sampled;
        own += traces_is_sampled(traces, &service, &trace);
        if (is_sampled) // a larger share has what a smaller one has
            assert_true(traces_is_sampled(traces, &service, &trace));
    }
    assert_in_range(all, 900, 1100);
    assert_in_range(own, 19500, 20500);
    traces_set_share(traces, 0);
    assert_false(traces_is_sampled(traces, NULL, &trace));
    traces_set_share(traces, TRACES_PPM_MAX);
    assert_true(traces_is_sampled(traces, NULL, &trace));
    trace.trace_low = 0; // no story
    assert_false(traces_is_sampled(traces, NULL, &trace));
    traces_destroy(&traces);
    assert_null(traces);
}

static void a_call_leaves_its_hops_with_their_times(void **state)
{
    (void)state;
    broker_kit_t *kit = new_kit(TRACES_PPM_MAX, 0);
    call(kit, 1, 42);
    kit_frame_t sent = broker_kit_expect(kit, A, ACT_KIND_CALL);
    assert_true(sent.header.flags & ACT_FLAG_SAMPLED);
    assert_string_equal(story(kit, 42), "queued granted sent");
    broker_kit_pass_ms(kit, 30);
    act_header_t answer = {.kind = ACT_KIND_REPLY, .id = sent.header.id};
    broker_kit_send(kit, A, &answer, ACT_STR("yz"));
    assert_string_equal(story(kit, 42), "queued granted sent acked");
    const traces_t *traces = broker_traces(kit->broker);
    const trace_t *trace = traces_at(traces, 0);
    assert_int_equal(trace->hops_count, 4);
    assert_int_equal(trace->last_us - trace->first_us, 30000);
    assert_string_equal(trace->tenant, "demo");
    assert_false(trace->is_error);
    const hop_t *acked = traces_hop_before(traces, trace, NULL);
    assert_int_equal(acked->work_us, 30000);
    assert_true(act_str_is(traces_name(traces, acked->instance), "work-1"));
    assert_true(act_str_is(traces_name(traces, acked->service), "work"));
    assert_true(act_str_is(traces_name(traces, acked->method), "do"));
    edge_t *edge = edges_at(broker_edges(kit->broker), 1);
    assert_string_equal(edge->service, "work");
    assert_int_equal(edge->calls, 1);
    assert_int_equal(edge->bytes, 3);
    broker_kit_destroy(&kit);
}

static void what_is_not_sampled_leaves_nothing(void **state)
{
    (void)state;
    broker_kit_t *kit = new_kit(0, 500);
    call(kit, 1, 42);
    assert_false(broker_kit_expect(kit, A, ACT_KIND_CALL).header.flags & ACT_FLAG_SAMPLED);
    call(kit, 2, 43);
    broker_kit_serve(kit, A);
    assert_null(traces_at(broker_traces(kit->broker), 0));
    assert_int_equal(hops_written_count(traces_hops(broker_traces(kit->broker))), 0);
    broker_kit_destroy(&kit);
}

static void errors_and_slow_calls_are_kept_whatever_their_id(void **state)
{
    (void)state;
    broker_kit_t *kit = new_kit(0, 500);
    call(kit, 1, 42);
    fail_call(kit, ACT_E_INTERNAL);
    assert_string_equal(story(kit, 42), "queued granted sent acked");
    assert_true(traces_find(broker_traces(kit->broker), 7, 42)->is_error);
    call(kit, 2, 42); // the rest of the chain is followed
    broker_kit_serve(kit, A);
    assert_string_equal(story(kit, 42), "queued granted sent acked queued granted sent acked");
    call(kit, 3, 43);
    broker_kit_pass_ms(kit, 501);
    broker_kit_serve(kit, A);
    assert_string_equal(story(kit, 43), "queued granted sent acked");
    assert_false(traces_find(broker_traces(kit->broker), 7, 43)->is_error);
    call(kit, 4, 44);
    broker_kit_pass_ms(kit, 5100);
    assert_string_equal(story(kit, 44), "queued granted sent expired");
    assert_int_equal(traces_counters(broker_traces(kit->broker))->forced, 3);
    broker_kit_destroy(&kit);
}

static void a_flood_of_errors_is_bounded(void **state)
{
    (void)state;
    broker_kit_t *kit = new_kit(0, 0);
    for (uint64_t i = 1; i <= TRACES_FORCED_PER_S + 50; i++) {
        call(kit, i, 1000 + i);
        fail_call(kit, ACT_E_INTERNAL);
    }
    const traces_counters_t *counters = traces_counters(broker_traces(kit->broker));
    assert_int_equal(counters->forced, TRACES_FORCED_PER_S);
    assert_int_equal(counters->skipped, 50);
    broker_kit_pass_ms(kit, 1000);
    call(kit, 999, 5000);
    fail_call(kit, ACT_E_INTERNAL);
    assert_int_equal(counters->forced, TRACES_FORCED_PER_S + 1);
    broker_kit_destroy(&kit);
}

static void a_lost_worker_and_a_cancel_are_told(void **state)
{
    (void)state;
    broker_kit_t *kit = new_kit(TRACES_PPM_MAX, 0);
    call(kit, 1, 42);
    broker_kit_worker(kit, B, "work", "work-2", 8);
    broker_on_death(kit->broker, ACT_STR("work-1"), A, /* has_crashed= */ true);
    assert_string_equal(story(kit, 42), "queued granted sent requeued granted sent");
    act_header_t cancel = {.kind = ACT_KIND_CANCEL, .id = 1};
    broker_kit_send(kit, CLIENT, &cancel, ACT_STR(""));
    assert_string_equal(story(kit, 42), "queued granted sent requeued granted sent cancelled");
    assert_true(traces_find(broker_traces(kit->broker), 7, 42)->hops_count == 7);
    broker_kit_assert_conserved(kit);
    broker_kit_destroy(&kit);
}

static void hints_are_one_hop_and_stages_join_them(void **state)
{
    (void)state;
    broker_kit_t *kit = new_kit(TRACES_PPM_MAX, 0);
    act_header_t header = broker_kit_call_header(0, "work", NULL);
    header.kind = ACT_KIND_CAST;
    header.trace = (act_trace_t){7, 42, 1};
    broker_kit_send(kit, CLIENT, &header, ACT_STR(""));
    assert_true(broker_kit_expect(kit, A, ACT_KIND_CAST).header.flags & ACT_FLAG_SAMPLED);
    assert_string_equal(story(kit, 42), "sent");
    traces_t *traces = broker_traces(kit->broker);
    traces_stage_t stage = {ACT_STR("intent"), kit->now_us + 5000, 2000, ACT_E_OK};
    traces_on_stage(traces, &header.trace, ACT_STR("turn-9"), broker_kit_peer(kit, A), &stage);
    assert_string_equal(story(kit, 42), "sent stage");
    assert_ptr_equal(traces_find_turn(traces, ACT_STR("turn-9")), traces_find(traces, 7, 42));
    act_trace_t unknown = {7, 43, 1};
    traces_on_stage(traces, &unknown, ACT_STR("t"), broker_kit_peer(kit, A), &stage);
    assert_null(traces_find(traces, 7, 43));
    broker_kit_destroy(&kit);
}

static void the_newest_traces_are_kept(void **state)
{
    (void)state;
    broker_kit_t *kit = new_kit(TRACES_PPM_MAX, 0);
    act_header_t header = broker_kit_call_header(0, "work", NULL);
    header.kind = ACT_KIND_CAST;
    for (uint64_t i = 1; i <= 2 * TRACES_MAX_COUNT + 5; i++) {
        header.trace = (act_trace_t){7, i, 1};
        broker_kit_send(kit, CLIENT, &header, ACT_STR(""));
        kit_frame_t ping;
        if (broker_kit_take(kit, A, ACT_KIND_PING, &ping)) // it reads what it gets
            broker_kit_send_kind(kit, A, ACT_KIND_PONG, ping.header.id);
        broker_kit_forget(kit);
    }
    const traces_t *traces = broker_traces(kit->broker);
    assert_int_equal(traces_at(traces, 0)->low, 2 * TRACES_MAX_COUNT + 5);
    assert_non_null(traces_at(traces, TRACES_MAX_COUNT - 1));
    assert_null(traces_at(traces, TRACES_MAX_COUNT));
    for (uint64_t i = 1; i <= 2 * TRACES_MAX_COUNT + 5; i++)
        assert_int_equal(traces_find(traces, 7, i) != NULL, i > TRACES_MAX_COUNT + 5);
    broker_kit_destroy(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_share_is_of_trace_ids),
        cmocka_unit_test(a_call_leaves_its_hops_with_their_times),
        cmocka_unit_test(what_is_not_sampled_leaves_nothing),
        cmocka_unit_test(errors_and_slow_calls_are_kept_whatever_their_id),
        cmocka_unit_test(a_flood_of_errors_is_bounded),
        cmocka_unit_test(a_lost_worker_and_a_cancel_are_told),
        cmocka_unit_test(hints_are_one_hop_and_stages_join_them),
        cmocka_unit_test(the_newest_traces_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
