// cues_test: concepts join languages, and what was forgotten is not there.
#include "cues.h"

#include "model_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct {
    act_model_file_t *file;
    act_lexicon_t concepts;
    act_tokens_t tokens;
    act_match_t matches[CUES_MAX_MATCHES];
    uint32_t matches_count;
    act_features_t features;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *fixture = act_alloc(sizeof *fixture);
    fixture->file = model_kit_open();
    assert_int_equal(
        act_lexicon_init(&fixture->concepts, act_model_file_section(fixture->file, "concepts")),
        ACT_E_OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *fixture = *state;
    act_model_file_destroy(&fixture->file);
    act_free(fixture);
    return 0;
}

static void read_text(fixture_t *fixture, const char *language, const char *text)
{
    act_tokens_read(act_str(text), &fixture->tokens);
    fixture->matches_count =
        act_lexicon_match(&fixture->concepts, &fixture->tokens,
                          act_language_find(act_str(language)), fixture->matches, CUES_MAX_MATCHES);
    cues_read(&fixture->tokens, fixture->matches, fixture->matches_count, &fixture->features);
}

// How much two texts have in common: the cosine of their vectors.
static float likeness(fixture_t *fixture, const char *const a[2], const char *const b[2])
{
    static float values[1 << ACT_FEATURES_BITS];
    read_text(fixture, a[0], a[1]);
    for (uint32_t i = 0; i < fixture->features.count; i++)
        values[act_feature_bucket(&fixture->features.items[i])] += fixture->features.items[i].value;
    act_features_t *first = act_alloc(sizeof *first);
    *first = fixture->features;
    read_text(fixture, b[0], b[1]);
    float sum = 0;
    for (uint32_t i = 0; i < fixture->features.count; i++)
        sum += fixture->features.items[i].value *
               values[act_feature_bucket(&fixture->features.items[i])];
    for (uint32_t i = 0; i < first->count; i++)
        values[act_feature_bucket(&first->items[i])] = 0;
    act_free(first);
    return sum;
}

static void the_same_wish_is_alike_in_any_language(void **state)
{
    static const char *const wishes[][2] = {
        {"en", "cancel my appointment tomorrow"},
        {"de", "storniere meinen Termin morgen"},
        {"pl", "odwołaj moją wizytę jutro"},
        {"ar", "الغي موعدي غدا"},
    };
    static const char *const other[2] = {"en", "the scaffolding has collapsed"};
    for (size_t i = 1; i < ACT_COUNT(wishes); i++) {
        float like = likeness(*state, wishes[0], wishes[i]);
        float unlike = likeness(*state, other, wishes[i]);
        assert_true(like > 0.10f);
        assert_true(like > 2 * unlike);
    }
}

static void concepts_that_are_forgotten_leave_no_trace(void **state)
{
    fixture_t *fixture = *state;
    read_text(fixture, "en", "cancel appointment");
    assert_int_equal(fixture->matches_count, 2);
    uint32_t all_count = fixture->features.count;
    cues_read(&fixture->tokens, fixture->matches, 0, &fixture->features);
    assert_true(fixture->features.count < all_count);
}

static void empty_and_endless_texts_are_read(void **state)
{
    fixture_t *fixture = *state;
    act_buf_t text;
    read_text(fixture, "en", "");
    assert_true(fixture->features.count < 8);
    act_buf_init(&text, 1 << 20);
    for (int i = 0; i < 2000; i++)
        act_buf_printf(&text, "cancel %d book table? ", i);
    act_buf_add_char(&text, '\0');
    read_text(fixture, "", text.ptr);
    assert_true(fixture->features.count > 100);
    act_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_wish_is_alike_in_any_language, set_up, tear_down),
        cmocka_unit_test_setup_teardown(concepts_that_are_forgotten_leave_no_trace, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(empty_and_endless_texts_are_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
