// hands: one turn's calls against the kit: results in order, each recorded before it is used, found again by
// the next run, refused, parked, resumed; what fails and what is learned.
#include "hands.h"

#include "base/assert.h"
#include "hands_kit.h"
#include "hands_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CARD(name, effects, more, input, output)                                                   \
    "{\"name\": \"" name "\", \"title\": \"T\", \"description\": \"D\", \"effects\": \"" effects   \
    "\"" more ", \"input\": {\"type\": \"object\", \"additionalProperties\": false, "              \
    "\"properties\": {" input "}}, \"output\": {\"type\": \"object\", \"properties\": {" output    \
    "}}}"

static const char *const cards[] = {
    CARD("look", "read", "", "\"q\": {\"type\": \"string\"}",
         "\"price\": {\"type\": \"number\", \"x-parley-provenance\": \"amount\"}"),
    CARD(
        "save", "write", ", \"rpc\": \"create_incident\"",
        "\"what\": {\"type\": \"string\"}, \"pin\": {\"type\": \"string\", \"x-parley-secret\": true}",
        "\"number\": {\"type\": \"integer\"}"),
    CARD("pay", "irreversible", "",
         "\"sum\": {\"type\": \"number\", \"x-parley-provenance\": \"amount\"}", ""),
    CARD("page", "read", ", \"network\": \"any\"", "", ""),
};

typedef struct {
    hands_kit_t kit;
    act_arena_t *arena;
    const char *result;
    const char *receipt;
    char keys[8][200];
    uint32_t keys_count;
} world_t;

static act_err_t run(void *context, const tool_call_request_t *request, act_str_t key,
                     tool_call_reply_t *reply)
{
    world_t *world = context;
    assert_true(act_str_eq(request->step_key, key));
    assert_true(act_str_is(request->contact_id, "contact-1"));
    if (world->keys_count < 8)
        act_str_copy(key, world->keys[world->keys_count++], 200);
    reply->result = act_str(world->result ? world->result : "{}");
    reply->receipt = act_str(world->receipt);
    return ACT_E_OK;
}

static tool_rule_t page_rule = {.tool = ACT_STR_INIT("page"), .decision = ACT_STR_INIT("allow")};

static int setup(void **state)
{
    world_t *world = act_alloc(sizeof *world);
    hands_kit_init(&world->kit, cards, ACT_COUNT(cards));
    world->kit.run = run;
    world->kit.context = world;
    world->kit.known.contact_id = ACT_STR("contact-1");
    world->kit.known.rules.items = &page_rule;
    world->kit.known.rules.count = 1;
    world->arena = act_arena_new();
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_t *world = *state;
    hands_kit_fini(&world->kit);
    act_arena_destroy(&world->arena);
    act_free(world);
    return 0;
}

static hands_t *open_turn(world_t *world)
{
    return hands_kit_open(&world->kit, world->arena, hands_kit_recorded(&world->kit, world->arena),
                          "turn-1");
}

static tool_call_t call_of(const char *name, const char *arguments)
{
    return (tool_call_t){
        .id = act_str(name), .name = act_str(name), .arguments = act_str(arguments)};
}

static hands_outcome_t run_one(world_t *world, hands_t *hands, const char *name,
                               const char *arguments)
{
    tool_call_t *call = act_arena_alloc(world->arena, sizeof *call);
    *call = call_of(name, arguments);
    hands_outcome_t outcome = hands_kit_run(&world->kit, hands, call, 1);
    assert_int_equal(outcome.err, ACT_E_OK);
    assert_int_equal(outcome.results.count, 1);
    return outcome;
}

