// mcp_sessions_test
#include "mcp/mcp_sessions.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_a_session_is_open_until_it_ends(void **state)
{
    (void)state;
    ACT_AUTO(mcp_sessions) *sessions = mcp_sessions_new();
    char id[MCP_SESSION_ID_BYTES];
    strcpy(id, mcp_sessions_open(sessions, 1000));
    assert_int_equal(strlen(id), MCP_SESSION_ID_BYTES - 1);
    assert_true(mcp_sessions_use(sessions, act_str(id), 1000));
    assert_false(mcp_sessions_use(sessions, (act_str_t){0}, 1000));
    assert_false(mcp_sessions_use(sessions, ACT_STR("0123"), 1000));
    assert_true(mcp_sessions_end(sessions, act_str(id), 1000));
    assert_false(mcp_sessions_use(sessions, act_str(id), 1000));
    assert_false(mcp_sessions_end(sessions, act_str(id), 1000));
}

static void test_unused_sessions_expire(void **state)
{
    (void)state;
    ACT_AUTO(mcp_sessions) *sessions = mcp_sessions_new();
    act_str_t id = act_str(mcp_sessions_open(sessions, 0));
    assert_true(mcp_sessions_use(sessions, id, MCP_SESSION_IDLE_MS - 1));
    assert_true(mcp_sessions_use(sessions, id, 2 * (int64_t)MCP_SESSION_IDLE_MS - 2));
    assert_false(mcp_sessions_use(sessions, id, 4 * (int64_t)MCP_SESSION_IDLE_MS));
}

static void test_the_longest_unused_makes_room(void **state)
{
    (void)state;
    ACT_AUTO(mcp_sessions) *sessions = mcp_sessions_new();
    char first[MCP_SESSION_ID_BYTES], second[MCP_SESSION_ID_BYTES];
    strcpy(first, mcp_sessions_open(sessions, 1));
    strcpy(second, mcp_sessions_open(sessions, 2));
    for (int i = 2; i < MCP_SESSIONS_MAX_COUNT; i++)
        (void)mcp_sessions_open(sessions, 3);
    assert_true(mcp_sessions_use(sessions, act_str(first), 4));
    (void)mcp_sessions_open(sessions, 5);
    assert_true(mcp_sessions_use(sessions, act_str(first), 5));
    assert_false(mcp_sessions_use(sessions, act_str(second), 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_is_open_until_it_ends),
        cmocka_unit_test(test_unused_sessions_expire),
        cmocka_unit_test(test_the_longest_unused_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
