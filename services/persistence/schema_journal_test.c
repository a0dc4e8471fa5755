// schema_journal_test: the steps of a turn, as the database keeps them.
#include "schema_kit.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    test_db_t *db;
    act_str_t tenant, conversation, contact;
    const turn_begin_reply_t *turn;
} story_t;

static story_t begin(test_db_t *db)
{
    story_t self = {.db = db, .tenant = test_db_tenant(db)};
    self.conversation = schema_say(db, self.tenant, "491");
    self.turn = schema_begin(db, self.tenant, self.conversation, "s1");
    self.contact = self.turn->contact_id;
    return self;
}

static int64_t count_of(test_db_t *db, const char *sql)
{
    return strtoll(test_db_text(db, "%" ACT_STR_FMT, ACT_STR_ARG(test_db_admin(db, sql))).ptr, NULL,
                   10);
}

static act_err_t book(const story_t *self, const char *step, const char *wanted,
                      int64_t *ret_number)
{
    const create_appointment_reply_t *reply = NULL;
    act_err_t err = CALL(self->db, self->tenant, CREATE_APPOINTMENT, create_appointment_request,
                         create_appointment_reply, &reply,
                         .idempotency_key = test_db_text(self->db, "%" ACT_STR_FMT "/%s",
                                                         ACT_STR_ARG(self->turn->turn_id), step),
                         .conversation_id = self->conversation, .contact_id = self->contact,
                         .service = ACT_STR("cut"), .wanted = act_str(wanted),
                         .turn_id = self->turn->turn_id, .step_key = act_str(step));
    if (err == ACT_E_OK)
        *ret_number = reply->number;
    return err;
}

static void an_effect_is_once_a_step_and_leaves_a_receipt(void **state)
{
    test_db_t *db = *state;
    story_t self = begin(db);
    int64_t first = 0, again = 0, other = 0;
    assert_int_equal(book(&self, "flow/0/save/create_appointment", "monday", &first), ACT_E_OK);
    assert_int_equal(book(&self, "flow/0/save/create_appointment", "monday", &again), ACT_E_OK);
    assert_int_equal(first, again);
    assert_int_equal(book(&self, "flow/0/save/create_appointment", "friday", &other),
                     ACT_E_STEP_MISMATCH);
    assert_int_equal(book(&self, "flow/1/save/create_appointment", "friday", &other), ACT_E_OK);
    assert_int_not_equal(first, other);
    // Whoever takes the turn over hears of them.
    const turn_begin_reply_t *next = schema_begin(self.db, self.tenant, self.conversation, "s1");
    assert_int_equal(next->steps_count, 2);
    const list_turn_steps_reply_t *steps = NULL;
    DO(self.db, self.tenant, LIST_TURN_STEPS, turn_request, list_turn_steps_reply, &steps,
       .conversation_id = self.conversation, .turn_id = next->turn_id);
    assert_int_equal(steps->steps.count, 2);
    CHECK_STR(steps->steps.items[0].step_key, "flow/0/save/create_appointment");
    CHECK_STR(steps->steps.items[0].kind, "effect");
    act_str_t receipt = test_db_text(self.db, "\"number\" : %d, \"service\" : \"cut\"", (int)first);
    assert_non_null(strstr(
        test_db_text(self.db, "%" ACT_STR_FMT, ACT_STR_ARG(steps->steps.items[0].result)).ptr,
        receipt.ptr));
}

