// str_test: views, numbers at the edge of their range, and the hard cases of UTF-8.
#include "base/str.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

// --- views ---------------------------------------------------------------------------------------

static void empty_views_are_equal_with_or_without_a_pointer(void **state)
{
    (void)state;
    assert_true(act_str_eq(act_str(NULL), act_str("")));
    assert_true(act_str_is((act_str_t){0}, ""));
    assert_true(act_str_empty(act_str(NULL)));
    assert_true(act_str_starts_with(act_str(NULL), ""));
    assert_false(act_str_starts_with(act_str(NULL), "a"));
}

static void views_compare_by_all_their_bytes(void **state)
{
    (void)state;
    assert_true(act_str_eq(ACT_STR("a\0b"), ACT_STR("a\0b")));
    assert_false(act_str_eq(ACT_STR("a\0b"), ACT_STR("a\0c")));
    assert_false(act_str_is(ACT_STR("a\0b"), "a"));
    assert_true(act_str_starts_with(act_str("export X"), "export "));
    assert_false(act_str_starts_with(act_str("exp"), "export"));
}

static void trim_takes_ascii_white_space_at_both_ends_only(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *trimmed;
    } rows[] = {
        {"", ""},
        {" \t\r\n\v\f", ""},
        {" a b ", "a b"},
        {"\xc2\xa0x", "\xc2\xa0x"}, // a no-break space is not ASCII
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_true(act_str_is(act_str_trim(act_str(rows[i].text)), rows[i].trimmed));
}

static void cut_leaves_the_rest_and_ends_empty(void **state)
{
    (void)state;
    act_str_t rest = act_str("a,,b");
    assert_true(act_str_is(act_str_cut(&rest, ','), "a"));
    assert_true(act_str_is(act_str_cut(&rest, ','), ""));
    assert_true(act_str_is(act_str_cut(&rest, ','), "b"));
    assert_true(act_str_empty(rest));
    assert_true(act_str_is(act_str_cut(&rest, ','), ""));
}

static void copy_says_when_it_had_to_cut(void **state)
{
    (void)state;
    char text[4];
    assert_true(act_str_copy(act_str("abc"), text, sizeof text));
    assert_string_equal(text, "abc");
    assert_false(act_str_copy(act_str("abcd"), text, sizeof text));
    assert_string_equal(text, "abc");
    assert_true(act_str_copy(act_str(NULL), text, sizeof text));
    assert_string_equal(text, "");
}

static void hashes_depend_on_every_byte_and_on_the_seed(void **state)
{
    (void)state;
    assert_int_equal(act_str_hash(act_str("conv-1"), 7), act_str_hash(act_str("conv-1"), 7));
    assert_int_not_equal(act_str_hash(act_str("conv-1"), 7), act_str_hash(act_str("conv-1"), 8));
    assert_int_not_equal(act_str_hash(act_str("conv-1"), 7), act_str_hash(act_str("conv-2"), 7));
    assert_int_not_equal(act_str_hash(ACT_STR("a\0"), 0), act_str_hash(ACT_STR("a"), 0));
}

// --- numbers -------------------------------------------------------------------------------------

static void numbers_are_read_up_to_the_limits_of_64_bits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = {
        {"0", 0},
        {"-0", 0},
        {"+7", 7},
        {"007", 7},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"-9223372036854775807", -INT64_MAX},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        int64_t value = 42;
        assert_true(act_str_to_int(act_str(rows[i].text), &value));
        assert_true(value == rows[i].value);
    }
}

static void what_is_not_a_whole_number_leaves_the_output(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "-",
        "+",
        "+-1",
        "--1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x10",
        "1_000",
        "\xd9\xa1", // an Arabic digit
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999",
        "18446744073709551616",
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        int64_t value = 42;
        assert_false(act_str_to_int(act_str(rows[i]), &value));
        assert_int_equal(value, 42);
    }
    int64_t value = 42;
    assert_false(act_str_to_int(ACT_STR("1\0"), &value));
    assert_false(act_str_to_int(act_str(NULL), &value));
}

// --- UTF-8 ---------------------------------------------------------------------------------------

