// schema_gather_test: turns that begin and end together (turn_begins, turn_commits) leave behind what the
// same turns leave one by one (turn_begin, turn_commit).
#include "schema_kit.h"

#include <libpq-fe.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TURNS_COUNT 24
#define MESSAGES_MAX_COUNT 3
#define ANSWERS_MAX_COUNT 4
#define LOOKS_MAX_COUNT 100000 // at another connection that is about to sleep

typedef struct {
    act_str_t conversation;
    uint32_t place;
} dialogue_t;

// --- what each turn is like ----------------------------------------------------------------------

static bool is_written_on(uint32_t place)
{
    return place % 7 == 3;
}

static const char *decision_of(uint32_t place)
{
    return place == 8 ? "WAIT" : place == 9 ? "HUMAN_HANDOFF" : place == 10 ? "IGNORE" : "RESPOND";
}

// --- the same turns, this way or that ------------------------------------------------------------

static dialogue_t open_dialogue(test_db_t *db, act_str_t tenant, uint32_t place)
{
    dialogue_t dialogue = {.place = place};
    const char *address = test_db_text(db, "49%u", 100 + place).ptr;
    for (uint32_t i = 0; i <= place % MESSAGES_MAX_COUNT; i++)
        dialogue.conversation = schema_say(db, tenant, address);
    return dialogue;
}

// Not together: as one who has planned before, which is no usual turn.
static void begin(test_db_t *db, act_str_t tenant, const dialogue_t *dialogue, bool is_together)
{
    const turn_begin_request_t request = {.conversation_id = dialogue->conversation,
                                          .holder = ACT_STR("s1"),
                                          .lease_ms = 30000,
                                          .planned_count = is_together ? 0 : 1};
    if (is_together)
        test_db_start(db, tenant, PERSISTENCE_TURN_BEGIN, &turn_begin_request_model, &request,
                      true);
    else
        assert_int_equal(test_db_call(db, tenant, PERSISTENCE_TURN_BEGIN, &turn_begin_request_model,
                                      &request, NULL, NULL),
                         ACT_E_OK);
}

// The open turn as the table has it: its id, and the messages that it was given.
static act_str_t open_turn(test_db_t *db, const dialogue_t *dialogue, int64_t *ret_seqs,
                           uint32_t *ret_count)
{
    act_str_t text = test_db_admin(
        db, test_db_text(
                db,
                "select concat_ws(',', turn_id, (select string_agg(inbox_seq::text, ',' order by "
                "inbox_seq) from inbox i where i.conversation_id = c.conversation_id and "
                "inbox_seq <= turn_input_seq)) from conversations c where conversation_id = "
                "'%" ACT_STR_FMT "'",
                ACT_STR_ARG(dialogue->conversation))
                .ptr);
    const char *comma = strchr(text.ptr, ',');
    assert_non_null(comma);
    act_str_t turn_id = act_str_of(text.ptr, (size_t)(comma - text.ptr));
    *ret_count = 0;
    for (; comma; comma = strchr(comma + 1, ','))
        ret_seqs[(*ret_count)++] = strtoll(comma + 1, NULL, 10);
    return turn_id;
}

