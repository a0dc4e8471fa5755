// schema_memory_test: summaries and facts, as the database keeps and forgets them (promises.md S-37).
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
} memory_t;

static memory_t start(void **state)
{
    memory_t self = {.db = *state};
    self.tenant = test_db_tenant(self.db);
    self.conversation = schema_talk(self.db, self.tenant, "491", 1);
    return self;
}

static const list_unsummarised_reply_t *lines_of(memory_t self)
{
    const list_unsummarised_reply_t *reply = NULL;
    DO(self.db, self.tenant, LIST_UNSUMMARISED, list_unsummarised_request, list_unsummarised_reply,
       &reply, .conversation_id = self.conversation);
    return reply;
}

static const get_memory_reply_t *memory_of(memory_t self)
{
    const get_memory_reply_t *reply = NULL;
    DO(self.db, self.tenant, GET_MEMORY, get_memory_request, get_memory_reply, &reply,
       .conversation_id = self.conversation);
    return reply;
}

static new_fact_t fact(const char *type, const char *value, int64_t source)
{
    return (new_fact_t){.type = act_str(type),
                        .value = act_str(value),
                        .source_inbox_seq = source,
                        .confidence_pct = 90,
                        .keep_days = 30,
                        .max_count = 2};
}

// Writes a summary of what was read, with a fact (or none).
static bool put(memory_t self, const list_unsummarised_reply_t *read, const char *summary,
                const new_fact_t *facts, uint32_t count)
{
    const put_memory_reply_t *reply = NULL;
    int64_t inbox_seq = 0, outbox_seq = 0;
    for (uint32_t i = 0; i < read->lines.count; i++) {
        const memory_line_t *line = &read->lines.items[i];
        inbox_seq = line->inbox_seq > inbox_seq ? line->inbox_seq : inbox_seq;
        outbox_seq = line->outbox_seq > outbox_seq ? line->outbox_seq : outbox_seq;
    }
    DO(self.db, self.tenant, PUT_MEMORY, put_memory_request, put_memory_reply, &reply,
       .conversation_id = self.conversation, .made_from = read->version,
       .summary = act_str(summary), .inbox_seq = inbox_seq, .outbox_seq = outbox_seq,
       .model = ACT_STR("m"), .facts = {facts, count});
    return reply->was_written;
}

static const erase_memory_reply_t *erase(memory_t self, act_str_t contact)
{
    const erase_memory_reply_t *reply = NULL;
    DO(self.db, self.tenant, ERASE_MEMORY, erase_memory_request, erase_memory_reply, &reply,
       .contact_id = contact, .actor = ACT_STR("test"));
    return reply;
}

static void lines_come_once_and_in_order(void **state)
{
    memory_t self = start(state);
    test_db_t *db = self.db;
    (void)schema_talk(self.db, self.tenant, "491", 2);
    (void)schema_say(self.db, self.tenant, "491"); // waits for its turn: not said yet
    const list_unsummarised_reply_t *read = lines_of(self);
    assert_int_equal(read->version, 0);
    assert_int_equal(read->lines.count, 5);
    static const char *const authors[] = {"customer", "bot", "customer", "bot", "bot"};
    for (uint32_t i = 0; i < 5; i++)
        CHECK_STR(read->lines.items[i].author, authors[i]);
    assert_true(put(self, read, "they said hello", NULL, 0));
    assert_int_equal(lines_of(self)->lines.count, 0);
    const get_memory_reply_t *memory = memory_of(self);
    assert_int_equal(memory->version, 1);
    CHECK_STR(memory->summary, "they said hello");
    (void)schema_talk(self.db, self.tenant, "491", 1);
    assert_int_equal(lines_of(self)->lines.count, 3); // with the one that had waited
}

static void part_of_the_lines_can_be_read(void **state)
{
    memory_t self = start(state);
    test_db_t *db = self.db;
    (void)schema_talk(self.db, self.tenant, "491", 1);
    const list_unsummarised_reply_t *read = NULL;
    DO(self.db, self.tenant, LIST_UNSUMMARISED, list_unsummarised_request, list_unsummarised_reply,
       &read, .conversation_id = self.conversation, .max_rows = 3);
    assert_int_equal(read->lines.count, 3);
    assert_true(put(self, read, "s", NULL, 0));
    read = lines_of(self);
    assert_int_equal(read->lines.count, 1);
    CHECK_STR(read->lines.items[0].author, "bot");
}

static void a_summary_is_written_over_the_one_it_was_made_from(void **state)
{
    memory_t self = start(state);
    test_db_t *db = self.db;
    const list_unsummarised_reply_t *read = lines_of(self);
    assert_true(put(self, read, "one", NULL, 0));
    assert_true(put(self, read, "one", NULL, 0)); // its answer was lost
    assert_int_equal(memory_of(self)->version, 1);
    assert_false(put(self, read, "another", NULL, 0));
    CHECK_STR(memory_of(self)->summary, "one");
}

