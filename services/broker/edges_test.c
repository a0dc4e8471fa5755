// edges_test: one edge a (caller, service, method), and a bound.
#include "edges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void calls_of_one_kind_are_one_edge(void **state)
{
    (void)state;
    edges_t *edges = edges_new();
    edge_t *first = edges_count(edges, "ingress", ACT_STR("session"), ACT_STR("wake"));
    assert_ptr_equal(edges_count(edges, "ingress", ACT_STR("session"), ACT_STR("wake")), first);
    assert_int_equal(first->calls, 2);
    edge_t *other = edges_count(edges, "session", ACT_STR("session"), ACT_STR("wake"));
    assert_ptr_not_equal(other, first);
    assert_string_equal(other->caller, "session");
    assert_int_equal(edges_size(edges), 3); // "(other)" is the first
    assert_ptr_equal(edges_at(edges, 1), first);
    edges_destroy(&edges);
    assert_null(edges);
}

static void too_many_are_counted_together(void **state)
{
    (void)state;
    edges_t *edges = edges_new();
    char method[32];
    for (int i = 0; i < EDGES_MAX_COUNT + 9; i++) {
        snprintf(method, sizeof method, "method_%d", i);
        edges_count(edges, "cli", ACT_STR("a"), act_str(method));
    }
    assert_int_equal(edges_size(edges), EDGES_MAX_COUNT);
    assert_string_equal(edges_at(edges, 0)->caller, "(other)");
    assert_int_equal(edges_at(edges, 0)->calls, 10);
    edges_destroy(&edges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_of_one_kind_are_one_edge),
        cmocka_unit_test(too_many_are_counted_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
