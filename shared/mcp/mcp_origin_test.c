// mcp_origin_test
#include "mcp/mcp_origin.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_names_and_origins(void **state)
{
    (void)state;
    static const struct {
        const char *host, *origin, *names;
        bool is_ours;
    } rows[] = {
        {"localhost", "", "", true},
        {"127.0.0.1:8081", "", "", true},
        {"[::1]:8081", "", "", true},
        {"[::1]", "http://[::1]", "", true},
        {"localhost:8081", "http://localhost:8081", "", true},
        {"localhost:8081", "https://localhost:8081", "", true},
        {"a.example", "", "b.example, a.example", true},
        {"a.example:443", "https://a.example:443", "a.example", true},
        {"", "", "", false},
        {":80", "", "", false},
        {"evil.example", "", "", false},
        {"localhost.evil.example", "", "", false},
        {"127.0.0.1.evil.example:8081", "", "", false},
        {"evil.example", "http://evil.example", "a.example", false},
        {"localhost:8081", "http://localhost:8082", "", false},
        {"localhost:8081", "http://evil.example", "", false},
        {"localhost:8081", "null", "", false},
        {"localhost:8081", "file://localhost:8081", "", false},
        {"[::1", "", "", false},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        if (mcp_origin_is_ours(act_str(rows[i].host), act_str(rows[i].origin),
                               act_str(rows[i].names)) != rows[i].is_ours)
            fail_msg("%s from \"%s\"", rows[i].host, rows[i].origin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names_and_origins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
