// schema_supersede_test: an answer that does not know the customer's newest message is not committed, but
// planned again, and one that is committed is taken back while nothing of it was sent: not for ever, and never
// when the turn has done what cannot be undone.
#include "schema_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const turn_begin_reply_t *replan(test_db_t *db, act_str_t tenant, act_str_t conversation,
                                        const turn_begin_reply_t *planned)
{
    const turn_begin_reply_t *reply = NULL;
    DO(db, tenant, TURN_BEGIN, turn_begin_request, turn_begin_reply, &reply,
       .conversation_id = conversation, .holder = ACT_STR("s1"), .lease_ms = 30000,
       .planned_count = planned->pending.count);
    assert_true(reply->is_granted);
    return reply;
}

static const turn_commit_reply_t *commit(test_db_t *db, act_str_t tenant, act_str_t conversation,
                                         const turn_begin_reply_t *turn)
{
    return schema_commit(db, tenant, conversation, turn,
                         (schema_commit_t){.answers_count = 1, .may_be_stale = true});
}

static void a_stale_answer_is_not_committed(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    (void)schema_say(db, tenant, "491");
    const turn_commit_reply_t *stale = commit(db, tenant, conversation, turn);
    assert_true(stale->is_stale);
    assert_false(stale->was_committed);
    assert_null(schema_claim(db, conversation, 1000));

    const turn_begin_reply_t *next = replan(db, tenant, conversation, turn);
    assert_true(next->was_superseded);
    assert_int_equal(next->pending.count, 2);
    assert_false(act_str_eq(next->turn_id, turn->turn_id));
    assert_int_equal(next->turn_started_at_ms,
                     turn->turn_started_at_ms);                          // and with it the deadline
    assert_false(commit(db, tenant, conversation, turn)->was_committed); // its time is over
    const turn_commit_reply_t *done = commit(db, tenant, conversation, next);
    assert_true(done->was_committed);
    assert_false(done->is_stale);
    assert_int_equal(done->pending_count, 0);
    CHECK_STR(test_db_admin(db, test_db_text(db,
                                             "select superseded_count::text from turns where "
                                             "tenant_id = '%" ACT_STR_FMT "'",
                                             ACT_STR_ARG(tenant))
                                    .ptr),
              "1");
}

static void a_plan_that_is_current_is_not_superseded(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    const turn_begin_reply_t *again = replan(db, tenant, conversation, turn);
    assert_false(again->was_superseded);
    assert_true(act_str_eq(again->turn_id, turn->turn_id));
    assert_int_equal(again->replans_left, turn->replans_left);
}

static void who_never_stops_writing_is_answered(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    for (int32_t left = turn->replans_left; left > 0; left--) {
        (void)schema_say(db, tenant, "491");
        assert_true(commit(db, tenant, conversation, turn)->is_stale);
        turn = replan(db, tenant, conversation, turn);
        assert_true(turn->was_superseded);
        assert_int_equal(turn->replans_left, left - 1);
    }
    (void)schema_say(db, tenant, "491");
    assert_false(replan(db, tenant, conversation, turn)->was_superseded);
    turn = schema_begin(db, tenant, conversation, "s1");
    const turn_commit_reply_t *done = commit(db, tenant, conversation, turn);
    assert_true(done->was_committed);
    assert_int_equal(done->pending_count, 1);
    // The next turn may be superseded as often again.
    turn = schema_begin(db, tenant, conversation, "s1");
    assert_int_equal(turn->replans_left, 3);
}

static void what_was_done_is_told(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    const create_appointment_reply_t *appointment = NULL;
    DO(db, tenant, CREATE_APPOINTMENT, create_appointment_request, create_appointment_reply,
       &appointment,
       .idempotency_key = test_db_text(db, "%" ACT_STR_FMT "/book", ACT_STR_ARG(turn->turn_id)),
       .turn_id = turn->turn_id, .step_key = ACT_STR("book"), .conversation_id = conversation,
       .contact_id = turn->contact_id, .wanted = ACT_STR("tomorrow at 10h"));
    (void)schema_say(db, tenant, "491");
    assert_false(replan(db, tenant, conversation, turn)->was_superseded);
    turn = schema_begin(db, tenant, conversation, "s1");
    const turn_commit_reply_t *done = commit(db, tenant, conversation, turn);
    assert_true(done->was_committed);
    assert_int_equal(done->pending_count, 1);
}

// --- answers that wait to be sent ------------------------------------------------------------------

static act_str_t value_of(test_db_t *db, act_str_t conversation, const char *what,
                          const char *table)
{
    return test_db_admin(db, test_db_text(db,
                                          "select coalesce((%s)::text, '') from %s where "
                                          "conversation_id = '%" ACT_STR_FMT "'",
                                          what, table, ACT_STR_ARG(conversation))
                                 .ptr);
}

