// run: what customers do instead of answering, and beginnings that are none.
#include "run.h"

#include "talk_fake.h"
#include "texts/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// --- not an answer -------------------------------------------------------------------------------

static void leaves_for_another_subject(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    talk_fake_begin(talk, "report_incident", "There is a leak");
    talk_fake_say(talk, "kitchen");
    talk->intent = "view_documents";
    talk->confidence = 0.97;
    talk_fake_say(talk, "send me the plans please");
    assert_int_equal(talk->err, ACT_E_OK);
    assert_true(talk->reply.is_abandoned);
    assert_int_equal(talk->reply.messages.count, 0);
    assert_int_equal(talk->state.len_bytes, 0);
}

static void stays_when_the_other_subject_is_not_sure(void **state)
{
    (void)state;
    static const struct {
        const char *intent;
        double confidence;
    } cases[] = {{"view_documents", 0.89}, {"none", 0.99}, {"report_incident", 0.99}, {"", 1}};
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
        talk_fake_begin(talk, "report_incident", "There is a leak");
        talk_fake_say(talk, "kitchen");
        talk->intent = cases[i].intent;
        talk->confidence = cases[i].confidence;
        talk_fake_say(talk, "send me the plans please");
        talk_fake_assert_waits(talk);
        talk_fake_assert_says(talk, "retry.severity");
    }
}

static void takes_an_answer_that_looks_like_another_subject(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    talk_fake_begin(talk, "report_incident", "There is a leak");
    talk->intent = "book_appointment";
    talk->confidence = 0.95;
    talk_fake_say(talk, "where we book appointments"); // free text takes it
    talk_fake_assert_says(talk, "incident.severity");
    talk_fake_say(talk, "High!");
    talk_fake_assert_waits(talk);
    talk_fake_tap(talk, ":no"); // a button always is an answer
    talk_fake_assert_says(talk, "incident.what_again");
    talk->intent = "escalate_to_human";
    talk_fake_say(talk, "I want to talk to a human");
    assert_true(talk->reply.is_abandoned);
}

static void ends_on_a_word_to_stop(void **state)
{
    (void)state;
    static const struct {
        const char *language, *word;
    } cases[] = {{"en", "Stop"},      {"fr", "Annuler !"}, {"es", "cancelar"}, {"pt", "cancela"},
                 {"de", "Abbrechen"}, {"it", "annulla"},   {"ro", "anulează"}, {"pl", "anuluj"},
                 {"ar", "إلغاء"},     {"de", "stop"},      {"ar", "cancel"}};
    for (size_t i = 0; i < ACT_COUNT(cases); i++) {
        ACT_AUTO(talk_fake) *talk = talk_fake_new_filled(cases[i].language);
        talk->intent = "cancel_appointment"; // what a classifier makes of the word
        talk->confidence = 0.99;
        talk_fake_begin(talk, "report_incident", "");
        talk_fake_say(talk, cases[i].word);
        talk_fake_assert_ended(talk);
        talk_fake_assert_says(talk, "flow.cancelled");
    }
}

static void cancelling_an_appointment_is_no_reason_to_stop(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    talk->store.appointments_count = 1;
    talk_fake_begin(talk, "cancel_appointment", "cancel my appointment");
    talk_fake_assert_has(talk, "Haircut");
    talk_fake_say(talk, "cancel it");
    talk_fake_assert_ended(talk);
    assert_int_equal(talk->store.writes_count, 1);
}

static void brings_in_a_person_when_it_does_not_understand(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    talk_fake_begin(talk, "view_tasks", "");
    talk_fake_say(talk, "hm");
    talk_fake_assert_waits(talk);
    talk_fake_assert_says(talk, "tasks.which_project_error");
    talk_fake_say(talk, "dunno");
    talk_fake_assert_waits(talk);
    talk_fake_say(talk, "whatever");
    talk_fake_assert_ended(talk);
    talk_fake_assert_text(talk->reply.decision, "HUMAN_HANDOFF");
    talk_fake_assert_text(talk->reply.handoff_reason,
                          "no clear answer to view_tasks.which_project");
    talk_fake_assert_says(talk, "flow.give_up");
}

static void greeting_does_not_insist(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    talk_fake_begin(talk, "greeting", "hi");
    talk->confidence = 0.3;
    talk_fake_say(talk, "do you have parking?");
    assert_true(talk->reply.is_abandoned);
    talk_fake_begin(talk, "greeting", "hi");
    talk_fake_say(talk, "talk to a person"); // the title of a row, typed
    talk_fake_assert_text(talk->reply.decision, "HUMAN_HANDOFF");
    talk_fake_begin(talk, "greeting", "hi");
    talk_fake_say(talk, "1");
    talk_fake_assert_has(talk, "Villa Rosa");
}

