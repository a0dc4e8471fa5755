// run: conversations. Every flow to its end in all nine languages, and what customers do instead of
// answering. talk_fake checks the limits of buttons and lists in each message.
#include "run.h"

#include "talk_fake.h"
#include "texts/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const project_t projects[] = {
    {ACT_STR_INIT("p-1"), ACT_STR_INIT("Villa Rosa"), ACT_STR_INIT("active"), ACT_STR_INIT("Lyon")},
    {ACT_STR_INIT("p-2"), ACT_STR_INIT("Harbour Offices, new north building"),
     ACT_STR_INIT("on_hold"), {0}},
};
static const task_t tasks[] = {
    {ACT_STR_INIT("t-1"), ACT_STR_INIT("Villa Rosa"), ACT_STR_INIT("Tiling of the bathroom"),
     ACT_STR_INIT("in_progress"), 40, ACT_STR_INIT("2026-12-01")},
    {ACT_STR_INIT("t-2"), ACT_STR_INIT("Villa Rosa"), ACT_STR_INIT("Roof"), ACT_STR_INIT("open"), 0,
     {0}},
};
static const document_t documents[] = {
    {ACT_STR_INIT("d-1"), ACT_STR_INIT("Villa Rosa"), ACT_STR_INIT("Ground floor plan"),
     ACT_STR_INIT("https://example.com/plan.pdf")},
    {ACT_STR_INIT("d-2"), ACT_STR_INIT("Villa Rosa"), ACT_STR_INIT("Quote"), {0}},
};
static const appointment_t appointments[] = {
    {ACT_STR_INIT("a-1"), 11, ACT_STR_INIT("Haircut"), ACT_STR_INIT("Tuesday at 10"),
     ACT_STR_INIT("confirmed")},
    {ACT_STR_INIT("a-2"), 12, ACT_STR_INIT("Colour"), ACT_STR_INIT("Friday"),
     ACT_STR_INIT("pending")},
};

static talk_fake_t *talk_new(const char *language)
{
    talk_fake_t *talk = talk_fake_new(language);
    talk->store.projects = projects;
    talk->store.projects_count = ACT_COUNT(projects);
    talk->store.tasks = tasks;
    talk->store.tasks_count = ACT_COUNT(tasks);
    talk->store.documents = documents;
    talk->store.documents_count = ACT_COUNT(documents);
    talk->store.appointments = appointments;
    talk->store.appointments_count = ACT_COUNT(appointments);
    return talk;
}

static void assert_text(act_str_t text, const char *wanted)
{
    if (act_str_is(text, wanted))
        return;
    print_error("'%" ACT_STR_FMT "' instead of '%s'\n", ACT_STR_ARG(text), wanted);
    fail();
}

static void assert_has(const talk_fake_t *talk, const char *part)
{
    if (talk_fake_has(talk, part))
        return;
    print_error("'%" ACT_STR_FMT "' lacks '%s'\n", ACT_STR_ARG(talk_fake_text(talk)), part);
    fail();
}

static void assert_says(const talk_fake_t *talk, const char *key)
{
    assert_has(talk, act_text(key, talk->language).ptr);
}

static void assert_waits(const talk_fake_t *talk)
{
    assert_int_equal(talk->err, ACT_E_OK);
    assert_false(talk->reply.is_abandoned);
    assert_text(talk->reply.decision, "RESPOND");
    assert_true(talk->state.len_bytes > 0);
}

static void assert_ended(const talk_fake_t *talk)
{
    assert_int_equal(talk->err, ACT_E_OK);
    assert_false(talk->reply.is_abandoned);
    assert_int_equal(talk->state.len_bytes, 0);
}

// --- every flow, in every language ---------------------------------------------------------------

static void tell_menu(talk_fake_t *talk)
{
    static const char *const rows[] = {"menu:list_projects", "menu:view_tasks", "menu:view_documents",
                                       "menu:report_incident", "menu:book_appointment",
                                       "menu:question", "menu:escalate_to_human"};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        talk_fake_begin(talk, "greeting", "hello");
        assert_waits(talk);
        assert_has(talk, "Ana");
        assert_has(talk, "Casa Nova");
        talk_fake_tap(talk, rows[i]);
        assert_int_equal(talk->err, ACT_E_OK);
        assert_true(talk->reply.messages.count > 0);
    }
}

