// json: what is accepted, what is refused, and what survives the way to msgpack and back.
#include "io/json.h"

#include "base/mp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static act_err_t parse(act_str_t text)
{
    json_t *root = NULL;
    act_err_t err = act_json_parse(text, &root, NULL, NULL);
    json_decref(root);
    return err;
}

// An array nested `depth` levels deep.
static act_str_t nested(act_arena_t *arena, size_t depth)
{
    char *text = act_arena_alloc(arena, depth * 2);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return act_str_of(text, depth * 2);
}

static void accepts_json(void **state)
{
    (void)state;
    const char *const texts[] = {
        "{}",
        "[]",
        " [1, -2.5e3, true, false, null, \"\\u00e4\\n\"] ",
        "\"alone\"",
        "42",
        "{\"a\":{\"b\":[{}]}}",
        "\"\\u0000\"",
        "\"\\ud83d\\ude00\"",
        "[\"{[{[\"]",
        "[-0]",
        "{\"a\\u0000b\":1}",
    };
    for (size_t i = 0; i < ACT_COUNT(texts); i++)
        assert_int_equal(parse(act_str(texts[i])), ACT_E_OK);
}

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    const char *const texts[] = {
        "",
        " ",
        "{",
        "]",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "'a'",
        "[01]",
        "[1] x",
        "nul",
        "[\"\t\"]",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\ud8zz\"",
        "\"abc",
        "\"abc\\",
        "[\"\xff\"]",
        "[\"\xc0\xaf\"]",
        "[\"\xed\xa0\x80\"]",
        "{\"a\":1,\"a\":2}",
        "[1e400]",
        "[9223372036854775808]",
        "[NaN]",
        "\xef\xbb\xbf{}",
        "/**/{}",
    };
    for (size_t i = 0; i < ACT_COUNT(texts); i++)
        assert_int_equal(parse(act_str(texts[i])), ACT_E_MALFORMED);
    assert_int_equal(parse(act_str_of("[1]\0", 4)), ACT_E_MALFORMED);
    assert_int_equal(parse(act_str_of("123\0", 4)), ACT_E_MALFORMED);
    assert_int_equal(parse(act_str_of("\"a\0\"", 4)), ACT_E_MALFORMED);
}

static void bounds_the_depth(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    assert_int_equal(parse(nested(arena, ACT_JSON_MAX_DEPTH)), ACT_E_OK);
    assert_int_equal(parse(nested(arena, ACT_JSON_MAX_DEPTH + 1)), ACT_E_MALFORMED);
    assert_int_equal(parse(nested(arena, 1000000)), ACT_E_MALFORMED);
}

static void refuses_a_number_of_megabytes(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    size_t len_bytes = 10u << 20;
    char *digits = act_arena_alloc(arena, len_bytes);
    memset(digits, '9', len_bytes);
    assert_int_equal(parse(act_str_of(digits, len_bytes)), ACT_E_MALFORMED);
}

