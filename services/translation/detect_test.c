// detect_test: sentences no utterance file has, texts without a language, and what a prior does.
#include "detect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *model_path(void)
{
    const char *path = getenv("PARLEY_TEST_MODEL");
    if (!path)
        fail_msg("PARLEY_TEST_MODEL does not name the model file (language_train makes it)");
    return path;
}

static detector_t *open_detector(const char *default_language)
{
    detector_t *detector = NULL;
    act_buf_t error;
    act_buf_init(&error, 512);
    if (detector_new(model_path(), default_language, &detector, &error) != ACT_E_OK)
        fail_msg("%.*s", ACT_STR_ARG(act_buf_str(&error)));
    act_buf_fini(&error);
    return detector;
}

static int set_up(void **state)
{
    *state = open_detector("en");
    return 0;
}

static int tear_down(void **state)
{
    detector_t *detector = *state;
    detector_destroy(&detector);
    assert_null(detector);
    return 0;
}

static detection_t detect(void *detector, const char *text, const char *prior)
{
    detection_t found;
    detector_detect(detector, act_str(text), act_language_find(act_str(prior)), &found);
    return found;
}

static void check_language(const detection_t *found, const char *language, const char *text)
{
    if (strcmp(act_language_code(found->language), language) != 0)
        fail_msg("\"%s\" is %s, not %s", text, act_language_code(found->language), language);
}

static void sentences_have_a_language(void **state)
{
    static const char *const rows[][2] = {
        {"fr", "Tous les êtres humains naissent libres et égaux en dignité et en droits"},
        {"en", "All human beings are born free and equal in dignity and rights"},
        {"es", "Todos los seres humanos nacen libres e iguales en dignidad y derechos"},
        {"pt", "Todos os seres humanos nascem livres e iguais em dignidade e em direitos"},
        {"de", "Alle Menschen sind frei und gleich an Würde und Rechten geboren"},
        {"it", "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti"},
        {"ro", "Toate ființele umane se nasc libere și egale în demnitate și în drepturi"},
        {"pl", "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw"},
        {"ar", "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق"},
        {"fr", "keske tu fais ce soir"},
        {"de", "ich haette gern ein paeckchen kaffee"},
        {"ro", "vreau sa vin maine dimineata la voi"},
        {"pl", "gdzie moge kupic bilet na pociag"},
        {"pt", "vc pode vir aqui amanha de manha?"},
        {"es", "donde puedo comprar los boletos"},
        {"it", "dove posso comprare i biglietti"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        detection_t found = detect(*state, rows[i][1], "");
        check_language(&found, rows[i][0], rows[i][1]);
        assert_true(found.confidence > 0.8);
    }
}

static void texts_without_evidence_leave_it_to_the_prior(void **state)
{
    static const char *const texts[] = {"",     "   ",  "42",   "👍 ❤️",     "?!",
                                        "100%", "\xff", "你好", "Привет, как дела"};
    for (size_t i = 0; i < ACT_COUNT(texts); i++) {
        detection_t found = detect(*state, texts[i], "ro");
        check_language(&found, "ro", texts[i]);
        assert_true(found.confidence == 0);
        found = detect(*state, texts[i], "");
        check_language(&found, "en", texts[i]);
        assert_true(found.confidence == 0);
    }
}

static void the_default_language_is_a_setting(void **state)
{
    (void)state;
    detector_t *detector = open_detector("fr");
    detection_t found = detect(detector, "42", "");
    check_language(&found, "fr", "42");
    detector_destroy(&detector);
}

static void words_of_many_languages_stay_in_the_conversation(void **state)
{
    static const char *const texts[] = {"ok", "no", "hello", "pdf", "super", "Maria", "contrato"};
    static const char *const priors[] = {"es", "pt", "it"};
    for (size_t i = 0; i < ACT_COUNT(texts); i++)
        for (size_t p = 0; p < ACT_COUNT(priors); p++) {
            detection_t found = detect(*state, texts[i], priors[p]);
            check_language(&found, priors[p], texts[i]);
        }
}

static void a_sentence_outweighs_the_prior(void **state)
{
    detection_t found = detect(*state, "please cancel my appointment tomorrow", "fr");
    check_language(&found, "en", "please cancel ...");
    assert_true(found.confidence > 0.8);
    found = detect(*state, "je voudrais annuler mon rendez-vous", "en");
    check_language(&found, "fr", "je voudrais ...");
    found = detect(*state, "اريد الغاء الموعد", "en");
    check_language(&found, "ar", "اريد ...");
}

static void random_bytes_have_some_language(void **state)
{
    unsigned seed = 5;
    char bytes[300];
    for (int round = 0; round < 5000; round++) {
        size_t len = (size_t)rand_r(&seed) % sizeof bytes;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)rand_r(&seed);
        detection_t found;
        detector_detect(*state, act_str_of(bytes, len), (uint32_t)rand_r(&seed) % 12, &found);
        assert_true(found.language < ACT_LANGUAGES_COUNT);
        assert_true(found.confidence >= 0 && found.confidence <= 1);
    }
}

static void bad_settings_are_refused(void **state)
{
    (void)state;
    detector_t *detector = NULL;
    act_buf_t error;
    act_buf_init(&error, 512);
    assert_int_equal(detector_new(model_path(), "nl", &detector, &error), ACT_E_CONFIG);
    assert_int_equal(detector_new("/nowhere", "en", &detector, &error), ACT_E_CONFIG);
    assert_int_equal(detector_new("/bin/sh", "en", &detector, &error), ACT_E_CONFIG);
    assert_null(detector);
    act_buf_fini(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sentences_have_a_language, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_without_evidence_leave_it_to_the_prior, set_up,
                                        tear_down),
        cmocka_unit_test(the_default_language_is_a_setting),
        cmocka_unit_test_setup_teardown(words_of_many_languages_stay_in_the_conversation, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_sentence_outweighs_the_prior, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_bytes_have_some_language, set_up, tear_down),
        cmocka_unit_test(bad_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