// A customer writes, and the answers wait in the outbox.
static const turn_begin_reply_t *answer(test_db_t *db, act_str_t tenant, act_str_t conversation,
                                        schema_commit_t opts)
{
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    assert_true(turn->is_granted);
    assert_true(schema_commit(db, tenant, conversation, turn, opts)->was_committed);
    return turn;
}

static void an_answer_that_waits_is_taken_back(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    (void)answer(db, tenant, conversation,
                 (schema_commit_t){.answers_count = 1, .flow_state = "asked for the day"});
    const outbox_claim_t *claim = schema_claim(db, conversation, 30000);
    assert_false(schema_record(db, tenant, claim, "sent", test_db_uuid(db))->has_next);

    (void)schema_say(db, tenant, "491");
    const turn_begin_reply_t *stale =
        answer(db, tenant, conversation,
               (schema_commit_t){.answers_count = 2, .flow_state = "asked for the time"});
    CHECK_STR(stale->flow_state, "asked for the day");
    (void)schema_say(db, tenant, "491");
    const turn_begin_reply_t *next = schema_begin(db, tenant, conversation, "s1");
    assert_true(next->is_granted);
    assert_true(next->was_superseded);
    assert_int_equal(next->pending.count, 2);
    assert_int_equal(next->replans_left, 2);
    assert_false(act_str_eq(next->turn_id, stale->turn_id));
    CHECK_STR(next->flow_state, "asked for the day"); // as the turn found it that was taken back
    CHECK_STR(next->session_id, "session");
    assert_true(next->turn_started_at_ms <
                stale->turn_started_at_ms); // schema_kit: it took a second
    assert_null(schema_look(db, conversation, 1000));
    CHECK_STR(value_of(db, conversation, "string_agg(state, ' ' order by seq)", "outbox"),
              "sent superseded superseded");
    CHECK_STR(value_of(db, conversation, "count(superseded_at)", "turns"), "1");

    assert_true(schema_commit(db, tenant, conversation, next, (schema_commit_t){.answers_count = 1})
                    ->was_committed);
    claim = schema_claim(db, conversation, 30000);
    assert_int_equal(claim->seq, 4);
    assert_true(act_str_eq(claim->turn_id, next->turn_id));
    const turn_history_reply_t *history = NULL;
    DO(db, tenant, TURN_HISTORY, turn_history_request, turn_history_reply, &history,
       .conversation_id = conversation);
    assert_int_equal(history->history.count, 5); // three messages, two answers
    // Each message is counted once, and so is each answer.
    CHECK_STR(
        test_db_admin(db, test_db_text(db,
                                       "select sum(inbound_count) || ' ' || sum(outbound_count) "
                                       "from usage_daily where tenant_id = '%" ACT_STR_FMT "'",
                                       ACT_STR_ARG(tenant))
                              .ptr),
        "3 2");
}

static void the_first_turn_of_a_session_is_taken_back_with_it(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    schema_commit_t opts = {.answers_count = 1, .session_id = turn->turn_id};
    assert_true(schema_commit(db, tenant, conversation, turn, opts)->was_committed);
    (void)schema_say(db, tenant, "491");
    const turn_begin_reply_t *next = schema_begin(db, tenant, conversation, "s1");
    assert_true(next->was_superseded);
    CHECK_STR(next->session_id, "");
    // Its holder died: the next one finds the same.
    const turn_begin_reply_t *again = schema_begin(db, tenant, conversation, "s1");
    assert_true(act_str_eq(again->turn_id, next->turn_id));
    assert_int_equal(again->pending.count, 2);
    CHECK_STR(again->session_id, "");
}

// The INTENT is the last look: an answer that is stale by then waits for the turn that takes it back.
static void a_stale_answer_gets_no_intent(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "491", 2);
    const outbox_claim_t *claim = schema_look(db, conversation, 30000);
    (void)schema_say(db, tenant, "491");
    CHECK_STR(schema_intend(db, claim, "d1"), "later");
    CHECK_STR(schema_state_of(db, claim->outbox_id), "queued");
    assert_null(schema_look(db, conversation, 30000)); // not at once again
    const turn_begin_reply_t *next = schema_begin(db, tenant, conversation, "s1");
    assert_true(next->was_superseded);
    CHECK_STR(schema_intend(db, claim, "d1"), "lost");
}

