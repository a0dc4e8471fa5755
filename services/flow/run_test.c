// run: every flow to its end in all nine languages, long lists, receipts. talk_fake checks the
// limits of buttons and lists in each message.
#include "run.h"

#include "talk_fake.h"
#include "texts/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// --- every flow, in every language ---------------------------------------------------------------

static void tell_menu(talk_fake_t *talk)
{
    static const char *const rows[] = {
        "menu:list_projects",   "menu:view_tasks",       "menu:view_documents",
        "menu:report_incident", "menu:book_appointment", "menu:ask_price",
        "menu:question",        "menu:leave_contact",    "menu:escalate_to_human"};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        talk_fake_begin(talk, "greeting", "hello");
        talk_fake_assert_waits(talk);
        talk_fake_assert_has(talk, "Ana");
        talk_fake_assert_has(talk, "Casa Nova");
        talk_fake_tap(talk, rows[i]);
        assert_int_equal(talk->err, ACT_E_OK);
        assert_true(talk->reply.messages.count > 0);
    }
}

static void tell_projects(talk_fake_t *talk)
{
    talk_fake_begin(talk, "list_projects", "my projects");
    talk_fake_assert_ended(talk);
    talk_fake_assert_has(talk, "\n• Villa Rosa");
    talk_fake_assert_has(talk, "on hold"); // a status without a text of its own
}

static void tell_tasks(talk_fake_t *talk)
{
    talk_fake_begin(talk, "view_tasks", "tasks");
    talk_fake_assert_waits(talk);
    talk_fake_tap(talk, ":p-1");
    talk_fake_assert_ended(talk);
    talk_fake_assert_text(talk->store.project_id, "p-1");
    talk_fake_assert_has(talk, "Villa Rosa");
    talk_fake_assert_has(talk, "Tiling of the bathroom");
    talk_fake_assert_has(talk, "40 %");
}

static void tell_documents(talk_fake_t *talk)
{
    talk_fake_begin(talk, "view_documents", "documents");
    talk_fake_tap(talk, ":p-2");
    talk_fake_assert_ended(talk);
    talk_fake_assert_has(talk, "https://example.com/plan.pdf");
}

static void tell_incident(talk_fake_t *talk)
{
    talk_fake_begin(talk, "report_incident", "");
    talk_fake_assert_says(talk, "incident.what");
    talk_fake_say(talk, "The \"pipe\" has burst\nand all is wet");
    talk_fake_say(talk, "Bathroom, 2nd floor");
    talk_fake_assert_waits(talk);
    assert_int_equal(talk->reply.messages.items[0].choices.count, 4);
    talk_fake_tap(talk, ":high");
    talk_fake_assert_waits(talk);
    talk_fake_assert_has(talk, act_text("label.high", talk->language).ptr);
    assert_int_equal(talk->store.writes_count, 0);
    talk_fake_tap(talk, ":yes");
    talk_fake_assert_ended(talk);
    talk_fake_assert_has(talk, "4711");
    assert_int_equal(talk->store.writes_count, 1);
    talk_fake_assert_text(talk->store.incident.severity, "high");
}

static void tell_progress(talk_fake_t *talk)
{
    talk_fake_begin(talk, "update_progress", "");
    talk_fake_tap(talk, ":p-1");
    talk_fake_tap(talk, ":t-1");
    talk_fake_assert_waits(talk);
    talk_fake_assert_has(talk, "Tiling of the bathroom");
    talk_fake_tap(talk, ":50");
    talk_fake_assert_ended(talk);
    talk_fake_assert_has(talk, "Stored title");
    talk_fake_assert_has(talk, "50 %");
}

static void tell_booking(talk_fake_t *talk)
{
    talk_fake_begin(talk, "book_appointment", "an appointment please");
    talk_fake_say(talk, "Haircut");
    talk_fake_say(talk, "Tuesday at 10");
    talk_fake_assert_ended(talk);
    talk_fake_assert_has(talk, "815");
    talk_fake_assert_text(talk->store.appointment.service, "Haircut");
    talk_fake_assert_text(talk->store.appointment.wanted, "Tuesday at 10");
}

static void tell_cancelling(talk_fake_t *talk)
{
    talk_fake_begin(talk, "cancel_appointment", "");
    talk_fake_tap(talk, ":a-2");
    talk_fake_assert_waits(talk);
    talk_fake_assert_has(talk, "Colour");
    talk_fake_tap(talk, ":yes");
    talk_fake_assert_ended(talk);
    talk_fake_assert_text(talk->store.cancelled.appointment_id, "a-2");
    talk_fake_assert_text(talk->store.cancelled.contact_id, "contact-1");
    talk_fake_assert_has(talk, "12");
    talk_fake_begin(talk, "cancel_appointment", "");
    talk_fake_tap(talk, ":a-1");
    talk_fake_tap(talk, ":no");
    talk_fake_assert_says(talk, "appointment.kept");
}