static void tell_projects(talk_fake_t *talk)
{
    talk_fake_begin(talk, "list_projects", "my projects");
    assert_ended(talk);
    assert_has(talk, "\n• Villa Rosa");
    assert_has(talk, "on hold"); // a status without a text of its own
}

static void tell_tasks(talk_fake_t *talk)
{
    talk_fake_begin(talk, "view_tasks", "tasks");
    assert_waits(talk);
    talk_fake_tap(talk, ":p-1");
    assert_ended(talk);
    assert_text(talk->store.project_id, "p-1");
    assert_has(talk, "Villa Rosa");
    assert_has(talk, "Tiling of the bathroom");
    assert_has(talk, "40 %");
}

static void tell_documents(talk_fake_t *talk)
{
    talk_fake_begin(talk, "view_documents", "documents");
    talk_fake_tap(talk, ":p-2");
    assert_ended(talk);
    assert_has(talk, "https://example.com/plan.pdf");
}

static void tell_incident(talk_fake_t *talk)
{
    talk_fake_begin(talk, "report_incident", "");
    assert_says(talk, "incident.what");
    talk_fake_say(talk, "The \"pipe\" has burst\nand all is wet");
    talk_fake_say(talk, "Bathroom, 2nd floor");
    assert_waits(talk);
    assert_int_equal(talk->reply.messages.items[0].choices.count, 4);
    talk_fake_tap(talk, ":high");
    assert_waits(talk);
    assert_has(talk, act_text("label.high", talk->language).ptr);
    assert_int_equal(talk->store.writes_count, 0);
    talk_fake_tap(talk, ":yes");
    assert_ended(talk);
    assert_has(talk, "4711");
    assert_int_equal(talk->store.writes_count, 1);
    assert_text(talk->store.incident.severity, "high");
}

static void tell_progress(talk_fake_t *talk)
{
    talk_fake_begin(talk, "update_progress", "");
    talk_fake_tap(talk, ":p-1");
    talk_fake_tap(talk, ":t-1");
    assert_waits(talk);
    assert_has(talk, "Tiling of the bathroom");
    talk_fake_tap(talk, ":50");
    assert_ended(talk);
    assert_has(talk, "Stored title");
    assert_has(talk, "50 %");
}

static void tell_booking(talk_fake_t *talk)
{
    talk_fake_begin(talk, "book_appointment", "an appointment please");
    talk_fake_say(talk, "Haircut");
    talk_fake_say(talk, "Tuesday at 10");
    assert_ended(talk);
    assert_has(talk, "815");
    assert_text(talk->store.appointment.service, "Haircut");
    assert_text(talk->store.appointment.wanted, "Tuesday at 10");
}

static void tell_cancelling(talk_fake_t *talk)
{
    talk_fake_begin(talk, "cancel_appointment", "");
    talk_fake_tap(talk, ":a-2");
    assert_waits(talk);
    assert_has(talk, "Colour");
    talk_fake_tap(talk, ":yes");
    assert_ended(talk);
    assert_text(talk->store.cancelled.appointment_id, "a-2");
    assert_text(talk->store.cancelled.contact_id, "contact-1");
    assert_has(talk, "12");
    talk_fake_begin(talk, "cancel_appointment", "");
    talk_fake_tap(talk, ":a-1");
    talk_fake_tap(talk, ":no");
    assert_says(talk, "appointment.kept");
}

static void tell_person(talk_fake_t *talk)
{
    talk_fake_begin(talk, "escalate_to_human", "a human please");
    assert_ended(talk);
    assert_text(talk->reply.decision, "HUMAN_HANDOFF");
    assert_text(talk->reply.handoff_reason, "the customer asked for a person");
    assert_says(talk, "handover.announced");
}

static void tells_every_flow_in_every_language(void **state)
{
    (void)state;
    static void (*const stories[])(talk_fake_t *) = {
        tell_menu,     tell_projects, tell_tasks,      tell_documents, tell_incident,
        tell_progress, tell_booking,  tell_cancelling, tell_person,
    };
    for (uint32_t i = 0; i < ACT_TEXT_LANGUAGES_COUNT; i++)
        for (size_t s = 0; s < ACT_COUNT(stories); s++) {
            ACT_AUTO(talk_fake) *talk = talk_new(act_text_languages[i]);
            stories[s](talk);
        }
}

