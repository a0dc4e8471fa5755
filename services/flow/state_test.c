// state: what is written is read again, and nothing that is not a state of ours gets in.
#include "state.h"

#include "talk_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const flow_run_request_t request = {.business_name = ACT_STR_INIT("Casa Nova")};

static state_verdict_t read_json(const talk_fake_t *talk, const char *json, state_t *ret_state)
{
    return state_read(talk->flows, act_str(json), &request, talk->arena, ret_state);
}

static void reads_what_it_wrote(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    const graph_t *graph = flows_find(talk->flows, ACT_STR("view_tasks"));
    const call_t *call = call_find(ACT_STR("list_projects"));
    act_str_t *cells;
    state_t written = {
        .graph = graph,
        .node = graph_node(graph, ACT_STR("which_project")),
        .tries = 2,
        .page = 1,
        .first = ACT_STR("tasks of \"Villa\"\n"),
        .vars = vars_new(talk->arena, graph, &request),
        .rows_node = graph_node(graph, ACT_STR("projects")),
        .rows = rows_new(talk->arena, call->columns, call->columns_count, 2, &cells),
    };
    for (size_t i = 0; i < 8; i++)
        cells[i] = act_arena_printf(talk->arena, "cell\t%zu \\ é", i);
    vars_set(&written.vars, ACT_STR("project_id"), ACT_STR("p\"1"));
    act_str_t json;
    assert_int_equal(state_write(&written, talk->arena, &json), ACT_E_OK);
    state_t got;
    assert_int_equal(state_read(talk->flows, json, &request, talk->arena, &got), STATE_GOOD);
    assert_ptr_equal(got.graph, graph);
    assert_ptr_equal(got.node, written.node);
    assert_int_equal(got.tries, 2);
    assert_int_equal(got.page, 1);
    assert_true(act_str_eq(got.first, written.first));
    assert_true(act_str_is(vars_get(&got.vars, ACT_STR("project_id")), "p\"1"));
    assert_true(act_str_is(vars_get(&got.vars, ACT_STR("business_name")), "Casa Nova"));
    assert_int_equal(got.rows.count, 2);
    assert_true(act_str_eq(rows_cell(&got.rows, 1, 3), cells[7]));
    assert_true(act_str_eq(rows_value(&got.rows, 0, ACT_STR("project_name")), cells[1]));
    assert_true(act_str_empty(rows_value(&got.rows, 0, ACT_STR("no_column"))));
}

static void refuses_to_grow(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    const graph_t *graph = flows_find(talk->flows, ACT_STR("report_incident"));
    char *text = act_arena_alloc(talk->arena, STATE_MAX_BYTES + 1);
    memset(text, 'x', STATE_MAX_BYTES);
    state_t large = {
        .graph = graph,
        .node = graph_node(graph, ACT_STR("where")),
        .vars = vars_new(talk->arena, graph, &request),
    };
    vars_set(&large.vars, ACT_STR("description"), act_str(text));
    act_str_t json;
    assert_int_equal(state_write(&large, talk->arena, &json), ACT_E_TOO_LARGE);
    state_t got;
    assert_int_equal(read_json(talk, text, &got), STATE_BAD);
}

#define START "{\"v\":1,\"flow\":\"view_tasks\",\"revision\":1,\"node\":\"which_project\","
#define COUNTS "\"tries\":0,\"page\":0,"

static void refuses_what_is_not_ours(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"v\":1}",
        "{\"v\":1,\"flow\":\"no_such_flow\"}",
        "{\"v\":\"1\",\"flow\":\"view_tasks\"}",
        "{\"v\":1,\"flow\":\"view_tasks\",\"revision\":\"1\"}",
        "{\"v\":1,\"flow\":\"view_tasks\",\"revision\":-1}",
        START "\"tries\":-1,\"page\":0,\"vars\":{},\"rows_of\":\"projects\",\"rows\":[]}",
        START "\"tries\":9999999999,\"page\":0,\"vars\":{},\"rows_of\":\"projects\",\"rows\":[]}",
        START COUNTS "\"vars\":[],\"rows_of\":\"projects\",\"rows\":[[\"a\",\"b\",\"c\",\"d\"]]}",
        START COUNTS "\"vars\":{\"unknown\":\"x\"},\"rows_of\":\"projects\","
                     "\"rows\":[[\"a\",\"b\",\"c\",\"d\"]]}",
        START COUNTS "\"vars\":{\"project_id\":1},\"rows_of\":\"projects\","
                     "\"rows\":[[\"a\",\"b\",\"c\",\"d\"]]}",
        START COUNTS "\"vars\":{}}",
        START COUNTS "\"vars\":{},\"rows_of\":\"projects\",\"rows\":[]}",
        START COUNTS "\"vars\":{},\"rows_of\":\"projects\",\"rows\":[[\"a\"]]}",
        START COUNTS "\"vars\":{},\"rows_of\":\"projects\",\"rows\":[[\"a\",\"b\",\"c\",4]]}",
        START COUNTS "\"vars\":{},\"rows_of\":\"projects\",\"rows\":{\"0\":[]}}",
        START COUNTS "\"vars\":{},\"rows_of\":\"tasks\",\"rows\":[[\"a\",\"b\",\"c\",\"d\"]]}",
        START COUNTS "\"vars\":{},\"rows_of\":\"show\",\"rows\":[[\"a\",\"b\",\"c\",\"d\"]]}",
        START COUNTS "\"vars\":{},\"rows_of\":\"gone\",\"rows\":[[\"a\",\"b\",\"c\",\"d\"]]}",
    };
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    for (size_t i = 0; i < ACT_COUNT(texts); i++) {
        state_t got;
        state_verdict_t verdict = read_json(talk, texts[i], &got);
        if (verdict != STATE_BAD)
            print_error("case %zu\n", i);
        assert_int_equal(verdict, STATE_BAD);
    }
    state_t got;
    assert_int_equal(read_json(talk,
                               START COUNTS "\"vars\":{},\"rows_of\":\"projects\","
                                            "\"rows\":[[\"a\",\"b\",\"c\",\"d\"]]}",
                               &got),
                     STATE_GOOD);
}

static void knows_older_flows(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new("en");
    state_t got;
    assert_int_equal(
        read_json(talk, "{\"v\":1,\"flow\":\"view_tasks\",\"revision\":2,\"node\":\"x\"}", &got),
        STATE_OUTDATED);
    assert_string_equal(got.graph->flow, "view_tasks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(refuses_to_grow),
        cmocka_unit_test(refuses_what_is_not_ours),
        cmocka_unit_test(knows_older_flows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
