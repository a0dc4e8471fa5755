// dead_body_test: bodies of dead letters to JSON and back.
#include "dead_body.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// {"id":"x","n":7}
#define GOOD "82a26964a178a16e07"

static void a_body_comes_back(void **state)
{
    (void)state;
    act_buf_t json, hex;
    act_buf_init(&json, 65536);
    act_buf_init(&hex, 65536);
    assert_int_equal(dead_body_to_json(ACT_STR(GOOD), &json), ACT_E_OK);
    assert_true(act_str_is(act_buf_str(&json), "{\"id\":\"x\",\"n\":7}"));
    assert_int_equal(dead_body_from_json(act_buf_str(&json), &hex), ACT_E_OK);
    assert_true(act_str_is(act_buf_str(&hex), GOOD));
    assert_true(dead_body_is_editable(ACT_STR(GOOD)));
    act_buf_fini(&json);
    act_buf_fini(&hex);
}

static void what_is_no_body_is_refused(void **state)
{
    (void)state;
    static const char *const bad_hex[] = {"", "8", "zz", "82a2", "c1", GOOD "00"};
    static const char *const bad_json[] = {"", "[1]", "{", "7", "{\"a\":1,\"a\":2}"};
    act_buf_t out;
    act_buf_init(&out, 65536);
    for (size_t i = 0; i < ACT_COUNT(bad_hex); i++)
        assert_int_equal(dead_body_to_json(act_str(bad_hex[i]), &out), ACT_E_MALFORMED);
    for (size_t i = 0; i < ACT_COUNT(bad_json); i++)
        assert_int_equal(dead_body_from_json(act_str(bad_json[i]), &out), ACT_E_MALFORMED);
    act_buf_fini(&out);
}

static void raw_bytes_cannot_be_edited(void **state)
{
    (void)state;
    assert_false(dead_body_is_editable(ACT_STR("81a161c403010203"))); // {"a": bin 01 02 03}
    assert_false(dead_body_is_editable(ACT_STR("zz")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_comes_back),
        cmocka_unit_test(what_is_no_body_is_refused),
        cmocka_unit_test(raw_bytes_cannot_be_edited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