static void says_what_is_not_there(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ACT_TEXT_LANGUAGES_COUNT; i++) {
        ACT_AUTO(talk_fake) *talk = talk_fake_new(act_text_languages[i]);
        talk_fake_begin(talk, "list_projects", "");
        assert_says(talk, "projects.none");
        talk_fake_begin(talk, "update_progress", "");
        assert_says(talk, "projects.none");
        talk_fake_begin(talk, "cancel_appointment", "");
        assert_says(talk, "appointment.none");
        talk->store.projects = projects;
        talk->store.projects_count = 1;
        talk_fake_begin(talk, "view_tasks", "");
        assert_ended(talk);
        assert_has(talk, "Villa Rosa");
        talk_fake_begin(talk, "view_documents", "");
        assert_ended(talk);
    }
}

// --- told at once --------------------------------------------------------------------------------

static void skips_what_the_first_message_tells(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk_fake_begin(talk, "report_incident", "There is a water leak in the bathroom");
    assert_says(talk, "incident.where");
    talk_fake_begin(talk, "report_incident", "I want to report a problem");
    assert_says(talk, "incident.what");
    talk_fake_begin(talk, "update_progress", "The tiling at Villa Rosa is 80% done");
    assert_ended(talk);
    assert_text(talk->store.progress.task_id, "t-1");
    assert_int_equal(talk->store.progress.progress_pct, 80);
    talk_fake_begin(talk, "update_progress", "roof 30 %");
    assert_waits(talk); // which project?
    talk_fake_tap(talk, ":p-1");
    assert_ended(talk);
    assert_text(talk->store.progress.task_id, "t-2");
    assert_int_equal(talk->store.progress.progress_pct, 30);
}

static void does_not_take_a_button_for_a_description(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk_fake_choose(talk, "menu:report_incident");
    assert_says(talk, "incident.what");
}

// --- not an answer -------------------------------------------------------------------------------

static void leaves_for_another_subject(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
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
        ACT_AUTO(talk_fake) *talk = talk_new("en");
        talk_fake_begin(talk, "report_incident", "There is a leak");
        talk_fake_say(talk, "kitchen");
        talk->intent = cases[i].intent;
        talk->confidence = cases[i].confidence;
        talk_fake_say(talk, "send me the plans please");
        assert_waits(talk);
        assert_says(talk, "retry.severity");
    }
}

static void takes_an_answer_that_looks_like_another_subject(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk_fake_begin(talk, "report_incident", "There is a leak");
    talk->intent = "book_appointment";
    talk->confidence = 0.95;
    talk_fake_say(talk, "where we book appointments"); // free text takes it
    assert_says(talk, "incident.severity");
    talk_fake_say(talk, "High!");
    assert_waits(talk);
    talk_fake_tap(talk, ":no"); // a button always is an answer
    assert_says(talk, "incident.what_again");
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
        ACT_AUTO(talk_fake) *talk = talk_new(cases[i].language);
        talk->intent = "cancel_appointment"; // what a classifier makes of the word
        talk->confidence = 0.99;
        talk_fake_begin(talk, "report_incident", "");
        talk_fake_say(talk, cases[i].word);
        assert_ended(talk);
        assert_says(talk, "flow.cancelled");
    }
}

static void cancelling_an_appointment_is_no_reason_to_stop(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk->store.appointments_count = 1;
    talk_fake_begin(talk, "cancel_appointment", "cancel my appointment");
    assert_has(talk, "Haircut");
    talk_fake_say(talk, "cancel it");
    assert_ended(talk);
    assert_int_equal(talk->store.writes_count, 1);
}

static void brings_in_a_person_when_it_does_not_understand(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk_fake_begin(talk, "view_tasks", "");
    talk_fake_say(talk, "hm");
    assert_waits(talk);
    assert_says(talk, "tasks.which_project_error");
    talk_fake_say(talk, "dunno");
    assert_waits(talk);
    talk_fake_say(talk, "whatever");
    assert_ended(talk);
    assert_text(talk->reply.decision, "HUMAN_HANDOFF");
    assert_text(talk->reply.handoff_reason, "no clear answer to view_tasks.which_project");
    assert_says(talk, "flow.give_up");
}

