// vocabulary_test: what a word file may say. What its entries match is in lexicon_test.
#include "text/train/vocabulary.h"

#include "text/languages.h"
#include "text/lexicon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char english[] = "# a comment\n\nbook: book reserv*\nfeeling.good: nice\n";
static const char german[] = "thing: *termin *plan*\n";

static void add(act_vocabulary_t *vocabulary, const char *language, const char *group,
                const char *text)
{
    act_buf_t error;
    act_buf_init(&error, 256);
    assert_int_equal(act_vocabulary_add(vocabulary, act_language_find(act_str(language)), group,
                                        act_str(text), "test", &error),
                     ACT_E_OK);
    assert_int_equal(error.len_bytes, 0);
    act_buf_fini(&error);
}

static void a_group_is_read_alone(void **state)
{
    (void)state;
    static const struct {
        const char *group;
        const char *has;
        const char *lacks;
    } rows[] = {{"", "book", "good"}, {"feeling", "good", "book"}};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        ACT_AUTO(act_vocabulary) *vocabulary = act_vocabulary_new();
        act_lexicon_t lexicon;
        act_buf_t section;
        act_buf_init(&section, 1 << 20);
        add(vocabulary, "en", rows[i].group, english);
        act_vocabulary_pack(vocabulary, &section);
        assert_int_equal(act_lexicon_init(&lexicon, act_buf_str(&section)), ACT_E_OK);
        assert_int_equal(lexicon.classes_count, 1);
        assert_int_equal(act_lexicon_find(&lexicon, rows[i].has), 0);
        assert_int_equal(act_lexicon_find(&lexicon, rows[i].lacks), 1);
        act_buf_fini(&section);
    }
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    ACT_AUTO(act_vocabulary) *vocabulary = act_vocabulary_new();
    act_buf_t error;
    act_buf_init(&error, 512);
    assert_int_equal(act_vocabulary_read(vocabulary, "/nowhere", "", &error), ACT_E_CONFIG);
    act_buf_add_char(&error, '\0');
    assert_non_null(strstr(error.ptr, "/nowhere/fr.txt"));
    act_buf_fini(&error);
}

static void same_words_same_bytes(void **state)
{
    (void)state;
    act_buf_t sections[2];
    for (int i = 0; i < 2; i++) {
        ACT_AUTO(act_vocabulary) *vocabulary = act_vocabulary_new();
        add(vocabulary, "en", "", english);
        add(vocabulary, "de", "", german);
        act_buf_init(&sections[i], 1 << 20);
        act_vocabulary_pack(vocabulary, &sections[i]);
    }
    assert_true(act_str_eq(act_buf_str(&sections[0]), act_buf_str(&sections[1])));
    act_buf_fini(&sections[0]);
    act_buf_fini(&sections[1]);
}

static void bad_entries_are_named(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"ok: fine\nno colon here", "test:2:"},
        {"x: a_b_c_d_e_f_g", "one to six words"},
        {"x: 42", "only words"},
        {"x: 👍", "only words"},
        {"x: a*", "two letters"},
        {"x: !", "one to six words"},
        {"x: *two_words", "single words"},
        {"a_name_of_more_than_twenty_three_letters: x", "name too long"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        ACT_AUTO(act_vocabulary) *vocabulary = act_vocabulary_new();
        act_buf_t error;
        act_buf_init(&error, 512);
        assert_int_equal(act_vocabulary_add(vocabulary, 1, "", act_str(rows[i][0]), "test", &error),
                         ACT_E_CONFIG);
        act_buf_add_char(&error, '\0');
        assert_non_null(strstr(error.ptr, rows[i][1]));
        act_buf_fini(&error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_read_alone),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(same_words_same_bytes),
        cmocka_unit_test(bad_entries_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
