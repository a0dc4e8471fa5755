// schema_turns_test: leases, commits, sessions, quotas and the sweep, as the database keeps them.
#include "schema_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void admin_on(test_db_t *db, act_str_t tenant, const char *set)
{
    (void)test_db_admin(db, test_db_text(db, "update %s where tenant_id = '%" ACT_STR_FMT "'", set,
                                         ACT_STR_ARG(tenant))
                                .ptr);
}

static void one_holder_at_a_time(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    assert_true(turn->is_granted);
    const turn_begin_reply_t *other = schema_begin(db, tenant, conversation, "s2");
    assert_false(other->is_granted);
    assert_int_equal(other->retry_after_ms, 1000); // it may end with its holder
    // The same holder lost the answer: granted again, and the first grant is worth nothing now.
    const turn_begin_reply_t *again = schema_begin(db, tenant, conversation, "s1");
    assert_true(again->is_granted);
    assert_int_equal(again->fence, turn->fence + 1);
    assert_false(
        schema_commit(db, tenant, conversation, turn, (schema_commit_t){.answers_count = 1})
            ->was_committed);
    DO(db, tenant, TURN_RELEASE, turn_release_request, empty, NULL, .conversation_id = conversation,
       .fence = again->fence);
    assert_false(
        schema_commit(db, tenant, conversation, again, (schema_commit_t){.answers_count = 1})
            ->was_committed);
    assert_true(schema_begin(db, tenant, conversation, "s2")->is_granted);
}

// A reply fits into one message of the bus, whatever a customer sends.
static void what_does_not_fit_waits_for_the_next_turn(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    static char text[16 << 10];
    memset(text, 'x', sizeof text);
    const inbound_content_t content = {.text = act_str_of(text, sizeof text)};
    act_str_t conversation = {0};
    for (int i = 0; i < 70; i++) // 1.1 MiB
        conversation =
            schema_append(db, tenant,
                          (inbound_message_t){
                              .address = ACT_STR("491"), .starts_turn = true, .content = &content})
                ->conversation_id;
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    assert_in_range(turn->pending.count, 60, 64); // 1 MiB before the last one
    for (uint32_t i = 1; i < turn->pending.count; i++)
        assert_true(turn->pending.items[i].inbox_seq > turn->pending.items[i - 1].inbox_seq);
    // Asked again it is the same turn, with the same messages.
    assert_int_equal(schema_begin(db, tenant, conversation, "s1")->pending.count,
                     turn->pending.count);
}

