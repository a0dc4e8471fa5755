// schema_integrations_test: what the bot tells the business, how it goes out, and who stands outside.
#include "schema_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void set_up_way(test_db_t *db, act_str_t tenant, const char *id, const char *kind)
{
    DO(db, tenant, PUT_INTEGRATION, put_integration_request, empty, NULL,
       .integration_id = act_str(id), .kind = act_str(kind), .url = ACT_STR("https://x.example/"),
       .config = ACT_STR("{\"to\": \"owner@x.example\"}"), .secret = ACT_STR("sealed"));
}

// The claims of this tenant; those of other tests are given back by time.
static uint32_t claim(test_db_t *db, act_str_t tenant, notice_t *ret_notices, uint32_t max_count)
{
    const claim_notices_reply_t *reply = NULL;
    uint32_t count = 0;
    DO(db, ACT_STR(""), CLAIM_NOTICES, claim_notices_request, claim_notices_reply, &reply,
       .max_rows = 100, .claim_ms = 60000);
    for (uint32_t i = 0; i < reply->notices.count && count < max_count; i++)
        if (act_str_eq(reply->notices.items[i].of_tenant, tenant))
            ret_notices[count++] = reply->notices.items[i];
    return count;
}

static void record(test_db_t *db, act_str_t tenant, const notice_t *notice, const char *outcome)
{
    DO(db, tenant, RECORD_NOTICE, record_notice_request, empty, NULL,
       .notification_id = notice->notification_id, .integration_id = notice->integration_id,
       .attempt = notice->attempt, .outcome = act_str(outcome));
}

static act_str_t state_of(test_db_t *db, act_str_t tenant)
{
    return test_db_admin(db, test_db_text(db,
                                          "select string_agg(state, ' ' order by notification_id) "
                                          "from notifications where tenant_id = '%" ACT_STR_FMT "'",
                                          ACT_STR_ARG(tenant))
                                 .ptr);
}

static void the_owner_is_told_once_in_each_way(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    notice_t notices[8];
    const contact_owner_reply_t *reply = NULL;
    DO(db, tenant, CONTACT_OWNER, contact_owner_request, contact_owner_reply, &reply,
       .idempotency_key = ACT_STR("k0"), .subject = ACT_STR("nobody listens"));
    assert_int_equal(reply->ways_count, 0);
    assert_true(reply->is_alerted);
    set_up_way(db, tenant, "mail", "email");
    set_up_way(db, tenant, "hook", "webhook");
    for (int i = 0; i < 2; i++) {
        DO(db, tenant, CONTACT_OWNER, contact_owner_request, contact_owner_reply, &reply,
           .idempotency_key = ACT_STR("k1"), .subject = ACT_STR("A large order"));
        assert_int_equal(reply->ways_count, 2);
    }
    assert_int_equal(claim(db, tenant, notices, ACT_COUNT(notices)), 2);
    assert_int_equal(claim(db, tenant, notices + 2, 1), 0); // they are somebody's
    CHECK_STR(notices[0].body, "A large order");
    CHECK_STR(notices[0].secret, "sealed");
    record(db, tenant, &notices[0], "retry");
    notice_t again;
    assert_int_equal(claim(db, tenant, &again, 1), 1);
    assert_int_equal(again.attempt, 2);
    record(db, tenant, &notices[0], "failed"); // of an attempt that is over
    record(db, tenant, &again, "failed");
    CHECK_STR(state_of(db, tenant), "pending pending");
    record(db, tenant, &notices[1], "sent");
    CHECK_STR(state_of(db, tenant), "pending sent");
}

static void a_handover_tells_the_owner_too(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    set_up_way(db, tenant, "mail", "email");
    act_str_t conversation = schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    schema_commit(db, tenant, conversation, turn,
                  (schema_commit_t){.decision = "HUMAN_HANDOFF", .answers_count = 1});
    notice_t notice;
    assert_int_equal(claim(db, tenant, &notice, 1), 1);
    CHECK_STR(notice.kind, "handoff");
    assert_true(act_str_eq(notice.conversation_id, conversation));
}

