// words: folding of nine languages, short answers as customers really write them.
#include "texts/words.h"

#include "texts/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_fold(const char *text, const char *wanted)
{
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t folded = act_word_fold(arena, act_str(text));
    if (act_str_is(folded, wanted))
        return;
    print_error("'%s' became '%" ACT_STR_FMT "' instead of '%s'\n", text, ACT_STR_ARG(folded),
                wanted);
    fail();
}

static void folds_case_accents_and_punctuation(void **state)
{
    (void)state;
    assert_fold("", "");
    assert_fold("  ...!?  ", "");
    assert_fold("  OUI,  Merci !! ", "oui merci");
    assert_fold("C'est çà", "c est ca");
    assert_fold("ÀÉÎÕÜ Ñ ß æ Œ ø Ł ż Ș ț", "aeiou n ss ae oe o l z s t");
    assert_fold("e\u0301te\u0301", "ete");
    assert_fold("Ĳsland", "ijsland");
    assert_fold("ok👍🏽", "ok 👍");
    assert_fold("❤️❤️", "❤ ❤");
    assert_fold("«¿Qué?»", "que");
    assert_fold("٨٠٪ ۵", "80 5");
    assert_fold("إلغاءُ أَجل، مدرسة", "الغاء اجل مدرسه");
    assert_fold("50\u00A0%", "50");
}

static void folds_malformed_bytes(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t folded = act_word_fold(arena, ACT_STR("a\xff\xc3"));
    assert_true(act_utf8_valid(folded));
}

// A list is compared with the beginning of a text.
static void entries_are_short_enough(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    for (uint32_t i = 0; i < ACT_TEXT_KEYS_COUNT; i++)
        for (uint32_t l = 0; l < ACT_TEXT_LANGUAGES_COUNT; l++) {
            act_str_t list = act_text_rows[i].texts[l];
            while (act_str_starts_with(act_str(act_text_rows[i].key), "words.") &&
                   !act_str_empty(list)) {
                act_str_t entry = act_word_fold(arena, act_str_cut(&list, '|'));
                assert_true(entry.len_bytes < ACT_WORD_ENTRY_MAX_CHARS);
            }
        }
    // As long as an entry may be, and longer: neither is found by its beginning.
    char text[ACT_WORD_ENTRY_MAX_CHARS + 2];
    memset(text, 'x', sizeof text);
    assert_false(act_word_is_anywhere("words.cancel", act_str_of(text, sizeof text - 2)));
    assert_false(act_word_is_anywhere("words.cancel", act_str_of(text, sizeof text)));
}

static void finds_words_of_a_list(void **state)
{
    (void)state;
    assert_true(act_word_is("words.cancel", ACT_STR("fr"), ACT_STR("Annuler !")));
    assert_false(act_word_is("words.cancel", ACT_STR("en"), ACT_STR("annuler")));
    assert_true(act_word_is_anywhere("words.cancel", ACT_STR("annuler")));
    assert_false(act_word_is_anywhere("words.cancel", ACT_STR("annuler mon vol")));
    assert_false(act_word_is_anywhere("words.cancel", ACT_STR("")));
}

