// mcp_grant: what is asked, what is understood, and when a token is renewed.
#include "mcp/mcp_grant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void asks_by_the_standards(void **state)
{
    (void)state;
    const struct {
        mcp_grant_ask_t ask;
        const char *form;
        const char *header;
    } rows[] = {
        {{.client_id = ACT_STR("me"), .client_secret = ACT_STR("it")},
         "grant_type=client_credentials",
         "Authorization: Basic bWU6aXQ="},
        // RFC 6749, 2.3.1: both are encoded before they are joined.
        {{.client_id = ACT_STR("a:b"),
          .client_secret = ACT_STR("p%\xc3\xa9"),
          .scope = ACT_STR("x y")},
         "grant_type=client_credentials&scope=x%20y",
         "Authorization: Basic YSUzQWI6cCUyNSVDMyVBOQ=="},
        {{.client_id = ACT_STR("me"), .client_secret = ACT_STR("i&t=1"), .is_secret_in_body = true},
         "grant_type=client_credentials&client_id=me&client_secret=i%26t%3D1",
         NULL},
        {{.client_id = ACT_STR("me"),
          .refresh_token = ACT_STR("r+1"),
          .resource = ACT_STR("https://a.example/mcp")},
         "grant_type=refresh_token&refresh_token=r%2B1&client_id=me&resource=https%3A%2F%2Fa.example%2Fmcp",
         NULL},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_arena_t *arena = act_arena_new();
        assert_string_equal(mcp_grant_form(&rows[i].ask, arena).ptr, rows[i].form);
        const char *header = mcp_grant_header(&rows[i].ask, arena);
        assert_int_equal(header != NULL, rows[i].header != NULL);
        if (header)
            assert_string_equal(header, rows[i].header);
        act_arena_destroy(&arena);
    }
}

static void understands_answers(void **state)
{
    (void)state;
    const struct {
        uint16_t status;
        const char *body;
        act_err_t err;
        const char *token, *refresh;
        int64_t expires_in_s;
    } rows[] = {
        {200, "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":60}", ACT_E_OK, "a",
         "", 60},
        {200,
         "{\"access_token\":\"a\",\"token_type\":\"bearer\",\"expires_in\":\"60\",\"refresh_token\":\"r\"}",
         ACT_E_OK, "a", "r", 60},
        {200, "{\"access_token\":\"a\",\"token_type\":\"BEARER\",\"expires_in\":-1}", ACT_E_OK, "a",
         "", 0},
        {200, "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":\"soon\"}",
         ACT_E_OK, "a", "", 0},
        {200, "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":9e18}", ACT_E_OK,
         "a", "", 0},
        {200, "{\"access_token\":\"a\",\"token_type\":\"DPoP\"}", ACT_E_MALFORMED, "", "", 0},
        {200, "{\"access_token\":\"a\"}", ACT_E_MALFORMED, "", "", 0},
        {200, "{\"access_token\":\"a\\r\\nX: y\",\"token_type\":\"Bearer\"}", ACT_E_MALFORMED, "",
         "", 0},
        {200, "{\"access_token\":\"a b\",\"token_type\":\"Bearer\"}", ACT_E_MALFORMED, "", "", 0},
        {200, "{\"access_token\":\"\\u00e9\",\"token_type\":\"Bearer\"}", ACT_E_MALFORMED, "", "",
         0},
        {200, "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"refresh_token\":\"\\n\"}",
         ACT_E_MALFORMED, "", "", 0},
        {200, "{\"access_token\":\"\",\"token_type\":\"Bearer\"}", ACT_E_MALFORMED, "", "", 0},
        {200, "[]", ACT_E_MALFORMED, "", "", 0},
        {200, "", ACT_E_MALFORMED, "", "", 0},
        {302, "{}", ACT_E_MALFORMED, "", "", 0},
        {400, "{\"error\":\"invalid_scope\"}", ACT_E_UNAUTHORISED, "", "", 0},
        {400, "no json", ACT_E_MALFORMED, "", "", 0},
        {401, "no json", ACT_E_UNAUTHORISED, "", "", 0},
        {429, "{}", ACT_E_UNAVAILABLE, "", "", 0},
        {500, "{\"error\":\"invalid_grant\"}", ACT_E_UNAVAILABLE, "", "", 0},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        mcp_grant_answer_t answer;
        act_arena_t *arena = act_arena_new();
        mcp_grant_read(rows[i].status, act_str(rows[i].body), arena, &answer);
        if (answer.err != rows[i].err)
            fail_msg("row %zu: %s", i, act_err_code(answer.err));
        assert_true(act_str_is(answer.access_token, rows[i].token));
        assert_true(act_str_is(answer.refresh_token, rows[i].refresh));
        assert_int_equal(answer.expires_in_s, rows[i].expires_in_s);
        assert_false(answer.is_grant_refused);
        act_arena_destroy(&arena);
    }
}

static void says_of_refusals_only_what_the_standard_has(void **state)
{
    (void)state;
    mcp_grant_answer_t answer;
    mcp_grant_read(400,
                   ACT_STR("{\"error\":\"invalid_grant\",\"error_description\":\"token r-1\"}"),
                   NULL, &answer);
    assert_string_equal(answer.text, "invalid_grant");
    assert_true(answer.is_grant_refused);
    mcp_grant_read(400, ACT_STR("{\"error\":\"your secret is s3cret\"}"), NULL, &answer);
    assert_string_equal(answer.text, "an error that is not of the standard");
}

static void renews_before_the_end(void **state)
{
    (void)state;
    static const struct {
        int64_t expires_in_s, renew_ms;
    } rows[] = {
        {3600, 1000 + 3600000 - MCP_GRANT_MARGIN_MS},
        {60, 1000 + 54000},
        {1, 1000 + 900},
        {0, INT64_MAX},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_int_equal(mcp_grant_renew_ms(1000, rows[i].expires_in_s), rows[i].renew_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_by_the_standards),
        cmocka_unit_test(understands_answers),
        cmocka_unit_test(says_of_refusals_only_what_the_standard_has),
        cmocka_unit_test(renews_before_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
