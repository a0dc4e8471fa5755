// schema_test: what the statements and functions of schema/ promise: isolation of tenants, and what comes
// in. Ids in comments are those of promises.md.
#include "schema_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- the catalog (S-12, D12) ---------------------------------------------------------------------

static void every_table_is_protected(void **state)
{
    test_db_t *db = *state;
    CHECK_STR(
        test_db_admin(db, "select coalesce(string_agg(c.relname, ' '), '') from pg_class c "
                          "where c.relnamespace = 'parley'::regnamespace and c.relkind = 'r' "
                          "and c.relname <> 'schema_scripts' and not (c.relrowsecurity and "
                          "c.relforcerowsecurity and exists (select from pg_policy p where "
                          "p.polrelid = c.oid and p.polqual is not null and p.polwithcheck is not "
                          "null))"),
        "");
    CHECK_STR(test_db_admin(
                  db,
                  "select coalesce(string_agg(i.indexrelid::regclass::text, ' '), '') "
                  "from pg_index i join pg_class c on c.oid = i.indrelid where "
                  "c.relnamespace = 'parley'::regnamespace and i.indisunique and "
                  "c.relname not in ('schema_scripts', 'obituaries', 'instances') and not exists "
                  "(select from pg_attribute "
                  "a where a.attrelid = c.oid and a.attnum = i.indkey[0] and a.attname = "
                  "'tenant_id')"),
              "");
    CHECK_STR(test_db_admin(db, "select coalesce(string_agg(c.relname, ' '), '') from pg_class c "
                                "where c.relnamespace = 'parley'::regnamespace and (c.relowner <> "
                                "'parley_migrate'::regrole or (c.relkind = 'v' and not "
                                "coalesce('security_invoker=true' = any (c.reloptions), false)))"),
              "");
    CHECK_STR(test_db_admin(db, "select count(*)::text from pg_proc p where p.pronamespace = "
                                "'parley'::regnamespace and p.prosecdef"),
              "0");
    CHECK_STR(test_db_admin(db,
                            "select string_agg(rolsuper::text || rolbypassrls || rolcreaterole || "
                            "rolcanlogin, ' ') from pg_roles where rolname in ('parley_app', "
                            "'parley_migrate')"),
              "falsefalsefalsefalse falsefalsefalsefalse");
}

static void system_scope_is_only_where_it_is_needed(void **state)
{
    test_db_t *db = *state;
    CHECK_STR(
        test_db_admin(db,
                      "select string_agg(polrelid::regclass::text, ' ' order by "
                      "polrelid::regclass::text) from pg_policy where polname = 'system_sweep'"),
        "channel_accounts contact_facts conversations dead_letters inbox model_limits model_providers model_roles "
        "notification_sends notifications org_integrations "
        "outbox outbox_queue system_alerts tenants tool_approvals tool_executions tool_usage turn_steps turns "
        "unsent_messages");
}

static void tenants_do_not_see_each_other(void **state)
{
    test_db_t *db = *state;
    act_str_t mine = test_db_tenant(db);
    act_str_t theirs = test_db_tenant(db);
    act_str_t conversation = schema_say(db, theirs, "491");
    assert_false(schema_begin(db, mine, conversation, "s1")->is_granted);
    const turn_begin_reply_t *turn = schema_begin(db, theirs, conversation, "s1");
    assert_true(turn->is_granted);
    assert_false(schema_commit(db, mine, conversation, turn, (schema_commit_t){.answers_count = 1})
                     ->was_committed);
    // The same provider id and the same address are somebody else here.
    inbound_message_t message = {
        .external_id = ACT_STR("wamid.same"), .address = ACT_STR("491"), .starts_turn = true};
    const appended_message_t *first = schema_append(db, mine, message);
    const appended_message_t *second = schema_append(db, theirs, message);
    assert_true(first->is_new && second->is_new);
    assert_false(act_str_eq(first->conversation_id, second->conversation_id));
}

// --- inbound -------------------------------------------------------------------------------------

static void a_message_is_stored_once(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    inbound_message_t message = {
        .external_id = ACT_STR("wamid.1"), .address = ACT_STR("491"), .starts_turn = true};
    const appended_message_t *first = schema_append(db, tenant, message);
    const appended_message_t *again = schema_append(db, tenant, message);
    assert_true(first->is_new);
    assert_false(again->is_new);
    assert_true(again->starts_turn);
    assert_true(act_str_eq(first->conversation_id, again->conversation_id));
    assert_int_equal(schema_begin(db, tenant, first->conversation_id, "s1")->pending.count, 1);
}