static void a_fact_needs_its_message(void **state)
{
    memory_t self = start(state);
    test_db_t *db = self.db;
    memory_t other = self;
    other.conversation = schema_talk(self.db, self.tenant, "492", 1);
    const list_unsummarised_reply_t *read = lines_of(self);
    int64_t mine = read->lines.items[0].inbox_seq;
    int64_t theirs = lines_of(other)->lines.items[0].inbox_seq;
    const new_fact_t facts[] = {fact("name", "Ana", mine), fact("name", "Mallory", theirs),
                                fact("name", "Nobody", theirs + 100000)};
    assert_true(put(self, read, "s", facts, 3));
    const get_memory_reply_t *memory = memory_of(self);
    assert_int_equal(memory->facts.count, 1);
    CHECK_STR(memory->facts.items[0].value, "Ana");
    assert_true(act_str_eq(memory->facts.items[0].source_id, read->lines.items[0].source_id));
    assert_true(memory->facts.items[0].expires_at_ms > memory->facts.items[0].created_at_ms);
    assert_int_equal(memory_of(other)->facts.count, 0); // of another contact
    // The same address at another tenant is another person.
    memory_t stranger = {self.db, test_db_tenant(self.db), {0}};
    stranger.conversation = schema_talk(self.db, stranger.tenant, "491", 1);
    assert_int_equal(memory_of(stranger)->facts.count, 0);
    const get_memory_reply_t *none = NULL;
    assert_int_equal(CALL(self.db, stranger.tenant, GET_MEMORY, get_memory_request,
                          get_memory_reply, &none, .conversation_id = self.conversation),
                     ACT_E_NOT_FOUND);
}

static void the_newest_facts_of_a_type_stay(void **state)
{
    memory_t self = start(state);
    test_db_t *db = self.db;
    static const char *const names[] = {"Ana", "Bea", "ana", "Cleo"};
    for (size_t i = 0; i < ACT_COUNT(names); i++) {
        const list_unsummarised_reply_t *read = lines_of(self);
        const new_fact_t facts[] = {fact("name", names[i], read->lines.items[0].inbox_seq)};
        assert_true(put(self, read, "s", facts, 1));
        (void)schema_talk(self.db, self.tenant, "491", 1);
    }
    const get_memory_reply_t *memory = memory_of(self);
    assert_int_equal(memory->facts.count, 2);
    CHECK_STR(memory->facts.items[0].value, "Cleo");
    CHECK_STR(memory->facts.items[1].value, "ana"); // said again, as it was said then
}

static void facts_end(void **state)
{
    memory_t self = start(state);
    test_db_t *db = self.db;
    const list_unsummarised_reply_t *read = lines_of(self);
    new_fact_t facts[] = {fact("name", "Ana", read->lines.items[0].inbox_seq),
                          fact("city", "Lyon", read->lines.items[0].inbox_seq)};
    facts[1].keep_days = 0;
    assert_true(put(self, read, "s", facts, 2));
    assert_int_equal(memory_of(self)->facts.count, 1);
    const expire_facts_reply_t *gone = NULL;
    DO(self.db, ACT_STR("system"), EXPIRE_FACTS, empty, expire_facts_reply, &gone, 0);
    assert_true(gone->facts.count >= 1);
    CHECK_STR(test_db_admin(self.db, test_db_text(self.db,
                                                  "select string_agg(type, ' ') from contact_facts "
                                                  "where tenant_id = '%" ACT_STR_FMT "'",
                                                  ACT_STR_ARG(self.tenant))
                                         .ptr),
              "name");
}

static void what_is_erased_does_not_come_back(void **state)
{
    memory_t self = start(state);
    test_db_t *db = self.db;
    const list_unsummarised_reply_t *old = lines_of(self);
    const new_fact_t facts[] = {fact("name", "Ana", old->lines.items[0].inbox_seq)};
    assert_true(put(self, old, "Ana said hello", facts, 1));
    (void)schema_talk(self.db, self.tenant, "491", 1);
    const list_unsummarised_reply_t *read = lines_of(self); // somebody summarises just now
    const erase_memory_reply_t *erased = erase(self, memory_of(self)->contact_id);
    assert_int_equal(erased->facts_count, 1);
    assert_int_equal(erased->conversations_count, 1);
    const new_fact_t late[] = {fact("name", "Ana", read->lines.items[0].inbox_seq)};
    assert_false(put(self, read, "Ana said hello again", late, 1));
    const get_memory_reply_t *memory = memory_of(self);
    assert_int_equal(memory->facts.count, 0);
    CHECK_STR(memory->summary, "");
    assert_true(memory->erased_at_ms > 0);
    assert_int_equal(lines_of(self)->lines.count, 0); // what was said before is no source any more
    (void)schema_talk(self.db, self.tenant, "491", 1);
    read = lines_of(self);
    assert_int_equal(read->lines.count, 2);
    assert_true(put(self, read, "hello", facts, 1)); // with an old message as its source
    assert_int_equal(memory_of(self)->facts.count, 0);
    const erase_memory_reply_t *none = NULL;
    assert_int_equal(CALL(self.db, self.tenant, ERASE_MEMORY, erase_memory_request,
                          erase_memory_reply, &none, .contact_id = test_db_uuid(self.db)),
                     ACT_E_NOT_FOUND);
}

// Before anything was ever summarised.
static void nothing_can_be_erased_too(void **state)
{
    memory_t self = start(state);
    const list_unsummarised_reply_t *read = lines_of(self);
    assert_int_equal(erase(self, memory_of(self)->contact_id)->facts_count, 0);
    assert_false(put(self, read, "late", NULL, 0));
    assert_int_equal(lines_of(self)->lines.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_once_and_in_order),
        cmocka_unit_test(part_of_the_lines_can_be_read),
        cmocka_unit_test(a_summary_is_written_over_the_one_it_was_made_from),
        cmocka_unit_test(a_fact_needs_its_message),
        cmocka_unit_test(the_newest_facts_of_a_type_stay),
        cmocka_unit_test(facts_end),
        cmocka_unit_test(what_is_erased_does_not_come_back),
        cmocka_unit_test(nothing_can_be_erased_too),
    };
    return cmocka_run_group_tests(tests, test_db_set_up, test_db_tear_down);
}
