// match and page: numbers, names, pages.
#include "match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void finds_parts(void **state)
{
    (void)state;
    assert_true(match_has(ACT_STR("abc"), ACT_STR("bc")));
    assert_false(match_has(ACT_STR("abc"), ACT_STR("abcd")));
    assert_false(match_has((act_str_t){0}, ACT_STR("a")));
}

static void counts_numbers_and_words(void **state)
{
    (void)state;
    int64_t number = -1;
    assert_int_equal(match_numbers(ACT_STR("task three"), &number), 0);
    assert_int_equal(number, -1);
    assert_int_equal(match_numbers(ACT_STR("about 80 done"), &number), 1);
    assert_int_equal(number, 80);
    assert_int_equal(match_numbers(ACT_STR("12 5"), &number), 2);
    assert_int_equal(match_numbers(ACT_STR("99999999999999999999"), &number), 0);
    assert_int_equal(match_numbers((act_str_t){0}, &number), 0);
    assert_int_equal(match_amounts(ACT_STR("for 40m2 of tiles"), &number), 1);
    assert_int_equal(number, 40);
    assert_int_equal(match_amounts(ACT_STR("m2 and 12 5"), &number), 2);
    assert_int_equal(match_amounts(ACT_STR("some m2"), &number), 0);
    assert_int_equal(match_count_words(ACT_STR("a b c")), 3);
    assert_int_equal(match_count_words((act_str_t){0}), 0);
}

static void finds_titles_whatever_their_endings(void **state)
{
    (void)state;
    static const struct {
        const char *title, *text;
        uint32_t wanted;
    } cases[] = {
        {"tiling of the bathroom", "the tiling is 80 done", 9}, // tiling, the
        {"plytki w lazience", "plytek 80", 6},
        {"carrelage salle de bain", "le carrelage est fini", 9},
        {"roof", "roofing 30", 4},
        {"roof", "room 30", 0},
        {"site 03", "site 3", 4},
        {"site 03", "03", 2},
        {"ab", "ab", 0},
        {"", "x", 0},
        {"roof", "", 0},
        {"البلاط", "البلاط 80", 6},
    };
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        uint32_t count =
            match_title(act_str(cases[i].title), act_str(cases[i].text), /* min_chars= */ 3);
        if (count != cases[i].wanted)
            print_error("%s / %s\n", cases[i].title, cases[i].text);
        assert_int_equal(count, cases[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_parts),
        cmocka_unit_test(counts_numbers_and_words),
        cmocka_unit_test(finds_titles_whatever_their_endings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
