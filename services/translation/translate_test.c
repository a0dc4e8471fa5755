// translate_test: translations on the wire, with the test in the place of model and persistence: when nobody is
// asked, what is masked and checked, a repair, the tenant's words, failures, a replay.
#include "translate.h"

#include "harness/model_talk.h"
#include "proto/persistence.h"
#include "proto/translation.h"
#include "translation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TEXT "Bonjour Ana, le devis AB-12 est de 1 200 € : https://a.example"
#define MASKED "Bonjour <x1/>, le devis <x2/> est de <x3/> € : <x4/>"
#define GOOD "{\"translation\":\"Hello <x1/>, quote <x2/> is <x3/> €: <x4/>\"}"
#define ENGLISH "Hello Ana, quote AB-12 is 1 200 €: https://a.example"

static int set_up(void **state)
{
    *state = service_kit_trained(&translation_spec, NULL);
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

static void ask(service_kit_t *service, const translate_request_t *request)
{
    model_talk_call(service->kit, "translation", "translate", &translate_request_model, request,
                    /* attempt= */ 1);
}

static translate_reply_t reply_of(service_kit_t *service)
{
    translate_reply_t reply;
    model_talk_reply(service->kit, &translate_reply_model, &reply);
    return reply;
}

static void tell_terms(service_kit_t *service, const glossary_term_t *terms, uint32_t count)
{
    const find_glossary_terms_reply_t reply = {.terms = {terms, count}};
    model_talk_answer(service->kit, model_talk_expect(service->kit, "find_glossary_terms"),
                      &find_glossary_terms_reply_model, &reply);
}

static void begin(service_kit_t *service, const translate_request_t *request)
{
    ask(service, request);
    model_talk_tell_models(service->kit, "translate", "anthropic");
    tell_terms(service, NULL, 0);
}

static bool says(act_str_t text, const char *part)
{
    return memmem(text.ptr, text.len_bytes, part, strlen(part)) != NULL;
}

// -------------------------------------------------------------------------------------------------

static void nobody_is_asked_when_there_is_nothing_to_do(void **state)
{
    service_kit_t *service = *state;
    translate_request_t requests[] = {of_a_turn(TEXT), of_a_turn(TEXT), of_a_turn("06 12 34, Ana!"),
                                      of_a_turn("")};
    requests[0].to = ACT_STR("fr-BE");
    requests[1].turn_id = act_str("");
    for (size_t i = 0; i < ACT_COUNT(requests); i++) {
        ask(service, &requests[i]);
        translate_reply_t reply = reply_of(service);
        assert_false(reply.was_translated);
        assert_true(act_str_is(reply.outcome, "unneeded"));
        assert_true(act_str_eq(reply.text, requests[i].text));
    }
    assert_int_equal(actor_kit_count(service->kit, ACT_KIND_CALL), 0);
}

static void without_a_model_the_text_comes_back(void **state)
{
    service_kit_t *service = *state;
    translate_request_t request = of_a_turn(TEXT);
    ask(service, &request);
    model_talk_tell_models(service->kit, "translate", "builtin");
    translate_reply_t reply = reply_of(service);
    assert_true(act_str_is(reply.text, TEXT));
    assert_int_equal(reply.steps.count, 0);
}

static void the_model_sees_masks_and_the_reply_has_what_they_stand_for(void **state)
{
    service_kit_t *service = *state;
    translate_request_t request = of_a_turn(TEXT);
    begin(service, &request);
    chat_request_t asked = model_talk_say(service->kit, GOOD);
    assert_true(act_str_is(asked.role, "translate"));
    assert_true(act_str_is(asked.messages.items[0].text, "{\"text\":\"" MASKED "\"}"));
    assert_true(says(asked.system, "from French to English"));
    assert_false(says(asked.system, "{{"));
    translate_reply_t reply = reply_of(service);
    assert_true(reply.was_translated);
    assert_true(act_str_is(reply.outcome, "translated"));
    assert_true(act_str_is(reply.text, ENGLISH));
    assert_int_equal(reply.steps.count, 2);
}

static void what_breaks_a_rule_is_repaired_once(void **state)
{
    service_kit_t *service = *state;
    translate_request_t request = of_a_turn(TEXT);
    begin(service, &request);
    model_talk_say(service->kit,
                   "{\"translation\":\"Hello <x1/>, quote <x2/> is 1,200 €: <x4/>\"}");
    chat_request_t again = model_talk_say(service->kit, GOOD);
    assert_int_equal(again.messages.count, 3);
    assert_true(says(again.messages.items[2].text, "number"));
    translate_reply_t reply = reply_of(service);
    assert_true(act_str_is(reply.outcome, "repaired"));
    assert_true(act_str_is(reply.text, ENGLISH));
}

static void after_two_bad_answers_the_untranslated_text_goes_on(void **state)
{
    static const char *const bad[] = {"Hello!", "{}", "{\"translation\":\"Hello <x1/>\"}",
                                      "{\"translation\":1}"};
    service_kit_t *service = *state;
    for (size_t i = 0; i < ACT_COUNT(bad); i++) {
        translate_request_t request = of_a_turn(TEXT);
        ask(service, &request);
        if (i == 0)
            model_talk_tell_models(service->kit, "translate", "anthropic");
        tell_terms(service, NULL, 0);
        model_talk_say(service->kit, bad[i]);
        model_talk_say(service->kit, bad[ACT_COUNT(bad) - 1 - i]);
        translate_reply_t reply = reply_of(service);
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
    service_kit_t *service = *state;
    translate_request_t request = of_a_turn("chez Bonjour, un devis ?");
    ask(service, &request);
    model_talk_tell_models(service->kit, "translate", "anthropic");
    tell_terms(service, terms, ACT_COUNT(terms));
    chat_request_t asked = model_talk_say(service->kit, "{\"translation\":\"a quote, at <x1/>?\"}");
    assert_true(
        act_str_is(asked.messages.items[0].text,
                   "{\"text\":\"chez <x1/>, un devis ?\",\"terms\":{\"devis\":\"estimate\"}}"));
    chat_request_t again =
        model_talk_say(service->kit, "{\"translation\":\"an estimate at <x1/>?\"}");
    assert_true(says(again.messages.items[2].text, "estimate"));
    assert_true(act_str_is(reply_of(service).text, "an estimate at Bonjour?"));
}

static void a_failure_costs_nothing_but_the_time(void **state)
{
    service_kit_t *service = *state;
    translate_request_t request = of_a_turn(TEXT);
    begin(service, &request);
    model_talk_refuse(service->kit, model_talk_expect(service->kit, "chat"), ACT_E_MODEL_PROVIDER);
    translate_reply_t reply = reply_of(service);
    assert_true(act_str_is(reply.outcome, "failed"));
    assert_true(act_str_is(reply.error_code, act_err_code(ACT_E_MODEL_PROVIDER)));
    assert_true(act_str_is(reply.text, TEXT));
    ask(service, &request);
    model_talk_refuse(service->kit, model_talk_expect(service->kit, "find_glossary_terms"),
                      ACT_E_UNAVAILABLE);
    assert_true(act_str_is(reply_of(service).text, TEXT));
}

static void what_another_instance_paid_for_is_looked_for_first(void **state)
{
    service_kit_t *service = *state;
    translate_request_t request = of_a_turn(TEXT);
    begin(service, &request);
    model_talk_say(service->kit, GOOD);
    translate_reply_t recorded = reply_of(service);
    model_talk_call(service->kit, "translation", "translate", &translate_request_model, &request,
                    /* attempt= */ 2);
    const list_turn_steps_reply_t steps = {.steps = {recorded.steps.items, recorded.steps.count}};
    model_talk_answer(service->kit, model_talk_expect(service->kit, "list_turn_steps"),
                      &list_turn_steps_reply_model, &steps);
    assert_true(act_str_is(reply_of(service).text, ENGLISH));
    assert_int_equal(actor_kit_count(service->kit, ACT_KIND_CALL), 0);
}

static void a_replay_asks_nobody(void **state)
{
    service_kit_t *service = *state;
    translate_request_t request = of_a_turn(TEXT);
    begin(service, &request);
    model_talk_say(service->kit, GOOD);
    translate_reply_t recorded = reply_of(service);
    request.is_replay = true;
    request.journal.items = recorded.steps.items;
    request.journal.count = recorded.steps.count;
    ask(service, &request);
    assert_true(act_str_is(reply_of(service).text, ENGLISH));
    request.step = ACT_STR("out0"); // which was not recorded: there was no model then
    ask(service, &request);
    assert_true(act_str_is(reply_of(service).text, TEXT));
    assert_int_equal(actor_kit_count(service->kit, ACT_KIND_CALL), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, service_kit_tear_down)
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
