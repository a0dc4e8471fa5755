// letters_test: the languages' own letters, and the tricks of keyboards and copy-paste.
#include "text/letters.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void every_letter_of_our_languages_has_its_base(void **state)
{
    (void)state;
    static const struct {
        uint32_t upper;
        uint32_t lower;
        uint32_t base;
    } rows[] = {
        {0xc0, 0xe0, 'a'},     {0xc9, 0xe9, 'e'},     {0xc7, 0xe7, 'c'},   {0xce, 0xee, 'i'},
        {0xd1, 0xf1, 'n'},     {0xd5, 0xf5, 'o'},     {0xdc, 0xfc, 'u'},   {0x178, 0xff, 'y'},
        {0x102, 0x103, 'a'},   {0x104, 0x105, 'a'},   {0x106, 0x107, 'c'}, {0x118, 0x119, 'e'},
        {0x141, 0x142, 'l'},   {0x143, 0x144, 'n'},   {0x15a, 0x15b, 's'}, {0x179, 0x17a, 'z'},
        {0x17b, 0x17c, 'z'},   {0x218, 0x219, 's'},   {0x21a, 0x21b, 't'}, {'Q', 'q', 'q'},
        {0x410, 0x430, 0x430}, {0x391, 0x3b1, 0x3b1}, {0x1e9e, 0xdf, 's'}, {0x152, 0x153, 'o'},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        uint32_t base[ACT_LETTER_BASE_MAX];
        assert_int_equal(act_letter_lower(rows[i].upper), rows[i].lower);
        assert_int_equal(act_letter_lower(rows[i].lower), rows[i].lower);
        act_letter_base(rows[i].lower, base);
        assert_int_equal(base[0], rows[i].base);
        assert_int_equal(act_letter_class(rows[i].upper), ACT_LETTER_WORD);
    }
}

static void ligatures_have_two_letters(void **state)
{
    (void)state;
    uint32_t base[ACT_LETTER_BASE_MAX];
    assert_int_equal(act_letter_base(0xdf, base), 2);
    assert_int_equal(base[1], 's');
    assert_int_equal(act_letter_base(0xe6, base), 2);
    assert_int_equal(base[1], 'e');
    assert_int_equal(act_letter_base(0xe9, base), 1);
}

static void arabic_forms_become_one(void **state)
{
    (void)state;
    static const uint32_t pairs[][2] = {
        {0x623, 0x627}, {0x625, 0x627}, {0x622, 0x627}, {0x671, 0x627},
        {0x649, 0x64a}, {0x626, 0x64a}, {0x629, 0x647}, {0x624, 0x648},
    };
    for (size_t i = 0; i < ACT_COUNT(pairs); i++) {
        uint32_t base[ACT_LETTER_BASE_MAX];
        assert_int_equal(act_letter_base(pairs[i][0], base), 1);
        assert_int_equal(base[0], pairs[i][1]);
        assert_true(act_letter_is_arabic(pairs[i][0]));
    }
    assert_int_equal(act_letter_class(0x640), ACT_LETTER_NONE); // tatweel
    assert_int_equal(act_letter_class(0x64e), ACT_LETTER_NONE); // fatha
    assert_int_equal(act_letter_class(0x663), ACT_LETTER_DIGIT);
    assert_false(act_letter_is_arabic(0x663));
    assert_false(act_letter_is_arabic('a'));
}

static void look_alikes_become_canonical(void **state)
{
    (void)state;
    static const uint32_t pairs[][2] = {
        {0x2019, '\''}, {'`', '\''},    {0xff21, 'A'},      {0xff11, '1'}, {0x1d400, 'a'},
        {0x1d41a, 'a'}, {0x1d7ce, '0'}, {0x1d7ff, '9'},     {0x61f, '?'},  {0x60c, ','},
        {0x15f, 0x219}, {0x163, 0x21b}, {0x2014, '-'},      {'a', 'a'},    {0xe9, 0xe9},
        {0x6cc, 0x64a}, {0xa0, ' '},    {0x1d6a8, 0x1d6a8},
    };
    for (size_t i = 0; i < ACT_COUNT(pairs); i++)
        assert_int_equal(act_letter_canonical(pairs[i][0]), pairs[i][1]);
}

static void accents_compose_with_the_letters_that_take_them(void **state)
{
    (void)state;
    assert_int_equal(act_letter_compose('e', 0x301), 0xe9);
    assert_int_equal(act_letter_compose('n', 0x303), 0xf1);
    assert_int_equal(act_letter_compose('s', 0x326), 0x219);
    assert_int_equal(act_letter_compose('e', 0x328), 0x119);
    assert_int_equal(act_letter_compose('q', 0x301), 'q');
    assert_int_equal(act_letter_compose('e', 0x36f), 'e');
    assert_int_equal(act_letter_compose(0, 0x301), 0);
}

static void every_code_point_has_a_class(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        uint32_t base[ACT_LETTER_BASE_MAX];
        uint32_t canonical = act_letter_canonical(code);
        assert_true(act_letter_class(canonical) <= ACT_LETTER_NONE);
        uint32_t count = act_letter_base(act_letter_lower(canonical), base);
        assert_true(count == 1 || count == 2);
        assert_true(base[0] != '?' || canonical == '?');
    }
    assert_int_equal(act_letter_class(0x1f600), ACT_LETTER_EMOJI);
    assert_int_equal(act_letter_class(0x1f3fd), ACT_LETTER_NONE); // skin tone
    assert_int_equal(act_letter_class(0x200d), ACT_LETTER_NONE);  // joiner
    assert_int_equal(act_letter_class(0xe0041), ACT_LETTER_NONE); // tag, used to hide text
    assert_int_equal(act_letter_class(0x20ac), ACT_LETTER_MARK);
    assert_int_equal(act_letter_class(0x4e2d), ACT_LETTER_WORD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_letter_of_our_languages_has_its_base),
        cmocka_unit_test(ligatures_have_two_letters),
        cmocka_unit_test(arabic_forms_become_one),
        cmocka_unit_test(look_alikes_become_canonical),
        cmocka_unit_test(accents_compose_with_the_letters_that_take_them),
        cmocka_unit_test(every_code_point_has_a_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
