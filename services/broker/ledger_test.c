// ledger_test: entries own what they need, ids are never used twice, lists count what is in them.
#include "ledger.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = ledger_new();
    return 0;
}

static int tear_down(void **state)
{
    ledger_t *self = *state;
    ledger_destroy(&self);
    ledger_destroy(&self); // twice is allowed
    return 0;
}

static entry_t *open_entry(ledger_t *self, const char *body)
{
    payload_t *payload = payload_new(act_str(body));
    act_header_t header = {.id = 5, .service = ACT_STR("session")};
    entry_t *entry = ledger_open(self, &header, payload);
    payload_unref(&payload);
    return entry;
}

static void an_entry_owns_its_texts_and_shares_its_body(void **state)
{
    ledger_t *self = *state;
    char text[] = "session-1 t1 service method key once";
    payload_t *payload = payload_new(act_str("body"));
    act_header_t header = {
        .sender = act_str_of(text, 9),
        .tenant = act_str_of(text + 10, 2),
        .service = act_str_of(text + 13, 7),
        .method = act_str_of(text + 21, 6),
        .key = act_str_of(text + 28, 3),
        .idempotency_key = act_str_of(text + 32, 4),
    };
    entry_t *entry = ledger_open(self, &header, payload);
    memset(text, 'x', sizeof text);
    assert_true(act_str_is(entry->header.sender, "session-1"));
    assert_true(act_str_is(entry->header.tenant, "t1"));
    assert_true(act_str_is(entry->header.service, "service"));
    assert_true(act_str_is(entry->header.method, "method"));
    assert_true(act_str_is(entry->header.key, "key"));
    assert_true(act_str_is(entry->header.idempotency_key, "once"));
    assert_ptr_equal(entry->body, payload);
    assert_int_equal(payload->refs_count, 2);
    ledger_close(self, &entry);
    assert_null(entry);
    assert_int_equal(payload->refs_count, 1);
    payload_unref(&payload);
}

static void an_entry_is_found_by_its_own_id_until_closed(void **state)
{
    ledger_t *self = *state;
    uint64_t last = 0;
    for (int i = 0; i < 1000; i++) {
        entry_t *entry = open_entry(self, "");
        assert_true(entry->id > last);
        last = entry->id;
        assert_ptr_equal(ledger_find(self, last), entry);
        ledger_close(self, &entry);
        assert_null(ledger_find(self, last));
    }
    assert_int_equal(ledger_count(self), 0);
    static const uint64_t never[] = {0, 1, UINT64_MAX, 1u << 16, 1ull << 40};
    for (size_t i = 0; i < ACT_COUNT(never); i++)
        assert_null(ledger_find(self, never[i]));
}

static void a_full_ledger_refuses_and_takes_again(void **state)
{
    ledger_t *self = *state;
    for (uint32_t i = 0; i < LEDGER_MAX_COUNT; i++)
        assert_non_null(open_entry(self, ""));
    assert_null(open_entry(self, ""));
    assert_int_equal(ledger_count(self), LEDGER_MAX_COUNT);
    uint32_t index = 1000;
    entry_t *entry = ledger_next(self, &index);
    ledger_close(self, &entry);
    assert_non_null(open_entry(self, ""));
    assert_null(open_entry(self, ""));
}

static void a_walk_meets_every_entry_though_entries_close(void **state)
{
    ledger_t *self = *state;
    for (int i = 0; i < 100; i++)
        open_entry(self, "");
    uint32_t index = 0, met_count = 0;
    for (entry_t *entry = ledger_next(self, &index); entry; entry = ledger_next(self, &index)) {
        met_count++;
        if (met_count % 2)
            ledger_close(self, &entry);
    }
    assert_int_equal(met_count, 100);
    assert_int_equal(ledger_count(self), 50);
}

static void lists_count_entries_and_bytes_in_any_order_of_removal(void **state)
{
    ledger_t *self = *state;
    entry_list_t list = {0};
    entry_t *entries[] = {open_entry(self, "1"), open_entry(self, "22"), open_entry(self, "333")};
    entry_list_push(&list, entries[1]);
    entry_list_push(&list, entries[2]);
    entry_list_push_front(&list, entries[0]);
    assert_ptr_equal(list.first, entries[0]);
    assert_ptr_equal(list.first->next, entries[1]);
    assert_ptr_equal(list.last, entries[2]);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.size_bytes, 6);
    entry_list_remove(&list, entries[1]);
    assert_ptr_equal(list.first->next, entries[2]);
    assert_ptr_equal(list.last->previous, entries[0]);
    entry_list_remove(&list, entries[2]);
    assert_ptr_equal(list.last, entries[0]);
    entry_list_remove(&list, entries[0]);
    assert_null(list.first);
    assert_null(list.last);
    assert_int_equal(list.count, 0);
    assert_int_equal(list.size_bytes, 0);
    entry_list_push_front(&list, entries[2]);
    assert_ptr_equal(list.first, list.last);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_entry_owns_its_texts_and_shares_its_body),
        TEST(an_entry_is_found_by_its_own_id_until_closed),
        TEST(a_full_ledger_refuses_and_takes_again),
        TEST(a_walk_meets_every_entry_though_entries_close),
        TEST(lists_count_entries_and_bytes_in_any_order_of_removal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
