// corpus_test: reading the tree, the stable split, and texts that say the same.
#include "text/train/corpus.h"

#include "base/arena.h"
#include "text/languages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const labels[] = {"hello", "price"};

typedef struct {
    act_arena_t *arena;
    char root[32];
} fixture_t;

static const char *path_of(const fixture_t *fixture, const char *name)
{
    return act_arena_printf(fixture->arena, "%s/%s", fixture->root, name).ptr;
}

static void write_text(const fixture_t *fixture, const char *name, const char *text)
{
    FILE *file = fopen(path_of(fixture, name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **state)
{
    fixture_t *fixture = act_alloc(sizeof *fixture);
    fixture->arena = act_arena_new();
    strcpy(fixture->root, "/tmp/parley-corpus-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    assert_int_equal(mkdir(path_of(fixture, "en"), 0700), 0);
    assert_int_equal(mkdir(path_of(fixture, "es"), 0700), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *fixture = *state;
    static const char *const names[] = {
        "en/hello.txt", "en/price.txt", "es/hello.txt", "es/price.txt", "en/extra.txt", "en", "es"};
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        remove(path_of(fixture, names[i]));
    rmdir(fixture->root);
    act_arena_destroy(&fixture->arena);
    act_free(fixture);
    return 0;
}

static void write_tree(const fixture_t *fixture)
{
    write_text(fixture, "en/hello.txt", "# greetings\nhello\n\n  hi there  \nok\n");
    write_text(fixture, "en/price.txt", "how much\n");
    write_text(fixture, "es/hello.txt", "hola\nok\n👍\n");
    write_text(fixture, "es/price.txt", "precio\n");
}

static void lines_become_examples(void **state)
{
    fixture_t *fixture = *state;
    act_corpus_t *corpus = NULL;
    act_buf_t error;
    act_buf_init(&error, 512);
    write_tree(fixture);
    assert_int_equal(act_corpus_read(fixture->root, labels, 2, &corpus, &error), ACT_E_OK);
    assert_int_equal(act_corpus_count(corpus), 8);
    const act_example_t *example = act_corpus_example(corpus, 1);
    assert_true(act_str_is(example->text, "hi there"));
    assert_string_equal(act_language_code(example->language), "en");
    assert_int_equal(act_corpus_example(corpus, 3)->label, 1);
    act_corpus_destroy(&corpus);
    act_corpus_destroy(&corpus);
    act_buf_fini(&error);
}

static void texts_of_two_languages_are_shared(void **state)
{
    fixture_t *fixture = *state;
    act_corpus_t *corpus = NULL;
    act_buf_t error;
    act_buf_init(&error, 512);
    write_tree(fixture);
    assert_int_equal(act_corpus_read(fixture->root, /* labels= */ NULL, 0, &corpus, &error),
                     ACT_E_OK);
    uint32_t shared_count = 0;
    for (uint32_t i = 0; i < act_corpus_count(corpus); i++) {
        const act_example_t *example = act_corpus_example(corpus, i);
        shared_count += act_corpus_is_shared(corpus, example);
        assert_int_equal(act_corpus_is_repeated(corpus, example), !example->is_held_out);
    }
    assert_int_equal(shared_count, 3); // "ok" twice, and the thumb
    act_corpus_destroy(&corpus);
    act_buf_fini(&error);
}

static void mistakes_in_the_tree_are_named(void **state)
{
    fixture_t *fixture = *state;
    act_corpus_t *corpus = NULL;
    act_buf_t error;
    act_buf_init(&error, 512);
    assert_int_equal(act_corpus_read("/nowhere", labels, 2, &corpus, &error), ACT_E_CONFIG);
    assert_int_equal(act_corpus_read(fixture->root, labels, 2, &corpus, &error), ACT_E_CONFIG);
    write_tree(fixture);
    write_text(fixture, "en/extra.txt", "x\n");
    act_buf_reset(&error);
    assert_int_equal(act_corpus_read(fixture->root, labels, 2, &corpus, &error), ACT_E_CONFIG);
    act_buf_add_char(&error, '\0');
    assert_non_null(strstr(error.ptr, "extra.txt"));
    assert_null(corpus);
    act_buf_fini(&error);
}

// The split is part of the data: this line must stay where it is, for ever.
static void the_split_is_stable_and_one_in_five(void **state)
{
    fixture_t *fixture = *state;
    act_corpus_t *corpus = NULL;
    act_buf_t error, text;
    act_buf_init(&error, 512);
    act_buf_init(&text, 1 << 20);
    for (int i = 0; i < 5000; i++)
        act_buf_printf(&text, "text number %d\n", i);
    act_buf_add_char(&text, '\0');
    write_tree(fixture);
    write_text(fixture, "en/price.txt", text.ptr);
    assert_int_equal(act_corpus_read(fixture->root, labels, 2, &corpus, &error), ACT_E_OK);
    uint32_t held_out_count = 0;
    uint32_t folds[ACT_CORPUS_FOLDS] = {0};
    for (uint32_t i = 0; i < act_corpus_count(corpus); i++) {
        const act_example_t *example = act_corpus_example(corpus, i);
        held_out_count += example->is_held_out;
        folds[example->fold]++;
        uint64_t hash = act_str_hash(
            example->text,
            act_str_hash(act_str(labels[example->label]),
                         act_str_hash(act_str(act_language_code(example->language)), 0)));
        assert_int_equal(example->is_held_out, hash % 5 == 0);
    }
    assert_in_range(held_out_count, 900, 1100);
    for (uint32_t fold = 0; fold < ACT_CORPUS_FOLDS; fold++)
        assert_in_range(folds[fold], 850, 1150);
    act_corpus_destroy(&corpus);
    act_buf_fini(&text);
    act_buf_fini(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_become_examples, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_of_two_languages_are_shared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_in_the_tree_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_split_is_stable_and_one_in_five, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
