// schema_business_test: the demo, incidents, appointments, accounts.
#include "schema_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_demo_is_there_in_nine_languages(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    DO(db, tenant, SEED_DEMO, empty, empty, NULL, 0);
    DO(db, tenant, SEED_DEMO, empty, empty, NULL, 0);
    static const struct {
        const char *language, *text, *faq;
    } rows[] = {{"fr", "vous ouvrez à quelle heure ?", "hours"},
                {"en", "can I park my car", "parking"},
                {"es", "cuanto cuesta pintar", "prices"},
                {"pt", "qual o horario", "hours"},
                {"de", "Haben Sie eine Garantie?", "warranty"},
                {"it", "posso pagare con carta", "payment"},
                {"ro", "cat costa?", "prices"},
                {"pl", "ile kosztuje", "prices"},
                {"ar", "أين العنوان؟", "address"}};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        const search_faq_reply_t *reply = NULL;
        DO(db, tenant, SEARCH_FAQ, search_faq_request, search_faq_reply, &reply,
           .text = act_str(rows[i].text), .language = act_str(rows[i].language), .max_rows = 3);
        assert_in_range(reply->hits.count, 1, 3);
        CHECK_STR(reply->hits.items[0].faq_id, rows[i].faq);
        assert_true(reply->hits.items[0].score > 0.3 && reply->hits.items[0].score <= 1);
    }
    const list_projects_reply_t *projects = NULL;
    DO(db, tenant, LIST_PROJECTS, contact_request, list_projects_reply, &projects, 0);
    assert_int_equal(projects->projects.count, 3);
    const list_tasks_reply_t *tasks = NULL;
    DO(db, tenant, LIST_TASKS, list_tasks_request, list_tasks_reply, &tasks, 0);
    assert_int_equal(tasks->tasks.count, 8);
    const list_documents_reply_t *documents = NULL;
    DO(db, tenant, LIST_DOCUMENTS, list_tasks_request, list_documents_reply, &documents,
       .project_id = projects->projects.items[0].project_id);
    assert_int_equal(documents->documents.count, 2);
}

static void the_same_key_is_the_same_thing(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    DO(db, tenant, SEED_DEMO, empty, empty, NULL, 0);
    const create_incident_reply_t *incident = NULL;
    for (int i = 0; i < 4; i++) {
        DO(db, tenant, CREATE_INCIDENT, create_incident_request, create_incident_reply, &incident,
           .idempotency_key = i < 2 ? ACT_STR("k1") : ACT_STR("k2"), .description = ACT_STR("leak"),
           .severity = ACT_STR("high"), .project_id = ACT_STR("demo-villa"));
        assert_int_equal(incident->number, i < 2 ? 1 : 2);
    }
    assert_int_equal(CALL(db, tenant, CREATE_INCIDENT, create_incident_request,
                          create_incident_reply, &incident, .idempotency_key = ACT_STR("k3"),
                          .description = ACT_STR("leak"), .severity = ACT_STR("high"),
                          .project_id = ACT_STR("nowhere")),
                     ACT_E_PROJECT_NOT_FOUND);
    assert_int_equal(CALL(db, tenant, CREATE_INCIDENT, create_incident_request,
                          create_incident_reply, &incident, .idempotency_key = ACT_STR("k4"),
                          .description = ACT_STR("leak"), .severity = ACT_STR("enormous")),
                     ACT_E_INVALID_ARGUMENT);
    const update_task_progress_reply_t *task = NULL;
    DO(db, tenant, UPDATE_TASK_PROGRESS, update_task_progress_request, update_task_progress_reply,
       &task, .idempotency_key = ACT_STR("u1"), .task_id = ACT_STR("demo-task-3"),
       .progress_pct = 100);
    CHECK_STR(task->status, "done");
    assert_int_equal(CALL(db, tenant, UPDATE_TASK_PROGRESS, update_task_progress_request,
                          update_task_progress_reply, &task, .idempotency_key = ACT_STR("u2"),
                          .task_id = ACT_STR("nothing"), .progress_pct = 5),
                     ACT_E_TASK_NOT_FOUND);
}