static act_str_t owner_of(test_db_t *db, act_str_t conversation)
{
    return test_db_admin(db,
                         test_db_text(db,
                                      "select owner || ' ' || (select count(*) from "
                                      "system_alerts a where a.conversation_id = "
                                      "k.conversation_id and kind = 'handoff') from "
                                      "conversations k where conversation_id = '%" ACT_STR_FMT "'",
                                      ACT_STR_ARG(conversation))
                             .ptr);
}

static void a_turn_that_escalates_may_say_goodbye(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    const escalate_reply_t *reply = NULL;
    for (int i = 0; i < 2; i++) {
        DO(db, tenant, ESCALATE, escalate_request, escalate_reply, &reply,
           .idempotency_key = ACT_STR("k"), .conversation_id = conversation,
           .reason = ACT_STR("an invoice"), .turn_id = turn->turn_id,
           .step_key = ACT_STR("k/effect"));
        assert_false(reply->is_handed_over);
    }
    CHECK_STR(owner_of(db, conversation), "bot 1");
    assert_true(schema_commit(db, tenant, conversation, turn,
                              (schema_commit_t){.decision = "HUMAN_HANDOFF", .answers_count = 1})
                    ->was_committed);
    CHECK_STR(owner_of(db, conversation), "person 1");
    act_str_t other = schema_say(db, tenant, "492"); // and outside a turn
    DO(db, tenant, ESCALATE, escalate_request, escalate_reply, &reply,
       .idempotency_key = ACT_STR("k2"), .conversation_id = other, .reason = ACT_STR("an invoice"));
    assert_true(reply->is_handed_over);
    CHECK_STR(owner_of(db, other), "nobody 1");
    assert_int_equal(CALL(db, tenant, ESCALATE, escalate_request, escalate_reply, &reply,
                          .idempotency_key = ACT_STR("k3"), .conversation_id = test_db_uuid(db),
                          .reason = ACT_STR("an invoice")),
                     ACT_E_NOT_FOUND);
}

static void the_owner_hears_in_their_own_conversation(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    const put_notice_message_reply_t *reply = NULL;
    DO(db, tenant, PUT_NOTICE_MESSAGE, put_notice_message_request, put_notice_message_reply, &reply,
       .address = ACT_STR("491"), .idempotency_key = ACT_STR("1/chat"), .text = ACT_STR("hello"));
    assert_false(reply->was_put);
    act_str_t conversation = schema_say(db, tenant, "491");
    for (int i = 0; i < 2; i++) {
        DO(db, tenant, PUT_NOTICE_MESSAGE, put_notice_message_request, put_notice_message_reply,
           &reply, .address = ACT_STR("491"), .idempotency_key = ACT_STR("1/chat"),
           .text = ACT_STR("hello"));
        assert_true(reply->was_put);
    }
    const outbox_claim_t *message = schema_claim(db, conversation, 60000);
    assert_non_null(message);
    CHECK_STR(message->content->text, "hello");
    CHECK_STR(test_db_admin(db, test_db_text(db,
                                             "select count(*)::text from outbox where "
                                             "conversation_id = '%" ACT_STR_FMT "'",
                                             ACT_STR_ARG(conversation))
                                    .ptr),
              "1");
}

