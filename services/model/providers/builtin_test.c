// builtin_test: the model that is none: answers from what it was given, embeddings of words.
#include "provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static act_str_t builtin_says(const chat_request_t *request, act_arena_t *arena)
{
    reading_t reading;
    reading_init(&reading, arena);
    provider_builtin.answer_chat(&reading, request);
    act_str_t text = act_arena_str(arena, act_buf_str(&reading.text));
    assert_int_equal(reading.stop, STOP_END);
    reading_fini(&reading);
    return text;
}

static void the_builtin_answers_from_what_it_was_given(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const chat_message_t messages[] = {
        {.role = ACT_STR("user"), .text = ACT_STR("What does the delivery cost to Lyon?")}};
    chat_request_t request = {
        .role = ACT_STR("agent"),
        .system = ACT_STR("We open at nine. Delivery to Lyon does cost 12 euros. We sell paint."),
        .messages = {.items = messages, .count = 1}};
    assert_true(
        act_str_starts_with(builtin_says(&request, arena), "Delivery to Lyon does cost 12 euros."));
    request.system = ACT_STR("");
    assert_true(act_str_empty(builtin_says(&request, arena)));
    request.output_schema = ACT_STR(
        "{\"type\":\"object\",\"required\":[\"intent\",\"n\"],\"properties\":{\"intent\":{\"enum\":[\"faq\"]},"
        "\"n\":{\"type\":\"integer\"},\"o\":{\"type\":\"string\"}}}");
    assert_true(act_str_is(builtin_says(&request, arena), "{\"intent\":\"faq\",\"n\":0}"));
}

static double nearness(const embedding_t *a, const embedding_t *b)
{
    const float *left = (const float *)(const void *)a->vector.ptr;
    const float *right = (const float *)(const void *)b->vector.ptr;
    double sum = 0;
    for (size_t i = 0; i < 256; i++)
        sum += (double)left[i] * (double)right[i];
    return sum;
}

static void builtin_embeddings_bring_like_texts_together(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const act_str_t texts[] = {ACT_STR("Quels sont vos horaires d'ouverture ?"),
                               ACT_STR("horaires ouverture samedi"), ACT_STR("my invoice is wrong"),
                               ACT_STR("")};
    embedding_t items[4] = {0};
    vectors_t vectors = {.arena = arena, .items = items, .count = 4};
    provider_builtin.answer_embed(&vectors,
                                  &(embed_request_t){.texts = {.items = texts, .count = 4}});
    assert_int_equal(vectors.filled_count, 4);
    assert_true(nearness(&items[0], &items[1]) > 0.4);
    assert_true(nearness(&items[0], &items[2]) < 0.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_builtin_answers_from_what_it_was_given),
        cmocka_unit_test(builtin_embeddings_bring_like_texts_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