static void appointments_are_wished_listed_and_cancelled(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t contact = test_db_uuid(db);
    const create_appointment_reply_t *made = NULL;
    DO(db, tenant, CREATE_APPOINTMENT, create_appointment_request, create_appointment_reply, &made,
       .idempotency_key = ACT_STR("a1"), .contact_id = contact, .wanted = ACT_STR("tuesday at 10"));
    assert_int_equal(made->number, 1);
    const list_appointments_reply_t *list = NULL;
    DO(db, tenant, LIST_APPOINTMENTS, contact_request, list_appointments_reply, &list,
       .contact_id = contact);
    assert_int_equal(list->appointments.count, 1);
    CHECK_STR(list->appointments.items[0].wanted, "tuesday at 10");
    const cancel_appointment_reply_t *cancelled = NULL;
    DO(db, tenant, CANCEL_APPOINTMENT, cancel_appointment_request, cancel_appointment_reply,
       &cancelled, .appointment_id = made->appointment_id, .contact_id = test_db_uuid(db));
    assert_false(cancelled->was_cancelled); // somebody else's
    DO(db, tenant, CANCEL_APPOINTMENT, cancel_appointment_request, cancel_appointment_reply,
       &cancelled, .appointment_id = made->appointment_id, .contact_id = contact);
    assert_true(cancelled->was_cancelled);
    assert_int_equal(cancelled->number, 1);
    DO(db, tenant, LIST_APPOINTMENTS, contact_request, list_appointments_reply, &list,
       .contact_id = contact);
    assert_int_equal(list->appointments.count, 0);
}

static void accounts_are_put_and_listed(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    const put_channel_account_reply_t *first = NULL;
    const put_channel_account_reply_t *again = NULL;
    DO(db, tenant, PUT_CHANNEL_ACCOUNT, put_channel_account_request, put_channel_account_reply,
       &first, .channel = ACT_STR("whatsapp"), .external_id = ACT_STR("1000"),
       .app_secret = ACT_STR("sealed"));
    DO(db, tenant, PUT_CHANNEL_ACCOUNT, put_channel_account_request, put_channel_account_reply,
       &again, .channel = ACT_STR("whatsapp"), .external_id = ACT_STR("1000"),
       .api_base = ACT_STR("http://sim"));
    assert_true(act_str_eq(first->channel_account_id, again->channel_account_id));
    const list_channel_accounts_reply_t *list = NULL;
    DO(db, ACT_STR(""), LIST_CHANNEL_ACCOUNTS, empty, list_channel_accounts_reply, &list, 0);
    const channel_account_t *found = NULL;
    for (uint32_t i = 0; i < list->accounts.count; i++)
        if (act_str_eq(list->accounts.items[i].tenant, tenant))
            found = &list->accounts.items[i];
    assert_non_null(found);
    CHECK_STR(found->app_secret, "sealed");
    CHECK_STR(found->api_base, "http://sim");
    for (int i = 0; i < 2; i++)
        DO(db, tenant, PUT_DEAD_LETTER, put_dead_letter_request, empty, NULL,
           .kind = ACT_STR("inbound"), .reason = ACT_STR("unknown shape"), .body = ACT_STR("{}"));
    assert_int_equal(CALL(db, tenant, PUT_TENANT, put_tenant_request, empty, NULL,
                          .name = ACT_STR("Acme"), .timezone = ACT_STR("Mars/Olympus")),
                     ACT_E_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_demo_is_there_in_nine_languages),
        cmocka_unit_test(the_same_key_is_the_same_thing),
        cmocka_unit_test(appointments_are_wished_listed_and_cancelled),
        cmocka_unit_test(accounts_are_put_and_listed),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