static void tell_person(talk_fake_t *talk)
{
    talk_fake_begin(talk, "escalate_to_human", "a human please");
    talk_fake_assert_ended(talk);
    talk_fake_assert_text(talk->reply.decision, "HUMAN_HANDOFF");
    talk_fake_assert_text(talk->reply.handoff_reason, "the customer asked for a person");
    talk_fake_assert_says(talk, "handover.announced");
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
            ACT_AUTO(talk_fake) *talk = talk_fake_new_filled(act_text_languages[i]);
            stories[s](talk);
        }
}

static void says_what_is_not_there(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ACT_TEXT_LANGUAGES_COUNT; i++) {
        ACT_AUTO(talk_fake) *talk = talk_fake_new(act_text_languages[i]);
        talk_fake_begin(talk, "list_projects", "");
        talk_fake_assert_says(talk, "projects.none");
        talk_fake_begin(talk, "update_progress", "");
        talk_fake_assert_says(talk, "projects.none");
        talk_fake_begin(talk, "cancel_appointment", "");
        talk_fake_assert_says(talk, "appointment.none");
        const project_t project = {.project_id = ACT_STR("p-1"), .name = ACT_STR("Villa Rosa")};
        talk->store.projects = &project;
        talk->store.projects_count = 1;
        talk_fake_begin(talk, "view_tasks", "");
        talk_fake_assert_ended(talk);
        talk_fake_assert_has(talk, "Villa Rosa");
        talk_fake_begin(talk, "view_documents", "");
        talk_fake_assert_ended(talk);
    }
}

// --- told at once --------------------------------------------------------------------------------

static void skips_what_the_first_message_tells(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    talk_fake_begin(talk, "report_incident", "There is a water leak in the bathroom");
    talk_fake_assert_says(talk, "incident.where");
    talk_fake_begin(talk, "report_incident", "I want to report a problem");
    talk_fake_assert_says(talk, "incident.what");
    talk_fake_begin(talk, "update_progress", "The tiling at Villa Rosa is 80% done");
    talk_fake_assert_ended(talk);
    talk_fake_assert_text(talk->store.progress.task_id, "t-1");
    assert_int_equal(talk->store.progress.progress_pct, 80);
    talk_fake_begin(talk, "update_progress", "roof 30 %");
    talk_fake_assert_waits(talk); // which project?
    talk_fake_tap(talk, ":p-1");
    talk_fake_assert_ended(talk);
    talk_fake_assert_text(talk->store.progress.task_id, "t-2");
    assert_int_equal(talk->store.progress.progress_pct, 30);
}

static void does_not_take_a_button_for_a_description(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    talk_fake_choose(talk, "menu:report_incident");
    talk_fake_assert_says(talk, "incident.what");
}

// --- long lists ----------------------------------------------------------------------------------

static void pages_long_lists(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
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
    talk_fake_assert_ended(talk);
    talk_fake_begin(talk, "view_tasks", "");
    talk_fake_tap(talk, ":more");
    talk_fake_say(talk, "More");
    assert_int_equal(talk->reply.messages.items[0].choices.count, 7);
    talk_fake_tap(talk, ":id-24");
    talk_fake_assert_ended(talk);
    talk_fake_assert_text(talk->store.project_id, "id-24");
    talk_fake_begin(talk, "view_tasks", "");
    talk_fake_tap(talk, ":more");
    talk_fake_say(talk, "site 03"); // by name, from any page
    talk_fake_assert_text(talk->store.project_id, "id-03");
}

static void keeps_its_state_small(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
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
    talk_fake_assert_waits(talk);
    talk_fake_tap(talk, ":id-00");
    talk_fake_assert_ended(talk);
}

// --- receipts ------------------------------------------------------------------------------------

static void keys_of_writes_come_from_the_turn(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    tell_incident(talk);
    talk_fake_assert_text(talk->store.key, "turn-5/flow/0/store/create_incident");
}

static void same_request_same_reply(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("fr");
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
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
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
    talk_fake_assert_says(talk, "appointment.not_cancelled");
}

static void fails_with_the_error_of_the_database(void **state)
{
    (void)state;
    ACT_AUTO(talk_fake) *talk = talk_fake_new_filled("en");
    talk->store.err = ACT_E_DATABASE;
    talk_fake_begin(talk, "list_projects", "");
    assert_int_equal(talk->err, ACT_E_DATABASE);
    talk->store.err = ACT_E_OVERLOADED;
    talk_fake_begin(talk, "list_projects", "");
    assert_int_equal(talk->err, ACT_E_OVERLOADED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_every_flow_in_every_language),
        cmocka_unit_test(says_what_is_not_there),
        cmocka_unit_test(skips_what_the_first_message_tells),
        cmocka_unit_test(does_not_take_a_button_for_a_description),
        cmocka_unit_test(pages_long_lists),
        cmocka_unit_test(keeps_its_state_small),
        cmocka_unit_test(keys_of_writes_come_from_the_turn),
        cmocka_unit_test(same_request_same_reply),
        cmocka_unit_test(confirms_nothing_that_is_not_stored),
        cmocka_unit_test(fails_with_the_error_of_the_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
