// texts: look-up, fallback, filling, and what every text of the catalogue must be.
#include "texts/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_text(act_str_t text, const char *wanted)
{
    if (act_str_is(text, wanted))
        return;
    print_error("'%" ACT_STR_FMT "' instead of '%s'\n", ACT_STR_ARG(text), wanted);
    fail();
}

static void finds_texts_by_key_and_language(void **state)
{
    (void)state;
    assert_text(act_text("answer.yes_button", ACT_STR("en")), "Yes");
    assert_text(act_text("answer.yes_button", ACT_STR("fr")), "Oui");
    assert_text(act_text("answer.yes_button", ACT_STR("ar")), "نعم");
    assert_text(act_text("answer.yes_button", ACT_STR("pt-BR")), "Sim");
    assert_text(act_text("answer.yes_button", ACT_STR("de_AT")), "Ja");
}

static void falls_back_to_english(void **state)
{
    (void)state;
    const char *const unknown[] = {"", "xx", "f", "fra", "FR", "fr!", "unknown"};
    for (size_t i = 0; i < ACT_COUNT(unknown); i++)
        assert_text(act_text("answer.yes_button", act_str(unknown[i])), "Yes");
    assert_true(act_str_empty(act_text_find(ACT_STR("no.such_key"), ACT_STR("fr"))));
    assert_true(act_str_empty(act_text_find(ACT_STR(""), ACT_STR("fr"))));
}

static void finds_every_key(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ACT_TEXT_KEYS_COUNT; i++)
        for (uint32_t l = 0; l < ACT_TEXT_LANGUAGES_COUNT; l++) {
            act_str_t text = act_text(act_text_rows[i].key, act_str(act_text_languages[l]));
            assert_true(text.len_bytes > 0);
            assert_true(act_utf8_valid(text));
            assert_ptr_equal(text.ptr, act_text_rows[i].texts[l].ptr);
        }
}

static void knows_what_customers_read_about_errors(void **state)
{
    (void)state;
    assert_text(act_text_error(ACT_E_PROJECT_NOT_FOUND, ACT_STR("en")),
                act_err_customer_text(ACT_E_PROJECT_NOT_FOUND));
    assert_text(act_text_error(ACT_E_PROJECT_NOT_FOUND, ACT_STR("de")),
                "Ich konnte dieses Projekt nicht finden.");
    assert_true(act_str_empty(act_text_error(ACT_E_LEASE_LOST, ACT_STR("de"))));
    assert_true(act_str_empty(act_text_error(ACT_E_OK, ACT_STR("de"))));
#define X(name, number, code, is_retryable, text, customer)                                        \
    assert_int_equal(act_str_empty(act_text_error(ACT_E_##name, ACT_STR("it"))),                   \
                     sizeof customer == 1);
    ACT_ERRORS(X)
#undef X
}

static act_str_t value_of(void *context, act_str_t name)
{
    (void)context;
    if (act_str_is(name, "name"))
        return ACT_STR("Ana {city} [x]");
    return act_str_is(name, "city") ? ACT_STR("Kraków") : (act_str_t){0};
}

static void fills_placeholders(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"{city}", "Kraków"},
        {"in {city}, {city}.", "in Kraków, Kraków."},
        {"Hi[ {name}]!", "Hi Ana {city} [x]!"},
        {"Hi[ {nobody}]!", "Hi!"},
        {"Hi {nobody}!", "Hi !"},
        {"[{city}][, {nobody}][, {city} and {nobody}] end", "Kraków end"},
        {"{open", "{open"},
        {"[open {city}", "[open Kraków"},
        {"a] {city}", "a] Kraków"},
    };
    for (size_t i = 0; i < ACT_COUNT(cases); i++)
        assert_text(act_text_fill(arena, act_str(cases[i].text), value_of, NULL), cases[i].wanted);
}

static void formats_with_a_list_of_values(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const act_text_value_t values[] = {{"contact_name", ACT_STR("Ana")}};
    assert_text(act_text_format(arena, "greeting.menu", ACT_STR("en"), values, 1),
                "Hello Ana and welcome! How can I help you?");
    assert_text(act_text_format(arena, "greeting.menu", ACT_STR("en"), NULL, 0),
                "Hello and welcome! How can I help you?");
}

static void lists_the_names_of_placeholders(void **state)
{
    (void)state;
    size_t offset = 0;
    act_str_t name;
    act_str_t text = ACT_STR("a {one} b[ {two}] {three");
    assert_true(act_text_next_name(text, &offset, &name));
    assert_text(name, "one");
    assert_true(act_text_next_name(text, &offset, &name));
    assert_text(name, "two");
    assert_false(act_text_next_name(text, &offset, &name));
    assert_false(act_text_next_name(text, &offset, &name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_texts_by_key_and_language),
        cmocka_unit_test(falls_back_to_english),
        cmocka_unit_test(finds_every_key),
        cmocka_unit_test(knows_what_customers_read_about_errors),
        cmocka_unit_test(fills_placeholders),
        cmocka_unit_test(formats_with_a_list_of_values),
        cmocka_unit_test(lists_the_names_of_placeholders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
