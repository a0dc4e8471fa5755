// memos_test: remembers, forgets, and never grows.
#include "memos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static act_str_t id_of(int number, char *room, size_t size_bytes)
{
    snprintf(room, size_bytes, "0193-%d", number);
    return act_str(room);
}

static void remembers_until_told_to_forget(void **state)
{
    (void)state;
    ACT_AUTO(memos) *memos = memos_new();
    assert_int_equal(memos_get(memos, ACT_STR("a")).unknown_account_count, 0);
    memo_t memo = {.parts_count = 2, .unknown_account_count = 3};
    memos_put(memos, ACT_STR("a"), &memo);
    memos_put(memos, ACT_STR("b"), &(memo_t){.unknown_account_count = 9});
    memo_t got = memos_get(memos, ACT_STR("a"));
    assert_int_equal(got.parts_count, 2);
    assert_int_equal(got.unknown_account_count, 3);
    memos_put(memos, ACT_STR("a"), &(memo_t){0});
    memos_put(memos, ACT_STR("never there"), &(memo_t){0});
    assert_int_equal(memos_get(memos, ACT_STR("a")).parts_count, 0);
    assert_int_equal(memos_get(memos, ACT_STR("b")).unknown_account_count, 9);
}

static void keeps_the_newest_when_full(void **state)
{
    (void)state;
    ACT_AUTO(memos) *memos = memos_new();
    char room[32];
    const int count = 100000;
    for (int i = 0; i < count; i++)
        memos_put(memos, id_of(i, room, sizeof room),
                  &(memo_t){.unknown_account_count = (uint32_t)i + 1});
    int found_count = 0, late_count = 0;
    for (int i = 0; i < count; i++) {
        memo_t memo = memos_get(memos, id_of(i, room, sizeof room));
        if (memo.unknown_account_count == 0)
            continue;
        assert_int_equal(memo.unknown_account_count, i + 1);
        found_count++;
        late_count += i >= count - 1000;
    }
    assert_true(found_count > 3000 && found_count <= 4096);
    assert_true(late_count > 950);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers_until_told_to_forget),
        cmocka_unit_test(keeps_the_newest_when_full),
    };
    return cmocka_run_group_tests_name("memos", tests, NULL, NULL);
}
