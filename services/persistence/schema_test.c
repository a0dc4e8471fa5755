// schema_test: what the statements and functions of schema/ promise, through the real table and a
// real database (test_db.h). Ids in comments are those of promises.md.
#include "proto/persistence.h"
#include "proto/persistence_service.h"
#include "test_db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// --- short names for calls -----------------------------------------------------------------------

#define CALL(db, tenant, PLACE, request_type, reply_type, ret_reply, ...)                          \
    test_db_call((db), (tenant), PERSISTENCE_##PLACE, &request_type##_model,                       \
                 &(request_type##_t){__VA_ARGS__}, &reply_type##_model,                            \
                 (const void **)(ret_reply))
#define DO(db, tenant, PLACE, request_type, reply_type, ret_reply, ...)                            \
    assert_int_equal(CALL(db, tenant, PLACE, request_type, reply_type, ret_reply, __VA_ARGS__),    \
                     ACT_E_OK)

static const appended_message_t *append(test_db_t *db, act_str_t tenant, inbound_message_t message)
{
    const append_inbound_reply_t *reply = NULL;
    inbound_content_t content = {.text = ACT_STR("hello")};
    message.content = message.content ? message.content : &content;
    message.type = act_str_empty(message.type) ? ACT_STR("text") : message.type;
    message.external_id =
        act_str_empty(message.external_id) ? test_db_uuid(db) : message.external_id;
    DO(db, tenant, APPEND_INBOUND, append_inbound_request, append_inbound_reply, &reply,
       .channel = ACT_STR("whatsapp"), .channel_account_id = ACT_STR("account"),
       .messages = {&message, 1});
    assert_int_equal(reply->messages.count, 1);
    return &reply->messages.items[0];
}

static act_str_t say(test_db_t *db, act_str_t tenant, const char *address)
{
    return append(db, tenant, (inbound_message_t){.address = act_str(address), .starts_turn = true})
        ->conversation_id;
}

static const turn_begin_reply_t *begin(test_db_t *db, act_str_t tenant, act_str_t conversation,
                                       const char *holder)
{
    const turn_begin_reply_t *reply = NULL;
    DO(db, tenant, TURN_BEGIN, turn_begin_request, turn_begin_reply, &reply,
       .conversation_id = conversation, .holder = act_str(holder), .lease_ms = 30000);
    return reply;
}

typedef struct {
    act_str_t turn_id;
    const char *decision;
    uint32_t answers_count;
    int64_t fence; // 0: of the turn
} commit_opts_t;

static const turn_commit_reply_t *commit(test_db_t *db, act_str_t tenant, act_str_t conversation,
                                         const turn_begin_reply_t *turn, commit_opts_t opts)
{
    const turn_commit_reply_t *reply = NULL;
    outbound_content_t content = {.type = ACT_STR("text"), .text = ACT_STR("good day")};
    outbox_entry_t answers[4];
    for (uint32_t i = 0; i < opts.answers_count; i++)
        answers[i] = (outbox_entry_t){.outbox_id = test_db_uuid(db), .content = &content};
    int64_t seqs[256];
    for (uint32_t i = 0; i < turn->pending.count; i++)
        seqs[i] = turn->pending.items[i].inbox_seq;
    DO(db, tenant, TURN_COMMIT, turn_commit_request, turn_commit_reply, &reply,
       .conversation_id = conversation, .fence = opts.fence ? opts.fence : turn->fence,
       .turn_id = act_str_empty(opts.turn_id) ? test_db_uuid(db) : opts.turn_id,
       .session_id = ACT_STR("session"), .inbox_seqs = {seqs, turn->pending.count},
       .language = ACT_STR("de"), .text = ACT_STR("hello"),
       .decision = act_str(opts.decision ? opts.decision : "RESPOND"),
       .handoff_reason = ACT_STR("asked for a person"), .outbox = {answers, opts.answers_count},
       .owner_fence = turn->owner_fence);
    return reply;
}

// A customer writes and gets that many answers into the outbox.
static act_str_t talk(test_db_t *db, act_str_t tenant, const char *address, uint32_t answers_count)
{
    act_str_t conversation = say(db, tenant, address);
    const turn_begin_reply_t *turn = begin(db, tenant, conversation, "s1");
    assert_true(turn->is_granted);
    assert_true(
        commit(db, tenant, conversation, turn, (commit_opts_t){.answers_count = answers_count})
            ->was_committed);
    return conversation;
}

// Claims everything that is due, and returns the claim of this conversation, if any.
static const outbox_claim_t *claim(test_db_t *db, act_str_t conversation, uint32_t claim_ms)
{
    const claim_outbox_reply_t *reply = NULL;
    const outbox_claim_t *found = NULL;
    do {
        DO(db, ACT_STR(""), CLAIM_OUTBOX, claim_outbox_request, claim_outbox_reply, &reply,
           .holder = ACT_STR("d1"), .max_rows = 100, .claim_ms = claim_ms);
        for (uint32_t i = 0; i < reply->claims.count; i++)
            if (act_str_eq(reply->claims.items[i].conversation_id, conversation))
                found = &reply->claims.items[i];
    } while (!found && reply->next_due_ms == 1);
    return found;
}

static const record_send_reply_t *record(test_db_t *db, act_str_t tenant,
                                         const outbox_claim_t *claim_, const char *outcome,
                                         act_str_t provider_id)
{
    const record_send_reply_t *reply = NULL;
    DO(db, tenant, RECORD_SEND, record_send_request, record_send_reply, &reply,
       .outbox_id = claim_->outbox_id, .attempt = claim_->attempt, .outcome = act_str(outcome),
       .provider_id = provider_id);
    return reply;
}

static const applied_status_t *apply(test_db_t *db, act_str_t tenant, delivery_status_t status)
{
    const apply_statuses_reply_t *reply = NULL;
    DO(db, tenant, APPLY_STATUSES, apply_statuses_request, apply_statuses_reply, &reply,
       .channel = ACT_STR("whatsapp"), .statuses = {&status, 1});
    assert_int_equal(reply->statuses.count, 1);
    return &reply->statuses.items[0];
}

static act_str_t state_of(test_db_t *db, act_str_t outbox_id)
{
    char sql[200];
    snprintf(sql, sizeof sql, "select state from outbox where outbox_id = '%" ACT_STR_FMT "'",
             ACT_STR_ARG(outbox_id));
    return test_db_admin(db, sql);
}

#define CHECK_STR(a, b)                                                                            \
    assert_string_equal(test_db_text(db, "%" ACT_STR_FMT, ACT_STR_ARG(a)).ptr, (b))

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
    CHECK_STR(
        test_db_admin(db, "select coalesce(string_agg(i.indexrelid::regclass::text, ' '), '') "
                          "from pg_index i join pg_class c on c.oid = i.indrelid where "
                          "c.relnamespace = 'parley'::regnamespace and i.indisunique and "
                          "c.relname <> 'schema_scripts' and not exists (select from pg_attribute "
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
    CHECK_STR(test_db_admin(
                  db, "select string_agg(polrelid::regclass::text, ' ' order by "
                      "polrelid::regclass::text) from pg_policy where polname = 'system_sweep'"),
              "channel_accounts conversations dead_letters inbox outbox outbox_queue");
}

static void tenants_do_not_see_each_other(void **state)
{
    test_db_t *db = *state;
    act_str_t mine = test_db_tenant(db);
    act_str_t theirs = test_db_tenant(db);
    act_str_t conversation = say(db, theirs, "491");
    assert_false(begin(db, mine, conversation, "s1")->is_granted);
    const turn_begin_reply_t *turn = begin(db, theirs, conversation, "s1");
    assert_true(turn->is_granted);
    assert_false(
        commit(db, mine, conversation, turn, (commit_opts_t){.answers_count = 1})->was_committed);
    // The same provider id and the same address are somebody else here.
    inbound_message_t message = {
        .external_id = ACT_STR("wamid.same"), .address = ACT_STR("491"), .starts_turn = true};
    const appended_message_t *first = append(db, mine, message);
    const appended_message_t *second = append(db, theirs, message);
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
    const appended_message_t *first = append(db, tenant, message);
    const appended_message_t *again = append(db, tenant, message);
    assert_true(first->is_new);
    assert_false(again->is_new);
    assert_true(again->starts_turn);
    assert_true(act_str_eq(first->conversation_id, again->conversation_id));
    assert_int_equal(begin(db, tenant, first->conversation_id, "s1")->pending.count, 1);
}

// One call with two people, one of them new, and a message that was delivered twice with it.
static void one_call_stores_many_messages(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t known = say(db, tenant, "491");
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
    act_str_t by_phone = say(db, tenant, "49123");
    // The channel begins to call the same phone a user id.
    act_str_t by_user = append(db, tenant,
                               (inbound_message_t){.address = ACT_STR("user-9"),
                                                   .alias = ACT_STR("49123"),
                                                   .contact_name = ACT_STR("Ann"),
                                                   .starts_turn = true})
                            ->conversation_id;
    assert_true(act_str_eq(by_phone, by_user));
    assert_true(act_str_eq(by_phone, say(db, tenant, "user-9")));
    // And the person changes the identity: no new contact.
    act_str_t renamed = append(db, tenant,
                               (inbound_message_t){.address = ACT_STR("user-10"),
                                                   .previous_address = ACT_STR("user-9"),
                                                   .type = ACT_STR("system")})
                            ->conversation_id;
    assert_true(act_str_eq(by_phone, renamed));
    assert_true(act_str_eq(by_phone, say(db, tenant, "user-10")));
    const turn_begin_reply_t *turn = begin(db, tenant, by_phone, "s1");
    assert_int_equal(turn->pending.count, 4);
    CHECK_STR(turn->contact_name, "Ann");
}

// --- turns ---------------------------------------------------------------------------------------

static void one_holder_at_a_time(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = say(db, tenant, "491");
    const turn_begin_reply_t *turn = begin(db, tenant, conversation, "s1");
    assert_true(turn->is_granted);
    const turn_begin_reply_t *other = begin(db, tenant, conversation, "s2");
    assert_false(other->is_granted);
    assert_in_range(other->retry_after_ms, 25000, 30000);
    // The same holder lost the answer: granted again, and the first grant is worth nothing now.
    const turn_begin_reply_t *again = begin(db, tenant, conversation, "s1");
    assert_true(again->is_granted);
    assert_int_equal(again->fence, turn->fence + 1);
    assert_false(
        commit(db, tenant, conversation, turn, (commit_opts_t){.answers_count = 1})->was_committed);
    DO(db, tenant, TURN_RELEASE, turn_release_request, empty, NULL, .conversation_id = conversation,
       .fence = again->fence);
    assert_false(commit(db, tenant, conversation, again, (commit_opts_t){.answers_count = 1})
                     ->was_committed);
    assert_true(begin(db, tenant, conversation, "s2")->is_granted);
}

static void a_turn_is_committed_once(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = say(db, tenant, "491");
    const turn_begin_reply_t *turn = begin(db, tenant, conversation, "s1");
    (void)say(db, tenant, "491"); // comes in during the turn
    commit_opts_t opts = {.turn_id = test_db_uuid(db), .answers_count = 2};
    const turn_commit_reply_t *first = commit(db, tenant, conversation, turn, opts);
    assert_true(first->was_committed);
    assert_int_equal(first->pending_count, 1);
    assert_int_equal(first->outbox_count, 2);
    assert_true(commit(db, tenant, conversation, turn, opts)->was_committed);
    // Another turn under the same fence is a stranger.
    assert_false(
        commit(db, tenant, conversation, turn, (commit_opts_t){.answers_count = 1})->was_committed);
    const turn_begin_reply_t *next = begin(db, tenant, conversation, "s1");
    assert_true(next->is_granted);
    assert_int_equal(next->pending.count, 1);
    assert_true(commit(db, tenant, conversation, turn, opts)->was_committed);
    CHECK_STR(next->language, "de");
    CHECK_STR(next->session_id, "session");
    const turn_history_reply_t *past = NULL;
    DO(db, tenant, TURN_HISTORY, turn_history_request, turn_history_reply, &past,
       .conversation_id = conversation);
    assert_int_equal(past->history.count, 3);
    CHECK_STR(past->history.items[0].author, "customer");
    CHECK_STR(past->history.items[2].author, "bot");
    CHECK_STR(past->history.items[2].text, "good day");
}

static void nothing_to_do_is_not_granted(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation =
        append(db, tenant,
               (inbound_message_t){.address = ACT_STR("491"), .type = ACT_STR("reaction")})
            ->conversation_id;
    const turn_begin_reply_t *turn = begin(db, tenant, conversation, "s1");
    assert_false(turn->is_granted);
    assert_int_equal(turn->retry_after_ms, 0);
    assert_false(begin(db, tenant, test_db_uuid(db), "s1")->is_granted);
}

static void admin_on(test_db_t *db, act_str_t tenant, const char *set)
{
    (void)test_db_admin(db, test_db_text(db, "update %s where tenant_id = '%" ACT_STR_FMT "'", set,
                                         ACT_STR_ARG(tenant))
                                .ptr);
}

static act_str_t session_after(test_db_t *db, act_str_t tenant, act_str_t conversation,
                               const char *ago)
{
    char set[160];
    snprintf(set, sizeof set, "conversations set lease_holder = '', last_activity_at = now() - %s",
             ago);
    admin_on(db, tenant, set);
    return begin(db, tenant, conversation, "s1")->session_id;
}

static void sessions_end_by_silence_and_by_the_working_day(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    DO(db, tenant, PUT_TENANT, put_tenant_request, empty, NULL, .name = ACT_STR("Acme"),
       .timezone = ACT_STR("Asia/Tokyo"));
    // The working day began 2 hours ago and ends in 10.
    admin_on(db, tenant,
             "tenants set working_from = (now() at time zone 'Asia/Tokyo' - interval '2 h')::time, "
             "working_to = (now() at time zone 'Asia/Tokyo' + interval '10 h')::time");
    act_str_t conversation = talk(db, tenant, "491", 0);
    (void)say(db, tenant, "491");
    CHECK_STR(session_after(db, tenant, conversation, "interval '1 h'"), "session");
    CHECK_STR(session_after(db, tenant, conversation, "interval '3 h'"), "");
    // Both before it began: nothing in between but 6 hours.
    admin_on(db, tenant,
             "tenants set working_from = (now() at time zone 'Asia/Tokyo' + interval '1 h')::time, "
             "working_to = (now() at time zone 'Asia/Tokyo' + interval '2 h')::time");
    CHECK_STR(session_after(db, tenant, conversation, "interval '6 h'"), "session");
    CHECK_STR(session_after(db, tenant, conversation, "interval '7 h 1 min'"), "");
}

static void quota_and_block_are_told(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    DO(db, tenant, PUT_TENANT, put_tenant_request, empty, NULL, .name = ACT_STR("Acme"));
    admin_on(db, tenant, "tenants set message_quota_per_day = 2");
    act_str_t conversation = talk(db, tenant, "491", 0);
    (void)say(db, tenant, "491");
    const turn_begin_reply_t *turn = begin(db, tenant, conversation, "s1");
    assert_false(turn->is_over_quota);
    assert_false(turn->is_blocked);
    CHECK_STR(turn->tenant_name, "Acme");
    assert_true(commit(db, tenant, conversation, turn, (commit_opts_t){0})->was_committed);
    admin_on(db, tenant, "contacts set is_blocked = true");
    (void)say(db, tenant, "491");
    turn = begin(db, tenant, conversation, "s1");
    assert_true(turn->is_over_quota);
    assert_true(turn->is_blocked);
}

static bool sweeps(test_db_t *db, act_str_t conversation)
{
    const sweep_inbox_reply_t *reply = NULL;
    DO(db, ACT_STR(""), SWEEP_INBOX, sweep_inbox_request, sweep_inbox_reply, &reply,
       .max_rows = 10000);
    for (uint32_t i = 0; i < reply->conversations.count; i++)
        if (act_str_eq(reply->conversations.items[i].conversation_id, conversation))
            return true;
    return false;
}

static void the_sweep_finds_what_nobody_works_on(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = say(db, tenant, "491");
    assert_true(sweeps(db, conversation));
    const turn_begin_reply_t *turn = begin(db, tenant, conversation, "s1");
    assert_false(sweeps(db, conversation));
    admin_on(db, tenant, "conversations set lease_expires_at = now() - interval '1 s'");
    assert_true(sweeps(db, conversation));
    assert_true(commit(db, tenant, conversation, turn, (commit_opts_t){0})->was_committed);
    assert_false(sweeps(db, conversation));
}

// --- outbox --------------------------------------------------------------------------------------

static void messages_leave_in_order(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = talk(db, tenant, "49157", 3);
    const outbox_claim_t *first = claim(db, conversation, 30000);
    assert_non_null(first);
    assert_int_equal(first->seq, 1);
    assert_int_equal(first->attempt, 1);
    assert_false(first->is_ambiguous);
    CHECK_STR(first->address, "49157");
    CHECK_STR(first->phone, "49157");
    CHECK_STR(first->content->text, "good day");
    assert_true(act_str_eq(first->tenant, tenant));
    assert_null(claim(db, conversation, 30000)); // only the head, and that is on its way
    assert_true(record(db, tenant, first, "retry", ACT_STR(""))->was_recorded);
    const outbox_claim_t *second = claim(db, conversation, 30000);
    assert_int_equal(second->seq, 1);
    assert_int_equal(second->attempt, 2);
    assert_false(second->is_ambiguous);
    assert_false(
        record(db, tenant, first, "sent", ACT_STR("p0"))->was_recorded); // a former attempt
    const record_send_reply_t *sent = record(db, tenant, second, "sent", test_db_uuid(db));
    assert_true(sent->was_recorded && sent->has_next);
    assert_true(record(db, tenant, second, "sent", ACT_STR("p1"))->was_recorded); // told twice
    const outbox_claim_t *third = claim(db, conversation, 30000);
    assert_int_equal(third->seq, 2);
    assert_true(record(db, tenant, third, "failed", ACT_STR(""))->has_next);
    const outbox_claim_t *fourth = claim(db, conversation, 30000);
    assert_int_equal(fourth->seq, 3);
    assert_false(record(db, tenant, fourth, "sent", test_db_uuid(db))->has_next);
    assert_null(claim(db, conversation, 30000));
    CHECK_STR(state_of(db, first->outbox_id), "sent");
    CHECK_STR(state_of(db, third->outbox_id), "failed");
}

static void a_send_without_result_is_ambiguous(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = talk(db, tenant, "491", 1);
    const outbox_claim_t *first = claim(db, conversation, 1);
    const outbox_claim_t *again = claim(db, conversation, 30000);
    while (!again)
        again = claim(db, conversation, 30000);
    assert_true(again->is_ambiguous);
    assert_int_equal(again->attempt, 2);
    // A status shows that the first attempt did arrive: nothing is sent again.
    const applied_status_t *applied = apply(db, tenant,
                                            (delivery_status_t){.provider_id = test_db_uuid(db),
                                                                .status = ACT_STR("delivered"),
                                                                .outbox_id = first->outbox_id});
    assert_true(applied->was_applied);
    CHECK_STR(state_of(db, first->outbox_id), "delivered");
    assert_true(record(db, tenant, again, "retry", ACT_STR(""))->was_recorded);
    assert_null(claim(db, conversation, 30000));
    CHECK_STR(state_of(db, first->outbox_id), "delivered");
}

static void a_person_takes_over_and_hands_back(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = talk(db, tenant, "491", 1); // seq 1: still waits
    (void)say(db, tenant, "491");
    const turn_begin_reply_t *turn = begin(db, tenant, conversation, "s1");
    (void)commit(db, tenant, conversation, turn,
                 (commit_opts_t){.decision = "HUMAN_HANDOFF", .answers_count = 1}); // seq 2
    // What the bot said before it handed over comes too late; its hand-over message does not.
    const outbox_claim_t *last_word = claim(db, conversation, 30000);
    assert_non_null(last_word);
    assert_int_equal(last_word->seq, 2);
    CHECK_STR(test_db_admin(db, test_db_text(db,
                                             "select error_code from outbox where seq = 1 and "
                                             "conversation_id = '%" ACT_STR_FMT "'",
                                             ACT_STR_ARG(conversation))
                                    .ptr),
              "WRONG_OWNER");
    const list_handoffs_reply_t *list = NULL;
    DO(db, tenant, LIST_HANDOFFS, empty, list_handoffs_reply, &list, 0);
    assert_int_equal(list->handoffs.count, 1);
    CHECK_STR(list->handoffs.items[0].reason, "asked for a person");
    (void)say(db, tenant, "491");
    turn = begin(db, tenant, conversation, "s1");
    assert_true(turn->is_granted);
    CHECK_STR(turn->owner, "person");
    const handback_reply_t *back = NULL;
    DO(db, tenant, HANDBACK, handback_request, handback_reply, &back, .address = ACT_STR("491"));
    assert_true(back->was_handed_back);
    assert_int_equal(back->pending_count, 1);
    assert_true(act_str_eq(back->conversation_id, conversation));
    // The turn began under another owner.
    assert_false(
        commit(db, tenant, conversation, turn, (commit_opts_t){.answers_count = 1})->was_committed);
    DO(db, tenant, LIST_HANDOFFS, empty, list_handoffs_reply, &list, 0);
    assert_int_equal(list->handoffs.count, 0);
}

// Every order of what a channel may say about one message ends in the same state (I7).
static void statuses_only_move_forward(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    static const char *const words[] = {"sent", "failed", "delivered", "played"};
    static const int orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 0, 3, 2},
                                    {2, 3, 0, 1}, {1, 3, 2, 0}, {3, 0, 2, 1}};
    for (size_t order = 0; order < ACT_COUNT(orders) * 3; order++) {
        act_str_t conversation = talk(db, tenant, test_db_text(db, "49%zu", order).ptr, 1);
        const outbox_claim_t *sending = claim(db, conversation, 30000);
        act_str_t provider_id = test_db_uuid(db);
        size_t recorded_at = order / ACT_COUNT(orders) * 2; // first, in the middle, last
        bool is_by_our_id = order % 2 == 1;
        for (size_t i = 0; i <= 4; i++) {
            if (i == recorded_at)
                assert_true(record(db, tenant, sending, "sent", provider_id)->was_recorded);
            if (i < 4)
                (void)apply(db, tenant,
                            (delivery_status_t){
                                .provider_id = provider_id,
                                .status = act_str(words[orders[order % ACT_COUNT(orders)][i]]),
                                .outbox_id = is_by_our_id ? sending->outbox_id : ACT_STR("")});
        }
        CHECK_STR(state_of(db, sending->outbox_id), "read");
        assert_null(claim(db, conversation, 30000));
    }
    assert_false(apply(db, tenant,
                       (delivery_status_t){.provider_id = ACT_STR("stranger"),
                                           .status = ACT_STR("sent"),
                                           .outbox_id = ACT_STR("not-ours")})
                     ->was_applied);
}

