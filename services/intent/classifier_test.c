// classifier_test: plain wishes in nine languages, texts that say nothing, and models that are not.
#include "classifier.h"

#include "intents.h"
#include "model_kit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    classifier_t *classifier = NULL;
    act_buf_t error;
    act_buf_init(&error, 512);
    if (classifier_new(model_kit_path(), &classifier, &error) != ACT_E_OK)
        fail_msg("%.*s", ACT_STR_ARG(act_buf_str(&error)));
    act_buf_fini(&error);
    *state = classifier;
    return 0;
}

static int tear_down(void **state)
{
    classifier_t *classifier = *state;
    classifier_destroy(&classifier);
    assert_null(classifier);
    return 0;
}

static void plain_wishes_are_understood(void **state)
{
    static const struct {
        const char *language;
        const char *text;
        const char *intent;
    } rows[] = {
        {"en", "good morning everyone", "greeting"},
        {"fr", "je voudrais prendre rendez-vous jeudi", "book_appointment"},
        {"es", "quiero cancelar mi cita de mañana", "cancel_appointment"},
        {"pt", "mostra as minhas tarefas de hoje", "view_tasks"},
        {"de", "ich möchte mit einem Menschen sprechen", "escalate_to_human"},
        {"it", "c'è una perdita d'acqua in cucina", "report_incident"},
        {"ro", "vreau să văd lista de proiecte", "list_projects"},
        {"pl", "wyślij mi fakturę", "view_documents"},
        {"ar", "كم سعر الصبغة", "ask_price"},
        {"fr", "vous êtes ouverts le samedi ?", "ask_question"},
        {"de", "ich möchte meine Telefonnummer hinterlassen", "leave_contact"},
        {"en", "tiling is 80% done", "update_progress"},
        {"en", "tell me a joke", "none"},
        {"", "please cancel my appointment", "cancel_appointment"},
        {"xx", "please cancel my appointment", "cancel_appointment"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        classification_t found;
        classifier_classify(*state, act_str(rows[i].text), act_str(rows[i].language), &found);
        assert_string_equal(found.scores[0].intent, rows[i].intent);
        assert_true(found.scores[0].confidence > 0.5);
    }
}

static void check_scores(const classification_t *found)
{
    double sum = 0;
    for (uint32_t i = 0; i < found->scores_count; i++) {
        assert_true(i == 0 || found->scores[i - 1].confidence >= found->scores[i].confidence);
        sum += found->scores[i].confidence;
    }
    assert_true(fabs(sum - 1) < 1e-4);
    assert_int_equal(found->scores_count, (int)INTENTS_COUNT);
}

static void texts_that_say_nothing_are_none_with_low_confidence(void **state)
{
    static const char *const texts[] = {"", "   ", "👍", "👋 😀", "???", "...", "\xff\xfe"};
    for (size_t i = 0; i < ACT_COUNT(texts); i++) {
        classification_t found;
        classifier_classify(*state, act_str(texts[i]), ACT_STR("en"), &found);
        assert_string_equal(found.scores[0].intent, "none");
        assert_true(found.scores[0].confidence < 0.5);
        check_scores(&found);
    }
}

static void sentiment_and_risk_come_with_it(void **state)
{
    classification_t found;
    classifier_classify(*state, ACT_STR("your service is terrible, I will kill you"), ACT_STR("en"),
                        &found);
    assert_int_equal(found.sentiment, SENTIMENT_NEGATIVE);
    assert_int_equal(found.risks, 1u << RISK_THREAT);
}

static void a_card_far_behind_is_seen(void **state)
{
    act_buf_t text;
    act_buf_init(&text, 1 << 20);
    for (int i = 0; i < 1000; i++)
        act_buf_add_str(&text, ACT_STR("bla bla "));
    act_buf_add_str(&text, ACT_STR("4111 1111 1111 1111"));
    classification_t found;
    classifier_classify(*state, act_buf_str(&text), ACT_STR("en"), &found);
    assert_int_equal(found.risks, 1u << RISK_PAYMENT_DATA);
    act_buf_fini(&text);
}

static void random_bytes_are_classified(void **state)
{
    unsigned seed = 3;
    char bytes[300];
    for (int round = 0; round < 2000; round++) {
        size_t len = (size_t)rand_r(&seed) % sizeof bytes;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)rand_r(&seed);
        classification_t found;
        classifier_classify(*state, act_str_of(bytes, len), act_str_of(bytes, len % 4), &found);
        check_scores(&found);
    }
}

static void a_file_that_is_no_model_is_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"/nowhere/intent.model", "/bin/sh", "/dev/null", "/tmp"};
    for (size_t i = 0; i < ACT_COUNT(paths); i++) {
        classifier_t *classifier = NULL;
        act_buf_t error;
        act_buf_init(&error, 512);
        assert_int_equal(classifier_new(paths[i], &classifier, &error), ACT_E_CONFIG);
        assert_null(classifier);
        assert_true(error.len_bytes > 0);
        act_buf_fini(&error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain_wishes_are_understood, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_that_say_nothing_are_none_with_low_confidence, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(sentiment_and_risk_come_with_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_card_far_behind_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(random_bytes_are_classified, set_up, tear_down),
        cmocka_unit_test(a_file_that_is_no_model_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
