// languages_test: codes and numbers.
#include "text/languages.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void codes_and_numbers_go_both_ways(void **state)
{
    (void)state;
    for (uint32_t language = 0; language < ACT_LANGUAGES_COUNT; language++)
        assert_int_equal(act_language_find(act_str(act_language_code(language))), language);
    assert_string_equal(act_language_code(ACT_LANGUAGE_NONE), "");
    assert_string_equal(act_language_code(1000), "");
}

static void regions_and_case_do_not_matter(void **state)
{
    (void)state;
    uint32_t portuguese = act_language_find(act_str("pt"));
    static const char *const codes[] = {"PT", "pt-BR", "pt_PT", "Pt-br"};
    for (size_t i = 0; i < ACT_COUNT(codes); i++)
        assert_int_equal(act_language_find(act_str(codes[i])), portuguese);
}

static void anything_else_is_none(void **state)
{
    (void)state;
    static const char *const codes[] = {"", "p", "nl", "ptbr", "portuguese", "  ", "\xff\xff"};
    for (size_t i = 0; i < ACT_COUNT(codes); i++)
        assert_int_equal(act_language_find(act_str(codes[i])), ACT_LANGUAGE_NONE);
    assert_int_equal(act_language_find(act_str(NULL)), ACT_LANGUAGE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_and_numbers_go_both_ways),
        cmocka_unit_test(regions_and_case_do_not_matter),
        cmocka_unit_test(anything_else_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