static void commit(test_db_t *db, act_str_t tenant, const dialogue_t *dialogue, bool is_together)
{
    uint32_t place = dialogue->place;
    int64_t seqs[MESSAGES_MAX_COUNT];
    uint32_t seqs_count;
    act_str_t turn_id = open_turn(db, dialogue, seqs, &seqs_count);
    if (is_written_on(place))
        (void)schema_say(db, tenant, test_db_text(db, "49%u", 100 + place).ptr);
    outbound_content_t contents[ANSWERS_MAX_COUNT];
    outbox_entry_t answers[ANSWERS_MAX_COUNT];
    for (uint32_t i = 0; i < ANSWERS_MAX_COUNT; i++) {
        contents[i] = (outbound_content_t){.type = ACT_STR("text"),
                                           .text = test_db_text(db, "%u of %u", i, place)};
        answers[i] = (outbox_entry_t){.outbox_id = test_db_uuid(db), .content = &contents[i]};
    }
    act_str_t risks[] = {ACT_STR("anger"), ACT_STR("legal")};
    const understanding_t understanding = {.outcome = ACT_STR("asked")};
    const turn_commit_request_t request = {
        .conversation_id = dialogue->conversation,
        .fence = place == 5 ? 99 : 1,
        .turn_id = turn_id,
        .session_id = test_db_text(db, "session %u", place % 2),
        .inbox_seqs = {seqs, seqs_count},
        .language = place % 5 == 0 ? ACT_STR("de") : ACT_STR(""),
        .language_confidence = 0.5,
        .text = test_db_text(db, "text %u", place),
        .translation = ACT_STR("translation"),
        .intent = ACT_STR("greeting"),
        .confidence = 0.25,
        .sentiment = ACT_STR("neutral"),
        .risk = {risks, place % 3},
        .path = is_together ? ACT_STR("flow:greeting") : ACT_STR("faq"),
        .decision = act_str(decision_of(place)),
        .handoff_reason = place == 9 ? ACT_STR("asked") : ACT_STR(""),
        .flow_state = place % 4 == 0 ? ACT_STR("{\"step\":1}") : ACT_STR(""),
        .outbox = {answers, place % (ANSWERS_MAX_COUNT + 1)},
        .error_code = place == 11 ? ACT_STR("SYSTEM_5002") : ACT_STR(""),
        .duration_ms = 10,
        .owner_fence = place == 6 ? 7 : 0,
        .is_final = place % 14 == 3,
        .journal = place % 2 ? test_db_text(db, "journal %u", place) : ACT_STR(""),
        .wait_ms = 60000,
        .wait_for = ACT_STR("customer"),
        .understanding = place == 12 ? &understanding : NULL,
        .loop_count = place,
        .loop_text_hash = -1,
    };
    if (is_together)
        test_db_start(db, tenant, PERSISTENCE_TURN_COMMIT, &turn_commit_request_model, &request,
                      true);
    else
        assert_int_equal(test_db_call(db, tenant, PERSISTENCE_TURN_COMMIT,
                                      &turn_commit_request_model, &request, NULL, NULL),
                         ACT_E_OK);
}

// --- what they leave behind ----------------------------------------------------------------------

// Each a query over the tenant's rows, without what differs by nature: ids, times, paths, who writes.
static const char *const views[] = {
    "select address, lease_holder, lease_fence, turn_id is null as is_ended, "
    "turn_begins_count, superseded_count, flow_state, flow_state_before, wait_turn_id is null"
    " as is_no_wait, wait_for, wait_until is null as is_untimed, next_seq, language, "
    "session_id, session_started_at is null as is_unstarted, owner, owner_fence, "
    "handoff_reason, loop_count, loop_text_hash from conversations",
    "select c.address, t.fence, t.session_id, cardinality(t.inbox_seqs) as seqs, t.language, "
    "t.language_confidence, t.text, t.translation, t.intent, t.confidence, t.sentiment, "
    "t.risk, t.decision, t.handoff_reason, t.error_code, t.duration_ms, t.outbox_count, "
    "t.superseded_count, t.is_flow_open, t.understanding from turns t join conversations c "
    "using (tenant_id, conversation_id)",
    "select c.address, o.seq, t.fence, o.author, o.channel, o.channel_account_id, "
    "o.owner_fence, o.state, o.attempt, o.content::text from outbox o join conversations c "
    "using (tenant_id, conversation_id) left join turns t on t.tenant_id = o.tenant_id and "
    "t.turn_id = o.turn_id",
    "select c.address, q.head_seq, q.last_seq, q.claimed_by from outbox_queue q join "
    "conversations c using (tenant_id, conversation_id)",
    "select c.address, i.type, i.content::text, t.fence from inbox i join conversations c "
    "using (tenant_id, conversation_id) left join turns t on t.tenant_id = i.tenant_id and "
    "t.turn_id = i.turn_id",
    "select c.address, s.step_key, s.kind, s.result, s.turn_id = t.turn_id as is_of_turn from"
    " turn_steps s join conversations c using (tenant_id, conversation_id) left join turns t "
    "on t.tenant_id = s.tenant_id and t.turn_id = s.turn_id",
    "select sum(turns_count) as turns, sum(inbound_count) as inbound, sum(outbound_count) as "
    "outbound, sum(fallbacks_count) as fallbacks from usage_daily",
};

static act_str_t left_behind(test_db_t *db, act_str_t tenant, const char *view)
{
    return test_db_admin(
        db, test_db_text(db,
                         "select string_agg(v::text, E'\\n' order by v::text) from (select * from "
                         "(%s) w) v",
                         test_db_text(db, "%s where %stenant_id = '%" ACT_STR_FMT "'", view,
                                      strstr(view, "join conversations") ? "c." : "",
                                      ACT_STR_ARG(tenant))
                             .ptr)
                .ptr);
}