static void results_come_in_the_order_of_calls(void **state)
{
    world_t *world = *state;
    hands_t *hands = open_turn(world);
    const tool_call_t calls[] = {call_of("look", "{\"q\": \"a\"}"), call_of("nothing", "{}"),
                                 call_of("save", "{\"what\": \"b\", \"pin\": \"1234\"}"),
                                 call_of("look", "{\"q\": 1}")};
    world->result = "{\"number\": 7}";
    hands_outcome_t outcome = hands_kit_run(&world->kit, hands, calls, 4);
    assert_int_equal(outcome.results.count, 4);
    assert_false(outcome.is_parked);
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(act_str_eq(outcome.results.items[i].call_id, calls[i].id));
        assert_int_equal(outcome.results.items[i].is_error, i % 2);
        assert_false(act_str_empty(outcome.results.items[i].content));
    }
    assert_true(act_str_is(outcome.results.items[2].content, "{\"number\": 7}"));
    assert_int_equal(world->kit.called_count, 2);
    assert_int_equal(world->kit.refused_count, 2);
    assert_string_equal(world->kit.last_refusal, "schema");
    // For people, without the secret.
    assert_string_equal(world->kit.last_shown, "{\"pin\":\"***\",\"what\":\"b\"}");
    hands_destroy(&hands);
}

static void the_next_run_takes_the_journal(void **state)
{
    world_t *world = *state;
    hands_t *hands = open_turn(world);
    world->result = "{\"number\": 7}";
    run_one(world, hands, "save", "{\"what\": \"x\"}");
    assert_string_equal(world->keys[0], "turn-1/agent/0/save");
    hands_destroy(&hands);
    hands = open_turn(world);
    world->result = "{\"number\": 8}";
    hands_outcome_t outcome = run_one(world, hands, "save", "{\"what\": \"x\"}");
    assert_true(act_str_is(outcome.results.items[0].content, "{\"number\": 7}"));
    assert_int_equal(world->kit.called_count, 1);
    // It counts: the same again is a repetition.
    run_one(world, hands, "save", "{\"what\": \"x\"}");
    assert_string_equal(world->kit.last_refusal, "repeated");
    hands_destroy(&hands);
    // Another call in its place is no longer the same turn.
    hands = open_turn(world);
    const tool_call_t other = call_of("save", "{\"what\": \"y\"}");
    assert_int_equal(hands_kit_run(&world->kit, hands, &other, 1).err, ACT_E_STEP_MISMATCH);
    hands_destroy(&hands);
}

static bool has_receipt(const hands_t *hands)
{
    act_steps_t steps = act_journal_steps(hands->opts.journal);
    for (uint32_t i = 0; i < steps.count; i++)
        if (act_str_is(steps.items[i].step_key, "agent/0/save/create_incident") &&
            act_str_is(steps.items[i].kind, "effect"))
            return true;
    return false;
}

// The broker has started anew and knows no tools yet.
static void a_receipt_is_known_without_its_tool(void **state)
{
    world_t *world = *state;
    hands_t *hands = open_turn(world);
    world->result = "{\"number\": 7}";
    world->receipt = world->result;
    run_one(world, hands, "save", "{\"what\": \"x\"}");
    assert_true(has_receipt(hands));
    hands_destroy(&hands);
    const tools_reply_t nothing = {0};
    tool_set_t *none = tool_set_new(&nothing);
    tool_shelf_t *full = world->kit.shelf;
    world->kit.shelf = tool_shelf_of(none);
    hands = open_turn(world);
    run_one(world, hands, "save", "{\"what\": \"x\"}");
    assert_true(has_receipt(hands));
    assert_int_equal(world->kit.called_count, 1);
    hands_destroy(&hands);
    tool_shelf_destroy(&world->kit.shelf);
    tool_set_unref(&none);
    world->kit.shelf = full;
}

