// flows: what is built in is sound, and what a folder adds or replaces.
#include "flows.h"

#include "match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void has_all_built_in_flows(void **state)
{
    (void)state;
    static const char *const names[] = {
        "greeting",           "list_projects",   "view_tasks",        "view_documents",
        "report_incident",    "update_progress", "escalate_to_human", "book_appointment",
        "cancel_appointment", "question",        "ask_price",         "leave_contact",
    };
    act_buf_t error;
    act_buf_init(&error, 1024);
    ACT_AUTO(flows) *flows = NULL;
    assert_int_equal(flows_load(NULL, &flows, &error), ACT_E_OK);
    assert_int_equal(flows_count(flows), ACT_COUNT(names));
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        assert_non_null(flows_find(flows, act_str(names[i])));
    assert_null(flows_find(flows, ACT_STR("ask_question"))); // questions are the agent's
    assert_null(flows_find(flows, ACT_STR("")));
    assert_string_equal(flows_at(flows, 0)->flow, "ask_price");
    act_buf_fini(&error);
}

static void put_file(const char *dir, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void remove_file(const char *dir, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(unlink(path), 0);
}

static void takes_flows_of_a_folder(void **state)
{
    (void)state;
    char dir[] = "/tmp/flows_test_XXXXXX";
    assert_non_null(mkdtemp(dir));
    put_file(dir, "greeting.yaml",
             "flow: greeting\nrevision: 7\nstart: a\nnodes:\n"
             "  - {node: a, kind: next, flow: own}\n");
    put_file(dir, "own.yaml",
             "flow: own\nrevision: 1\nstart: a\nnodes:\n  - {node: a, kind: end}\n");
    put_file(dir, "notes.txt", "not a flow");
    put_file(dir, ".hidden.yaml", "not a flow");
    act_buf_t error;
    act_buf_init(&error, 1024);
    ACT_AUTO(flows) *flows = NULL;
    assert_int_equal(flows_load(dir, &flows, &error), ACT_E_OK);
    assert_int_equal(flows_count(flows), 13);
    assert_int_equal(flows_find(flows, ACT_STR("greeting"))->revision, 7);
    assert_non_null(flows_find(flows, ACT_STR("own")));

    ACT_AUTO(flows) *none = NULL;
    remove_file(dir, "own.yaml");
    assert_int_equal(flows_load(dir, &none, &error), ACT_E_CONFIG);
    assert_true(match_has(act_buf_str(&error),
                          ACT_STR("greeting.yaml: node a: field flow: there is no flow 'own'")));
    put_file(dir, "own.yaml", "flow: own\n");
    act_buf_reset(&error);
    assert_int_equal(flows_load(dir, &none, &error), ACT_E_CONFIG);
    assert_true(match_has(act_buf_str(&error), ACT_STR("own.yaml: ")));
    assert_null(none);
    remove_file(dir, "own.yaml");
    remove_file(dir, "greeting.yaml");
    remove_file(dir, "notes.txt");
    remove_file(dir, ".hidden.yaml");
    rmdir(dir);
    act_buf_reset(&error);
    assert_int_equal(flows_load(dir, &none, &error), ACT_E_CONFIG);
    assert_true(match_has(act_buf_str(&error), act_str(dir)));
    act_buf_fini(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_all_built_in_flows),
        cmocka_unit_test(takes_flows_of_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
