// arena_test: what is handed out is aligned, zeroed, apart from its neighbours, and gone in one step.
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void pieces_are_aligned_zeroed_and_apart(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    enum { PIECES_COUNT = 400 };
    unsigned char *pieces[PIECES_COUNT];
    for (size_t i = 0; i < PIECES_COUNT; i++) {
        pieces[i] = act_arena_alloc(arena, i);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < i; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)(i & 0xff), i);
    }
    for (size_t i = 0; i < PIECES_COUNT; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_equal(pieces[i][j], i & 0xff);
}

static void memory_is_zeroed_again_after_a_reset(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    memset(act_arena_alloc(arena, 5000), 0xff, 5000);
    act_arena_reset(arena);
    const char *again = act_arena_alloc(arena, 5000);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(again[i], 0);
}

static void large_pieces_get_a_chunk_of_their_own(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    char *small = act_arena_alloc(arena, 10);
    char *large = act_arena_alloc(arena, 10u << 20);
    small[9] = 's';
    large[(10u << 20) - 1] = 'l';
    char *after = act_arena_alloc(arena, 10);
    after[0] = 'a';
    assert_int_equal(small[9], 's');
    assert_int_equal(large[(10u << 20) - 1], 'l');
}

static void used_bytes_count_since_the_last_reset(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    assert_int_equal(act_arena_used_bytes(arena), 0);
    act_arena_alloc(arena, 100);
    size_t used = act_arena_used_bytes(arena);
    assert_in_range(used, 100, 100 + sizeof(max_align_t));
    act_arena_alloc(arena, 100000);
    assert_true(act_arena_used_bytes(arena) >= used + 100000);
    act_arena_reset(arena);
    assert_int_equal(act_arena_used_bytes(arena), 0);
}

static void resets_do_not_keep_what_a_large_message_took(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const char *first = act_arena_alloc(arena, 16);
    for (int i = 0; i < 100; i++) {
        act_arena_alloc(arena, 100000);
        act_arena_reset(arena);
        assert_ptr_equal(act_arena_alloc(arena, 16), first); // the first chunk is used again
        act_arena_reset(arena);
    }
}

static void copies_are_terminated_and_keep_inner_nuls(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    memset(act_arena_alloc(arena, 64), 0xff, 64);
    act_arena_reset(arena);
    act_str_t copy = act_arena_str(arena, ACT_STR("a\0b"));
    assert_true(act_str_eq(copy, ACT_STR("a\0b")));
    assert_int_equal(copy.ptr[3], 0);
    act_str_t empty = act_arena_str(arena, (act_str_t){0});
    assert_int_equal(empty.len_bytes, 0);
    assert_string_equal(empty.ptr, "");
}

static void printf_takes_texts_of_any_length(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    assert_true(act_str_is(act_arena_printf(arena, "%s-%03d", "a", 7), "a-007"));
    act_str_t padded = act_arena_printf(arena, "%20000d", 1);
    assert_int_equal(padded.len_bytes, 20000);
    assert_int_equal(padded.ptr[19999], '1');
    assert_int_equal(padded.ptr[20000], 0);
}

static void destroy_may_be_called_twice(void **state)
{
    (void)state;
    act_arena_t *arena = act_arena_new();
    act_arena_alloc(arena, 100000);
    act_arena_destroy(&arena);
    assert_null(arena);
    act_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
        cmocka_unit_test(memory_is_zeroed_again_after_a_reset),
        cmocka_unit_test(large_pieces_get_a_chunk_of_their_own),
        cmocka_unit_test(used_bytes_count_since_the_last_reset),
        cmocka_unit_test(resets_do_not_keep_what_a_large_message_took),
        cmocka_unit_test(copies_are_terminated_and_keep_inner_nuls),
        cmocka_unit_test(printf_takes_texts_of_any_length),
        cmocka_unit_test(destroy_may_be_called_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