// One call with two people, one of them new, and a message that was delivered twice with it.
static void one_call_stores_many_messages(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t known = schema_say(db, tenant, "491");
    inbound_content_t content = {.text = ACT_STR("hello")};
    inbound_message_t messages[] = {
        {.external_id = ACT_STR("b"), .address = ACT_STR("491"), .starts_turn = true},
        {.external_id = ACT_STR("a"), .address = ACT_STR("492"), .starts_turn = true},
        {.external_id = ACT_STR("b"), .address = ACT_STR("491"), .starts_turn = true},
        {.external_id = ACT_STR("c"), .address = ACT_STR("492")},
    };
    for (size_t i = 0; i < ACT_COUNT(messages); i++) {
        messages[i].type = ACT_STR("text");
        messages[i].content = &content;
    }
    const append_inbound_reply_t *reply = NULL;
    for (int round = 0; round < 2; round++) {
        DO(db, tenant, APPEND_INBOUND, append_inbound_request, append_inbound_reply, &reply,
           .channel = ACT_STR("whatsapp"), .channel_account_id = ACT_STR("account"),
           .messages = {messages, ACT_COUNT(messages)});
        assert_int_equal(reply->messages.count, 3);
        for (uint32_t i = 0; i < reply->messages.count; i++) {
            const appended_message_t *message = &reply->messages.items[i];
            CHECK_STR(message->external_id, ((const char *[]){"a", "b", "c"})[i]);
            assert_int_equal(message->is_new, round == 0);
            assert_int_equal(message->starts_turn, i < 2);
            assert_int_equal(act_str_eq(message->conversation_id, known), i == 1);
        }
    }
    act_str_t counts = test_db_admin(
        db, test_db_text(db,
                         "select string_agg(duplicates_count::text, ' ' order by external_id) from "
                         "inbox where tenant_id = '%" ACT_STR_FMT "' and length(external_id) = 1",
                         ACT_STR_ARG(tenant))
                .ptr);
    CHECK_STR(counts, "1 3 1");
}

// Ten connections, one customer, at the same instant (I5).
static void first_messages_in_parallel_are_one_conversation(void **state)
{
    test_db_t *db = *state;
    enum { COUNT = 10 };
    PGconn *connections[COUNT];
    act_str_t tenant = test_db_tenant(db);
    act_str_t context =
        test_db_text(db,
                     "begin; set role parley_app; set search_path = parley, public; select "
                     "set_config('app.tenant', '%" ACT_STR_FMT "', true)",
                     ACT_STR_ARG(tenant));
    for (int i = 0; i < COUNT; i++) {
        connections[i] = PQconnectdb(getenv("PARLEY_TEST_DATABASE_URL"));
        PQclear(PQexec(connections[i], context.ptr));
    }
    for (int i = 0; i < COUNT; i++) {
        act_str_t sql = test_db_text(db,
                                     "select append_inbound('%" ACT_STR_FMT
                                     "', 'whatsapp', 'account', '{m%d}', '{%s}', array['%s'], "
                                     "'{Ann}', '{text}', '{0}', '{true}', array['{}'::json], "
                                     "array['']); commit",
                                     ACT_STR_ARG(tenant), i, i % 2 ? "user-1" : "49123",
                                     i % 2 ? "49123" : ""); // some know the second identity
        assert_int_equal(PQsendQuery(connections[i], sql.ptr), 1);
    }
    for (int i = 0; i < COUNT; i++) {
        for (PGresult *r = PQgetResult(connections[i]); r; r = PQgetResult(connections[i])) {
            if (PQresultStatus(r) == PGRES_FATAL_ERROR)
                fail_msg("%s", PQresultErrorMessage(r));
            PQclear(r);
        }
        PQfinish(connections[i]);
    }
    act_str_t count = test_db_admin(
        db, test_db_text(db,
                         "select count(distinct contact_id) || ' ' || count(*) from conversations "
                         "where tenant_id = '%" ACT_STR_FMT "'",
                         ACT_STR_ARG(tenant))
                .ptr);
    CHECK_STR(count, "1 1");
}

static void a_person_has_many_addresses(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t by_phone = schema_say(db, tenant, "49123");
    // The channel begins to call the same phone a user id.
    act_str_t by_user = schema_append(db, tenant,
                                      (inbound_message_t){.address = ACT_STR("user-9"),
                                                          .alias = ACT_STR("49123"),
                                                          .contact_name = ACT_STR("Ann"),
                                                          .starts_turn = true})
                            ->conversation_id;
    assert_true(act_str_eq(by_phone, by_user));
    assert_true(act_str_eq(by_phone, schema_say(db, tenant, "user-9")));
    // And the person changes the identity: no new contact.
    act_str_t renamed = schema_append(db, tenant,
                                      (inbound_message_t){.address = ACT_STR("user-10"),
                                                          .previous_address = ACT_STR("user-9"),
                                                          .type = ACT_STR("system")})
                            ->conversation_id;
    assert_true(act_str_eq(by_phone, renamed));
    assert_true(act_str_eq(by_phone, schema_say(db, tenant, "user-10")));
    const turn_begin_reply_t *turn = schema_begin(db, tenant, by_phone, "s1");
    assert_int_equal(turn->pending.count, 4);
    CHECK_STR(turn->contact_name, "Ann");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_is_protected),
        cmocka_unit_test(system_scope_is_only_where_it_is_needed),
        cmocka_unit_test(tenants_do_not_see_each_other),
        cmocka_unit_test(a_message_is_stored_once),
        cmocka_unit_test(one_call_stores_many_messages),
        cmocka_unit_test(first_messages_in_parallel_are_one_conversation),
        cmocka_unit_test(a_person_has_many_addresses),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