static void a_turn_is_committed_once(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    (void)schema_say(db, tenant, "491"); // comes in during the turn
    schema_commit_t opts = {.answers_count = 2};
    const turn_commit_reply_t *first = schema_commit(db, tenant, conversation, turn, opts);
    assert_true(first->was_committed);
    assert_int_equal(first->pending_count, 1);
    assert_int_equal(first->outbox_count, 2);
    assert_true(schema_commit(db, tenant, conversation, turn, opts)->was_committed);
    // Another turn under the same fence is a stranger.
    schema_commit_t stranger = {.turn_id = test_db_uuid(db), .answers_count = 1};
    assert_false(schema_commit(db, tenant, conversation, turn, stranger)->was_committed);
    admin_on(db, tenant, "outbox set attempt = 1"); // its channel was asked: it stays
    const turn_begin_reply_t *next = schema_begin(db, tenant, conversation, "s1");
    assert_true(next->is_granted);
    assert_int_equal(next->pending.count, 1);
    assert_true(schema_commit(db, tenant, conversation, turn, opts)->was_committed);
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

// Whoever takes over works on the same turn: its id, its clock and its messages, not those that came
// in since.
static void a_turn_outlives_its_holder(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    (void)schema_say(db, tenant, "491");
    const turn_begin_reply_t *first = schema_begin(db, tenant, conversation, "s1");
    assert_int_equal(first->pending.count, 2);
    assert_int_equal(first->turn_id.len_bytes, 36);
    assert_in_range(first->turn_age_ms, 0, 60000);
    (void)schema_say(db, tenant, "491"); // after the turn was opened
    admin_on(db, tenant,
             "conversations set lease_expires_at = now() - interval '1 s', "
             "turn_started_at = turn_started_at - interval '90 s'");
    const turn_begin_reply_t *second = schema_begin(db, tenant, conversation, "s2");
    assert_true(second->is_granted);
    assert_true(act_str_eq(second->turn_id, first->turn_id));
    assert_int_equal(second->turn_started_at_ms, first->turn_started_at_ms - 90000);
    assert_in_range(second->turn_age_ms, 90000, 150000);
    assert_int_equal(second->pending.count, 2);
    assert_int_equal(second->pending.items[1].inbox_seq, first->pending.items[1].inbox_seq);
    const turn_commit_reply_t *done =
        schema_commit(db, tenant, conversation, second, (schema_commit_t){.answers_count = 1});
    assert_true(done->was_committed);
    assert_int_equal(done->pending_count, 1);
    admin_on(db, tenant, "outbox set attempt = 1"); // its channel was asked: it stays
    const turn_begin_reply_t *next = schema_begin(db, tenant, conversation, "s2");
    assert_false(act_str_eq(next->turn_id, first->turn_id));
    assert_int_equal(next->pending.count, 1);
}

// What a turn was opened for can be gone: then it is another one.
static void a_turn_without_its_messages_is_not_kept_open(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const turn_begin_reply_t *first = schema_begin(db, tenant, conversation, "s1");
    admin_on(db, tenant, "inbox set turn_id = uuid7()");
    assert_false(schema_begin(db, tenant, conversation, "s1")->is_granted);
    (void)schema_say(db, tenant, "491");
    const turn_begin_reply_t *next = schema_begin(db, tenant, conversation, "s1");
    assert_true(next->is_granted);
    assert_int_equal(next->pending.count, 1);
    assert_false(act_str_eq(next->turn_id, first->turn_id));
}

static void nothing_to_do_is_not_granted(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation =
        schema_append(db, tenant,
                      (inbound_message_t){.address = ACT_STR("491"), .type = ACT_STR("reaction")})
            ->conversation_id;
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    assert_false(turn->is_granted);
    assert_int_equal(turn->retry_after_ms, 0);
    assert_false(schema_begin(db, tenant, test_db_uuid(db), "s1")->is_granted);
}

static act_str_t session_after(test_db_t *db, act_str_t tenant, act_str_t conversation,
                               const char *ago)
{
    char set[160];
    snprintf(set, sizeof set, "conversations set lease_holder = '', last_activity_at = now() - %s",
             ago);
    admin_on(db, tenant, set);
    return schema_begin(db, tenant, conversation, "s1")->session_id;
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
    act_str_t conversation = schema_talk(db, tenant, "491", 0);
    (void)schema_say(db, tenant, "491");
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
    act_str_t conversation = schema_talk(db, tenant, "491", 0);
    (void)schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    assert_false(turn->is_over_quota);
    assert_false(turn->is_blocked);
    CHECK_STR(turn->tenant_name, "Acme");
    assert_true(schema_commit(db, tenant, conversation, turn, (schema_commit_t){0})->was_committed);
    admin_on(db, tenant, "contacts set is_blocked = true");
    (void)schema_say(db, tenant, "491");
    turn = schema_begin(db, tenant, conversation, "s1");
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
    act_str_t conversation = schema_say(db, tenant, "491");
    assert_true(sweeps(db, conversation));
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    assert_false(sweeps(db, conversation));
    admin_on(db, tenant, "conversations set lease_expires_at = now() - interval '1 s'");
    assert_true(sweeps(db, conversation));
    assert_true(schema_commit(db, tenant, conversation, turn, (schema_commit_t){0})->was_committed);
    assert_false(sweeps(db, conversation));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_holder_at_a_time),
        cmocka_unit_test(what_does_not_fit_waits_for_the_next_turn),
        cmocka_unit_test(a_turn_is_committed_once),
        cmocka_unit_test(a_turn_outlives_its_holder),
        cmocka_unit_test(a_turn_without_its_messages_is_not_kept_open),
        cmocka_unit_test(nothing_to_do_is_not_granted),
        cmocka_unit_test(sessions_end_by_silence_and_by_the_working_day),
        cmocka_unit_test(quota_and_block_are_told),
        cmocka_unit_test(the_sweep_finds_what_nobody_works_on),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
