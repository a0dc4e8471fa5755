// acl_test: the built-in table says what docs/acl.md says; patterns; files that add; bad files.
#include "acl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static bool may_call(const acl_t *acl, const char *actor, const char *service, const char *method)
{
    return acl_may_call(acl_find(acl, act_str(actor)), act_str(service), act_str(method));
}

static acl_t *acl_of(const char *yaml)
{
    acl_t *acl = acl_new_empty();
    act_buf_t error;
    act_buf_init(&error, 4096);
    assert_int_equal(acl_add(acl, act_str(yaml), &error), ACT_E_OK);
    act_buf_fini(&error);
    return acl;
}

static void built_in_rights_are_those_of_the_table(void **state)
{
    (void)state;
    ACT_AUTO(acl) *acl = acl_new();
    assert_true(may_call(acl, "ingress", "persistence", "append_inbound"));
    assert_false(may_call(acl, "ingress", "persistence", "turn_begin"));
    assert_false(may_call(acl, "ingress", "persistence", "list_handoffs"));
    assert_false(may_call(acl, "agent", "bus", "shutdown"));
    assert_true(may_call(acl, "cli", "bus", "shutdown"));
    assert_true(acl_may_offer(acl_find(acl, act_str("agent")), act_str("agent")));
    assert_false(acl_may_offer(acl_find(acl, act_str("agent")), act_str("persistence")));
    assert_false(acl_may_offer(acl_find(acl, act_str("cli")), act_str("cli")));
    const acl_actor_t *session = acl_find(acl, act_str("session"));
    assert_true(acl_may_publish(session, act_str("conversation/7")));
    assert_false(acl_may_publish(session, act_str("conversation")));
    assert_false(acl_may_subscribe(session, act_str("conversation/7")));
    assert_true(acl_may_subscribe(acl_find(acl, act_str("cli")), act_str("conversation/7")));
}

// A tool offers its own name and calls what its permissions name, no more than the row of all tools has.
static void tools_get_rows_of_their_own(void **state)
{
    (void)state;
    ACT_AUTO(acl) *acl = acl_new();
    act_buf_t error;
    act_buf_init(&error, 1024);
    const char *calls[] = {"persistence.list_projects"};
    assert_null(acl_find(acl, act_str("tool.weather")));
    assert_int_equal(acl_put_tool(acl, "tool.weather", calls, 1, &error), ACT_E_OK);
    const acl_actor_t *row = acl_find(acl, act_str("tool.weather"));
    assert_true(acl_may_offer(row, act_str("tool.weather")));
    assert_false(acl_may_offer(row, act_str("tool.other")));
    assert_true(acl_may_call(row, act_str("persistence"), act_str("list_projects")));
    assert_false(acl_may_call(row, act_str("persistence"), act_str("list_tasks")));
    assert_false(acl_may_call(row, act_str("tool.weather"), act_str("call")));
    assert_true(may_call(acl, "agent", "tool.weather", "call"));
    assert_false(may_call(acl, "agent", "tool.weather", "other"));
    assert_false(may_call(acl, "ingress", "tool.weather", "call"));
    assert_int_equal(acl_put_tool(acl, "tool.weather", NULL, 0, &error), ACT_E_OK);
    assert_ptr_equal(row, acl_find(acl, act_str("tool.weather")));
    assert_false(acl_may_call(row, act_str("persistence"), act_str("list_projects")));
    calls[0] = "persistence.turn_commit";
    assert_int_equal(acl_put_tool(acl, "tool.weather", calls, 1, &error), ACT_E_FORBIDDEN);
    assert_false(acl_may_offer(row, act_str("tool.weather")));
    act_buf_fini(&error);
}

static void who_is_not_there_may_nothing(void **state)
{
    (void)state;
    ACT_AUTO(acl) *acl = acl_new();
    assert_null(acl_find(acl, act_str("mallory")));
    assert_null(acl_find(acl, act_str("")));
    assert_null(acl_find(acl, act_str("*")));
    assert_false(may_call(acl, "mallory", "bus", "status"));
    assert_false(acl_may_offer(NULL, act_str("agent")));
    assert_false(acl_may_publish(NULL, act_str("conversation/7")));
    assert_false(acl_may_subscribe(NULL, act_str("conversation/7")));
}

