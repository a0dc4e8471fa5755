// policy: which rule decides, where values may come from, taint, and every limit.
#include "policy.h"

#include "io/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CARD(effects, more, input)                                                                 \
    "{\"name\": \"thing\", \"title\": \"T\", \"description\": \"D\", \"effects\": \"" effects      \
    "\"" more ", \"input\": {\"type\": \"object\", \"properties\": {" input                        \
    "}}, \"output\": {\"type\": \"object\"}}"
#define NETWORK ", \"network\": \"any\""
#define APPROVAL ", \"approval\": \"always\""
#define MARKED(name, kind) "\"" name "\": {\"x-parley-provenance\": \"" kind "\"}"

static act_tool_card_t *card_of(const char *text)
{
    act_tool_card_t *card = NULL;
    act_buf_t why;
    act_buf_init(&why, 1024);
    if (act_tool_card_parse(act_str(text), &card, &why) != ACT_E_OK)
        fail_msg("%.*s", (int)why.len_bytes, why.ptr);
    act_buf_fini(&why);
    return card;
}

typedef struct {
    tool_rule_t rules[4];
    uint32_t rules_count;
    tool_value_t values[3];
    tool_address_t address;
    policy_turn_t turn;
    const char *flow;
} scene_t;

static const scene_t usual = {.turn = {.rounds_count = 1}};

// "allow", "approval", or the reason of a refusal.
static const char *decide(const scene_t *scene, const char *card_text, const char *arguments_text)
{
    const tool_turn_reply_t known = {
        .contact_id = ACT_STR("c1"),
        .role = ACT_STR("customer"),
        .rules = {scene->rules, scene->rules_count},
        .known_values = {scene->values, 3},
        .addresses = {&scene->address, 1},
    };
    const policy_facts_t facts = {.flow = act_str(scene->flow ? scene->flow : "agent"),
                                  .known = &known};
    ACT_AUTO(act_tool_card) *card = card_of(card_text);
    json_t *arguments = NULL;
    assert_int_equal(act_json_parse(act_str(arguments_text), &arguments, NULL, NULL), ACT_E_OK);
    policy_t policy = policy_decide(&facts, &scene->turn, card, arguments);
    json_decref(arguments);
    assert_true(policy.verdict == POLICY_ALLOW || policy.text[0] != '\0');
    if (!scene->turn.is_tainted)
        assert_int_equal(policy_offers(&facts, card, false),
                         strcmp(policy.reason, "not_allowed") != 0);
    return policy.verdict == POLICY_ALLOW            ? "allow"
           : policy.verdict == POLICY_NEEDS_APPROVAL ? "approval"
                                                     : policy.reason;
}

#define RULE(...)                                                                                  \
    (tool_rule_t)                                                                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void has_defaults(void **state)
{
    (void)state;
    static const struct {
        const char *card, *wanted;
    } cases[] = {
        {CARD("read", "", ""), "allow"},
        {CARD("write", "", ""), "allow"},
        {CARD("irreversible", "", ""), "approval"},
        {CARD("read", NETWORK, ""), "not_allowed"},
        {CARD("write", NETWORK, ""), "not_allowed"},
        {CARD("read", APPROVAL, ""), "approval"},
        {CARD("write", "", MARKED("sum", "amount")), "approval"},
        {CARD("read", "", MARKED("sum", "amount")), "allow"},
    };
    for (size_t i = 0; i < ACT_COUNT(cases); i++)
        assert_string_equal(decide(&usual, cases[i].card, "{}"), cases[i].wanted);
    scene_t other = usual;
    other.flow = "booking";
    assert_string_equal(decide(&other, cases[0].card, "{}"), "not_allowed");
}

