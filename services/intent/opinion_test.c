// opinion_test: what a model may answer, what it may not, and what becomes of both opinions.
#include "opinion.h"

#include "intents.h"
#include "io/json.h"
#include "risk.h"
#include "tool/json_schema.h"
#include "turn/json_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define GOOD                                                                                       \
    "{\"intent\":\"report_incident\",\"confidence\":0.93,\"sentiment\":\"negative\",\"risk\":[],"  \
    "\"situation\":\"A pipe leaks.\",\"entities\":[]}"

typedef struct {
    act_arena_t *arena;
    act_buf_t error;
    understanding_t opinion;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *fixture = act_alloc(sizeof *fixture);
    fixture->arena = act_arena_new();
    act_buf_init(&fixture->error, 1024);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *fixture = *state;
    act_arena_destroy(&fixture->arena);
    act_buf_fini(&fixture->error);
    act_free(fixture);
    return 0;
}

static act_err_t read_answer(fixture_t *fixture, const char *answer, const char *text)
{
    act_buf_reset(&fixture->error);
    fixture->opinion = (understanding_t){0};
    json_t *root = NULL;
    act_err_t err = act_json_answer_read(act_str(answer), opinion_schema(), &root, &fixture->error);
    if (err == ACT_E_OK)
        err = opinion_read(root, act_str(text), fixture->arena, &fixture->opinion, &fixture->error);
    json_decref(root);
    return err;
}

static void the_schema_is_one_and_has_our_intents_and_risks(void **state)
{
    fixture_t *fixture = *state;
    json_t *schema = NULL;
    assert_int_equal(act_json_parse(act_str(opinion_schema()), &schema, NULL, NULL), ACT_E_OK);
    assert_int_equal(act_json_schema_check(schema, "schema", &fixture->error), ACT_E_OK);
    const json_t *fields = act_json_object(schema, "properties");
    const json_t *intents = act_json_array(act_json_object(fields, "intent"), "enum");
    assert_int_equal(json_array_size(intents), INTENTS_COUNT);
    for (size_t i = 0; i < INTENTS_COUNT; i++)
        assert_string_equal(json_string_value(json_array_get(intents, i)), intents_names[i]);
    const json_t *risk = act_json_object(fields, "risk");
    const json_t *risks = act_json_array(act_json_object(risk, "items"), "enum");
    assert_int_equal(json_array_size(risks), RISKS_COUNT);
    for (size_t i = 0; i < RISKS_COUNT; i++)
        assert_string_equal(json_string_value(json_array_get(risks, i)), risk_name((risk_kind_t)i));
    json_decref(schema);
}

static void good_answers_are_read_with_what_is_around_them(void **state)
{
    static const char *const answers[] = {
        GOOD,
        "```json\n" GOOD "\n```",
        "Here it is:\n" GOOD "\nAnything else?",
        " \n" GOOD " ",
    };
    fixture_t *fixture = *state;
    for (size_t i = 0; i < ACT_COUNT(answers); i++) {
        assert_int_equal(read_answer(fixture, answers[i], "water everywhere"), ACT_E_OK);
        assert_true(act_str_is(fixture->opinion.model_intent, "report_incident"));
        assert_true(fixture->opinion.model_confidence > 0.92);
        assert_true(act_str_is(fixture->opinion.model_sentiment, "negative"));
        assert_true(act_str_is(fixture->opinion.situation, "A pipe leaks."));
    }
}

static void bad_answers_are_named_without_quoting_them(void **state)
{
#define REST "\"sentiment\":\"neutral\",\"risk\":[],\"situation\":\"\",\"entities\":[]}"
    static const struct {
        const char *answer, *error;
    } rows[] = {
        {"", "one JSON object"},
        {"report_incident", "one JSON object"},
        {"{\"intent\":\"greeting\"", "one JSON object"},
        {"[1]", "answer: "},
        {"{}", "intent"},
        {"{\"intent\":\"order_pizza\",\"confidence\":0.5," REST, "answer.intent: "},
        {"{\"intent\":\"greeting\",\"confidence\":\"high\"," REST, "answer.confidence: "},
        {"{\"intent\":\"greeting\",\"confidence\":93," REST, "from 0 to 1"},
        {"{\"intent\":\"greeting\",\"confidence\":-0.1," REST, "from 0 to 1"},
        {"{\"intent\":\"greeting\",\"confidence\":0.5,\"mood\":1," REST, "answer"},
        {"{\"intent\":\"greeting\",\"confidence\":0.5,\"sentiment\":\"neutral\",\"risk\":[\"fire\"],"
         "\"situation\":\"\",\"entities\":[]}",
         "answer.risk"},
        {"{\"intent\":\"greeting\",\"confidence\":0.5,\"sentiment\":\"neutral\",\"risk\":[],"
         "\"situation\":\"\",\"entities\":[{\"type\":\"date\"}]}",
         "answer.entities"},
    };
    fixture_t *fixture = *state;
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        assert_int_equal(read_answer(fixture, rows[i].answer, "hello"), ACT_E_INVALID_ARGUMENT);
        act_str_t error = act_buf_str(&fixture->error);
        assert_non_null(memmem(error.ptr, error.len_bytes, rows[i].error, strlen(rows[i].error)));
        assert_null(memmem(error.ptr, error.len_bytes, "pizza", 5));
    }
}

