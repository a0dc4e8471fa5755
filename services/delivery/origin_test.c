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

static void knows_what_a_provider_can_fetch(void **state)
{
    (void)state;
    static const char *const links[] = {"https://cdn.example.com/a.png?x=1&y=%20#z",
                                        "https://8.8.8.8/a", "https://[2606:4700::1111]:8443/a"};
    for (size_t i = 0; i < ACT_COUNT(links); i++)
        assert_true(origin_is_link(act_str(links[i]), /* allows_inside= */ false));
    static const char *const inside[] = {"http://cdn.example.com/a.png", "http://127.0.0.1:9/a",
                                         "https://localhost/a", "https://10.0.0.1/a",
                                         "https://2130706433/a"};
    for (size_t i = 0; i < ACT_COUNT(inside); i++) {
        assert_false(origin_is_link(act_str(inside[i]), /* allows_inside= */ false));
        assert_true(origin_is_link(act_str(inside[i]), /* allows_inside= */ true));
    }
    static const char *const never[] = {"",
                                        "https://",
                                        "https:///a",
                                        "cdn.example.com/a",
                                        "ftp://cdn.example.com/a",
                                        "file:///etc/passwd",
                                        "https://me@cdn.example.com/a",
                                        "https://cdn.example.com/a b",
                                        "https://cdn.example.com/\n",
                                        "https://cdn.example.com/\"",
                                        "https://cdn.example.com/ü"};
    for (size_t i = 0; i < ACT_COUNT(never); i++)
        assert_false(origin_is_link(act_str(never[i]), /* allows_inside= */ true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_is_inside),
        cmocka_unit_test(knows_what_a_provider_can_fetch),
    };
    return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