static void knows_buttons_of_other_questions(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    talk_fake_begin(talk, "report_incident", "There is a leak");
    talk_fake_choose(talk, "report_incident.confirm:yes");
    talk_fake_assert_waits(talk);
    talk_fake_assert_says(talk, "retry.stale");
    talk_fake_choose(talk, "handoff:yes"); // the agent's
    assert_true(talk->reply.is_abandoned);
    talk_fake_begin(talk, "report_incident", "There is a leak");
    talk_fake_choose(talk, "menu:list_projects");
    talk_fake_assert_ended(talk);
    talk_fake_assert_has(talk, "Villa Rosa");
    talk_fake_begin(talk, "report_incident", "There is a leak");
    talk_fake_choose(talk, "menu:no_such_flow");
    assert_true(talk->reply.is_abandoned);
}

static void asks_again_when_the_text_is_empty_or_too_long(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    char *text = act_arena_alloc(talk->arena, 2002);
    memset(text, 'x', 2001);
    talk_fake_begin(talk, "report_incident", "");
    talk_fake_say(talk, " \n ");
    talk_fake_assert_says(talk, "retry.text");
    talk_fake_say(talk, text);
    talk_fake_assert_says(talk, "retry.too_long");
    text[2000] = '\0';
    talk_fake_say(talk, text);
    talk_fake_assert_says(talk, "incident.where");
}

// --- odd beginnings ------------------------------------------------------------------------------

static void refuses_unknown_flows(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    talk_fake_begin(talk, "no_such_flow", "");
    assert_int_equal(talk->err, ACT_E_INVALID_INTENT);
    talk_fake_say(talk, "hello");
    assert_int_equal(talk->err, ACT_E_INVALID_ARGUMENT);
}

static void leaves_a_state_it_does_not_know(void **state)
{
    (void)state;
    static const char *const states[] = {
        "nonsense",
        "{}",
        "[]",
        "{\"v\":1,\"flow\":\"gone\",\"revision\":1,\"node\":\"x\"}",
        "{\"v\":2,\"flow\":\"report_incident\",\"revision\":1,\"node\":\"where\"}",
    };
    for (size_t i = 0; i < ACT_COUNT(states); i++) {
        ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
        talk->state = act_str(states[i]);
        talk_fake_say(talk, "hello");
        assert_int_equal(talk->err, ACT_E_OK);
        assert_true(talk->reply.is_abandoned);
    }
}

static void begins_again_when_the_flow_has_changed(void **state)
{
    (void)state;
    static const char *const states[] = {
        "{\"v\":1,\"flow\":\"report_incident\",\"revision\":99,\"node\":\"where\",\"tries\":0,"
        "\"page\":0,\"vars\":{}}",
        "{\"v\":1,\"flow\":\"report_incident\",\"revision\":1,\"node\":\"gone\",\"tries\":0,"
        "\"page\":0,\"vars\":{}}",
        "{\"v\":1,\"flow\":\"report_incident\",\"revision\":1,\"node\":\"store\",\"tries\":0,"
        "\"page\":0,\"vars\":{}}",
    };
    for (size_t i = 0; i < ACT_COUNT(states); i++) {
        ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
        talk->state = act_str(states[i]);
        talk_fake_say(talk, "in the kitchen");
        talk_fake_assert_waits(talk);
        assert_int_equal(talk->reply.messages.count, 2);
        talk_fake_assert_says(talk, "incident.what");
    }
}

static void cancels_what_is_under_way(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    const flow_run_request_t request = {.flow = ACT_STR("list_projects"),
                                        .language = ACT_STR("en")};
    const run_host_t host = {
        .flows = talk->flows,
        .store = &store_fake_functions,
        .actor = (void *)&talk->store,
        .arena = talk->arena,
        .context = talk,
    };
    run_t *run = run_new(&host, &request);
    run_start(run);
    run_destroy(&run);
    run_destroy(&run);
    assert_int_equal(talk->store.cancels_count, 1);
    assert_false(store_fake_step(&talk->store));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_for_another_subject),
        cmocka_unit_test(stays_when_the_other_subject_is_not_sure),
        cmocka_unit_test(takes_an_answer_that_looks_like_another_subject),
        cmocka_unit_test(ends_on_a_word_to_stop),
        cmocka_unit_test(cancelling_an_appointment_is_no_reason_to_stop),
        cmocka_unit_test(brings_in_a_person_when_it_does_not_understand),
        cmocka_unit_test(greeting_does_not_insist),
        cmocka_unit_test(knows_buttons_of_other_questions),
        cmocka_unit_test(asks_again_when_the_text_is_empty_or_too_long),
        cmocka_unit_test(refuses_unknown_flows),
        cmocka_unit_test(leaves_a_state_it_does_not_know),
        cmocka_unit_test(begins_again_when_the_flow_has_changed),
        cmocka_unit_test(cancels_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