static void reads_yes_and_no(void **state)
{
    (void)state;
    const struct {
        const char *language, *text;
        act_word_answer_t wanted;
    } cases[] = {
        {"en", "Yes", ACT_WORD_YES},
        {"en", "yes please!", ACT_WORD_YES},
        {"en", "that's right", ACT_WORD_YES},
        {"en", "No.", ACT_WORD_NO},
        {"en", "no thanks", ACT_WORD_NO},
        {"en", "👍", ACT_WORD_YES},
        {"en", "👎", ACT_WORD_NO},
        {"en", "", ACT_WORD_NEITHER},
        {"en", "maybe", ACT_WORD_NEITHER},
        {"en", "yesterday", ACT_WORD_NEITHER},
        {"en", "yes but the kitchen is wet too", ACT_WORD_NEITHER},
        {"fr", "Oui bien sûr", ACT_WORD_YES},
        {"fr", "non merci", ACT_WORD_NO},
        {"de", "JA!", ACT_WORD_YES},
        {"de", "nein danke", ACT_WORD_NO},
        {"es", "Sí", ACT_WORD_YES},
        {"es", "si", ACT_WORD_YES},
        {"es", "no es correcto", ACT_WORD_NO},
        {"pt", "não", ACT_WORD_NO},
        {"pt", "nao", ACT_WORD_NO},
        {"pt", "Isso mesmo", ACT_WORD_YES},
        {"it", "sì, grazie", ACT_WORD_YES},
        {"it", "no", ACT_WORD_NO},
        {"ro", "da", ACT_WORD_YES},
        {"ro", "nu mulțumesc", ACT_WORD_NO},
        {"pl", "tak", ACT_WORD_YES},
        {"pl", "nie", ACT_WORD_NO},
        {"ar", "نعم", ACT_WORD_YES},
        {"ar", "لا شكراً", ACT_WORD_NO},
        {"fr", "ok", ACT_WORD_YES},
        {"fr", "ja", ACT_WORD_YES}, // another language
        {"pl", "oui", ACT_WORD_YES},
    };
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        act_word_answer_t answer =
            act_word_answer(act_str(cases[i].language), act_str(cases[i].text));
        if (answer != cases[i].wanted)
            print_error("%s: '%s'\n", cases[i].language, cases[i].text);
        assert_int_equal(answer, cases[i].wanted);
    }
}

static void counts_words_outside_a_list(void **state)
{
    (void)state;
    const char *key = "words.incident_filler";
    assert_int_equal(act_word_count_outside(key, ACT_STR("en"), ACT_STR("")), 0);
    assert_int_equal(
        act_word_count_outside(key, ACT_STR("en"), ACT_STR("Hello, I want to report a problem!")),
        0);
    assert_int_equal(
        act_word_count_outside(key, ACT_STR("en"), ACT_STR("there is a leak in the bathroom")), 2);
    assert_int_equal(
        act_word_count_outside(key, ACT_STR("fr"), ACT_STR("je voudrais signaler un incident")), 0);
    assert_int_equal(act_word_count_outside(key, ACT_STR("pl"), ACT_STR("Chcę zgłosić awarię")), 0);
    assert_int_equal(act_word_count_outside(key, ACT_STR("ar"), ACT_STR("اريد الابلاغ عن مشكلة")),
                     0);
}

// The words we teach customers ourselves must be understood.
static void understands_its_own_buttons(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ACT_TEXT_LANGUAGES_COUNT; i++) {
        act_str_t language = act_str(act_text_languages[i]);
        const struct {
            const char *key;
            act_word_answer_t answer;
        } buttons[] = {{"answer.yes_button", ACT_WORD_YES},
                       {"offer.yes_button", ACT_WORD_YES},
                       {"answer.no_button", ACT_WORD_NO},
                       {"offer.no_button", ACT_WORD_NO}};
        for (size_t b = 0; b < ACT_COUNT(buttons); b++) {
            act_str_t title = act_text(buttons[b].key, language);
            if (act_word_answer(language, title) != buttons[b].answer)
                print_error("%s: %s\n", act_text_languages[i], buttons[b].key);
            assert_int_equal(act_word_answer(language, title), buttons[b].answer);
        }
        static const char *const severities[] = {"low", "medium", "high", "critical"};
        for (size_t s = 0; s < ACT_COUNT(severities); s++) {
            char key[64];
            char row[64];
            snprintf(key, sizeof key, "words.%s", severities[s]);
            snprintf(row, sizeof row, "severity.%s_row", severities[s]);
            assert_true(act_word_is(key, language, act_text(row, language)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_case_accents_and_punctuation),
        cmocka_unit_test(folds_malformed_bytes),
        cmocka_unit_test(entries_are_short_enough),
        cmocka_unit_test(finds_words_of_a_list),
        cmocka_unit_test(reads_yes_and_no),
        cmocka_unit_test(counts_words_outside_a_list),
        cmocka_unit_test(understands_its_own_buttons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