static act_str_t have_turns(test_db_t *db, bool is_together)
{
    act_str_t tenant = test_db_tenant(db);
    dialogue_t dialogues[TURNS_COUNT];
    for (uint32_t i = 0; i < TURNS_COUNT; i++)
        dialogues[i] = open_dialogue(db, tenant, i);
    for (uint32_t i = 0; i < TURNS_COUNT; i++)
        begin(db, tenant, &dialogues[i], is_together);
    assert_int_equal(test_db_wait(db), 0);
    for (uint32_t i = 0; i < TURNS_COUNT; i++)
        commit(db, tenant, &dialogues[i], is_together);
    assert_int_equal(test_db_wait(db), 0);
    return tenant;
}

static void together_is_as_one_by_one(void **state)
{
    test_db_t *db = *state;
    act_str_t together = have_turns(db, /* is_together= */ true);
    act_str_t alone = have_turns(db, /* is_together= */ false);
    for (size_t i = 0; i < ACT_COUNT(views); i++) {
        act_str_t expected = left_behind(db, alone, views[i]);
        assert_true(expected.len_bytes > 0);
        assert_string_equal(left_behind(db, together, views[i]).ptr, expected.ptr);
    }
}

// One conversation that cannot be read leaves the others of its statement alone.
static void only_the_guilty_one_hears(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    dialogue_t dialogues[TURNS_COUNT];
    for (uint32_t i = 0; i < TURNS_COUNT; i++)
        dialogues[i] = open_dialogue(db, tenant, i);
    for (uint32_t i = 0; i < TURNS_COUNT; i++)
        begin(db, tenant, &dialogues[i], /* is_together= */ true);
    begin(db, tenant, &(dialogue_t){.conversation = ACT_STR("this is no uuid")}, true);
    assert_int_equal(test_db_wait(db), 1);
    assert_int_equal(test_db_last_err(db), ACT_E_INVALID_ARGUMENT);
    CHECK_STR(test_db_admin(db, test_db_text(db,
                                             "select count(*) from conversations where tenant_id = "
                                             "'%" ACT_STR_FMT "' and lease_holder = 's1' and "
                                             "lease_fence = 1 and turn_id is not null",
                                             ACT_STR_ARG(tenant))
                                    .ptr),
              "24");
}

// A webhook comes again just while its turn is committed, and what was there of its message is another version of
// the row now: the commit runs again, and leaves none out.
static void a_message_that_changes_meanwhile_is_answered(void **state)
{
    test_db_t *db = *state;
    act_str_t tenant = test_db_tenant(db);
    dialogue_t dialogue = open_dialogue(db, tenant, 1);
    begin(db, tenant, &dialogue, /* is_together= */ true);
    assert_int_equal(test_db_wait(db), 0);
    const char *where =
        test_db_text(db, "conversation_id = '%" ACT_STR_FMT "'", ACT_STR_ARG(dialogue.conversation))
            .ptr;
    PGconn *other = PQconnectdb(getenv("PARLEY_TEST_DATABASE_URL"));
    assert_int_equal(PQsendQuery(other, test_db_text(db,
                                                     "begin; update parley.inbox set type = type "
                                                     "where %s; select pg_sleep(0.5); commit",
                                                     where)
                                            .ptr),
                     1);
    const char *sleeps = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
    uint32_t looks_count = 0;
    while (act_str_is(test_db_admin(db, sleeps), "0"))
        assert_in_range(++looks_count, 1, LOOKS_MAX_COUNT);
    commit(db, tenant, &dialogue, /* is_together= */ true);
    assert_int_equal(test_db_wait(db), 0);
    for (PGresult *r = PQgetResult(other); r; r = PQgetResult(other)) {
        assert_int_not_equal(PQresultStatus(r), PGRES_FATAL_ERROR);
        PQclear(r);
    }
    PQfinish(other);
    CHECK_STR(test_db_admin(db, test_db_text(db,
                                             "select count(*) || ' ' || count(i.turn_id) || ' ' || "
                                             "(select count(*) from turns where %s) from inbox i "
                                             "where %s",
                                             where, where)
                                    .ptr),
              "2 2 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(together_is_as_one_by_one),
        cmocka_unit_test(only_the_guilty_one_hears),
        cmocka_unit_test(a_message_that_changes_meanwhile_is_answered),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
