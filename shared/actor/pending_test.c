// pending_test: ids are never used twice, rows may go during a walk, and the table has an end.
#include "actor/pending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = act_pending_new();
    return 0;
}

static int tear_down(void **state)
{
    act_pending_t *self = *state;
    act_pending_destroy(&self);
    act_pending_destroy(&self); // twice is allowed
    return 0;
}

static void a_row_is_found_by_its_id_until_removed(void **state)
{
    act_pending_t *self = *state;
    act_pending_row_t *row = act_pending_add(self);
    uint64_t id = row->id;
    assert_int_not_equal(id, 0);
    assert_ptr_equal(act_pending_find(self, id), row);
    assert_int_equal(act_pending_count(self), 1);
    act_pending_remove(self, id);
    assert_null(act_pending_find(self, id));
    assert_int_equal(act_pending_count(self), 0);
    act_pending_remove(self, id); // again is nothing
    assert_int_equal(act_pending_count(self), 0);
}

static void ids_that_never_were_are_not_found(void **state)
{
    act_pending_t *self = *state;
    static const uint64_t ids[] = {0, 1, UINT64_MAX, 0xffff, 1ull << 16, 1ull << 32};
    for (size_t i = 0; i < ACT_COUNT(ids); i++)
        assert_null(act_pending_find(self, ids[i]));
    act_pending_row_t *row = act_pending_add(self);
    assert_null(act_pending_find(self, row->id + (1ull << 16))); // the slot's next use
    assert_null(act_pending_find(self, row->id + 1));
}

// A late answer must not find the call that has the slot now.
static void an_id_is_never_used_twice(void **state)
{
    act_pending_t *self = *state;
    uint64_t last = 0;
    for (int i = 0; i < 1000; i++) {
        act_pending_row_t *row = act_pending_add(self);
        assert_true(row->id > last);
        last = row->id;
        act_pending_remove(self, last);
        assert_null(act_pending_find(self, last));
    }
}

static void a_new_row_remembers_nothing(void **state)
{
    act_pending_t *self = *state;
    act_pending_row_t *row = act_pending_add(self);
    memset(row->key, 'x', sizeof row->key - 1);
    row->was_sent = true;
    act_pending_remove(self, row->id);
    act_pending_row_t *again = act_pending_add(self);
    assert_ptr_equal(again, row);
    assert_string_equal(again->key, "");
    assert_false(again->was_sent);
}

static void bodies_are_freed_with_their_rows(void **state)
{
    act_pending_t *self = *state;
    for (int i = 0; i < 10; i++) {
        act_pending_row_t *row = act_pending_add(self);
        zmq_msg_close(&row->body);
        assert_int_equal(zmq_msg_init_size(&row->body, 100000), 0);
        if (i % 2 == 0)
            act_pending_remove(self, row->id);
    }
    assert_int_equal(act_pending_count(self), 5); // destroy frees these; the leak check sees it
}

static void a_full_table_refuses_and_takes_again(void **state)
{
    act_pending_t *self = *state;
    uint64_t first = 0;
    for (uint32_t i = 0; i < ACT_PENDING_MAX_COUNT; i++) {
        act_pending_row_t *row = act_pending_add(self);
        assert_non_null(row);
        first = first ? first : row->id;
    }
    assert_null(act_pending_add(self));
    assert_int_equal(act_pending_count(self), ACT_PENDING_MAX_COUNT);
    act_pending_remove(self, first);
    assert_non_null(act_pending_add(self));
    assert_null(act_pending_add(self));
}

static void rows_stay_where_they_are_while_others_come(void **state)
{
    act_pending_t *self = *state;
    act_pending_row_t *row = act_pending_add(self);
    uint64_t id = row->id;
    for (int i = 0; i < 1000; i++)
        assert_non_null(act_pending_add(self));
    assert_ptr_equal(act_pending_find(self, id), row);
}

static void a_walk_meets_every_row_though_rows_go(void **state)
{
    act_pending_t *self = *state;
    for (int i = 0; i < 100; i++)
        act_pending_add(self);
    uint32_t index = 0, met_count = 0;
    for (act_pending_row_t *row = act_pending_next(self, &index); row;
         row = act_pending_next(self, &index)) {
        met_count++;
        act_pending_remove(self, row->id);
        if (met_count % 10 == 0)
            act_pending_add(self); // takes the slot behind the walk
    }
    assert_int_equal(met_count, 100);
    assert_int_equal(act_pending_count(self), 10);
    index = UINT32_MAX;
    assert_null(act_pending_next(self, &index));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_is_found_by_its_id_until_removed),
        TEST(ids_that_never_were_are_not_found),
        TEST(an_id_is_never_used_twice),
        TEST(a_new_row_remembers_nothing),
        TEST(bodies_are_freed_with_their_rows),
        TEST(a_full_table_refuses_and_takes_again),
        TEST(rows_stay_where_they_are_while_others_come),
        TEST(a_walk_meets_every_row_though_rows_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
