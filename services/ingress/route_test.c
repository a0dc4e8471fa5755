// route_test: every path and method.
#include "route.h"

#include "base/mem.h"
#include "channels/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void finds_whole_paths_only(void **state)
{
    (void)state;
    static const char *const known[] = {"/webhook/whatsapp", "/webhook", "/healthz", "/readyz"};
    for (size_t i = 0; i < ACT_COUNT(known); i++)
        assert_string_equal(route_find(act_str(known[i]))->path, known[i]);
    static const char *const unknown[] = {
        "",          "/",         "/webhook/",           "/webhook/whatsapp/", "/webhook/telegram",
        "/WEBHOOK",  "webhook",   "/webhook/../webhook", "/healthz ",          "/healthz?x",
        "/readyz/x", "//webhook",
    };
    for (size_t i = 0; i < ACT_COUNT(unknown); i++)
        assert_null(route_find(act_str(unknown[i])));
}

static void names_channels_that_exist(void **state)
{
    (void)state;
    assert_non_null(act_channel_find(act_str(route_find(ACT_STR("/webhook"))->channel)));
    assert_string_equal(route_find(ACT_STR("/webhook/whatsapp"))->channel, "whatsapp");
}

static void allows_by_kind(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *method;
        bool is_allowed;
    } rows[] = {
        {"/webhook", "GET", true},     {"/webhook", "POST", true},  {"/webhook", "HEAD", false},
        {"/webhook", "PUT", false},    {"/webhook", "get", false},  {"/webhook", "", false},
        {"/healthz", "GET", true},     {"/healthz", "HEAD", true},  {"/healthz", "POST", false},
        {"/readyz", "GET", true},      {"/readyz", "HEAD", true},   {"/readyz", "DELETE", false},
        {"/readyz", "OPTIONS", false}, {"/readyz", "POSTS", false},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_int_equal(
            route_allows(route_find(act_str(rows[i].path)), method_of(act_str(rows[i].method))),
            rows[i].is_allowed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_whole_paths_only),
        cmocka_unit_test(names_channels_that_exist),
        cmocka_unit_test(allows_by_kind),
    };
    return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
