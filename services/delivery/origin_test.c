// origin_test: inside, outside, and disguises.
#include "origin.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void knows_what_is_inside(void **state)
{
    (void)state;
    static const char *const inside[] = {
        "http://127.0.0.1:9100", "http://127.0.0.1",    "https://10.1.2.3/graph",
        "http://[::1]:8080/x",   "http://192.168.0.5",  "http://localhost",
        "http://localhost:1/",   "http://graph-sim:80", "http://sim.localhost",
        "http://[fd00::1]",      "http://172.16.0.1?x",
    };
    for (size_t i = 0; i < ACT_COUNT(inside); i++)
        assert_true(origin_is_private(act_str(inside[i])));
    static const char *const outside[] = {
        "",
        "https://graph.facebook.com",
        "https://8.8.8.8",
        "http://[2606:4700::1111]/",
        "ftp://127.0.0.1",
        "127.0.0.1",
        "http://",
        "http:///x",
        "http://me@127.0.0.1",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
    };
    for (size_t i = 0; i < ACT_COUNT(outside); i++)
        assert_false(origin_is_private(act_str(outside[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(knows_what_is_inside)};
    return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
