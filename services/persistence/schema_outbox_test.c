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
    const recorded_send_t *sent = schema_record(db, tenant, second, "sent", test_db_uuid(db));
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

// The holder found that its time was over: there was no request, so it was no attempt either.
static void an_intent_without_a_request_is_no_attempt(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "491", 1);
    for (int i = 0; i < 12; i++) {
        const outbox_claim_t *claim = schema_claim(db, conversation, 30000);
        assert_non_null(claim);
        assert_int_equal(claim->attempt, 1);
        assert_int_equal(claim->unknown_count, 0);
        assert_true(schema_record(db, tenant, claim, "returned", ACT_STR(""))->was_recorded);
        (void)schema_record(db, tenant, claim, "returned", ACT_STR("")); // told twice
    }
    const outbox_claim_t *last = schema_claim(db, conversation, 30000);
    assert_int_equal(last->attempt, 1);
    assert_true(schema_record(db, tenant, last, "sent", test_db_uuid(db))->was_recorded);
    // Told late, when it is settled: nothing comes of it.
    (void)schema_record(db, tenant, last, "returned", ACT_STR(""));
    CHECK_STR(schema_state_of(db, last->outbox_id), "sent");
}

static const take_over_reply_t *take_over(test_db_t *db, act_str_t tenant, act_str_t conversation)
{
    const take_over_reply_t *reply = NULL;
    DO(db, tenant, TAKE_OVER, take_over_request, take_over_reply, &reply,
       .conversation_id = conversation, .actor = ACT_STR("test"));
    return reply;
}

static const put_person_message_reply_t *say_as_person(test_db_t *db, act_str_t tenant,
                                                       act_str_t conversation, const char *key,
                                                       const char *text)
{
    const put_person_message_reply_t *reply = NULL;
    DO(db, tenant, PUT_PERSON_MESSAGE, put_person_message_request, put_person_message_reply, &reply,
       .conversation_id = conversation, .idempotency_key = act_str(key), .text = act_str(text),
       .actor = ACT_STR("test"));
    return reply;
}

static void a_takeover_refuses_what_the_bot_had_to_say(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "491", 3);
    const outbox_claim_t *first = schema_claim(db, conversation, 30000);
    const take_over_reply_t *taken = take_over(db, tenant, conversation);
    assert_true(taken->was_taken_over);
    CHECK_STR(taken->owner, "person");
    assert_true(act_str_eq(taken->in_flight_outbox_id, first->outbox_id));
    assert_false(take_over(db, tenant, conversation)->was_taken_over);
    assert_true(schema_record(db, tenant, first, "retry", ACT_STR(""))->was_recorded);
    const put_person_message_reply_t *reply =
        say_as_person(db, tenant, conversation, "k1", "I am on my way");
    assert_true(reply->was_new && !reply->was_taken_over);
    assert_int_equal(reply->seq, 4);
    const outbox_claim_t *claim = schema_claim(db, conversation, 30000);
    assert_non_null(claim); // the person's message, as nothing of the bot is left
    assert_true(act_str_eq(claim->outbox_id, reply->outbox_id));
    CHECK_STR(claim->content->text, "I am on my way");
    CHECK_STR(test_db_admin(db, test_db_text(db,
                                             "select string_agg(state || ' ' || error_code, ', ' "
                                             "order by seq) from outbox where author = 'bot' and "
                                             "conversation_id = '%" ACT_STR_FMT "'",
                                             ACT_STR_ARG(conversation))
                                    .ptr),
              "refused WRONG_OWNER, refused WRONG_OWNER, refused WRONG_OWNER");
    const take_over_reply_t *none = NULL;
    assert_int_equal(CALL(db, tenant, TAKE_OVER, take_over_request, take_over_reply, &none,
                          .address = ACT_STR("nobody-here")),
                     ACT_E_NOT_FOUND);
}

