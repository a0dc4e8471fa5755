// auth_test
#include "auth.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_S 1700000000
#define TOKEN "a-token-of-this-test"

static void test_only_the_token_is_the_token(void **state)
{
    (void)state;
    ACT_AUTO(auth) *auth = auth_new(ACT_STR(TOKEN));
    assert_true(auth_is_token(auth, ACT_STR(TOKEN)));
    assert_false(auth_is_token(auth, ACT_STR(TOKEN "x")));
    assert_false(auth_is_token(auth, ACT_STR("a-token-of-this-tesT")));
    assert_false(auth_is_token(auth, (act_str_t){0}));
}

static void test_without_a_token_nobody_comes_in(void **state)
{
    (void)state;
    ACT_AUTO(auth) *auth = auth_new((act_str_t){0});
    assert_false(auth_is_token(auth, (act_str_t){0}));
    assert_false(auth_is_token(auth, ACT_STR("")));
    char session[AUTH_SESSION_BYTES];
    int64_t expires_s = 0;
    auth_session_make(auth, NOW_S, session, &expires_s);
    assert_false(auth_session_check(auth, act_str(session), NOW_S, &expires_s));
}

static void test_a_session_is_good_until_it_expires(void **state)
{
    (void)state;
    ACT_AUTO(auth) *auth = auth_new(ACT_STR(TOKEN));
    char session[AUTH_SESSION_BYTES], second[AUTH_SESSION_BYTES];
    int64_t expires_s = 0, read_s = 0;
    auth_session_make(auth, NOW_S, session, &expires_s);
    auth_session_make(auth, NOW_S, second, &expires_s);
    assert_string_not_equal(session, second);
    assert_int_equal(expires_s, NOW_S + AUTH_SESSION_S);
    assert_true(auth_session_check(auth, act_str(session), NOW_S, &read_s));
    assert_int_equal(read_s, expires_s);
    assert_true(auth_session_check(auth, act_str(session), expires_s - 1, &read_s));
    assert_false(auth_session_check(auth, act_str(session), expires_s, &read_s));
}

static void test_a_changed_session_is_refused(void **state)
{
    (void)state;
    ACT_AUTO(auth) *auth = auth_new(ACT_STR(TOKEN));
    ACT_AUTO(auth) *other = auth_new(ACT_STR("another-token-of-this-test"));
    char session[AUTH_SESSION_BYTES];
    int64_t expires_s = 0;
    auth_session_make(auth, NOW_S, session, &expires_s);
    assert_false(auth_session_check(other, act_str(session), NOW_S, &expires_s));
    for (size_t i = 0; i < strlen(session); i++) {
        char changed[AUTH_SESSION_BYTES];
        memcpy(changed, session, sizeof changed);
        changed[i] = changed[i] == '1' ? '2' : '1';
        assert_false(auth_session_check(auth, act_str(changed), NOW_S, &expires_s));
        assert_false(auth_session_check(auth, act_str_of(session, i), NOW_S, &expires_s));
    }
    assert_false(auth_session_check(auth, ACT_STR("...."), NOW_S, &expires_s));
}

static void test_the_csrf_token_belongs_to_its_session(void **state)
{
    (void)state;
    ACT_AUTO(auth) *auth = auth_new(ACT_STR(TOKEN));
    char one[AUTH_SESSION_BYTES], two[AUTH_SESSION_BYTES], csrf[AUTH_CSRF_BYTES];
    int64_t expires_s = 0;
    auth_session_make(auth, NOW_S, one, &expires_s);
    auth_session_make(auth, NOW_S, two, &expires_s);
    auth_csrf_make(auth, act_str(one), csrf);
    assert_true(auth_csrf_check(auth, act_str(one), act_str(csrf)));
    assert_false(auth_csrf_check(auth, act_str(two), act_str(csrf)));
    assert_false(auth_csrf_check(auth, act_str(one), (act_str_t){0}));
    assert_null(strstr(one, csrf)); // the cookie does not tell it
}

static void test_wrong_tokens_run_out_and_come_back(void **state)
{
    (void)state;
    ACT_AUTO(auth) *auth = auth_new(ACT_STR(TOKEN));
    act_str_t peer = ACT_STR("192.0.2.1");
    int64_t now_ms = 1000000;
    for (int i = 0; i < AUTH_WRONG_MAX_COUNT; i++) {
        assert_true(auth_may_try(auth, peer, now_ms));
        auth_note_wrong(auth, peer, now_ms);
    }
    assert_false(auth_may_try(auth, peer, now_ms));
    assert_true(auth_may_try(auth, ACT_STR("192.0.2.2"), now_ms));
    assert_false(auth_may_try(auth, peer, now_ms + AUTH_WRONG_REFILL_MS - 1));
    assert_true(auth_may_try(auth, peer, now_ms + AUTH_WRONG_REFILL_MS));
    auth_note_wrong(auth, peer, now_ms + AUTH_WRONG_REFILL_MS);
    assert_false(auth_may_try(auth, peer, now_ms + AUTH_WRONG_REFILL_MS));
}

static void test_the_table_of_addresses_is_bounded(void **state)
{
    (void)state;
    ACT_AUTO(auth) *auth = auth_new(ACT_STR(TOKEN));
    for (int i = 0; i < 1000; i++) {
        char peer[32];
        snprintf(peer, sizeof peer, "192.0.%d.%d", i / 250, i % 250);
        auth_note_wrong(auth, act_str(peer), 1000 + i);
    }
    for (int i = 0; i < AUTH_WRONG_MAX_COUNT; i++)
        auth_note_wrong(auth, ACT_STR("192.0.2.99"), 3000);
    assert_false(auth_may_try(auth, ACT_STR("192.0.2.99"), 3000));
}

static void test_cookies(void **state)
{
    (void)state;
    assert_true(
        act_str_is(auth_cookie(ACT_STR("a=1; parley_session=x.y; b=2"), "parley_session"), "x.y"));
    assert_true(act_str_is(auth_cookie(ACT_STR("parley_session=x"), "parley_session"), "x"));
    assert_true(act_str_empty(
        auth_cookie(ACT_STR("xparley_session=x; parley_sessionx=y"), "parley_session")));
    assert_true(act_str_empty(auth_cookie((act_str_t){0}, "parley_session")));
}

static void test_origins(void **state)
{
    (void)state;
    assert_true(auth_is_same_origin(ACT_STR("http://127.0.0.1:8081"), ACT_STR("127.0.0.1:8081")));
    assert_true(auth_is_same_origin(ACT_STR("https://parley.example"), ACT_STR("parley.example")));
    assert_false(auth_is_same_origin(ACT_STR("http://127.0.0.1:8082"), ACT_STR("127.0.0.1:8081")));
    assert_false(auth_is_same_origin(ACT_STR("http://127.0.0.1:8081.evil.example"),
                                     ACT_STR("127.0.0.1:8081")));
    assert_false(auth_is_same_origin(ACT_STR("null"), ACT_STR("127.0.0.1:8081")));
    assert_false(auth_is_same_origin(ACT_STR("http://"), (act_str_t){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_token_is_the_token),
        cmocka_unit_test(test_without_a_token_nobody_comes_in),
        cmocka_unit_test(test_a_session_is_good_until_it_expires),
        cmocka_unit_test(test_a_changed_session_is_refused),
        cmocka_unit_test(test_the_csrf_token_belongs_to_its_session),
        cmocka_unit_test(test_wrong_tokens_run_out_and_come_back),
        cmocka_unit_test(test_the_table_of_addresses_is_bounded),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