static void comments_and_contacts(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    DO(db, tenant, SEED_DEMO, empty, empty, NULL, 0);
    const add_task_comment_reply_t *first = NULL, *again = NULL;
    for (int i = 0; i < 2; i++)
        DO(db, tenant, ADD_TASK_COMMENT, add_task_comment_request, add_task_comment_reply,
           i ? &again : &first, .idempotency_key = ACT_STR("k"), .task_id = ACT_STR("demo-task-3"),
           .text = ACT_STR("red tiles"));
    assert_true(act_str_eq(first->comment_id, again->comment_id));
    CHECK_STR(first->task_title, "Charpente et toiture");
    assert_int_equal(CALL(db, tenant, ADD_TASK_COMMENT, add_task_comment_request,
                          add_task_comment_reply, &first, .idempotency_key = ACT_STR("k9"),
                          .task_id = ACT_STR("nothing"), .text = ACT_STR("red tiles")),
                     ACT_E_TASK_NOT_FOUND);
    act_str_t conversation = schema_say(db, tenant, "4915112345678");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    const capture_lead_reply_t *lead = NULL;
    DO(db, tenant, CAPTURE_LEAD, capture_lead_request, capture_lead_reply, &lead,
       .idempotency_key = ACT_STR("l"), .contact_id = turn->contact_id,
       .name = ACT_STR("Élodie Martin"), .company = ACT_STR("Toits du Rhin"));
    static const char *const texts[] = {"elodie", "Martin", "toits rhin", "+49 151 1234",
                                        "151-12345678"};
    for (size_t i = 0; i < ACT_COUNT(texts); i++) {
        const search_contacts_reply_t *found = NULL;
        DO(db, tenant, SEARCH_CONTACTS, search_contacts_request, search_contacts_reply, &found,
           .text = act_str(texts[i]));
        if (found->contacts.count != 1)
            fail_msg("%s: %u contacts", texts[i], found->contacts.count);
        assert_true(act_str_eq(found->contacts.items[0].contact_id, turn->contact_id));
    }
    const search_contacts_reply_t *none = NULL;
    DO(db, test_db_tenant(db), SEARCH_CONTACTS, search_contacts_request, search_contacts_reply,
       &none, .text = ACT_STR("Martin"));
    assert_int_equal(none->contacts.count, 0);
}

static void integrations_belong_to_their_tenant(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db), other = test_db_tenant(db);
    set_up_way(db, tenant, "crm", "tool_server");
    DO(db, tenant, PUT_INTEGRATION_PINS, put_integration_pins_request, empty, NULL,
       .integration_id = ACT_STR("crm"), .pins = ACT_STR("{\"look\": \"hash\"}"));
    DO(db, other, PUT_INTEGRATION_PINS, put_integration_pins_request, empty, NULL,
       .integration_id = ACT_STR("crm"), .pins = ACT_STR("{\"look\": \"evil\"}"));
    for (int round = 0; round < 2; round++) {
        const list_integrations_reply_t *list = NULL;
        const integration_t *found = NULL;
        DO(db, ACT_STR(""), LIST_INTEGRATIONS, list_integrations_request, list_integrations_reply,
           &list, .kind = ACT_STR("tool_server"));
        for (uint32_t i = 0; i < list->integrations.count; i++)
            if (act_str_eq(list->integrations.items[i].of_tenant, tenant))
                found = &list->integrations.items[i];
        assert_non_null(found);
        CHECK_STR(found->pins, round == 0 ? "{\"look\": \"hash\"}" : "{}");
        // The same row again keeps what was approved, another address does not.
        DO(db, tenant, PUT_INTEGRATION, put_integration_request, empty, NULL,
           .integration_id = ACT_STR("crm"), .kind = ACT_STR("tool_server"),
           .url = ACT_STR("https://y.example/"));
    }
    const get_provider_reply_t *provider = NULL;
    DO(db, tenant, PUT_INTEGRATION, put_integration_request, empty, NULL,
       .integration_id = ACT_STR("site"), .kind = ACT_STR("projects"),
       .config = ACT_STR("{\"provider\": \"planradar\"}"));
    DO(db, tenant, GET_PROVIDER, get_provider_request, get_provider_reply, &provider,
       .system = ACT_STR("projects"));
    CHECK_STR(provider->provider, "planradar");
    DO(db, other, GET_PROVIDER, get_provider_request, get_provider_reply, &provider,
       .system = ACT_STR("projects"));
    CHECK_STR(provider->provider, "");
    const remove_integration_reply_t *gone = NULL;
    for (int i = 0; i < 2; i++) {
        DO(db, i ? tenant : other, REMOVE_INTEGRATION, remove_integration_request,
           remove_integration_reply, &gone, .integration_id = ACT_STR("crm"));
        assert_int_equal(gone->was_there, i == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_owner_is_told_once_in_each_way),
        cmocka_unit_test(a_handover_tells_the_owner_too),
        cmocka_unit_test(a_turn_that_escalates_may_say_goodbye),
        cmocka_unit_test(the_owner_hears_in_their_own_conversation),
        cmocka_unit_test(comments_and_contacts),
        cmocka_unit_test(integrations_belong_to_their_tenant),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