static void a_person_writes_once_whatever_is_repeated(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "491", 1);
    const put_person_message_reply_t *first =
        say_as_person(db, tenant, conversation, "k1", "hello");
    assert_true(first->was_new && first->was_taken_over);
    const put_person_message_reply_t *again =
        say_as_person(db, tenant, conversation, "k1", "hello");
    assert_false(again->was_new || again->was_taken_over);
    assert_int_equal(again->seq, first->seq);
    assert_true(act_str_eq(again->outbox_id, first->outbox_id));
    const put_person_message_reply_t *other = NULL;
    assert_int_equal(CALL(db, tenant, PUT_PERSON_MESSAGE, put_person_message_request,
                          put_person_message_reply, &other, .conversation_id = conversation,
                          .idempotency_key = ACT_STR("k1"), .text = ACT_STR("good bye")),
                     ACT_E_CONFLICT);
    assert_int_equal(CALL(db, tenant, PUT_PERSON_MESSAGE, put_person_message_request,
                          put_person_message_reply, &other, .conversation_id = test_db_uuid(db),
                          .idempotency_key = ACT_STR("k1"), .text = ACT_STR("hello")),
                     ACT_E_NOT_FOUND);
    // The person's message goes out also when the bot has the conversation again by then.
    const handback_reply_t *back = NULL;
    DO(db, tenant, HANDBACK, handback_request, handback_reply, &back,
       .conversation_id = conversation);
    assert_true(back->was_handed_back);
    const outbox_claim_t *claim = schema_claim(db, conversation, 30000);
    assert_true(act_str_eq(claim->outbox_id, first->outbox_id));
    assert_false(schema_record(db, tenant, claim, "sent", test_db_uuid(db))->has_next);
    const turn_history_reply_t *history = NULL;
    DO(db, tenant, TURN_HISTORY, turn_history_request, turn_history_reply, &history,
       .conversation_id = conversation);
    assert_int_equal(history->history.count, 3); // the bot's answer was refused: nobody read it
    CHECK_STR(history->history.items[0].author, "customer");
    CHECK_STR(history->history.items[1].author, "person");
    CHECK_STR(history->history.items[2].author, "system");
    assert_true(act_str_starts_with(history->history.items[2].text, "A colleague had this"));
}

static void check_verdict(test_db_t *db, const outbox_claim_t *claim, const char *holder,
                          const char *expected)
{
    act_str_t verdict = schema_intend(db, claim, holder);
    CHECK_STR(verdict, expected);
}

// A claim that never became a request is no unknown outcome, however often delivery is killed there.
static void a_claim_alone_promises_nothing(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "491", 1);
    const outbox_claim_t *claim = NULL;
    for (int i = 0; i < 5; i++) {
        claim = NULL;
        while (!claim)
            claim = schema_look(db, conversation, 1);
        assert_int_equal(claim->attempt, 1);
        assert_int_equal(claim->unknown_count, 0);
    }
    check_verdict(db, claim, "d1", "send");
    check_verdict(db, claim, "d1", "send"); // its answer was lost
    check_verdict(db, claim, "d2", "lost"); // held the same claim
    assert_true(schema_record(db, tenant, claim, "sent", test_db_uuid(db))->was_recorded);
    check_verdict(db, claim, "d1", "lost");
    CHECK_STR(schema_state_of(db, claim->outbox_id), "sent");
}

// The takeover comes between a claim and its INTENT: nothing of the bot is sent after it.
static void an_intent_after_a_takeover_is_refused(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "491", 1);
    const outbox_claim_t *claim = schema_look(db, conversation, 30000);
    const take_over_reply_t *taken = take_over(db, tenant, conversation);
    CHECK_STR(taken->in_flight_outbox_id, "");
    check_verdict(db, claim, "d1", "refused");
    CHECK_STR(schema_state_of(db, claim->outbox_id), "refused");
    assert_false(schema_record(db, tenant, claim, "sent", test_db_uuid(db))->was_recorded);
}

// What was given back without a request costs no attempt; a request whose claim ran out does count.
static void a_claim_is_given_back(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_talk(db, tenant, "491", 2);
    const outbox_claim_t *claim = schema_look(db, conversation, 30000);
    assert_true(schema_record(db, tenant, claim, "retry", ACT_STR(""))->was_recorded);
    claim = schema_look(db, conversation, 30000);
    assert_int_equal(claim->attempt, 1);
    check_verdict(db, claim, "d1", "send");
    // Another process claims it meanwhile: unknown. Then the first one's answer comes after all.
    (void)test_db_admin(db, "update outbox_queue set due_at = now()");
    const outbox_claim_t *other = schema_look(db, conversation, 30000);
    assert_int_equal(other->unknown_count, 1);
    assert_int_equal(other->attempt, 2);
    assert_true(schema_record(db, tenant, claim, "sent", test_db_uuid(db))->has_next);
    check_verdict(db, other, "d2", "lost"); // it was sent: not again
}