static void a_cancelled_appointment_is_not_cancelled_again_by_the_same_step(void **state)
{
    story_t self = begin(*state);
    int64_t number = 0;
    assert_int_equal(book(&self, "flow/0/save/create_appointment", "monday", &number), ACT_E_OK);
    const list_appointments_reply_t *mine = NULL;
    DO(self.db, self.tenant, LIST_APPOINTMENTS, contact_request, list_appointments_reply, &mine,
       .contact_id = self.contact);
    for (int i = 0; i < 2; i++) {
        const cancel_appointment_reply_t *reply = NULL;
        DO(self.db, self.tenant, CANCEL_APPOINTMENT, cancel_appointment_request,
           cancel_appointment_reply, &reply,
           .appointment_id = mine->appointments.items[0].appointment_id, .contact_id = self.contact,
           .conversation_id = self.conversation, .turn_id = self.turn->turn_id,
           .step_key = ACT_STR("flow/1/cancel/cancel_appointment"));
        assert_true(reply->was_cancelled);
        assert_int_equal(reply->number, number);
        (void)test_db_admin(self.db, "update appointments set status = 'confirmed'");
    }
    assert_int_equal(
        count_of(self.db, test_db_text(self.db,
                                       "select count(*) from appointments where status = "
                                       "'cancelled' and tenant_id = '%" ACT_STR_FMT "'",
                                       ACT_STR_ARG(self.tenant))
                              .ptr),
        0);
}

static act_err_t put(const story_t *self, const char *hash, const char *result, act_str_t *ret)
{
    const put_turn_step_reply_t *reply = NULL;
    act_err_t err =
        CALL(self->db, self->tenant, PUT_TURN_STEP, put_turn_step_request, put_turn_step_reply,
             &reply, .conversation_id = self->conversation, .turn_id = self->turn->turn_id,
             .step_key = ACT_STR("agent/0/model"), .kind = ACT_STR("paid"),
             .request_hash = act_str(hash), .result = act_str(result));
    if (err == ACT_E_OK)
        *ret = reply->result;
    return err;
}

static void of_what_was_paid_twice_the_first_counts(void **state)
{
    story_t self = begin(*state);
    act_str_t result = {0};
    assert_int_equal(put(&self, "h1", "\x01\xff first", &result), ACT_E_OK);
    assert_true(act_str_is(result, "\x01\xff first"));
    assert_int_equal(put(&self, "h1", "second", &result), ACT_E_OK);
    assert_true(act_str_is(result, "\x01\xff first"));
    assert_int_equal(put(&self, "h2", "third", &result), ACT_E_STEP_MISMATCH);
}

// I6: who was slow to hear that it lost its lease leaves nothing behind.
static void a_turn_that_is_over_takes_no_further_step(void **state)
{
    story_t self = begin(*state);
    act_str_t result = {0};
    int64_t first = 0, number = 0;
    assert_int_equal(book(&self, "flow/0/save/create_appointment", "monday", &first), ACT_E_OK);
    assert_true(schema_commit(self.db, self.tenant, self.conversation, self.turn,
                              (schema_commit_t){.answers_count = 1})
                    ->was_committed);
    assert_int_equal(book(&self, "flow/1/save/create_appointment", "friday", &number),
                     ACT_E_LEASE_LOST);
    assert_int_equal(put(&self, "h1", "late", &result), ACT_E_LEASE_LOST);
    assert_int_equal(
        count_of(self.db, test_db_text(self.db,
                                       "select count(*) from appointments where tenant_id = "
                                       "'%" ACT_STR_FMT "'",
                                       ACT_STR_ARG(self.tenant))
                              .ptr),
        1);
    // What was done in time may be asked for again.
    assert_int_equal(book(&self, "flow/0/save/create_appointment", "monday", &number), ACT_E_OK);
    assert_int_equal(number, first);
}