// --- the business --------------------------------------------------------------------------------

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
        cmocka_unit_test(every_table_is_protected),
        cmocka_unit_test(system_scope_is_only_where_it_is_needed),
        cmocka_unit_test(tenants_do_not_see_each_other),
        cmocka_unit_test(a_message_is_stored_once),
        cmocka_unit_test(one_call_stores_many_messages),
        cmocka_unit_test(first_messages_in_parallel_are_one_conversation),
        cmocka_unit_test(a_person_has_many_addresses),
        cmocka_unit_test(one_holder_at_a_time),
        cmocka_unit_test(a_turn_is_committed_once),
        cmocka_unit_test(nothing_to_do_is_not_granted),
        cmocka_unit_test(sessions_end_by_silence_and_by_the_working_day),
        cmocka_unit_test(quota_and_block_are_told),
        cmocka_unit_test(the_sweep_finds_what_nobody_works_on),
        cmocka_unit_test(messages_leave_in_order),
        cmocka_unit_test(a_send_without_result_is_ambiguous),
        cmocka_unit_test(a_person_takes_over_and_hands_back),
        cmocka_unit_test(statuses_only_move_forward),
        cmocka_unit_test(the_demo_is_there_in_nine_languages),
        cmocka_unit_test(the_same_key_is_the_same_thing),
        cmocka_unit_test(appointments_are_wished_listed_and_cancelled),
        cmocka_unit_test(accounts_are_put_and_listed),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