static void what_does_not_work_is_told(void **state)
{
    world_t *world = *state;
    hands_t *hands = open_turn(world);
    world->kit.tool_err = ACT_E_DEADLINE;
    hands_outcome_t outcome = run_one(world, hands, "look", "{}");
    assert_true(outcome.results.items[0].is_error);
    assert_non_null(strstr(outcome.results.items[0].content.ptr, "Nobody knows"));
    assert_string_equal(world->kit.last_outcome, "failed");
    assert_int_equal(world->kit.counts[METRIC_TOOL_CALLS_FAILED], 1);
    assert_int_equal(world->kit.counts[METRIC_TOOL_CALLS_OK], 0);
    world->kit.tool_err = ACT_E_OK;
    world->result = "{\"price\": \"much\"}"; // not what its card says
    outcome = run_one(world, hands, "look", "{\"q\": \"2\"}");
    assert_true(outcome.results.items[0].is_error);
    assert_int_equal(world->kit.steps_count, 2);
    world->kit.database_err = ACT_E_DATABASE;
    const tool_call_t call = call_of("look", "{\"q\": \"3\"}");
    assert_int_equal(hands_kit_run(&world->kit, hands, &call, 1).err, ACT_E_DATABASE);
    hands_destroy(&hands);
}

static void long_results_are_cut(void **state)
{
    world_t *world = *state;
    static char text[200000];
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + sizeof text - 4, "\"}", 3);
    world->result = text;
    hands_t *hands = open_turn(world);
    hands_outcome_t outcome = run_one(world, hands, "look", "{}");
    assert_false(outcome.results.items[0].is_error);
    assert_true(outcome.results.items[0].content.len_bytes < 5000);
    hands_destroy(&hands);
}

static uint32_t offers(hands_t *hands)
{
    const tool_card_t *offered = NULL;
    uint32_t count = hands_offer(hands, &offered);
    for (uint32_t i = 0; i < count; i++)
        assert_null(strstr(offered[i].input_schema.ptr, "x-parley"));
    return count;
}

static void foreign_text_takes_tools_away(void **state)
{
    world_t *world = *state;
    hands_t *hands = open_turn(world);
    assert_int_equal(offers(hands), 4);
    run_one(world, hands, "page", "{}");
    assert_true(hands_is_tainted(hands));
    assert_int_equal(offers(hands), 1);
    run_one(world, hands, "save", "{}");
    assert_string_equal(world->kit.last_refusal, "tainted");
    hands_destroy(&hands);
}

static void a_tool_gives_amounts_and_the_model_does_not(void **state)
{
    world_t *world = *state;
    static tool_rule_t rule = {.tool = ACT_STR_INIT("pay"), .decision = ACT_STR_INIT("allow")};
    world->kit.known.rules.items = &rule;
    hands_t *hands = open_turn(world);
    run_one(world, hands, "pay", "{\"sum\": 20}");
    assert_string_equal(world->kit.last_refusal, "amount");
    world->result = "{\"price\": 30}";
    run_one(world, hands, "look", "{}");
    run_one(world, hands, "pay", "{\"sum\": 30.0}");
    assert_int_equal(world->kit.called_count, 2);
    // It said 20 first: a tool that says it too proves nothing.
    world->result = "{\"price\": 20}";
    run_one(world, hands, "look", "{\"q\": \"again\"}");
    run_one(world, hands, "pay", "{\"sum\": 20}");
    assert_int_equal(world->kit.called_count, 3);
    hands_destroy(&hands);
}