static void replaces_lone_surrogates(void **state)
{
    (void)state;
    const struct {
        const char *json;
        const char *text;
    } rows[] = {
        {"[\"a\\ud83d\"]", "a\xef\xbf\xbd"},
        {"[\"\\uDe00b\"]", "\xef\xbf\xbd"
                           "b"},
        {"[\"\\ud83d\\ud83d\\ude00\"]", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
        {"[\"\\ud83dx\\ude00\"]", "\xef\xbf\xbdx\xef\xbf\xbd"},
        {"[\"\\\\ud83d\"]", "\\ud83d"},
        {"[\"\\\\\\ud83d\"]", "\\\xef\xbf\xbd"},
        {"[\"\\ud83d\\ude00\"]", "\xf0\x9f\x98\x80"},
        {"[\"\\ud83d\\u0041\"]", "\xef\xbf\xbd"
                                 "A"},
        {"[\"\\u0000\", {\"\\u0000\": 1}]", "\xef\xbf\xbd"}, // a NUL in a key costs all
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        json_t *root = NULL;
        assert_int_equal(act_json_parse(act_str(rows[i].json), &root, NULL, NULL), ACT_E_OK);
        assert_string_equal(json_string_value(json_array_get(root, 0)), rows[i].text);
        json_decref(root);
    }
}

static void says_what_is_wrong_without_the_input(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    json_t *root = NULL;
    act_str_t error = ACT_STR("");
    act_str_t text = ACT_STR("{\"phone\": secret}");
    assert_int_equal(act_json_parse(text, &root, &error, arena), ACT_E_MALFORMED);
    assert_null(root);
    assert_true(error.len_bytes > 0);
    assert_null(strstr(error.ptr, "secret"));
    assert_int_equal(act_json_parse(nested(arena, 99), &root, &error, arena), ACT_E_MALFORMED);
    assert_true(act_str_is(error, "nested too deeply"));
    assert_int_equal(act_json_parse(act_str(NULL), &root, &error, arena), ACT_E_MALFORMED);
}

static void looks_up_without_failing(void **state)
{
    (void)state;
    json_t *root = NULL;
    act_str_t text = ACT_STR("{\"s\":\"x\",\"i\":7,\"r\":1.5,\"o\":{},\"a\":[]}");
    assert_int_equal(act_json_parse(text, &root, NULL, NULL), ACT_E_OK);
    assert_true(act_str_is(act_json_str(root, "s"), "x"));
    assert_true(act_str_empty(act_json_str(root, "i")));
    assert_true(act_str_empty(act_json_str(root, "none")));
    assert_true(act_str_empty(act_json_str(NULL, "s")));
    assert_int_equal(act_json_int(root, "i", 1), 7);
    assert_int_equal(act_json_int(root, "r", 1), 1);
    assert_int_equal(act_json_int(root, "none", -1), -1);
    assert_non_null(act_json_object(root, "o"));
    assert_null(act_json_object(root, "a"));
    assert_non_null(act_json_array(root, "a"));
    assert_null(act_json_array(act_json_object(root, "s"), "a"));
    json_decref(root);
}

static void keeps_values_through_msgpack(void **state)
{
    (void)state;
    const char *const texts[] = {
        "{\"a\":1,\"b\":[true,false,null,-7,1.5,2.0],\"c\":{\"d\":\"\xc3\xa4 \\\"\\\\ \\n\"}}",
        "[0.1,1e+300,-0.0,4.94065645841247e-324,9223372036854775807,-9223372036854775808]",
        "[]",
        "{}",
        "[[],{},[{}]]",
        "\"x\"",
        "null",
        "3.0",
        "\"\\u0001\\b\\f\\r\\t\"",
    };
    act_buf_t mp;
    act_buf_t json;
    act_buf_init(&mp, 4096);
    act_buf_init(&json, 4096);
    for (size_t i = 0; i < ACT_COUNT(texts); i++) {
        act_buf_reset(&mp);
        act_buf_reset(&json);
        assert_int_equal(act_json_text_to_mp(act_str(texts[i]), &mp), ACT_E_OK);
        assert_int_equal(act_mp_check(act_buf_str(&mp)), ACT_E_OK);
        assert_int_equal(act_mp_to_json(act_buf_str(&mp), &json), ACT_E_OK);
        act_buf_add_char(&json, '\0');
        assert_string_equal(json.ptr, texts[i]);
    }
    act_buf_fini(&mp);
    act_buf_fini(&json);
}

static void drops_nul_on_the_way_to_the_bus(void **state)
{
    (void)state;
    act_buf_t mp;
    act_buf_init(&mp, 64);
    act_str_t text = ACT_STR("\"a\\u0000b\\u0000\"");
    assert_int_equal(act_json_text_to_mp(text, &mp), ACT_E_OK);
    act_mp_t cursor = act_mp_open(act_buf_str(&mp));
    act_str_t value;
    assert_true(act_mp_read_str(&cursor, &value));
    assert_true(act_str_is(value, "ab"));
    act_buf_fini(&mp);
}

static void bounds_what_goes_to_the_bus(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_buf_t mp;
    act_buf_init(&mp, 4096);
    assert_int_equal(act_json_text_to_mp(nested(arena, ACT_MP_MAX_DEPTH), &mp), ACT_E_OK);
    assert_int_equal(act_mp_check(act_buf_str(&mp)), ACT_E_OK);
    act_buf_t json;
    act_buf_init(&json, 4096);
    assert_int_equal(act_mp_to_json(act_buf_str(&mp), &json), ACT_E_OK);
    act_buf_reset(&mp);
    assert_int_equal(act_json_text_to_mp(nested(arena, ACT_MP_MAX_DEPTH + 1), &mp),
                     ACT_E_TOO_LARGE);
    act_buf_fini(&mp);
    act_buf_init(&mp, 4);
    assert_int_equal(act_json_text_to_mp(ACT_STR("\"too long\""), &mp), ACT_E_TOO_LARGE);
    assert_int_equal(act_json_text_to_mp(ACT_STR("{"), &mp), ACT_E_MALFORMED);
    act_buf_fini(&mp);
    act_buf_fini(&json);
}

static void assert_json(act_buf_t *mp, const char *expected)
{
    act_buf_t json;
    act_buf_init(&json, 4096);
    assert_int_equal(act_mp_to_json(act_buf_str(mp), &json), ACT_E_OK);
    act_buf_add_char(&json, '\0');
    assert_string_equal(json.ptr, expected);
    act_buf_fini(&json);
    act_buf_reset(mp);
}

static void writes_what_json_has_not(void **state)
{
    (void)state;
    act_buf_t mp;
    act_buf_init(&mp, 4096);
    act_mp_array(&mp, 4);
    act_mp_bin(&mp, ACT_STR(""));
    act_mp_bin(&mp, ACT_STR("M"));
    act_mp_bin(&mp, ACT_STR("Ma"));
    act_mp_bin(&mp, ACT_STR("Man\xff\xfe"));
    assert_json(&mp, "[\"\",\"TQ==\",\"TWE=\",\"TWFu//4=\"]");
    act_mp_array(&mp, 2);
    act_mp_double(&mp, (double)__builtin_nanf(""));
    act_mp_double(&mp, (double)__builtin_inff());
    assert_json(&mp, "[null,null]");
    act_mp_map(&mp, 2);
    act_mp_int(&mp, -3);
    act_mp_bool(&mp, true);
    act_mp_str(&mp, ACT_STR("k"));
    act_mp_uint(&mp, UINT64_MAX);
    assert_json(&mp, "{\"-3\":true,\"k\":18446744073709551615}");
    act_mp_map(&mp, 1);
    act_mp_nil(&mp);
    act_mp_nil(&mp);
    act_buf_t json;
    act_buf_init(&json, 4096);
    assert_int_equal(act_mp_to_json(act_buf_str(&mp), &json), ACT_E_MALFORMED);
    assert_int_equal(act_mp_to_json(act_str(NULL), &json), ACT_E_MALFORMED);
    act_buf_fini(&json);
    act_buf_init(&json, 3);
    act_buf_reset(&mp);
    act_mp_str(&mp, ACT_STR("long"));
    assert_int_equal(act_mp_to_json(act_buf_str(&mp), &json), ACT_E_TOO_LARGE);
    act_buf_fini(&json);
    act_buf_fini(&mp);
}

static void quotes_any_bytes(void **state)
{
    (void)state;
    const struct {
        act_str_t text;
        const char *json;
    } rows[] = {
        {ACT_STR(""), "\"\""},
        {act_str(NULL), "\"\""},
        {ACT_STR("a\"b\\c/"), "\"a\\\"b\\\\c/\""},
        {ACT_STR("\0\x1f\n\x7f"), "\"\\u0000\\u001f\\n\x7f\""},
        {ACT_STR("\xc3\xa4\xff\xc3"), "\"\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\""},
        {ACT_STR("\xef\xbf\xbd\xff"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_buf_t out;
        act_buf_init(&out, 4096);
        act_json_quote(rows[i].text, &out);
        assert_int_equal(parse(act_buf_str(&out)), ACT_E_OK);
        act_buf_add_char(&out, '\0');
        assert_string_equal(out.ptr, rows[i].json);
        act_buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_json),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(bounds_the_depth),
        cmocka_unit_test(refuses_a_number_of_megabytes),
        cmocka_unit_test(replaces_lone_surrogates),
        cmocka_unit_test(says_what_is_wrong_without_the_input),
        cmocka_unit_test(looks_up_without_failing),
        cmocka_unit_test(keeps_values_through_msgpack),
        cmocka_unit_test(drops_nul_on_the_way_to_the_bus),
        cmocka_unit_test(bounds_what_goes_to_the_bus),
        cmocka_unit_test(writes_what_json_has_not),
        cmocka_unit_test(quotes_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