static void the_closest_rule_decides(void **state)
{
    (void)state;
    const act_str_t all = ACT_STR("*"), thing = ACT_STR("thing"), allow = ACT_STR("allow"),
                    deny = ACT_STR("deny"), approve = ACT_STR("approve"), c1 = ACT_STR("c1");
    const struct {
        tool_rule_t rules[2];
        const char *card, *wanted;
    } cases[] = {
        {{RULE(.tool = all, .decision = deny)}, CARD("read", "", ""), "not_allowed"},
        {{RULE(.tool = all, .decision = deny), RULE(.tool = thing, .decision = allow)},
         CARD("read", "", ""),
         "allow"},
        {{RULE(.tool = thing, .decision = allow),
          RULE(.tool = all, .contact_id = c1, .decision = deny)},
         CARD("read", "", ""),
         "not_allowed"},
        {{RULE(.tool = thing, .decision = deny),
          RULE(.tool = thing, .flow = ACT_STR_INIT("agent"), .decision = allow)},
         CARD("read", "", ""),
         "allow"},
        // Of somebody else, of another flow or role.
        {{RULE(.tool = thing, .contact_id = ACT_STR_INIT("c2"), .decision = deny)},
         CARD("read", "", ""),
         "allow"},
        {{RULE(.tool = thing, .flow = ACT_STR_INIT("other"), .decision = deny),
          RULE(.tool = thing, .role = ACT_STR_INIT("manager"), .decision = deny)},
         CARD("read", "", ""),
         "allow"},
        // What acts outside must be named.
        {{RULE(.tool = all, .decision = allow)}, CARD("irreversible", "", ""), "approval"},
        {{RULE(.tool = all, .decision = allow)}, CARD("read", NETWORK, ""), "not_allowed"},
        {{RULE(.tool = all, .decision = approve)}, CARD("read", NETWORK, ""), "not_allowed"},
        {{RULE(.tool = thing, .decision = allow)}, CARD("read", NETWORK, ""), "allow"},
        {{RULE(.tool = thing, .decision = allow)}, CARD("irreversible", "", ""), "allow"},
        {{RULE(.tool = thing, .decision = allow)}, CARD("read", APPROVAL, ""), "approval"},
        {{RULE(.tool = thing, .decision = approve)}, CARD("read", "", ""), "approval"},
        {{RULE(.tool = thing, .decision = ACT_STR_INIT("perhaps"))},
         CARD("read", "", ""),
         "not_allowed"},
    };
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        scene_t scene = usual;
        memcpy(scene.rules, cases[i].rules, sizeof cases[i].rules);
        scene.rules_count = 2;
        assert_string_equal(decide(&scene, cases[i].card, "{}"), cases[i].wanted);
    }
}

static scene_t scene_with_values(void)
{
    static const policy_value_t given[] = {{"amount", ACT_STR_INIT("12.5")}};
    scene_t scene = usual;
    scene.rules[0] = RULE(.tool = ACT_STR("thing"), .decision = ACT_STR("allow"));
    scene.rules_count = 1;
    scene.values[0] = (tool_value_t){ACT_STR("recipient"), ACT_STR("owner@shop.example")};
    scene.values[1] = (tool_value_t){ACT_STR("amount"), ACT_STR("49.90")};
    scene.values[2] = (tool_value_t){ACT_STR("url"), ACT_STR("https://shop.example/terms")};
    scene.address.address = ACT_STR("491701");
    scene.turn.values = given;
    scene.turn.values_count = 1;
    return scene;
}

static void values_come_from_where_they_may(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *wanted;
    } cases[] = {
        {"{\"who\": \"owner@shop.example\"}", "allow"},
        {"{\"who\": \"491701\"}", "allow"},
        {"{\"who\": \"491702\"}", "recipient"},
        {"{\"who\": \"Owner@shop.example\"}", "recipient"},
        {"{\"who\": \"owner@shop.example \"}", "recipient"},
        {"{\"who\": [\"491701\", \"evil@x.example\"]}", "recipient"},
        {"{\"who\": {\"cc\": \"evil@x.example\"}}", "recipient"},
        {"{\"who\": \"49.90\"}", "recipient"},
        {"{\"sum\": 49.9}", "allow"},
        {"{\"sum\": \"49.90\"}", "allow"},
        {"{\"sum\": 12.5}", "allow"},
        {"{\"sum\": 12.500000001}", "amount"},
        {"{\"sum\": 0}", "amount"},
        {"{\"sum\": \"4990e-2\"}", "allow"},
        {"{\"sum\": \"0x31\"}", "amount"},
        {"{\"where\": \"https://shop.example/terms\"}", "allow"},
        {"{\"where\": \"https://shop.example/terms?x=1\"}", "url"},
        {"{\"where\": \"491701\"}", "url"},
        {"{\"where\": null}", "url"},
        {"{\"who\": true}", "recipient"},
    };
    scene_t scene = scene_with_values();
    for (size_t i = 0; i < ACT_COUNT(cases); i++)
        assert_string_equal(decide(&scene,
                                   CARD("write", NETWORK,
                                        MARKED("who", "recipient") "," MARKED(
                                            "sum", "amount") "," MARKED("where", "url")),
                                   cases[i].arguments),
                            cases[i].wanted);
    // A person has seen these.
    scene.turn.is_approved = true;
    assert_string_equal(
        decide(&scene, CARD("write", "", MARKED("who", "recipient")), "{\"who\": \"491702\"}"),
        "allow");
}

