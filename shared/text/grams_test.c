// grams_test: how many things a text has, and that accents are an addition, not a replacement.
#include "text/grams.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef void grams_fn(const act_tokens_t *tokens, uint32_t kind, act_features_t *features);

static void letters_2_to_3(const act_tokens_t *tokens, uint32_t kind, act_features_t *features)
{
    act_grams_letters(tokens, &(act_grams_letters_t){.min = 2, .max = 3}, kind, features);
}

static void letters_with_accents(const act_tokens_t *tokens, uint32_t kind,
                                 act_features_t *features)
{
    act_grams_letters(tokens, &(act_grams_letters_t){.min = 2, .max = 3, .with_accents = true},
                      kind, features);
}

static uint32_t count_of(grams_fn *grams, const char *text)
{
    static act_tokens_t tokens;
    static act_features_t features;
    act_tokens_read(act_str(text), &tokens);
    act_features_reset(&features);
    grams(&tokens, 0, &features);
    return features.count;
}

// How many things two texts share.
static uint32_t shared_of(grams_fn *grams, const char *a, const char *b)
{
    static act_tokens_t tokens;
    static act_features_t features;
    act_features_reset(&features);
    act_tokens_read(act_str(a), &tokens);
    grams(&tokens, 0, &features);
    uint32_t a_count = features.count;
    act_tokens_read(act_str(b), &tokens);
    grams(&tokens, 0, &features);
    return a_count + count_of(grams, b) - features.count;
}

static void words_are_known_with_and_without_accents(void **state)
{
    (void)state;
    assert_int_equal(count_of(act_grams_words, "ete"), 1);
    assert_int_equal(count_of(act_grams_words, "été"), 2);
    assert_int_equal(shared_of(act_grams_words, "été", "ete"), 1);
    assert_int_equal(count_of(act_grams_words, "no no no"), 1);
    assert_int_equal(count_of(act_grams_words, ""), 0);
}

static void pairs_know_order_and_edges(void **state)
{
    (void)state;
    assert_int_equal(count_of(act_grams_pairs, "a b"), 3);
    assert_int_equal(shared_of(act_grams_pairs, "a b", "b a"), 0);
    assert_int_equal(shared_of(act_grams_pairs, "a b c", "a b d"), 2);
    assert_int_equal(count_of(act_grams_pairs, ""), 0);
}

static void letters_run_inside_words_only(void **state)
{
    (void)state;
    // <abc>: 4 of two letters, 3 of three
    assert_int_equal(count_of(letters_2_to_3, "abc"), 7);
    // <a>: <a, a>, and <a> which is short enough to count
    assert_int_equal(count_of(letters_2_to_3, "a"), 3);
    assert_int_equal(shared_of(letters_2_to_3, "abc", "abd"), 3); // <a, ab, <ab
}

static void accented_runs_come_on_top(void **state)
{
    (void)state;
    uint32_t base_count = count_of(letters_with_accents, "nao");
    uint32_t both_count = count_of(letters_with_accents, "não");
    assert_true(both_count > base_count);
    assert_int_equal(shared_of(letters_with_accents, "não", "nao"), base_count);
}

static void stems_join_the_forms_of_a_word(void **state)
{
    (void)state;
    // "ann", "annu", "annul"
    assert_int_equal(shared_of(act_grams_stems, "annuler", "annulation"), 3);
    assert_int_equal(count_of(act_grams_stems, "ok"), 0);
    assert_int_equal(count_of(act_grams_stems, "ok ok"), 1);
}

static void accents_are_counted_by_letter(void **state)
{
    (void)state;
    assert_int_equal(count_of(act_grams_accents, "é è é"), 2);
    assert_int_equal(count_of(act_grams_accents, "e"), 0);
    assert_int_equal(count_of(act_grams_accents, "أريد"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_known_with_and_without_accents),
        cmocka_unit_test(pairs_know_order_and_edges),
        cmocka_unit_test(letters_run_inside_words_only),
        cmocka_unit_test(accented_runs_come_on_top),
        cmocka_unit_test(stems_join_the_forms_of_a_word),
        cmocka_unit_test(accents_are_counted_by_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
