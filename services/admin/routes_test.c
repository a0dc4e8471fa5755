// routes_test: the table that was made from the document, held against the models and the document.
#include "routes.h"

#include "base/mem.h"
#include "io/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static routes_result_t find(const char *method, const char *path, const route_t **ret_route,
                            act_str_t *ret_values)
{
    return routes_find(act_str(method), act_str(path), ret_route, ret_values);
}

static void test_finds_a_route_and_its_values(void **state)
{
    (void)state;
    const route_t *route = NULL;
    act_str_t values[ROUTES_PARAMS_MAX_COUNT];
    assert_int_equal(find("POST", "/api/v1/services/agent/restart", &route, values), ROUTES_FOUND);
    assert_string_equal(route->operation, "restart");
    assert_true(act_str_is(values[0], "agent"));
    assert_int_equal(find("HEAD", "/api/v1/status", &route, values), ROUTES_FOUND);
    assert_int_equal(find("DELETE", "/api/v1/dead-letters/7", &route, values), ROUTES_FOUND);
    assert_string_equal(route->operation, "dropDeadLetter");
}

static void test_tells_what_is_wrong_with_a_request(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *path;
        routes_result_t result;
    } rows[] = {
        {"GET", "/api/v1/services/agent/restart", ROUTES_NO_METHOD},
        {"POST", "/api/v1/status", ROUTES_NO_METHOD},
        {"GET", "/api/v1/status/", ROUTES_NO_PATH},
        {"GET", "/api/v1/statu", ROUTES_NO_PATH},
        {"GET", "/api/v1/status/x", ROUTES_NO_PATH},
        {"POST", "/api/v1/services//restart", ROUTES_NO_PATH},
        {"POST", "/api/v1/services/a/b/restart", ROUTES_NO_PATH},
        {"GET", "/", ROUTES_NO_PATH},
        {"GET", "", ROUTES_NO_PATH},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        const route_t *route = NULL;
        act_str_t values[ROUTES_PARAMS_MAX_COUNT];
        assert_int_equal(find(rows[i].method, rows[i].path, &route, values), rows[i].result);
    }
}

// Every name of the table is a field of the request; every command leaves a row; only GET asks.
static void test_every_row_fits_its_rpc(void **state)
{
    (void)state;
    for (const route_t *route = routes; route->method; route++) {
        assert_true((route->service != NULL) != (route->handler != NULL));
        if (!route->service)
            continue;
        const act_method_t *method = &route->service->methods[route->rpc];
        const char *const *const lists[] = {route->params, route->query, route->body};
        for (size_t i = 0; i < ACT_COUNT(lists); i++)
            for (const char *const *name = lists[i]; name && *name; name++)
                assert_non_null(act_model_field(method->request, act_str(*name)));
        assert_true(route->is_audited == (strcmp(route->method, "GET") != 0));
        assert_false(method->is_cast);
    }
}

static void test_the_document_names_the_same_operations(void **state)
{
    (void)state;
    json_t *root = NULL;
    assert_int_equal(act_json_parse(routes_openapi(), &root, NULL, NULL), ACT_E_OK);
    assert_true(act_str_is(act_json_str(root, "openapi"), "3.1.0"));
    size_t count = 0;
    for (const route_t *route = routes; route->method; route++, count++) {
        char verb[16];
        snprintf(verb, sizeof verb, "%s", route->method);
        for (char *at = verb; *at; at++)
            *at = (char)(*at | 0x20);
        const json_t *path = act_json_object(act_json_object(root, "paths"), route->path);
        assert_true(
            act_str_is(act_json_str(act_json_object(path, verb), "operationId"), route->operation));
    }
    size_t operations = 0;
    const char *name = NULL;
    json_t *path = NULL;
    json_object_foreach(json_object_get(root, "paths"), name, path) operations +=
        json_object_size(path);
    assert_int_equal(operations, count);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_a_route_and_its_values),
        cmocka_unit_test(test_tells_what_is_wrong_with_a_request),
        cmocka_unit_test(test_every_row_fits_its_rpc),
        cmocka_unit_test(test_the_document_names_the_same_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