static void unmarked_addresses_go_nowhere(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *wanted;
    } cases[] = {
        {"{\"to\": \"owner@shop.example\"}", "unmarked"},
        {"{\"sendTo\": \"x\"}", "unmarked"},
        {"{\"e_mail\": \"x\"}", "unmarked"},
        {"{\"URL\": \"x\"}", "unmarked"},
        {"{\"price_eur\": 3}", "unmarked"},
        {"{\"a\": {\"b\": [{\"cc\": 1}]}}", "unmarked"},
        {"{\"x\": \"https://evil.example\"}", "unmarked"},
        {"{\"x\": \"evil@x.example\"}", "unmarked"},
        {"{\"x\": \"+49170123456\"}", "unmarked"},
        {"{\"tool\": \"x\", \"tomorrow\": \"y\"}", "allow"},
        {"{\"x\": \"see you at 5\"}", "allow"},
        {"{\"to\": true}", "allow"},
    };
    scene_t scene = scene_with_values();
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        assert_string_equal(decide(&scene, CARD("read", NETWORK, ""), cases[i].arguments),
                            cases[i].wanted);
        assert_string_equal(decide(&scene, CARD("irreversible", "", ""), cases[i].arguments),
                            cases[i].wanted);
        assert_string_equal(decide(&scene, CARD("write", "", ""), cases[i].arguments), "allow");
    }
}

static void after_foreign_text_only_safe_tools(void **state)
{
    (void)state;
    scene_t scene = scene_with_values();
    scene.turn.is_tainted = true;
    assert_string_equal(decide(&scene, CARD("read", "", ""), "{}"), "allow");
    assert_string_equal(decide(&scene, CARD("write", "", ""), "{}"), "tainted");
    assert_string_equal(decide(&scene, CARD("irreversible", "", ""), "{}"), "tainted");
    assert_string_equal(decide(&scene, CARD("read", NETWORK, ""), "{}"), "tainted");
}

static void counts_have_ends(void **state)
{
    (void)state;
    const struct {
        policy_turn_t turn;
        const char *effects, *wanted;
    } cases[] = {
        {{.rounds_count = POLICY_TURN_MAX_ROUNDS}, CARD("read", "", ""), "allow"},
        {{.rounds_count = POLICY_TURN_MAX_ROUNDS + 1}, CARD("read", "", ""), "turn_rounds"},
        {{.calls_count = POLICY_TURN_MAX_CALLS - 1}, CARD("read", "", ""), "allow"},
        {{.calls_count = POLICY_TURN_MAX_CALLS}, CARD("read", "", ""), "turn_calls"},
        {{.same_calls_count = 1}, CARD("read", "", ""), "allow"},
        {{.same_calls_count = 2}, CARD("read", "", ""), "repeated"},
        {{.same_calls_count = 1}, CARD("write", "", ""), "repeated"},
        {{.tool_calls_count = 7}, CARD("read", "", ""), "allow"},
        {{.tool_calls_count = 8}, CARD("read", "", ""), "tool_calls"},
        {{.tool_calls_count = 3}, CARD("write", "", ""), "tool_calls"},
    };
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        scene_t scene = usual;
        scene.turn = cases[i].turn;
        assert_string_equal(decide(&scene, cases[i].effects, "{}"), cases[i].wanted);
    }
    scene_t scene = usual;
    scene.rules[0] =
        RULE(.tool = ACT_STR("thing"), .decision = ACT_STR("allow"), .turn_max_count = 5);
    scene.rules_count = 1;
    scene.turn.tool_calls_count = 4;
    assert_string_equal(decide(&scene, CARD("write", "", ""), "{}"), "allow");
    scene.turn.tool_calls_count = 5;
    assert_string_equal(decide(&scene, CARD("write", "", ""), "{}"), "tool_calls");
}

static void tools_for_staff_are_no_customers_tools(void **state)
{
    (void)state;
    const tool_rule_t rule = RULE(.tool = ACT_STR("thing"), .decision = ACT_STR("allow"));
    const tool_turn_reply_t known = {.role = ACT_STR("staff"), .rules = {&rule, 1}};
    const policy_facts_t facts = {.flow = ACT_STR("agent"), .known = &known};
    ACT_AUTO(act_tool_card) *card = card_of(CARD("read", "", ""));
    assert_true(policy_offers(&facts, card, false));
    json_object_set_new(card->root, "audience", json_string("staff"));
    assert_false(policy_offers(&facts, card, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(the_closest_rule_decides),
        cmocka_unit_test(values_come_from_where_they_may),
        cmocka_unit_test(unmarked_addresses_go_nowhere),
        cmocka_unit_test(after_foreign_text_only_safe_tools),
        cmocka_unit_test(tools_for_staff_are_no_customers_tools),
        cmocka_unit_test(counts_have_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
