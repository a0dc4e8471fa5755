// translate_test: translations on the wire, with the test in the place of model and persistence: when nobody is
// asked, what is masked and checked, a repair, the tenant's words, failures, a replay.
#include "translate.h"

#include "harness/model_talk.h"
#include "proto/persistence.h"
#include "translation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT "Bonjour Ana, le devis AB-12 est de 1 200 € : https://a.example"
#define MASKED "Bonjour <x1/>, le devis <x2/> est de <x3/> € : <x4/>"
#define GOOD "{\"translation\":\"Hello <x1/>, quote <x2/> is <x3/> €: <x4/>\"}"
#define ENGLISH "Hello Ana, quote AB-12 is 1 200 €: https://a.example"

typedef struct {
    service_kit_t *service;
    actor_kit_t *kit;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *fixture = act_alloc(sizeof *fixture);
    char model[512];
    assert_non_null(getenv("PARLEY_TEST_MODEL"));
    snprintf(model, sizeof model, "model_file=%s", getenv("PARLEY_TEST_MODEL"));
    const char *const overrides[] = {model, NULL};
    const act_spec_t spec = {.name = "translation",
                             .service = &translation_service,
                             .server = &translation_methods,
                             .config = translation_config,
                             .self_size_bytes = translation_size_bytes,
                             .open = translation_open,
                             .close = translation_close};
    fixture->service = service_kit_new(&spec, overrides);
    fixture->kit = fixture->service->kit;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *fixture = *state;
    service_kit_destroy(&fixture->service);
    act_free(fixture);
    return 0;
}

static const act_str_t names[] = {{.ptr = "Ana", .len_bytes = 3}};

static translate_request_t of_a_turn(const char *text)
{
    return (translate_request_t){.text = act_str(text),
                                 .from = ACT_STR("fr"),
                                 .to = ACT_STR("en"),
                                 .conversation_id = ACT_STR("c-1"),
                                 .turn_id = ACT_STR("t-1"),
                                 .step = ACT_STR("in"),
                                 .names = {names, 1}};
}

static void ask(fixture_t *fixture, const translate_request_t *request)
{
    model_talk_call(fixture->kit, "translation", "translate", &translate_request_model, request,
                    /* attempt= */ 1);
}

static translate_reply_t reply_of(fixture_t *fixture)
{
    translate_reply_t reply;
    model_talk_reply(fixture->kit, &translate_reply_model, &reply);
    return reply;
}

static void tell_terms(fixture_t *fixture, const glossary_term_t *terms, uint32_t count)
{
    const find_glossary_terms_reply_t reply = {.terms = {terms, count}};
    model_talk_answer(fixture->kit, model_talk_expect(fixture->kit, "find_glossary_terms"),
                      &find_glossary_terms_reply_model, &reply);
}

static void begin(fixture_t *fixture, const translate_request_t *request)
{
    ask(fixture, request);
    model_talk_tell_models(fixture->kit, "translate", "anthropic");
    tell_terms(fixture, NULL, 0);
}

static bool says(act_str_t text, const char *part)
{
    return memmem(text.ptr, text.len_bytes, part, strlen(part)) != NULL;
}

// -------------------------------------------------------------------------------------------------

static void nobody_is_asked_when_there_is_nothing_to_do(void **state)
{
    fixture_t *fixture = *state;
    translate_request_t requests[] = {of_a_turn(TEXT), of_a_turn(TEXT), of_a_turn("06 12 34, Ana!"),
                                      of_a_turn("")};
    requests[0].to = ACT_STR("fr-BE");
    requests[1].turn_id = act_str("");
    for (size_t i = 0; i < ACT_COUNT(requests); i++) {
        ask(fixture, &requests[i]);
        translate_reply_t reply = reply_of(fixture);
        assert_false(reply.was_translated);
        assert_true(act_str_is(reply.outcome, "unneeded"));
        assert_true(act_str_eq(reply.text, requests[i].text));
    }
    assert_int_equal(actor_kit_count(fixture->kit, ACT_KIND_CALL), 0);
}

static void without_a_model_the_text_comes_back(void **state)
{
    fixture_t *fixture = *state;
    translate_request_t request = of_a_turn(TEXT);
    ask(fixture, &request);
    model_talk_tell_models(fixture->kit, "translate", "builtin");
    translate_reply_t reply = reply_of(fixture);
    assert_true(act_str_is(reply.text, TEXT));
    assert_int_equal(reply.steps.count, 0);
}

static void the_model_sees_masks_and_the_reply_has_what_they_stand_for(void **state)
{
    fixture_t *fixture = *state;
    translate_request_t request = of_a_turn(TEXT);
    begin(fixture, &request);
    chat_request_t asked = model_talk_say(fixture->kit, GOOD);
    assert_true(act_str_is(asked.role, "translate"));
    assert_true(act_str_is(asked.messages.items[0].text, "{\"text\":\"" MASKED "\"}"));
    assert_true(says(asked.system, "from French to English"));
    assert_false(says(asked.system, "{{"));
    translate_reply_t reply = reply_of(fixture);
    assert_true(reply.was_translated);
    assert_true(act_str_is(reply.outcome, "translated"));
    assert_true(act_str_is(reply.text, ENGLISH));
    assert_int_equal(reply.steps.count, 2);
}