static void a_person_takes_over_and_hands_back(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation =
        schema_talk(db, tenant, "491", 1); // seq 1: its channel does not take it
    (void)schema_record(db, tenant, schema_claim(db, conversation, 30000), "retry", ACT_STR(""));
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

static void put_file(test_db_t *db, act_str_t tenant, act_str_t conversation, const char *key)
{
    const put_person_message_reply_t *reply = NULL;
    DO(db, tenant, PUT_PERSON_MESSAGE, put_person_message_request, put_person_message_reply, &reply,
       .conversation_id = conversation, .idempotency_key = act_str(key),
       .text = ACT_STR("the roof"), .type = ACT_STR("image"),
       .media_url = ACT_STR("https://example.com/a.png"));
}

static bool record_file(test_db_t *db, act_str_t tenant, const outbox_claim_t *claim,
                        act_str_t provider_id)
{
    const record_sends_reply_t *reply = NULL;
    send_result_t result = {.outbox_id = claim->outbox_id,
                            .attempt = claim->attempt,
                            .outcome = ACT_STR("sent"),
                            .provider_id = provider_id,
                            .next_after_ms = 60000};
    DO(db, tenant, RECORD_SENDS, record_sends_request, record_sends_reply, &reply,
       .results = {&result, 1});
    assert_true(reply->results.items[0].was_recorded);
    return reply->results.items[0].has_next;
}

static const applied_status_t *tell(test_db_t *db, act_str_t tenant, const outbox_claim_t *claim,
                                    act_str_t provider_id, const char *status, bool is_by_our_id)
{
    return schema_apply(
        db, tenant,
        (delivery_status_t){.provider_id = provider_id,
                            .status = act_str(status),
                            .outbox_id = is_by_our_id ? claim->outbox_id : ACT_STR("")});
}

// What follows a file is not claimable until a status says that it was delivered, seen or failed; `sent`
// does not do, whether the status or the result of the send comes first.
static void what_follows_a_file_waits_for_its_delivery(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    static const char *const ends[] = {"delivered", "read", "played", "failed"};
    for (size_t i = 0; i < ACT_COUNT(ends) * 4; i++) {
        const char *end = ends[i % ACT_COUNT(ends)];
        bool is_early = i & 4, is_by_our_id = i & 8; // `sent` comes before the result
        act_str_t conversation = schema_say(db, tenant, test_db_text(db, "48%zu", i).ptr);
        act_str_t provider_id = test_db_uuid(db);
        put_file(db, tenant, conversation, "k1");
        (void)say_as_person(db, tenant, conversation, "k2", "as you see");
        const outbox_claim_t *file = schema_claim(db, conversation, 30000);
        CHECK_STR(file->content->media_url, "https://example.com/a.png");
        if (is_early)
            CHECK_STR(tell(db, tenant, file, provider_id, "sent", is_by_our_id)->conversation_id,
                      "");
        assert_false(record_file(db, tenant, file, provider_id));
        assert_false(record_file(db, tenant, file, provider_id)); // told twice
        (void)tell(db, tenant, file, provider_id, "sent", is_by_our_id);
        assert_null(schema_look(db, conversation, 30000));
        CHECK_STR(schema_state_of(db, file->outbox_id), "sent");
        const applied_status_t *applied = tell(db, tenant, file, provider_id, end, is_by_our_id);
        assert_true(applied->was_applied);
        assert_true(act_str_eq(applied->conversation_id, conversation)); // delivery is woken
        const outbox_claim_t *text = schema_claim(db, conversation, 30000);
        assert_int_equal(text->seq, 2);
        assert_false(schema_record(db, tenant, text, "sent", test_db_uuid(db))->has_next);
    }
}

// Delivered before the result of the send is recorded; and a file that nothing says anything of.
static void a_file_holds_up_nothing_for_ever(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    act_str_t provider_id = test_db_uuid(db);
    put_file(db, tenant, conversation, "k1");
    const outbox_claim_t *file = schema_claim(db, conversation, 30000);
    (void)tell(db, tenant, file, provider_id, "delivered", /* is_by_our_id= */ false);
    assert_false(record_file(db, tenant, file, provider_id)); // nothing is behind it
    CHECK_STR(schema_state_of(db, file->outbox_id), "delivered");
    put_file(db, tenant, conversation, "k2");
    file = schema_claim(db, conversation, 30000);
    assert_int_equal(file->seq, 2);
    assert_false(record_file(db, tenant, file, test_db_uuid(db)));
    // Behind a file that was sent alone, too.
    (void)say_as_person(db, tenant, conversation, "k3", "as you see");
    assert_null(schema_look(db, conversation, 30000));
    (void)test_db_admin(db, "update outbox_queue set due_at = now()"); // its time is over
    const outbox_claim_t *text = schema_claim(db, conversation, 30000);
    assert_int_equal(text->seq, 3);
    CHECK_STR(schema_state_of(db, file->outbox_id), "sent");
    // Its late status changes its state and nothing else.
    CHECK_STR(tell(db, tenant, file, test_db_uuid(db), "delivered", true)->conversation_id, "");
    assert_false(schema_record(db, tenant, text, "sent", test_db_uuid(db))->has_next);
    assert_null(schema_look(db, conversation, 30000));
}

static void a_file_needs_its_link_and_a_text_its_words(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    act_str_t conversation = schema_say(db, tenant, "491");
    static const struct {
        const char *type, *text, *media_url;
    } rows[] = {{"image", "x", ""},
                {"", "", ""},
                {"text", "", ""},
                {"text", "x", "https://x.io/a"},
                {"sticker", "", "https://x.io/a"},
                {"list", "x", ""}};
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        const put_person_message_reply_t *reply = NULL;
        assert_int_equal(CALL(db, tenant, PUT_PERSON_MESSAGE, put_person_message_request,
                              put_person_message_reply, &reply, .conversation_id = conversation,
                              .idempotency_key = ACT_STR("k1"), .type = act_str(rows[i].type),
                              .text = act_str(rows[i].text),
                              .media_url = act_str(rows[i].media_url)),
                         ACT_E_INVALID_ARGUMENT);
    }
    put_file(db, tenant, conversation, "k1");
    put_file(db, tenant, conversation, "k1");
    const put_person_message_reply_t *other = NULL; // the same caption, another file
    assert_int_equal(CALL(db, tenant, PUT_PERSON_MESSAGE, put_person_message_request,
                          put_person_message_reply, &other, .conversation_id = conversation,
                          .idempotency_key = ACT_STR("k1"), .type = ACT_STR("image"),
                          .text = ACT_STR("the roof"),
                          .media_url = ACT_STR("https://example.com/b.png")),
                     ACT_E_CONFLICT);
    const turn_history_reply_t *history = NULL;
    DO(db, tenant, TURN_HISTORY, turn_history_request, turn_history_reply, &history,
       .conversation_id = conversation);
    assert_int_equal(history->history.count, 1); // what the customer wrote is pending
    CHECK_STR(history->history.items[0].text, "[image] the roof");
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
        cmocka_unit_test(an_intent_without_a_request_is_no_attempt),
        cmocka_unit_test(a_takeover_refuses_what_the_bot_had_to_say),
        cmocka_unit_test(a_person_writes_once_whatever_is_repeated),
        cmocka_unit_test(a_claim_alone_promises_nothing),
        cmocka_unit_test(an_intent_after_a_takeover_is_refused),
        cmocka_unit_test(a_claim_is_given_back),
        cmocka_unit_test(a_person_takes_over_and_hands_back),
        cmocka_unit_test(what_follows_a_file_waits_for_its_delivery),
        cmocka_unit_test(a_file_holds_up_nothing_for_ever),
        cmocka_unit_test(a_file_needs_its_link_and_a_text_its_words),
        cmocka_unit_test(statuses_only_move_forward),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