static void the_journal_is_kept_with_the_turn_and_goes_in_time(void **state)
{
    test_db_t *db = *state;
    story_t self = begin(db);
    act_str_t result = {0};
    assert_int_equal(put(&self, "h1", "paid", &result), ACT_E_OK);
    assert_true(schema_commit(db, self.tenant, self.conversation, self.turn,
                              (schema_commit_t){.answers_count = 2, .journal = "\x81 journal"})
                    ->was_committed);
    const turn_record_t *record = NULL;
    DO(db, self.tenant, GET_TURN_RECORD, get_turn_record_request, turn_record, &record,
       .turn_id = self.turn->turn_id);
    assert_true(act_str_is(record->journal, "\x81 journal"));
    assert_int_equal(record->pending.count, 1);
    assert_int_equal(record->outbox.count, 2);
    const list_journals_reply_t *list = NULL;
    DO(db, self.tenant, LIST_JOURNALS, list_journals_request, list_journals_reply, &list,
       .max_rows = 10);
    assert_int_equal(list->turns.count, 1);
    // Young ones stay; of old ones a bounded number goes at a time.
    const compact_journals_reply_t *gone = NULL;
    DO(db, ACT_STR(""), COMPACT_JOURNALS, compact_journals_request, compact_journals_reply, &gone,
       .older_than_days = 30);
    assert_int_equal(gone->removed_count, 0);
    (void)test_db_admin(
        db, "insert into turn_steps select tenant_id, ('00' || right(turn_id::text, 34))::uuid, "
            "n || step_key, conversation_id, kind, request_hash, result from turn_steps, "
            "generate_series(1, 30) n");
    int32_t removed = 0;
    do {
        DO(db, ACT_STR(""), COMPACT_JOURNALS, compact_journals_request, compact_journals_reply,
           &gone, .older_than_days = 30, .max_rows = 25);
        assert_in_range(gone->removed_count, 0, 25 * 50); // a tenant
        removed += gone->removed_count;
    } while (gone->removed_count > 0);
    assert_true(removed >= 60);
    DO(db, self.tenant, GET_TURN_RECORD, get_turn_record_request, turn_record, &record,
       .turn_id = self.turn->turn_id);
}

// what a turn reads does not grow with the conversation.
static void a_conversation_of_100000_messages_resumes_at_once(void **state)
{
    test_db_t *db = *state;
    story_t self = begin(db);
    assert_true(schema_commit(db, self.tenant, self.conversation, self.turn, (schema_commit_t){0})
                    ->was_committed);
    char where[400];
    snprintf(where, sizeof where,
             "tenant_id = '%" ACT_STR_FMT "' and conversation_id = '%" ACT_STR_FMT "'",
             ACT_STR_ARG(self.tenant), ACT_STR_ARG(self.conversation));
    (void)test_db_admin(
        db,
        test_db_text(db,
                     "insert into inbox (tenant_id, channel, external_id, conversation_id, "
                     "turn_id, starts_turn, type, content) select tenant_id, 'whatsapp', 'x' || n, "
                     "conversation_id, uuid7(), true, 'text', '{\"text\":\"hello\"}' "
                     "from conversations, generate_series(1, 100000) n where %s",
                     where)
            .ptr);
    (void)test_db_admin(
        db,
        test_db_text(db,
                     "insert into outbox (tenant_id, outbox_id, conversation_id, seq, channel, "
                     "channel_account_id, owner_fence, state, content) select tenant_id, uuid7(), "
                     "conversation_id, 1000 + n, channel, channel_account_id, 0, 'read', "
                     "'{\"text\":\"good day\"}' from conversations, generate_series(1, 100000) n "
                     "where %s",
                     where)
            .ptr);
    (void)schema_say(db, self.tenant, "491");
    int64_t best_us = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        int64_t from_us = act_time_mono_us();
        const turn_begin_reply_t *turn = schema_begin(db, self.tenant, self.conversation, "s1");
        const turn_history_reply_t *past = NULL;
        DO(db, self.tenant, TURN_HISTORY, turn_history_request, turn_history_reply, &past,
           .conversation_id = self.conversation);
        int64_t took_us = act_time_mono_us() - from_us;
        best_us = took_us < best_us ? took_us : best_us;
        assert_true(turn->is_granted);
        assert_int_equal(turn->pending.count, 1);
        assert_int_equal(past->history.count, 10);
    }
    print_message("# turn_begin + turn_history of 100,000 messages: %.2f ms\n",
                  (double)best_us / 1000.0);
    assert_true(best_us < 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_effect_is_once_a_step_and_leaves_a_receipt),
        cmocka_unit_test(a_cancelled_appointment_is_not_cancelled_again_by_the_same_step),
        cmocka_unit_test(of_what_was_paid_twice_the_first_counts),
        cmocka_unit_test(a_turn_that_is_over_takes_no_further_step),
        cmocka_unit_test(the_journal_is_kept_with_the_turn_and_goes_in_time),
        cmocka_unit_test(a_conversation_of_100000_messages_resumes_at_once),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
