// buf_test: growth up to the limit, and overflow that is asked for once at the end.
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void content_grows_piece_by_piece(void **state)
{
    (void)state;
    act_buf_t buf;
    act_buf_init(&buf, 1u << 20);
    for (int i = 0; i < 1000; i++)
        act_buf_printf(&buf, "%04d", i);
    act_buf_add_char(&buf, '!');
    act_buf_add_str(&buf, (act_str_t){0});
    assert_int_equal(buf.len_bytes, 4001);
    assert_false(buf.is_overflowed);
    assert_true(act_str_starts_with(act_buf_str(&buf), "000000010002"));
    assert_memory_equal(buf.ptr + 3996, "0999!", 5);
    act_buf_fini(&buf);
    assert_null(buf.ptr);
}

static void a_full_buffer_takes_exactly_its_limit(void **state)
{
    (void)state;
    act_buf_t buf;
    act_buf_init(&buf, 8);
    act_buf_add(&buf, "12345678", 8);
    assert_false(buf.is_overflowed);
    act_buf_add(&buf, NULL, 0);
    assert_false(buf.is_overflowed);
    act_buf_add_char(&buf, '9');
    assert_true(buf.is_overflowed);
    assert_true(act_str_is(act_buf_str(&buf), "12345678"));
    act_buf_fini(&buf);
}

// What is written after an overflow would leave a hole, so nothing is.
static void overflow_sticks_until_reset(void **state)
{
    (void)state;
    act_buf_t buf;
    act_buf_init(&buf, 4);
    act_buf_add_str(&buf, ACT_STR("ab"));
    act_buf_add_str(&buf, ACT_STR("cdefg"));
    act_buf_add_str(&buf, ACT_STR("c"));
    act_buf_printf(&buf, "%d", 1);
    assert_true(buf.is_overflowed);
    assert_null(act_buf_reserve(&buf, 0));
    assert_true(act_str_is(act_buf_str(&buf), "ab"));
    act_buf_reset(&buf);
    act_buf_add_str(&buf, ACT_STR("cd"));
    assert_false(buf.is_overflowed);
    assert_true(act_str_is(act_buf_str(&buf), "cd"));
    act_buf_fini(&buf);
}

static void sizes_near_the_largest_number_overflow_cleanly(void **state)
{
    (void)state;
    act_buf_t buf;
    act_buf_init(&buf, 64);
    act_buf_add_char(&buf, 'x');
    assert_null(act_buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.is_overflowed);
    act_buf_reset(&buf);
    assert_null(act_buf_reserve(&buf, SIZE_MAX - 1));
    act_buf_fini(&buf);
}

static void reserved_room_is_counted_by_the_caller(void **state)
{
    (void)state;
    act_buf_t buf;
    act_buf_init(&buf, 4096);
    act_buf_add_str(&buf, ACT_STR("ab"));
    char *room = act_buf_reserve(&buf, 3000);
    assert_non_null(room);
    assert_int_equal(buf.len_bytes, 2);
    memset(room, 'c', 3000);
    buf.len_bytes += 3000;
    assert_int_equal(act_buf_str(&buf).ptr[3001], 'c');
    act_buf_fini(&buf);
}

static void printf_marks_what_does_not_fit(void **state)
{
    (void)state;
    act_buf_t buf;
    act_buf_init(&buf, 6);
    act_buf_printf(&buf, "%s", "12345");
    assert_false(buf.is_overflowed);
    act_buf_printf(&buf, "%s", "6789");
    assert_true(buf.is_overflowed);
    assert_true(act_str_is(act_buf_str(&buf), "12345"));
    act_buf_fini(&buf);
}

static void take_gives_the_memory_away(void **state)
{
    (void)state;
    act_buf_t buf;
    act_buf_init(&buf, 64);
    act_buf_add_str(&buf, ACT_STR("abc"));
    size_t len_bytes = 0;
    ACT_AUTO_FREE char *bytes = act_buf_take(&buf, &len_bytes);
    assert_int_equal(len_bytes, 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(act_buf_str(&buf).len_bytes, 0);
    act_buf_add_str(&buf, ACT_STR("d")); // still usable, with the same limit
    assert_int_equal(buf.max_bytes, 64);
    act_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_grows_piece_by_piece),
        cmocka_unit_test(a_full_buffer_takes_exactly_its_limit),
        cmocka_unit_test(overflow_sticks_until_reset),
        cmocka_unit_test(sizes_near_the_largest_number_overflow_cleanly),
        cmocka_unit_test(reserved_room_is_counted_by_the_caller),
        cmocka_unit_test(printf_marks_what_does_not_fit),
        cmocka_unit_test(take_gives_the_memory_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