static void greeting_does_not_insist(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk_fake_begin(talk, "greeting", "hi");
    talk->confidence = 0.3;
    talk_fake_say(talk, "do you have parking?");
    assert_true(talk->reply.is_abandoned);
    talk_fake_begin(talk, "greeting", "hi");
    talk_fake_say(talk, "talk to a person"); // the title of a row, typed
    assert_text(talk->reply.decision, "HUMAN_HANDOFF");
    talk_fake_begin(talk, "greeting", "hi");
    talk_fake_say(talk, "1");
    assert_has(talk, "Villa Rosa");
}

static void knows_buttons_of_other_questions(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk_fake_begin(talk, "report_incident", "There is a leak");
    talk_fake_choose(talk, "report_incident.confirm:yes");
    assert_waits(talk);
    assert_says(talk, "retry.stale");
    talk_fake_choose(talk, "handoff:yes"); // the agent's
    assert_true(talk->reply.is_abandoned);
    talk_fake_begin(talk, "report_incident", "There is a leak");
    talk_fake_choose(talk, "menu:list_projects");
    assert_ended(talk);
    assert_has(talk, "Villa Rosa");
    talk_fake_begin(talk, "report_incident", "There is a leak");
    talk_fake_choose(talk, "menu:no_such_flow");
    assert_true(talk->reply.is_abandoned);
}

static void asks_again_when_the_text_is_empty_or_too_long(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    char *text = act_arena_alloc(talk->arena, 2002);
    memset(text, 'x', 2001);
    talk_fake_begin(talk, "report_incident", "");
    talk_fake_say(talk, " \n ");
    assert_says(talk, "retry.text");
    talk_fake_say(talk, text);
    assert_says(talk, "retry.too_long");
    text[2000] = '\0';
    talk_fake_say(talk, text);
    assert_says(talk, "incident.where");
}

// --- long lists ----------------------------------------------------------------------------------

static void pages_long_lists(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    project_t many[25] = {0};
    for (uint32_t i = 0; i < ACT_COUNT(many); i++) {
        many[i].project_id = act_arena_printf(talk->arena, "id-%02u", i);
        many[i].name = act_arena_printf(talk->arena, "Site %02u with quite a long name", i);
    }
    talk->store.projects = many;
    talk->store.projects_count = ACT_COUNT(many);
    talk_fake_begin(talk, "view_tasks", "");
    assert_int_equal(talk->reply.messages.items[0].choices.count, 10);
    talk_fake_tap(talk, ":id-08");
    assert_ended(talk);
    talk_fake_begin(talk, "view_tasks", "");
    talk_fake_tap(talk, ":more");
    talk_fake_say(talk, "More");
    assert_int_equal(talk->reply.messages.items[0].choices.count, 7);
    talk_fake_tap(talk, ":id-24");
    assert_ended(talk);
    assert_text(talk->store.project_id, "id-24");
    talk_fake_begin(talk, "view_tasks", "");
    talk_fake_tap(talk, ":more");
    talk_fake_say(talk, "site 03"); // by name, from any page
    assert_text(talk->store.project_id, "id-03");
}

static void keeps_its_state_small(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    char *name = act_arena_alloc(talk->arena, 1001);
    memset(name, '\"', 1000);
    project_t many[30] = {0};
    for (uint32_t i = 0; i < ACT_COUNT(many); i++) {
        many[i].project_id = act_arena_printf(talk->arena, "id-%02u", i);
        many[i].name = act_str(name);
    }
    talk->store.projects = many;
    talk->store.projects_count = ACT_COUNT(many);
    talk_fake_begin(talk, "view_tasks", "");
    assert_waits(talk);
    talk_fake_tap(talk, ":id-00");
    assert_ended(talk);
}

// --- receipts ------------------------------------------------------------------------------------

static void keys_of_writes_come_from_the_turn(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    tell_incident(talk);
    assert_text(talk->store.key, "turn-5:store");
}

static void same_request_same_reply(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("fr");
    talk_fake_begin(talk, "report_incident", "une fuite");
    act_str_t before = talk->state;
    talk_fake_say(talk, "cuisine");
    act_str_t first = talk->state;
    act_str_t text = talk_fake_text(talk);
    talk->state = before;
    talk_fake_say(talk, "cuisine");
    assert_true(act_str_eq(first, talk->state));
    assert_true(act_str_eq(text, talk_fake_text(talk)));
}