static void entities_that_the_customer_did_not_write_are_left_out(void **state)
{
    static const char answer[] =
        "{\"intent\":\"book_appointment\",\"confidence\":0.9,\"sentiment\":\"neutral\",\"risk\":[],"
        "\"situation\":\"Wants a visit.\",\"entities\":["
        "{\"type\":\"date\",\"text\":\"demain à 14h\",\"value\":\"2026-11-22\"},"
        "{\"type\":\"amount\",\"text\":\"10000 EUR\",\"value\":\"10000 EUR\"},"
        "{\"type\":\"person\",\"text\":\"Zoé\",\"value\":\"\"},"
        "{\"type\":\"other\",\"text\":\"\",\"value\":\"x\"}]}";
    fixture_t *fixture = *state;
    assert_int_equal(read_answer(fixture, answer, "Zoé peut venir demain à 14h ?"), ACT_E_OK);
    assert_int_equal(fixture->opinion.entities.count, 2);
    assert_true(act_str_is(fixture->opinion.entities.items[0].value, "2026-11-22"));
    assert_true(act_str_is(fixture->opinion.entities.items[1].text, "Zoé"));
}

static void long_texts_are_cut_and_never_in_a_letter(void **state)
{
    fixture_t *fixture = *state;
    act_buf_t answer;
    act_buf_init(&answer, 65536);
    act_buf_printf(&answer,
                   "{\"intent\":\"none\",\"confidence\":1,\"sentiment\":\"neutral\",\"risk\":[],"
                   "\"entities\":[],\"situation\":\"");
    for (int i = 0; i < 2000; i++)
        act_buf_printf(&answer, "é");
    act_buf_printf(&answer, "\"}");
    act_buf_add_char(&answer, '\0');
    assert_int_equal(read_answer(fixture, answer.ptr, "hi"), ACT_E_OK);
    assert_int_equal(act_utf8_count(fixture->opinion.situation), 300);
    assert_true(act_utf8_valid(fixture->opinion.situation));
    act_buf_fini(&answer);
}

// --- both ----------------------------------------------------------------------------------------

static classify_reply_t merge(fixture_t *fixture, classify_reply_t builtin, const char *intent,
                              double confidence)
{
    fixture->opinion = (understanding_t){.model_intent = act_str(intent),
                                         .model_confidence = confidence,
                                         .model_sentiment = ACT_STR("negative")};
    opinion_merge(&fixture->opinion, fixture->arena, &builtin);
    return builtin;
}

static void the_models_intent_counts_and_agreement_keeps_the_surer_one(void **state)
{
    fixture_t *fixture = *state;
    const classify_reply_t builtin = {
        .intent = ACT_STR("greeting"), .confidence = 0.8, .sentiment = ACT_STR("neutral")};
    classify_reply_t reply = merge(fixture, builtin, "view_tasks", 0.4);
    assert_true(act_str_is(reply.intent, "view_tasks"));
    assert_true(reply.confidence < 0.5);
    assert_true(act_str_is(reply.sentiment, "negative"));
    reply = merge(fixture, builtin, "greeting", 0.4);
    assert_true(reply.confidence > 0.7);
    reply = merge(fixture, builtin, "greeting", 0.95);
    assert_true(reply.confidence > 0.9);
}

static void no_model_takes_a_risk_away(void **state)
{
    fixture_t *fixture = *state;
    act_str_t found[] = {ACT_STR("prompt_injection"), ACT_STR("abuse")};
    act_str_t said[] = {ACT_STR("abuse"), ACT_STR("threat")};
    classify_reply_t reply = {.intent = ACT_STR("none")};
    reply.risk.items = found;
    reply.risk.count = 2;
    fixture->opinion = (understanding_t){.model_intent = ACT_STR("greeting")};
    opinion_merge(&fixture->opinion, fixture->arena, &reply); // it says: no risk at all
    assert_int_equal(reply.risk.count, 2);
    fixture->opinion.model_risk.items = said;
    fixture->opinion.model_risk.count = 2;
    opinion_merge(&fixture->opinion, fixture->arena, &reply);
    assert_int_equal(reply.risk.count, 3);
    assert_true(act_str_is(reply.risk.items[0], "prompt_injection"));
    assert_true(act_str_is(reply.risk.items[1], "abuse"));
    assert_true(act_str_is(reply.risk.items[2], "threat"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_schema_is_one_and_has_our_intents_and_risks),
        TEST(good_answers_are_read_with_what_is_around_them),
        TEST(bad_answers_are_named_without_quoting_them),
        TEST(entities_that_the_customer_did_not_write_are_left_out),
        TEST(long_texts_are_cut_and_never_in_a_letter),
        TEST(the_models_intent_counts_and_agreement_keeps_the_surer_one),
        TEST(no_model_takes_a_risk_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