static void what_the_channel_was_asked_for_stays(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "491", 2);
    const outbox_claim_t *claim = schema_claim(db, conversation, 30000);
    (void)schema_say(db, tenant, "491");
    const turn_begin_reply_t *next = schema_begin(db, tenant, conversation, "s1");
    assert_true(next->is_granted);
    assert_false(next->was_superseded);
    assert_int_equal(next->pending.count, 1);
    // Neither when the channel did not take it, nor the rest of the answer.
    assert_true(schema_record(db, tenant, claim, "retry", ACT_STR(""))->was_recorded);
    claim = schema_claim(db, conversation, 30000);
    assert_int_equal(claim->attempt, 2);
    assert_true(schema_record(db, tenant, claim, "sent", test_db_uuid(db))->has_next);
    assert_int_equal(schema_claim(db, conversation, 30000)->seq, 2);
}

// The rules of the commit hold here, too; and what others know of already is not taken back.
static void not_all_answers_are_taken_back(void **state)
{
    test_db_t *db = *state;
    static const struct {
        const char *decision;
        const char *change; // of the turn
    } rows[] = {
        {"HUMAN_HANDOFF", "turns set superseded_count = 0"},
        {"WAIT", "turns set superseded_count = 0"},
        {"RESPOND", "turns set superseded_count = 3"},
        {"RESPOND", "turns set path = 'opt'"},
        {"RESPOND", "turns set duration_ms = 3600000"},
        {"RESPOND", "conversations set flow_state_before = null"},
        {"RESPOND", "outbox set channel = 'console'"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_str_t tenant = test_db_tenant(db);
        act_str_t conversation = schema_say(db, tenant, "491");
        const turn_begin_reply_t *turn =
            answer(db, tenant, conversation,
                   (schema_commit_t){.decision = rows[i].decision, .answers_count = 1});
        (void)test_db_admin(db,
                            test_db_text(db, "update %s where conversation_id = '%" ACT_STR_FMT "'",
                                         rows[i].change, ACT_STR_ARG(conversation))
                                .ptr);
        (void)schema_say(db, tenant, "491");
        const turn_begin_reply_t *next = schema_begin(db, tenant, conversation, "s1");
        assert_true(next->is_granted);
        assert_false(next->was_superseded);
        assert_int_equal(next->pending.count, 1);
        assert_false(act_str_eq(next->turn_id, turn->turn_id));
        assert_non_null(schema_claim(db, conversation, 30000)); // and it is sent
    }
}

static void who_never_stops_writing_gets_the_fourth_answer(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    for (uint32_t i = 0; i <= 3; i++) {
        const turn_begin_reply_t *turn =
            answer(db, tenant, conversation, (schema_commit_t){.answers_count = 1});
        assert_int_equal(turn->was_superseded, i > 0);
        assert_int_equal(turn->pending.count, i + 1);
        (void)schema_say(db, tenant, "491");
    }
    const outbox_claim_t *claim = schema_look(db, conversation, 30000);
    assert_int_equal(claim->seq, 4);
    CHECK_STR(schema_intend(db, claim, "d1"), "send");
    const turn_begin_reply_t *next = schema_begin(db, tenant, conversation, "s1");
    assert_false(next->was_superseded);
    assert_int_equal(next->pending.count, 1);
}

// A batch holds many conversations: it never waits for a claim, which holds many heads.
static void a_head_that_is_looked_at_is_not_waited_for(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "491", 1);
    (void)schema_say(db, tenant, "491");
    (void)test_db_admin(db, "begin");
    (void)test_db_admin(db, test_db_text(db,
                                         "select 1 from outbox_queue where conversation_id = "
                                         "'%" ACT_STR_FMT "' for update",
                                         ACT_STR_ARG(conversation))
                                .ptr);
    const turn_begin_reply_t *next = schema_begin(db, tenant, conversation, "s1");
    assert_false(next->is_granted);
    assert_true(next->retry_after_ms > 0 && next->retry_after_ms < 100);
    (void)test_db_admin(db, "commit");
    assert_true(schema_begin(db, tenant, conversation, "s1")->was_superseded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stale_answer_is_not_committed),
        cmocka_unit_test(a_plan_that_is_current_is_not_superseded),
        cmocka_unit_test(who_never_stops_writing_is_answered),
        cmocka_unit_test(what_was_done_is_told),
        cmocka_unit_test(an_answer_that_waits_is_taken_back),
        cmocka_unit_test(the_first_turn_of_a_session_is_taken_back_with_it),
        cmocka_unit_test(a_stale_answer_gets_no_intent),
        cmocka_unit_test(what_the_channel_was_asked_for_stays),
        cmocka_unit_test(not_all_answers_are_taken_back),
        cmocka_unit_test(who_never_stops_writing_gets_the_fourth_answer),
        cmocka_unit_test(a_head_that_is_looked_at_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
