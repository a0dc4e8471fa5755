// sentiment_test: samples in nine languages, negation, emoji.
#include "sentiment.h"

#include "model_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    const char *language;
    const char *text;
    sentiment_t sentiment;
} row_t;

#define POS SENTIMENT_POSITIVE
#define NEG SENTIMENT_NEGATIVE
#define NEU SENTIMENT_NEUTRAL

static const row_t rows[] = {
    {"en", "great service, thank you so much!", POS},
    {"en", "I love the new kitchen", POS},
    {"en", "this is terrible, I am very disappointed", NEG},
    {"en", "the food was not good", NEG},
    {"en", "nice place but the service was awful", NEG},
    {"en", "book a table for two on friday", NEU},
    {"en", "no problem", NEU},
    {"fr", "super travail, merci beaucoup", POS},
    {"fr", "je suis très satisfait du résultat", POS},
    {"fr", "c'est inadmissible, j'en ai marre", NEG},
    {"fr", "je ne suis pas content du tout", NEG},
    {"fr", "je voudrais un rendez-vous mardi", NEU},
    {"fr", "pas de problème", NEU},
    {"es", "excelente atención, muchas gracias", POS},
    {"es", "me encanta cómo quedó", POS},
    {"es", "pésimo servicio, estoy muy decepcionada", NEG},
    {"es", "no estoy contento con el trabajo", NEG},
    {"es", "quiero una cita para mañana", NEU},
    {"es", "buenas tardes", NEU},
    {"pt", "adorei, muito obrigada", POS},
    {"pt", "atendimento excelente", POS},
    {"pt", "péssimo atendimento, que vergonha", NEG},
    {"pt", "não estou satisfeito", NEG},
    {"pt", "queria marcar uma consulta", NEU},
    {"pt", "não há problema", NEU},
    {"de", "vielen Dank, tolle Arbeit", POS},
    {"de", "ich bin sehr zufrieden", POS},
    {"de", "das ist eine Frechheit, ich bin enttäuscht", NEG},
    {"de", "ich bin nicht zufrieden", NEG},
    {"de", "ich brauche einen Termin am Montag", NEU},
    {"de", "kein Problem", NEU},
    {"it", "ottimo lavoro, grazie mille", POS},
    {"it", "sono molto soddisfatta", POS},
    {"it", "servizio pessimo, sono deluso", NEG},
    {"it", "non sono contento", NEG},
    {"it", "vorrei prenotare per domani", NEU},
    {"it", "nessun problema", NEU},
    {"ro", "mulțumesc mult, excelent", POS},
    {"ro", "sunt foarte mulțumit, recomand", POS},
    {"ro", "servicii groaznice, sunt dezamăgită", NEG},
    {"ro", "nu îmi place deloc", NEG},
    {"ro", "aș vrea o programare mâine", NEU},
    {"ro", "nicio problemă", NEU},
    {"pl", "świetna robota, dziękuję bardzo", POS},
    {"pl", "jestem bardzo zadowolona, polecam", POS},
    {"pl", "to skandal, jestem rozczarowany", NEG},
    {"pl", "nie jestem zadowolony", NEG},
    {"pl", "chcę umówić wizytę na jutro", NEU},
    {"pl", "nie ma problemu", NEU},
    {"ar", "شكرا جزيلا، عمل رائع", POS},
    {"ar", "الخدمة ممتازة", POS},
    {"ar", "خدمة سيئة جدا وانا غاضب", NEG},
    {"ar", "مو راضي عن الشغل", NEG},
    {"ar", "اريد موعد بكرة", NEU},
    {"ar", "صباح الخير", NEU},
    {"en", "👍", POS},
    {"fr", "😡😡", NEG},
    {"de", "", NEU},
    {"", "merci beaucoup", POS}, // language unknown
    {"", "sono molto deluso", NEG},
};

static sentiment_t sentiment_of_text(const sentiment_words_t *words, const row_t *row)
{
    static act_tokens_t tokens;
    act_tokens_read(act_str(row->text), &tokens);
    return sentiment_of(words, &tokens, act_language_find(act_str(row->language)));
}

static void samples_feel_as_they_should(void **state)
{
    (void)state;
    act_model_file_t *file = model_kit_open();
    sentiment_words_t words;
    assert_int_equal(sentiment_words_init(&words, act_model_file_section(file, "feelings")),
                     ACT_E_OK);
    int wrong_count = 0;
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        sentiment_t sentiment = sentiment_of_text(&words, &rows[i]);
        if (sentiment == rows[i].sentiment)
            continue;
        print_error("%s: \"%s\" is %s\n", rows[i].language, rows[i].text,
                    sentiment_name(sentiment));
        wrong_count++;
    }
    act_model_file_destroy(&file);
    assert_int_equal(wrong_count, 0);
}

static void a_lexicon_without_feelings_is_refused(void **state)
{
    (void)state;
    act_model_file_t *file = model_kit_open();
    sentiment_words_t words;
    assert_int_equal(sentiment_words_init(&words, act_model_file_section(file, "concepts")),
                     ACT_E_CONFIG);
    assert_int_equal(sentiment_words_init(&words, act_str_of(NULL, 0)), ACT_E_CONFIG);
    act_model_file_destroy(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_feel_as_they_should),
        cmocka_unit_test(a_lexicon_without_feelings_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
