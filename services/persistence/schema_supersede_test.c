// schema_supersede_test: an answer that does not know the customer's newest message is not committed, but
// planned again: not for ever, and never when the turn has done what cannot be undone.
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stale_answer_is_not_committed),
        cmocka_unit_test(a_plan_that_is_current_is_not_superseded),
        cmocka_unit_test(who_never_stops_writing_is_answered),
        cmocka_unit_test(what_was_done_is_told),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