static void what_breaks_a_rule_is_repaired_once(void **state)
{
    fixture_t *fixture = *state;
    translate_request_t request = of_a_turn(TEXT);
    begin(fixture, &request);
    model_talk_say(fixture->kit,
                   "{\"translation\":\"Hello <x1/>, quote <x2/> is 1,200 €: <x4/>\"}");
    chat_request_t again = model_talk_say(fixture->kit, GOOD);
    assert_int_equal(again.messages.count, 3);
    assert_true(says(again.messages.items[2].text, "number"));
    translate_reply_t reply = reply_of(fixture);
    assert_true(act_str_is(reply.outcome, "repaired"));
    assert_true(act_str_is(reply.text, ENGLISH));
}

static void after_two_bad_answers_the_untranslated_text_goes_on(void **state)
{
    static const char *const bad[] = {"Hello!", "{}", "{\"translation\":\"Hello <x1/>\"}",
                                      "{\"translation\":1}"};
    fixture_t *fixture = *state;
    for (size_t i = 0; i < ACT_COUNT(bad); i++) {
        translate_request_t request = of_a_turn(TEXT);
        ask(fixture, &request);
        if (i == 0)
            model_talk_tell_models(fixture->kit, "translate", "anthropic");
        tell_terms(fixture, NULL, 0);
        model_talk_say(fixture->kit, bad[i]);
        model_talk_say(fixture->kit, bad[ACT_COUNT(bad) - 1 - i]);
        translate_reply_t reply = reply_of(fixture);
        assert_false(reply.was_translated);
        assert_true(act_str_is(reply.outcome, "invalid"));
        assert_true(act_str_is(reply.text, TEXT));
    }
}

static void the_tenants_words_are_told_kept_and_checked(void **state)
{
    const glossary_term_t terms[] = {
        {.term = ACT_STR("devis"), .translation = ACT_STR("estimate")},
        {.term = ACT_STR("Bonjour"), .translation = ACT_STR("Bonjour")}, // the shop's name
    };
    fixture_t *fixture = *state;
    translate_request_t request = of_a_turn("chez Bonjour, un devis ?");
    ask(fixture, &request);
    model_talk_tell_models(fixture->kit, "translate", "anthropic");
    tell_terms(fixture, terms, ACT_COUNT(terms));
    chat_request_t asked = model_talk_say(fixture->kit, "{\"translation\":\"a quote, at <x1/>?\"}");
    assert_true(
        act_str_is(asked.messages.items[0].text,
                   "{\"text\":\"chez <x1/>, un devis ?\",\"terms\":{\"devis\":\"estimate\"}}"));
    chat_request_t again =
        model_talk_say(fixture->kit, "{\"translation\":\"an estimate at <x1/>?\"}");
    assert_true(says(again.messages.items[2].text, "estimate"));
    assert_true(act_str_is(reply_of(fixture).text, "an estimate at Bonjour?"));
}

static void a_failure_costs_nothing_but_the_time(void **state)
{
    fixture_t *fixture = *state;
    translate_request_t request = of_a_turn(TEXT);
    begin(fixture, &request);
    model_talk_refuse(fixture->kit, model_talk_expect(fixture->kit, "chat"), ACT_E_MODEL_PROVIDER);
    translate_reply_t reply = reply_of(fixture);
    assert_true(act_str_is(reply.outcome, "failed"));
    assert_true(act_str_is(reply.error_code, act_err_code(ACT_E_MODEL_PROVIDER)));
    assert_true(act_str_is(reply.text, TEXT));
    ask(fixture, &request);
    model_talk_refuse(fixture->kit, model_talk_expect(fixture->kit, "find_glossary_terms"),
                      ACT_E_UNAVAILABLE);
    assert_true(act_str_is(reply_of(fixture).text, TEXT));
}

static void what_another_instance_paid_for_is_looked_for_first(void **state)
{
    fixture_t *fixture = *state;
    translate_request_t request = of_a_turn(TEXT);
    begin(fixture, &request);
    model_talk_say(fixture->kit, GOOD);
    translate_reply_t recorded = reply_of(fixture);
    model_talk_call(fixture->kit, "translation", "translate", &translate_request_model, &request,
                    /* attempt= */ 2);
    const list_turn_steps_reply_t steps = {.steps = {recorded.steps.items, recorded.steps.count}};
    model_talk_answer(fixture->kit, model_talk_expect(fixture->kit, "list_turn_steps"),
                      &list_turn_steps_reply_model, &steps);
    assert_true(act_str_is(reply_of(fixture).text, ENGLISH));
    assert_int_equal(actor_kit_count(fixture->kit, ACT_KIND_CALL), 0);
}

static void a_replay_asks_nobody(void **state)
{
    fixture_t *fixture = *state;
    translate_request_t request = of_a_turn(TEXT);
    begin(fixture, &request);
    model_talk_say(fixture->kit, GOOD);
    translate_reply_t recorded = reply_of(fixture);
    request.is_replay = true;
    request.journal.items = recorded.steps.items;
    request.journal.count = recorded.steps.count;
    ask(fixture, &request);
    assert_true(act_str_is(reply_of(fixture).text, ENGLISH));
    request.step = ACT_STR("out0"); // which was not recorded: there was no model then
    ask(fixture, &request);
    assert_true(act_str_is(reply_of(fixture).text, TEXT));
    assert_int_equal(actor_kit_count(fixture->kit, ACT_KIND_CALL), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nobody_is_asked_when_there_is_nothing_to_do),
        TEST(without_a_model_the_text_comes_back),
        TEST(the_model_sees_masks_and_the_reply_has_what_they_stand_for),
        TEST(what_breaks_a_rule_is_repaired_once),
        TEST(after_two_bad_answers_the_untranslated_text_goes_on),
        TEST(the_tenants_words_are_told_kept_and_checked),
        TEST(a_failure_costs_nothing_but_the_time),
        TEST(what_another_instance_paid_for_is_looked_for_first),
        TEST(a_replay_asks_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
