// queue_test: order and bounds of what waits, and the order within a batch; no database.
#include "queue.h"

#include "base/mp.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const query_t first = {.name = "first", .lock_order = 1};
static const query_t second = {.name = "second", .lock_order = 2};

static void no_reply(void *context, const act_buf_t *body)
{
    (void)context;
    (void)body;
}

static void no_fail(void *context, act_err_t err, const char *text)
{
    (void)context;
    (void)err;
    (void)text;
}

static bool is_never_cancelled(void *context)
{
    (void)context;
    return false;
}

static const operation_owner_t owner = {no_reply, no_fail, is_never_cancelled};

static operation_t *new_operation(act_arena_t *arena, const query_t *query, const char *key)
{
    operation_t *operation = NULL;
    assert_int_equal(operation_new(&(operation_opts_t){.query = query,
                                                       .tenant = ACT_STR("acme"),
                                                       .key = act_str(key),
                                                       .body = ACT_STR("\x80"),
                                                       .arena = arena,
                                                       .owner = &owner},
                                   &operation),
                     ACT_E_OK);
    return operation;
}

static void check_next(queue_t *queue, const char *key)
{
    ACT_AUTO(operation) *operation = queue_pop(queue);
    assert_non_null(operation);
    assert_true(act_str_is(operation_key(operation), key));
}

static void first_in_first_out(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    ACT_AUTO(queue) *queue = queue_new(8, 1u << 20);
    const char *const keys[] = {"a", "b", "c"};
    for (size_t i = 0; i < ACT_COUNT(keys); i++) {
        operation_t *operation = new_operation(arena, &first, keys[i]);
        assert_int_equal(queue_push(queue, &operation), ACT_E_OK);
        assert_null(operation);
    }
    check_next(queue, "a");
    operation_t *returned = new_operation(arena, &first, "again");
    queue_push_front(queue, &returned);
    check_next(queue, "again");
    check_next(queue, "b");
    assert_int_equal(queue_count(queue), 1); // the last one goes with the queue
}

static void refuses_what_is_too_much(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    ACT_AUTO(queue) *by_count = queue_new(1, 1u << 20);
    ACT_AUTO(queue) *by_bytes = queue_new(100, 1);
    ACT_AUTO(operation) *operation = new_operation(arena, &first, "a");
    assert_int_equal(queue_push(by_bytes, &operation), ACT_E_OVERLOADED);
    assert_non_null(operation);
    assert_int_equal(queue_push(by_count, &operation), ACT_E_OK);
    operation = new_operation(arena, &first, "b");
    assert_int_equal(queue_push(by_count, &operation), ACT_E_OVERLOADED);
    check_next(by_count, "a");
    assert_int_equal(queue_push(by_count, &operation), ACT_E_OK);
}

static void batches_lock_in_one_order(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    ACT_AUTO(operation) *a1 = new_operation(arena, &first, "a");
    ACT_AUTO(operation) *b1 = new_operation(arena, &first, "b");
    ACT_AUTO(operation) *a2 = new_operation(arena, &second, "a");
    ACT_AUTO(operation) *ab1 = new_operation(arena, &first, "ab");
    assert_true(operation_compare(a1, b1) < 0);
    assert_true(operation_compare(b1, a2) < 0);
    assert_true(operation_compare(a1, ab1) < 0);
    assert_true(operation_compare(b1, ab1) > 0);
    assert_int_equal(operation_compare(a1, a1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out),
        cmocka_unit_test(refuses_what_is_too_much),
        cmocka_unit_test(batches_lock_in_one_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
