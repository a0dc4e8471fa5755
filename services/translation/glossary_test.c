// glossary_test: the tenant's words are kept or said, in the forms that nine languages give them.
#include "glossary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void what_is_kept_is_found_as_it_is_spelled(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const glossary_term_t terms[] = {
        {.term = ACT_STR("Café Zoé"), .translation = ACT_STR("Café Zoé")},
        {.term = ACT_STR("devis"), .translation = ACT_STR("quote")},
    };
    const act_str_t given[] = {ACT_STR("Ana")};
    act_str_t text = ACT_STR("le CAFE ZOÉ, le café zoé et le devis du café");
    mask_names_t names = glossary_kept(terms, 2, text, (mask_names_t){given, 1}, arena);
    assert_int_equal(names.count, 3);
    assert_true(act_str_is(names.items[0], "Ana"));
    assert_true(act_str_is(names.items[1], "CAFE ZOÉ"));
    assert_true(act_str_is(names.items[2], "café zoé"));
    names = glossary_kept(terms, 2, ACT_STR(""), (mask_names_t){NULL, 0}, arena);
    assert_int_equal(names.count, 0);
}

static void what_must_be_said_may_have_endings(void **state)
{
    (void)state;
    static const struct {
        const char *wanted, *translated;
        bool is_good;
    } rows[] = {
        {"quote", "Here is your Quote.", true},
        {"quote", "Here is your estimate.", false},
        {"Kostenvoranschlag", "die Kostenvoranschläge kommen", true},
        {"Kostenvoranschlag", "das Angebot kommt", false},
        {"plac budowy", "jestem na placu budowy", true},
        {"plac budowy", "jestem na budowie", false},
        {"șantier", "pe santierul nostru", true},
        {"obra", "as obras", true},
        {"presupuesto", "los presupuestos", true},
        {"preventivo", "i PREVENTIVI", true},
        {"chantier", "les chantiers", true},
        {"موعد", "الموعد غدا", true},
        {"موعد", "غدا", false},
        {"rendez-vous", "votre rendez vous", true},
        {"Müller & Söhne", "bei Mueller", false},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_buf_t error;
        act_buf_init(&error, 1024);
        const glossary_term_t term = {.term = ACT_STR("x"), .translation = act_str(rows[i].wanted)};
        act_err_t err = glossary_check(&term, 1, act_str(rows[i].translated), &error);
        if ((err == ACT_E_OK) != rows[i].is_good)
            fail_msg("%s: %s", rows[i].wanted, rows[i].translated);
        if (err != ACT_E_OK)
            assert_non_null(
                memmem(error.ptr, error.len_bytes, rows[i].wanted, strlen(rows[i].wanted)));
        act_buf_fini(&error);
    }
}

static void what_is_kept_need_not_be_said(void **state)
{
    (void)state;
    act_buf_t error;
    act_buf_init(&error, 1024);
    const glossary_term_t term = {.term = ACT_STR("Zoé"), .translation = ACT_STR("Zoé")};
    assert_int_equal(glossary_check(&term, 1, ACT_STR("anything"), &error), ACT_E_OK);
    act_buf_fini(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_is_found_as_it_is_spelled),
        cmocka_unit_test(what_must_be_said_may_have_endings),
        cmocka_unit_test(what_is_kept_need_not_be_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
