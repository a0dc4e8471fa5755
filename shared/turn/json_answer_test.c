// json_answer_test: an object among other words, what is wrong with an answer, and asking once more.
#include "turn/json_answer.h"

#include "io/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"word\"],"                 \
    "\"properties\":{\"word\":{\"type\":\"string\"}}}"

static act_err_t read_answer(const char *said, const char *schema, json_t **ret_root,
                             char *ret_error)
{
    act_buf_t error;
    act_buf_init(&error, 1024);
    *ret_root = NULL;
    act_err_t err = act_json_answer_read(act_str(said), schema, ret_root, &error);
    assert_true(act_str_copy(act_buf_str(&error), ret_error, 1024));
    act_buf_fini(&error);
    return err;
}

static void the_object_is_found_in_what_stands_around_it(void **state)
{
    static const char *const answers[] = {
        "{\"word\":\"yes\"}",
        "```json\n{\"word\":\"yes\"}\n```",
        "Here it is:\n{\"word\":\"yes\"}\nAnything else?",
    };
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(answers); i++) {
        json_t *root;
        char error[1024];
        assert_int_equal(read_answer(answers[i], SCHEMA, &root, error), ACT_E_OK);
        assert_true(act_str_is(act_json_str(root, "word"), "yes"));
        assert_string_equal(error, "");
        json_decref(root);
    }
}

static void what_is_wrong_is_named_and_not_quoted(void **state)
{
    static const struct {
        const char *answer, *error;
    } rows[] = {
        {"", "one JSON object"},
        {"pizza", "one JSON object"},
        {"}{", "one JSON object"},
        {"{\"word\":\"pizza\"", "one JSON object"},
        {"[\"pizza\"]", "answer"},
        {"{}", "word"},
        {"{\"word\":[\"pizza\"]}", "answer.word"},
        {"{\"word\":\"\",\"why\":\"pizza\"}", "answer"},
    };
    (void)state;
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        json_t *root;
        char error[1024];
        assert_int_equal(read_answer(rows[i].answer, SCHEMA, &root, error), ACT_E_INVALID_ARGUMENT);
        assert_null(root);
        assert_non_null(strstr(error, rows[i].error));
        assert_null(strstr(error, "pizza"));
    }
}

static void without_a_schema_whoever_asks_checks(void **state)
{
    json_t *root;
    char error[1024];
    (void)state;
    assert_int_equal(read_answer("{\"why\":1}", NULL, &root, error), ACT_E_OK);
    assert_int_equal(act_json_int(root, "why", 0), 1);
    json_decref(root);
}

static void it_is_asked_once_more_with_what_is_wrong(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const chat_message_t first = {.role = ACT_STR("user"), .text = ACT_STR("which word?")};
    const chat_request_t asked = {.role = ACT_STR("classify"), .messages = {&first, 1}};
    const chat_message_t said = {.role = ACT_STR("assistant"), .text = ACT_STR("what?")};
    chat_request_t again =
        act_json_answer_dispute(&asked, &said, ACT_STR("answer: must be an object"), arena);
    assert_true(act_str_is(again.role, "classify"));
    assert_int_equal(again.messages.count, 3);
    assert_true(act_str_is(again.messages.items[0].text, "which word?"));
    assert_true(act_str_is(again.messages.items[1].text, "what?"));
    assert_true(act_str_is(again.messages.items[2].role, "user"));
    assert_non_null(strstr(again.messages.items[2].text.ptr, "answer: must be an object"));
    const chat_message_t nothing = {.role = ACT_STR("assistant")};
    again = act_json_answer_dispute(&asked, &nothing, ACT_STR("answer: none"), arena);
    assert_int_equal(again.messages.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_object_is_found_in_what_stands_around_it),
        cmocka_unit_test(what_is_wrong_is_named_and_not_quoted),
        cmocka_unit_test(without_a_schema_whoever_asks_checks),
        cmocka_unit_test(it_is_asked_once_more_with_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