// What is well formed, and how many code points it has; malformed bytes count as one each.
static const struct {
    const char *bytes;
    bool is_valid;
    size_t count;
} utf8_rows[] = {
    {"", true, 0},
    {"abc", true, 3},
    {"\x7f", true, 1},
    {"\xc2\x80", true, 1},         // U+0080, the least of two bytes
    {"\xdf\xbf", true, 1},         // U+07FF
    {"\xe0\xa0\x80", true, 1},     // U+0800, the least of three
    {"\xed\x9f\xbf", true, 1},     // U+D7FF, the last before the surrogates
    {"\xee\x80\x80", true, 1},     // U+E000, the first behind them
    {"\xef\xbf\xbf", true, 1},     // U+FFFF, a noncharacter, is well formed
    {"\xf0\x90\x80\x80", true, 1}, // U+10000, the least of four
    {"\xf4\x8f\xbf\xbf", true, 1}, // U+10FFFF, the last
    {"\xc0\x80", false, 2},        // overlong NUL
    {"\xc1\xbf", false, 2},
    {"\xe0\x9f\xbf", false, 3}, // overlong
    {"\xf0\x8f\xbf\xbf", false, 4},
    {"\xed\xa0\x80", false, 3},     // U+D800
    {"\xed\xbf\xbf", false, 3},     // U+DFFF
    {"\xf4\x90\x80\x80", false, 4}, // U+110000
    {"\xf5\x80\x80\x80", false, 4},
    {"\xf8\x88\x80\x80\x80", false, 5}, // five bytes were legal once
    {"\xff", false, 1},
    {"\xfe\xff", false, 2},
    {"\x80", false, 1}, // a continuation alone
    {"a\xbf", false, 2},
    {"\xc3", false, 1}, // cut off
    {"\xe2\x82", false, 2},
    {"\xf0\x9f\x98", false, 3},
    {"\xc3\x28", false, 2}, // the second byte is not one
    {"\xe2\x28\xa1", false, 3},
    {"\xe2\x82\x28", false, 3},
    {"\xf0\x9f\x28\x80", false, 4},
    {"\xf0\x9f\x98\x80\xf0\x9f\x91\x8d", true, 2},
};

static void utf8_is_told_from_everything_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(utf8_rows); i++) {
        act_str_t text = act_str(utf8_rows[i].bytes);
        if (act_utf8_valid(text) != utf8_rows[i].is_valid)
            fail_msg("row %zu is taken for the other", i);
        assert_int_equal(act_utf8_count(text), utf8_rows[i].count);
    }
    assert_true(act_utf8_valid(ACT_STR("a\0b")));
    assert_true(act_utf8_valid(act_str(NULL)));
}

// Encodes what Unicode's table 3-6 says, without any check.
static size_t encode(uint32_t code, char *out)
{
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t heads[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    for (size_t i = len; i-- > 1; code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(heads[len] | code);
    return len;
}

static void every_code_point_comes_back_and_surrogates_do_not(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x110000; code++) {
        char bytes[4];
        act_str_t text = act_str_of(bytes, encode(code, bytes));
        bool is_scalar = code < 0xd800 || (code > 0xdfff && code < 0x110000);
        assert_true(act_utf8_valid(text) == is_scalar);
        size_t offset = 0;
        uint32_t read = act_utf8_next(text, &offset);
        assert_true(read == (is_scalar ? code : 0xfffd));
        assert_true(offset == (is_scalar ? text.len_bytes : 1));
    }
}

static void a_prefix_never_cuts_inside_a_code_point(void **state)
{
    (void)state;
    act_str_t text = act_str("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    static const size_t ends[] = {0, 1, 3, 6, 10, 10, 10};
    for (size_t count = 0; count < ACT_COUNT(ends); count++) {
        act_str_t prefix = act_utf8_prefix(text, count);
        assert_int_equal(prefix.len_bytes, ends[count]);
        assert_true(act_utf8_valid(prefix));
    }
    assert_int_equal(act_utf8_prefix(text, SIZE_MAX).len_bytes, 10);
    assert_int_equal(act_utf8_prefix(act_str(NULL), 3).len_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_views_are_equal_with_or_without_a_pointer),
        cmocka_unit_test(views_compare_by_all_their_bytes),
        cmocka_unit_test(trim_takes_ascii_white_space_at_both_ends_only),
        cmocka_unit_test(cut_leaves_the_rest_and_ends_empty),
        cmocka_unit_test(copy_says_when_it_had_to_cut),
        cmocka_unit_test(hashes_depend_on_every_byte_and_on_the_seed),
        cmocka_unit_test(numbers_are_read_up_to_the_limits_of_64_bits),
        cmocka_unit_test(what_is_not_a_whole_number_leaves_the_output),
        cmocka_unit_test(utf8_is_told_from_everything_else),
        cmocka_unit_test(every_code_point_comes_back_and_surrogates_do_not),
        cmocka_unit_test(a_prefix_never_cuts_inside_a_code_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
