// decision_test: what a model may decide, and what it may not.
#include "decision.h"

#include "base/err.h"
#include "io/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void reads_what_is_decided(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        decision_kind_t kind;
        const char *plan, *wait_for;
        uint32_t wait_ms;
    } cases[] = {
        {"{\"decision\":\"RESPOND\",\"plan\":\" say hello \",\"reason\":\"x\"}", DECISION_RESPOND,
         "say hello", "customer", 0},
        {"{\"decision\":\"WAIT\",\"wait_ms\":90000,\"wait_for\":\"person\"}", DECISION_WAIT, "",
         "person", 90000},
        {"{\"decision\":\"WAIT\",\"wait_ms\":-5,\"wait_for\":\"the moon\"}", DECISION_WAIT, "",
         "customer", 0},
        {"{\"decision\":\"WAIT\",\"wait_ms\":99999999999}", DECISION_WAIT, "", "customer",
         604800000},
        {"{\"decision\":\"IGNORE\"}", DECISION_IGNORE, "", "customer", 0},
        {"{\"decision\":\"HUMAN_HANDOFF\",\"reason\":\"angry\"}", DECISION_HANDOFF, "", "customer",
         0},
    };
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        decision_t decision;
        const char *problem = NULL;
        assert_true(decision_read(act_str(cases[i].arguments), true, arena, &decision, &problem));
        assert_int_equal(decision.kind, cases[i].kind);
        assert_true(act_str_is(decision.plan, cases[i].plan));
        assert_true(act_str_is(decision.wait_for, cases[i].wait_for));
        assert_int_equal(decision.wait_ms, cases[i].wait_ms);
    }
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "RESPOND",
        "[]",
        "{\"decision\":\"respond\",\"plan\":\"x\"}",
        "{\"decision\":7}",
        "{\"plan\":\"x\"}",
        "{\"decision\":\"RESPOND\",\"plan\":\"  \"}",
    };
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        decision_t decision;
        const char *problem = NULL;
        assert_false(decision_read(act_str(cases[i]), true, arena, &decision, &problem));
        assert_non_null(problem);
    }
}

static void waits_once(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    decision_t decision;
    const char *problem = NULL;
    assert_false(
        decision_read(ACT_STR("{\"decision\":\"WAIT\"}"), false, arena, &decision, &problem));
    assert_null(strstr(decision_card(false).input_schema.ptr, "WAIT\","));
    assert_non_null(strstr(decision_card(true).input_schema.ptr, "\"WAIT\","));
}

static void the_schema_is_json(void **state)
{
    (void)state;
    for (int may_wait = 0; may_wait < 2; may_wait++) {
        json_t *root = NULL;
        act_str_t schema = decision_card(may_wait == 1).input_schema;
        assert_int_equal(act_json_parse(schema, &root, NULL, NULL), ACT_E_OK);
        json_decref(root);
    }
}

static void a_plain_answer_is_a_plan(void **state)
{
    (void)state;
    decision_t decision;
    assert_true(decision_of_text(ACT_STR(" We open at nine.\n"), &decision));
    assert_int_equal(decision.kind, DECISION_RESPOND);
    assert_true(act_str_is(decision.plan, "We open at nine."));
    assert_false(decision_of_text(ACT_STR(" \n"), &decision));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_decided),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(waits_once),
        cmocka_unit_test(the_schema_is_json),
        cmocka_unit_test(a_plain_answer_is_a_plan),
    };
    return cmocka_run_group_tests_name("decision", tests, NULL, NULL);
}