// The set of exact calls is complete, and nothing beside it gets through.
static void each_rule_is_found_and_nothing_near_it(void **state)
{
    (void)state;
    ACT_AUTO(acl) *acl = acl_new();
    acl_rule_t rule;
    uint32_t calls_count = 0;
    for (uint32_t i = 0; acl_rule(acl, i, &rule); i++) {
        if (rule.right != ACL_CALL || strcmp(rule.method, "*") == 0)
            continue;
        calls_count++;
        char longer[80];
        snprintf(longer, sizeof longer, "%s_", rule.method);
        assert_true(may_call(acl, rule.actor, rule.service, rule.method));
        assert_false(may_call(acl, rule.actor, rule.service, longer));
        assert_false(may_call(acl, rule.actor, rule.service, ""));
        assert_false(may_call(acl, rule.actor, "", rule.method));
        assert_false(may_call(acl, rule.actor, "bus2", rule.method));
    }
    assert_true(calls_count > 30);
}

static void stars_stand_for_all_or_for_a_rest(void **state)
{
    (void)state;
    ACT_AUTO(acl) *acl =
        acl_of("actors:\n"
               "  - {name: probe, calls: ['bus.*', 'echo.run'], offers: ['test-*']}\n"
               "  - {name: '*', subscribes: ['a/*', b]}\n");
    assert_true(may_call(acl, "probe", "bus", "anything"));
    assert_false(may_call(acl, "probe", "bust", "anything"));
    const acl_actor_t *probe = acl_find(acl, act_str("probe"));
    assert_true(acl_may_offer(probe, act_str("test-1")));
    assert_false(acl_may_offer(probe, act_str("tes")));
    assert_false(acl_may_subscribe(probe, act_str("b"))); // its own row counts, not that of all
    const acl_actor_t *anybody = acl_find(acl, act_str("somebody"));
    assert_true(acl_may_subscribe(anybody, act_str("b")));
    assert_true(acl_may_subscribe(anybody, act_str("a/b")));
    assert_false(acl_may_subscribe(anybody, act_str("a")));
    assert_false(may_call(acl, "somebody", "bus", "status"));
}

static void a_file_adds_to_the_table(void **state)
{
    (void)state;
    ACT_AUTO(acl) *acl = acl_new();
    char path[] = "/tmp/acl_test.XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(dprintf(descriptor, "actors:\n  - {name: probe, calls: [bus.status]}\n"
                                    "  - {name: agent, calls: [echo.run]}\n") > 0);
    close(descriptor);
    act_buf_t error;
    act_buf_init(&error, 4096);
    assert_int_equal(acl_add_file(acl, path, &error), ACT_E_OK);
    act_buf_fini(&error);
    unlink(path);
    assert_true(may_call(acl, "probe", "bus", "status"));
    assert_false(may_call(acl, "probe", "bus", "shutdown"));
    assert_true(may_call(acl, "agent", "echo", "run"));
    assert_true(may_call(acl, "agent", "persistence", "search_faq"));
}

static void bad_files_are_refused_with_a_line(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "actors: []",
        "actors: [{calls: [a.b]}]",
        "actors: [{name: x, calls: [bus]}]",
        "actors: [{name: x, calls: ['.run']}]",
        "actors: [{name: x, calls: ['a.']}]",
        "actors: [{name: x, calls: ['a*b.run']}]",
        "actors: [{name: x, offers: ['*a']}]",
        "actors: [{name: x, reads: [a]}]",
        "actors: {name: x}",
        "\xff\xfe",
    };
    for (size_t i = 0; i < ACT_COUNT(bad); i++) {
        ACT_AUTO(acl) *acl = acl_new_empty();
        act_buf_t error;
        act_buf_init(&error, 4096);
        assert_int_equal(acl_add(acl, act_str(bad[i]), &error), ACT_E_CONFIG);
        assert_true(error.len_bytes > 5);
        act_buf_fini(&error);
    }
    ACT_AUTO(acl) *acl = acl_new_empty();
    act_buf_t error;
    act_buf_init(&error, 4096);
    assert_int_equal(acl_add_file(acl, "/none/acl.yaml", &error), ACT_E_CONFIG);
    act_buf_fini(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_rights_are_those_of_the_table),
        cmocka_unit_test(tools_get_rows_of_their_own),
        cmocka_unit_test(who_is_not_there_may_nothing),
        cmocka_unit_test(each_rule_is_found_and_nothing_near_it),
        cmocka_unit_test(stars_stand_for_all_or_for_a_rest),
        cmocka_unit_test(a_file_adds_to_the_table),
        cmocka_unit_test(bad_files_are_refused_with_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