static void parks_for_a_person_and_goes_on(void **state)
{
    world_t *world = *state;
    tool_value_t value = {ACT_STR("amount"), ACT_STR("20")};
    world->kit.known.known_values.items = &value;
    world->kit.known.known_values.count = 1;
    hands_t *hands = open_turn(world);
    hands_outcome_t outcome = run_one(world, hands, "pay", "{\"sum\": 20}");
    assert_true(outcome.is_parked);
    assert_int_equal(world->kit.counts[METRIC_TOOL_CALLS_WAITING], 1);
    assert_false(outcome.results.items[0].is_error);
    assert_int_equal(world->kit.called_count, 0);
    assert_int_equal(world->kit.asked_count, 1);
    assert_true(hands_wait_ms(hands) > 0);
    hands_destroy(&hands);
    // The turn that is woken.
    hands_kit_forget(&world->kit);
    const tool_approval_heard_t approvals[] = {
        {.approval_id = ACT_STR("a1"),
         .tool = ACT_STR("pay"),
         .arguments = act_str(world->kit.asked_arguments),
         .card_hash = act_str(world->kit.asked_hash),
         .state = ACT_STR("approved")},
        {.approval_id = ACT_STR("a2"),
         .tool = ACT_STR("pay"),
         .state = ACT_STR("denied"),
         .note = ACT_STR("too much")},
        {.approval_id = ACT_STR("a3"),
         .tool = ACT_STR("pay"),
         .arguments = ACT_STR("{\"sum\": 20}"),
         .card_hash = ACT_STR("another"),
         .state = ACT_STR("approved")},
    };
    const tool_past_t past = {
        .tool = ACT_STR("save"), .result = ACT_STR("{}"), .outcome = ACT_STR("ok")};
    world->kit.known.approvals.items = approvals;
    world->kit.known.approvals.count = 3;
    world->kit.known.past.items = &past;
    world->kit.known.past.count = 1;
    hands = hands_kit_open(&world->kit, world->arena, (act_steps_t){0}, "turn-2");
    const tool_call_t *calls = NULL;
    const tool_result_t *results = NULL;
    assert_int_equal(hands_past(hands, &calls, &results), 4);
    assert_true(act_str_is(calls[0].name, "save") && act_str_is(results[0].content, "{}"));
    assert_false(results[1].is_error);
    assert_int_equal(world->kit.called_count, 1);
    assert_string_equal(world->keys[0], "approval/a1");
    assert_true(results[2].is_error);
    assert_non_null(strstr(results[2].content.ptr, "too much"));
    assert_true(results[3].is_error);
    assert_string_equal(world->kit.last_refusal, "changed");
    hands_destroy(&hands);
}

static void ends_with_the_call(void **state)
{
    world_t *world = *state;
    hands_t *hands = open_turn(world);
    const tool_call_t call = call_of("look", "{}");
    hands_run(hands, &call, 1, NULL, NULL);
    hands_destroy(&hands);
    assert_int_equal(world->kit.cancelled_count, 1);
    hands_kit_pump(&world->kit);
}

static void a_tenant_has_its_own_tools_and_no_other(void **state)
{
    (void)state;
    const struct {
        const char *card, *tenant, *service;
    } rows[] = {
        {cards[0], "", "tool.all"}, {cards[0], "acme", "bridge"}, {cards[1], "other", "bridge"}};
    tool_view_t views[ACT_COUNT(rows)];
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        views[i] = (tool_view_t){.state = ACT_STR("ready"),
                                 .card = act_str(rows[i].card),
                                 .tenant = act_str(rows[i].tenant),
                                 .service = act_str(rows[i].service)};
    const tools_reply_t reply = {.tools = {views, ACT_COUNT(views)}};
    static const struct {
        const char *tenant, *look; // the service of look
        bool has_save;
    } tenants[] = {{"acme", "bridge", false}, {"other", "tool.all", true}, {"", "tool.all", false}};
    for (size_t i = 0; i < ACT_COUNT(tenants); i++) {
        tool_set_t *base = tool_set_new(&reply);
        tool_set_t *set = tool_set_of_tenant(&base, act_str(tenants[i].tenant));
        assert_string_equal(tool_set_find(set, ACT_STR("look"))->service, tenants[i].look);
        assert_int_equal(tool_set_find(set, ACT_STR("save")) != NULL, tenants[i].has_save);
        tool_set_unref(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenant_has_its_own_tools_and_no_other),
        cmocka_unit_test_setup_teardown(results_come_in_the_order_of_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(the_next_run_takes_the_journal, setup, teardown),
        cmocka_unit_test_setup_teardown(a_receipt_is_known_without_its_tool, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_work_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(long_results_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(foreign_text_takes_tools_away, setup, teardown),
        cmocka_unit_test_setup_teardown(a_tool_gives_amounts_and_the_model_does_not, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(parks_for_a_person_and_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(ends_with_the_call, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
