// schema_tools_test: what a call of a tool costs, how long it is kept, and that it goes when its contact is erased.
#include "schema_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    test_db_t *db;
    act_str_t tenant;
    act_str_t conversation;
    act_str_t contact_id;
} tools_t;

static tools_t start(void **state)
{
    tools_t self = {.db = *state};
    self.tenant = test_db_tenant(self.db);
    test_db_t *db = self.db;
    DO(db, self.tenant, SEED_DEMO, empty, empty, NULL, 0);
    self.conversation = schema_talk(db, self.tenant, "491", 1);
    const get_memory_reply_t *memory = NULL;
    DO(db, self.tenant, GET_MEMORY, get_memory_request, get_memory_reply, &memory,
       .conversation_id = self.conversation);
    self.contact_id = memory->contact_id;
    return self;
}

// A call in a turn of its own: the limit that refused it, or nothing.
static const char *begin(tools_t self, act_str_t conversation, act_str_t turn_id, int64_t cost)
{
    const begin_tool_call_reply_t *reply = NULL;
    DO(self.db, self.tenant, BEGIN_TOOL_CALL, begin_tool_call_request, begin_tool_call_reply,
       &reply, .conversation_id = conversation, .turn_id = turn_id, .step_key = ACT_STR("a/1"),
       .tool = ACT_STR("weather"), .contact_id = self.contact_id,
       .arguments = ACT_STR("{\"city\":\"Lyon, says Ana\"}"), .cost_micro_usd = cost);
    return test_db_text(self.db, "%" ACT_STR_FMT, ACT_STR_ARG(reply->refused_by)).ptr;
}

// One value of the tenant's rows.
static const char *of_tenant(tools_t self, const char *what, const char *table)
{
    return test_db_admin(self.db,
                         test_db_text(self.db,
                                      "select %s from %s where tenant_id = '%" ACT_STR_FMT "'",
                                      what, table, ACT_STR_ARG(self.tenant))
                             .ptr)
        .ptr;
}

static void a_call_is_paid_out_of_what_models_may_cost(void **state)
{
    tools_t self = start(state);
    test_db_t *db = self.db;
    DO(db, self.tenant, PUT_MODEL_LIMITS, put_model_limits_request, empty, NULL,
       .day_micro_usd = 1000, .conversation_micro_usd = 700);
    act_str_t turn = test_db_uuid(db);
    assert_string_equal(begin(self, self.conversation, turn, 400), "");
    assert_string_equal(begin(self, self.conversation, turn, 400), ""); // asked again: paid once
    assert_string_equal(begin(self, self.conversation, test_db_uuid(db), 400),
                        "spend_conversation");
    act_str_t other = schema_talk(db, self.tenant, "492", 1);
    assert_string_equal(begin(self, other, test_db_uuid(db), 600), "");
    assert_string_equal(begin(self, other, test_db_uuid(db), 1), "spend_day");
    assert_string_equal(begin(self, other, test_db_uuid(db), 0), ""); // costs nothing
    assert_string_equal(of_tenant(self, "sum(cost_micro_usd)", "tool_executions"), "1000");
    assert_string_equal(
        of_tenant(self, "sum(amount_micro_usd) filter (where conversation_id = '')", "model_spend"),
        "1000");
    assert_string_equal(
        of_tenant(self, "count(*) filter (where outcome = 'refused' and cost_micro_usd is null)",
                  "tool_executions"),
        "2");
}

// An approval that waits, of a turn of its own.
static void ask(tools_t self, act_str_t turn_id)
{
    const ask_tool_call_reply_t *reply = NULL;
    DO(self.db, self.tenant, ASK_TOOL_CALL, ask_tool_call_request, ask_tool_call_reply, &reply,
       .conversation_id = self.conversation, .turn_id = turn_id, .step_key = ACT_STR("a/2"),
       .tool = ACT_STR("weather"), .arguments = ACT_STR("{\"city\":\"Ana's\"}"),
       .shown_arguments = ACT_STR("{\"city\":\"Ana's\"}"), .card_hash = ACT_STR("x"),
       .ttl_ms = 3600000);
    assert_true(act_str_empty(reply->refused_by));
}

static int32_t compact(tools_t self, uint32_t tools_days)
{
    test_db_t *db = self.db;
    const compact_journals_reply_t *gone = NULL;
    int32_t removed = 0;
    do {
        DO(db, ACT_STR(""), COMPACT_JOURNALS, compact_journals_request, compact_journals_reply,
           &gone, .older_than_days = 3650, .max_rows = 7, .tools_older_than_days = tools_days);
        removed += gone->removed_count;
    } while (gone->removed_count > 0);
    return removed;
}

static void old_calls_go_and_young_ones_stay(void **state)
{
    tools_t self = start(state);
    test_db_t *db = self.db;
    // Ids begin with the time: these are of 2020.
    for (uint32_t i = 0; i < 20; i++) {
        act_str_t turn = test_db_text(db, "016f5e66-e800-7000-8000-%012x", (unsigned)(i + 1));
        assert_string_equal(begin(self, self.conversation, turn, 0), "");
    }
    ask(self, ACT_STR("016f5e66-e800-7000-8000-000000000099"));
    (void)test_db_admin(db, test_db_text(db,
                                         "insert into tool_usage values ('%" ACT_STR_FMT
                                         "', 'weather', 'x', '2020-01-01', 3)",
                                         ACT_STR_ARG(self.tenant))
                                .ptr);
    const char *young = "01997b5c-a800-7000-8000-000000000001"; // 2025
    assert_string_equal(begin(self, self.conversation, act_str(young), 0), "");
    assert_int_equal(compact(self, 0), 0); // for ever
    assert_string_equal(of_tenant(self, "count(*)", "tool_executions"), "22");
    assert_true(compact(self, 700) >= 23);
    assert_string_equal(of_tenant(self, "string_agg(turn_id::text, ' ')", "tool_executions"),
                        young);
    assert_string_equal(of_tenant(self, "count(*)", "tool_approvals"), "0");
    assert_string_equal(of_tenant(self, "count(*) filter (where day < '2021-01-01')", "tool_usage"),
                        "0");
    assert_string_equal(of_tenant(self, "count(*)", "tool_usage"), "1"); // of today
}

static void what_a_contact_said_goes_with_the_contact(void **state)
{
    tools_t self = start(state);
    test_db_t *db = self.db;
    assert_string_equal(begin(self, self.conversation, test_db_uuid(db), 0), "");
    ask(self, test_db_uuid(db));
    act_str_t other = schema_talk(db, self.tenant, "492", 1);
    assert_string_equal(begin(self, other, test_db_uuid(db), 0), "");
    const erase_memory_reply_t *erased = NULL;
    DO(db, self.tenant, ERASE_MEMORY, erase_memory_request, erase_memory_reply, &erased,
       .contact_id = self.contact_id, .actor = ACT_STR("me"));
    assert_string_equal(
        of_tenant(self, "count(*) filter (where arguments like '%Ana%')", "tool_executions"),
        "1"); // the other contact's
    assert_string_equal(of_tenant(self, "count(*)", "tool_executions"),
                        "3"); // that it was called stays
    assert_string_equal(of_tenant(self, "arguments || shown_arguments || state", "tool_approvals"),
                        "withdrawn");
    assert_string_equal(
        of_tenant(self, "count(*) filter (where kind = 'approval' and resolved_at is null)",
                  "system_alerts"),
        "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_paid_out_of_what_models_may_cost),
        cmocka_unit_test(old_calls_go_and_young_ones_stay),
        cmocka_unit_test(what_a_contact_said_goes_with_the_contact),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