static void confirms_nothing_that_is_not_stored(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk_fake_begin(talk, "report_incident", "a leak");
    talk_fake_say(talk, "kitchen");
    talk_fake_tap(talk, ":low");
    act_str_t confirm = talk->state;
    talk->store.err = ACT_E_DATABASE;
    talk_fake_tap(talk, ":yes");
    assert_int_equal(talk->err, ACT_E_DATABASE);
    talk->state = confirm;
    talk->store.is_without_number = true;
    talk_fake_choose(talk, "report_incident.confirm:yes");
    assert_int_equal(talk->err, ACT_E_INTERNAL);
    talk_fake_begin(talk, "update_progress", "tiling at villa rosa 20%");
    assert_int_equal(talk->err, ACT_E_TASK_NOT_FOUND);
    talk_fake_begin(talk, "book_appointment", "");
    talk_fake_say(talk, "cut");
    talk_fake_say(talk, "now");
    assert_int_equal(talk->err, ACT_E_INTERNAL);
    talk->store.cannot_cancel = true;
    talk_fake_begin(talk, "cancel_appointment", "haircut");
    talk_fake_tap(talk, ":yes");
    assert_says(talk, "appointment.not_cancelled");
}

static void fails_with_the_error_of_the_database(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk->store.err = ACT_E_DATABASE;
    talk_fake_begin(talk, "list_projects", "");
    assert_int_equal(talk->err, ACT_E_DATABASE);
    talk->store.err = ACT_E_OVERLOADED;
    talk_fake_begin(talk, "list_projects", "");
    assert_int_equal(talk->err, ACT_E_OVERLOADED);
}

// --- odd beginnings ------------------------------------------------------------------------------

static void refuses_unknown_flows(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    talk_fake_begin(talk, "no_such_flow", "");
    assert_int_equal(talk->err, ACT_E_INVALID_INTENT);
    talk_fake_say(talk, "hello");
    assert_int_equal(talk->err, ACT_E_INVALID_ARGUMENT);
}

static void leaves_a_state_it_does_not_know(void **state)
{
    (void)state;
    static const char *const states[] = {
        "nonsense", "{}", "[]", "{\"v\":1,\"flow\":\"gone\",\"revision\":1,\"node\":\"x\"}",
        "{\"v\":2,\"flow\":\"report_incident\",\"revision\":1,\"node\":\"where\"}",
    };
    for (size_t i = 0; i < ACT_COUNT(states); i++) {
        ACT_AUTO(talk_fake) *talk = talk_new("en");
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
        ACT_AUTO(talk_fake) *talk = talk_new("en");
        talk->state = act_str(states[i]);
        talk_fake_say(talk, "in the kitchen");
        assert_waits(talk);
        assert_int_equal(talk->reply.messages.count, 2);
        assert_says(talk, "incident.what");
    }
}

static void cancels_what_is_under_way(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_new("en");
    const flow_run_request_t request = {.flow = ACT_STR("list_projects"), .language = ACT_STR("en")};
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
        cmocka_unit_test(tells_every_flow_in_every_language),
        cmocka_unit_test(says_what_is_not_there),
        cmocka_unit_test(skips_what_the_first_message_tells),
        cmocka_unit_test(does_not_take_a_button_for_a_description),
        cmocka_unit_test(leaves_for_another_subject),
        cmocka_unit_test(stays_when_the_other_subject_is_not_sure),
        cmocka_unit_test(takes_an_answer_that_looks_like_another_subject),
        cmocka_unit_test(ends_on_a_word_to_stop),
        cmocka_unit_test(cancelling_an_appointment_is_no_reason_to_stop),
        cmocka_unit_test(brings_in_a_person_when_it_does_not_understand),
        cmocka_unit_test(greeting_does_not_insist),
        cmocka_unit_test(knows_buttons_of_other_questions),
        cmocka_unit_test(asks_again_when_the_text_is_empty_or_too_long),
        cmocka_unit_test(pages_long_lists),
        cmocka_unit_test(keeps_its_state_small),
        cmocka_unit_test(keys_of_writes_come_from_the_turn),
        cmocka_unit_test(same_request_same_reply),
        cmocka_unit_test(confirms_nothing_that_is_not_stored),
        cmocka_unit_test(fails_with_the_error_of_the_database),
        cmocka_unit_test(refuses_unknown_flows),
        cmocka_unit_test(leaves_a_state_it_does_not_know),
        cmocka_unit_test(begins_again_when_the_flow_has_changed),
        cmocka_unit_test(cancels_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
