// gather_test: what goes together, what waits, and that nothing is lost or called twice.
#include "actor/gather.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    act_gather_item_t base; // first: an item is its base
    int number;
} item_t;

typedef struct {
    char calls[200]; // "key:1,2 "
} calls_t;

static void note_call(void *context, act_str_t key, act_gather_item_t *first, uint32_t count)
{
    calls_t *self = context;
    size_t at = strlen(self->calls);
    uint32_t seen_count = 0;
    at += (size_t)snprintf(self->calls + at, sizeof self->calls - at, "%.*s:", ACT_STR_ARG(key));
    for (const act_gather_item_t *item = first; item; item = item->next, seen_count++)
        at += (size_t)snprintf(self->calls + at, sizeof self->calls - at, "%d%s",
                               ((const item_t *)item)->number, item->next ? "," : " ");
    assert_int_equal(seen_count, count);
}

static void gathers_while_a_call_is_on_its_way(void **state)
{
    (void)state;
    calls_t calls = {.calls = ""};
    item_t items[6];
    ACT_AUTO(act_gather) *gather = act_gather_new(3, note_call, &calls);
    for (int i = 0; i < 6; i++)
        items[i].number = i;
    act_gather_put(gather, ACT_STR("a"), &items[0].base);
    assert_string_equal(calls.calls, ""); // not before the flush
    act_gather_flush(gather);
    for (int i = 1; i < 5; i++)
        act_gather_put(gather, ACT_STR("a"), &items[i].base);
    act_gather_put(gather, ACT_STR("b"), &items[5].base);
    act_gather_flush(gather);
    assert_string_equal(calls.calls, "a:0 b:5 ");
    assert_int_equal(act_gather_waiting_count(gather), 4);
    act_gather_done(gather, ACT_STR("a"));
    act_gather_flush(gather);
    assert_string_equal(calls.calls, "a:0 b:5 a:1,2,3 "); // no more than fit
    act_gather_done(gather, ACT_STR("a"));
    act_gather_done(gather, ACT_STR("b"));
    act_gather_done(gather, ACT_STR("stranger"));
    act_gather_flush(gather);
    assert_string_equal(calls.calls, "a:0 b:5 a:1,2,3 a:4 ");
    assert_int_equal(act_gather_waiting_count(gather), 0);
}

static void forgets_what_waits_at_its_end(void **state)
{
    (void)state;
    calls_t calls = {.calls = ""};
    item_t item = {.number = 1};
    act_gather_t *gather = act_gather_new(3, note_call, &calls);
    act_gather_put(gather, ACT_STR(""), &item.base);
    act_gather_destroy(&gather);
    act_gather_destroy(&gather);
    assert_string_equal(calls.calls, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathers_while_a_call_is_on_its_way),
        cmocka_unit_test(forgets_what_waits_at_its_end),
    };
    return cmocka_run_group_tests_name("gather", tests, NULL, NULL);
}
