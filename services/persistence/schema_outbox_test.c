// schema_outbox_test: order, claims, results, takeovers and statuses of what goes out.
#include "schema_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void messages_leave_in_order(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "49157", 3);
    const outbox_claim_t *first = schema_claim(db, conversation, 30000);
    assert_non_null(first);
    assert_int_equal(first->seq, 1);
    assert_int_equal(first->attempt, 1);
    assert_int_equal(first->unknown_count, 0);
    CHECK_STR(first->address, "49157");
    CHECK_STR(first->phone, "49157");
    CHECK_STR(first->content->text, "good day");
    assert_true(act_str_eq(first->tenant, tenant));
    assert_null(schema_claim(db, conversation, 30000)); // only the head, and that is on its way
    assert_true(schema_record(db, tenant, first, "retry", ACT_STR(""))->was_recorded);
    const outbox_claim_t *second = schema_claim(db, conversation, 30000);
    assert_int_equal(second->seq, 1);
    assert_int_equal(second->attempt, 2);
    assert_int_equal(second->unknown_count, 0);
    assert_false(
        schema_record(db, tenant, first, "sent", ACT_STR("p0"))->was_recorded); // a former attempt
    const record_send_reply_t *sent = schema_record(db, tenant, second, "sent", test_db_uuid(db));
    assert_true(sent->was_recorded && sent->has_next);
    assert_true(
        schema_record(db, tenant, second, "sent", ACT_STR("p1"))->was_recorded); // told twice
    const outbox_claim_t *third = schema_claim(db, conversation, 30000);
    assert_int_equal(third->seq, 2);
    assert_true(schema_record(db, tenant, third, "failed", ACT_STR(""))->has_next);
    const outbox_claim_t *fourth = schema_claim(db, conversation, 30000);
    assert_int_equal(fourth->seq, 3);
    assert_false(schema_record(db, tenant, fourth, "sent", test_db_uuid(db))->has_next);
    assert_null(schema_claim(db, conversation, 30000));
    CHECK_STR(schema_state_of(db, first->outbox_id), "sent");
    CHECK_STR(schema_state_of(db, third->outbox_id), "failed");
}

static void a_send_without_result_is_ambiguous(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "491", 1);
    const outbox_claim_t *first = schema_claim(db, conversation, 1);
    const outbox_claim_t *again = schema_claim(db, conversation, 30000);
    while (!again)
        again = schema_claim(db, conversation, 30000);
    assert_int_equal(again->unknown_count, 1);
    assert_int_equal(again->attempt, 2);
    // A status shows that the first attempt did arrive: nothing is sent again.
    const applied_status_t *applied =
        schema_apply(db, tenant,
                     (delivery_status_t){.provider_id = test_db_uuid(db),
                                         .status = ACT_STR("delivered"),
                                         .outbox_id = first->outbox_id});
    assert_true(applied->was_applied);
    CHECK_STR(schema_state_of(db, first->outbox_id), "delivered");
    assert_true(schema_record(db, tenant, again, "retry", ACT_STR(""))->was_recorded);
    assert_null(schema_claim(db, conversation, 30000));
    CHECK_STR(schema_state_of(db, first->outbox_id), "delivered");
}

static void a_person_takes_over_and_hands_back(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "491", 1); // seq 1: still waits
    (void)schema_say(db, tenant, "491");
    const turn_begin_reply_t *turn = schema_begin(db, tenant, conversation, "s1");
    (void)schema_commit(
        db, tenant, conversation, turn,
        (schema_commit_t){.decision = "HUMAN_HANDOFF", .answers_count = 1}); // seq 2
    // What the bot said before it handed over comes too late; its hand-over message does not.
    const outbox_claim_t *last_word = schema_claim(db, conversation, 30000);
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
    (void)schema_say(db, tenant, "491");
    turn = schema_begin(db, tenant, conversation, "s1");
    assert_true(turn->is_granted);
    CHECK_STR(turn->owner, "person");
    const handback_reply_t *back = NULL;
    DO(db, tenant, HANDBACK, handback_request, handback_reply, &back, .address = ACT_STR("491"));
    assert_true(back->was_handed_back);
    assert_int_equal(back->pending_count, 1);
    assert_true(act_str_eq(back->conversation_id, conversation));
    // The turn began under another owner.
    assert_false(
        schema_commit(db, tenant, conversation, turn, (schema_commit_t){.answers_count = 1})
            ->was_committed);
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
        act_str_t conversation = schema_talk(db, tenant, test_db_text(db, "49%zu", order).ptr, 1);
        const outbox_claim_t *sending = schema_claim(db, conversation, 30000);
        act_str_t provider_id = test_db_uuid(db);
        size_t recorded_at = order / ACT_COUNT(orders) * 2; // first, in the middle, last
        bool is_by_our_id = order % 2 == 1;
        for (size_t i = 0; i <= 4; i++) {
            if (i == recorded_at)
                assert_true(schema_record(db, tenant, sending, "sent", provider_id)->was_recorded);
            if (i < 4)
                (void)schema_apply(
                    db, tenant,
                    (delivery_status_t){
                        .provider_id = provider_id,
                        .status = act_str(words[orders[order % ACT_COUNT(orders)][i]]),
                        .outbox_id = is_by_our_id ? sending->outbox_id : ACT_STR("")});
        }
        CHECK_STR(schema_state_of(db, sending->outbox_id), "read");
        assert_null(schema_claim(db, conversation, 30000));
    }
    assert_false(schema_apply(db, tenant,
                              (delivery_status_t){.provider_id = ACT_STR("stranger"),
                                                  .status = ACT_STR("sent"),
                                                  .outbox_id = ACT_STR("not-ours")})
                     ->was_applied);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_leave_in_order),
        cmocka_unit_test(a_send_without_result_is_ambiguous),
        cmocka_unit_test(a_person_takes_over_and_hands_back),
        cmocka_unit_test(statuses_only_move_forward),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
