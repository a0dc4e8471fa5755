// lexicon_test: what entries match, the longest phrase, languages, Arabic prefixes, and sections
// that are not sound.
#include "text/lexicon.h"

#include "text/train/vocabulary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char english[] = "# a comment\n"
                              "\n"
                              "book: book reserv* make_an_appointment\n"
                              "cancel: cancel* call_off can't_come\n"
                              "other.risk: bomb\n"
                              "thing: appointment table call\n";
static const char german[] = "thing: *termin *plan* tisch\nbook: reservier*\n";
static const char french[] = "thing: rendez_vous\nnot_come: ne_viens* pas_venir\n";
static const char arabic[] = "thing: موعد طاوله*\ncancel: الغ*\n";

typedef struct {
    act_buf_t section;
    act_lexicon_t lexicon;
} fixture_t;

static void add(act_vocabulary_t *vocabulary, const char *language, const char *text)
{
    act_buf_t error;
    act_buf_init(&error, 256);
    assert_int_equal(act_vocabulary_add(vocabulary, act_language_find(act_str(language)), "",
                                        act_str(text), "test", &error),
                     ACT_E_OK);
    act_buf_fini(&error);
}

static int set_up(void **state)
{
    fixture_t *fixture = act_alloc(sizeof *fixture);
    ACT_AUTO(act_vocabulary) *vocabulary = act_vocabulary_new();
    add(vocabulary, "en", english);
    add(vocabulary, "de", german);
    add(vocabulary, "fr", french);
    add(vocabulary, "ar", arabic);
    act_buf_init(&fixture->section, 1 << 20);
    act_vocabulary_pack(vocabulary, &fixture->section);
    assert_int_equal(act_lexicon_init(&fixture->lexicon, act_buf_str(&fixture->section)), ACT_E_OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *fixture = *state;
    act_buf_fini(&fixture->section);
    act_free(fixture);
    return 0;
}

// The matches as text: "book@0+3 thing@4+1".
static void match_text(const act_lexicon_t *lexicon, const char *language, const char *text,
                       act_buf_t *out)
{
    static act_tokens_t tokens;
    act_match_t matches[16];
    act_tokens_read(act_str(text), &tokens);
    uint32_t count = act_lexicon_match(lexicon, &tokens, act_language_find(act_str(language)),
                                       matches, ACT_COUNT(matches));
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t c = 0; c < matches[i].classes_count; c++)
            act_buf_printf(out, "%s%s@%u+%u", out->len_bytes ? " " : "",
                           act_lexicon_class(lexicon, matches[i].classes[c]), matches[i].first,
                           matches[i].tokens_count);
    act_buf_add_char(out, '\0');
}

static void entries_match_what_they_say(void **state)
{
    fixture_t *fixture = *state;
    static const struct {
        const char *language;
        const char *text;
        const char *matches;
    } rows[] = {
        {"en", "", ""},
        {"en", "BOOK a table", "book@0+1 thing@2+1"},
        {"en", "books", ""},
        {"en", "reservations please", "book@0+1"},
        {"en", "please make an appointment", "book@1+3"},
        {"en", "call off my appointment", "cancel@0+2 thing@3+1"},
        {"en", "call my appointment", "thing@0+1 thing@2+1"},
        {"en", "i can't come", "cancel@1+3"},
        {"en", "bomb", ""},  // another group
        {"en", "tisch", ""}, // another language
        {"de", "Zahnarzttermin", "thing@0+1"},
        {"de", "Termine", ""},
        {"de", "Baustellenpläne", "thing@0+1"},
        {"de", "plan", ""}, // a tail has something before it
        {"fr", "un rendez-vous", "thing@1+3"},
        {"fr", "rendez vous", "thing@0+2"},
        {"fr", "rendez - ! vous", ""},
        {"ar", "الغاء الموعد", "cancel@0+1 thing@1+1"},
        {"ar", "والموعد بطاولة", "thing@0+1 thing@1+1"},
        {"", "book einen tisch, rendez-vous", "book@0+1 thing@2+1 thing@4+3"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_buf_t found;
        act_buf_init(&found, 1024);
        match_text(&fixture->lexicon, rows[i].language, rows[i].text, &found);
        assert_string_equal(found.ptr, rows[i].matches);
        act_buf_fini(&found);
    }
}

static void a_word_with_two_meanings_has_both(void **state)
{
    (void)state;
    ACT_AUTO(act_vocabulary) *vocabulary = act_vocabulary_new();
    act_lexicon_t lexicon;
    act_buf_t section, found;
    act_buf_init(&section, 1 << 20);
    act_buf_init(&found, 256);
    add(vocabulary, "en", "a: right\nb: right\nb: right right\n");
    act_vocabulary_pack(vocabulary, &section);
    assert_int_equal(act_lexicon_init(&lexicon, act_buf_str(&section)), ACT_E_OK);
    match_text(&lexicon, "en", "right", &found);
    assert_string_equal(found.ptr, "a@0+1 b@0+1");
    act_buf_fini(&found);
    act_buf_fini(&section);
}

static void classes_have_names(void **state)
{
    fixture_t *fixture = *state;
    uint32_t class = act_lexicon_find(&fixture->lexicon, "cancel");
    assert_true(class < fixture->lexicon.classes_count);
    assert_string_equal(act_lexicon_class(&fixture->lexicon, class), "cancel");
    assert_int_equal(act_lexicon_find(&fixture->lexicon, "nothing"),
                     fixture->lexicon.classes_count);
}

static void no_more_matches_than_there_is_room(void **state)
{
    fixture_t *fixture = *state;
    static act_tokens_t tokens;
    act_match_t matches[2];
    act_tokens_read(act_str("book book book book"), &tokens);
    assert_int_equal(act_lexicon_match(&fixture->lexicon, &tokens, ACT_LANGUAGE_NONE, matches, 2),
                     2);
}

static void damaged_sections_are_refused_or_harmless(void **state)
{
    fixture_t *fixture = *state;
    static act_tokens_t tokens;
    act_match_t matches[16];
    unsigned seed = 1;
    act_lexicon_t lexicon;
    for (size_t len = 0; len < fixture->section.len_bytes; len++)
        assert_int_equal(act_lexicon_init(&lexicon, act_str_of(fixture->section.ptr, len)),
                         ACT_E_CONFIG);
    act_tokens_read(act_str("please make an appointment, Zahnarzttermin, الموعد"), &tokens);
    for (int round = 0; round < 20000; round++) {
        size_t at = (size_t)rand_r(&seed) % fixture->section.len_bytes;
        char kept = fixture->section.ptr[at];
        fixture->section.ptr[at] = (char)rand_r(&seed);
        if (act_lexicon_init(&lexicon, act_buf_str(&fixture->section)) == ACT_E_OK)
            act_lexicon_match(&lexicon, &tokens, ACT_LANGUAGE_NONE, matches, 16);
        fixture->section.ptr[at] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_match_what_they_say, set_up, tear_down),
        cmocka_unit_test(a_word_with_two_meanings_has_both),
        cmocka_unit_test_setup_teardown(classes_have_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_more_matches_than_there_is_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_sections_are_refused_or_harmless, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
