// mcp_message_test
#include "mcp/mcp_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_kinds_and_faults(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
        mcp_kind_t kind;
    } rows[] = {
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}", 0, MCP_REQUEST},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"a\",\"params\":{}}", 0, MCP_REQUEST},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"a\"}", 0, MCP_NOTIFICATION},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", 0, MCP_RESPONSE},
        {"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{}}", 0, MCP_RESPONSE},
        {"", MCP_PARSE_ERROR, 0},
        {"{\"jsonrpc\":\"2.0\"", MCP_PARSE_ERROR, 0},
        {"[]", MCP_INVALID_REQUEST, 0},
        {"7", MCP_INVALID_REQUEST, 0},
        {"{\"jsonrpc\":\"2.0\"}", MCP_INVALID_REQUEST, 0},
        {"{\"id\":1,\"method\":\"a\"}", MCP_INVALID_REQUEST, 0},
        {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"a\"}", MCP_INVALID_REQUEST, 0},
        {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"a\"}", MCP_INVALID_REQUEST, 0},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", MCP_INVALID_REQUEST, 0},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"result\":{}}", MCP_INVALID_REQUEST, 0},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":[]}", MCP_INVALID_PARAMS, 0},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{}}", MCP_INVALID_REQUEST, 0},
        {"{\"jsonrpc\":\"2.0\",\"result\":{}}", MCP_INVALID_REQUEST, 0},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        mcp_message_t message;
        int code = mcp_message_read(act_str(rows[i].text), &message);
        if (code != rows[i].code || (code == 0 && message.kind != rows[i].kind))
            fail_msg("%s: %d", rows[i].text, code);
        mcp_message_fini(&message);
    }
}

static void test_what_is_composed_can_be_read(void **state)
{
    (void)state;
    json_t *id = json_integer(7);
    json_t *messages[] = {
        mcp_request(json_incref(id), "a", json_object()),
        mcp_request(NULL, "a", NULL),
        mcp_result(id, json_object()),
        mcp_error(NULL, MCP_INTERNAL_ERROR, "text", NULL),
    };
    static const mcp_kind_t kinds[] = {MCP_REQUEST, MCP_NOTIFICATION, MCP_RESPONSE, MCP_RESPONSE};
    for (size_t i = 0; i < ACT_COUNT(messages); i++) {
        act_buf_t out;
        act_buf_init(&out, 4096);
        mcp_dump(messages[i], &out);
        mcp_message_t message;
        assert_int_equal(mcp_message_read(act_buf_str(&out), &message), 0);
        assert_int_equal(message.kind, kinds[i]);
        assert_null(memchr(out.ptr, '\n', out.len_bytes));
        mcp_message_fini(&message);
        act_buf_fini(&out);
        json_decref(messages[i]);
    }
    json_decref(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_and_faults),
        cmocka_unit_test(test_what_is_composed_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
