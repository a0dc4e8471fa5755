// mem_test: zeroed memory, scoped release, and ownership that moves.
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    int *destroyed_count;
} thing_t;

static void thing_destroy(thing_t **self_p)
{
    if (!*self_p)
        return;
    ++*(*self_p)->destroyed_count;
    act_free(act_take(self_p));
}

static thing_t *thing_new(int *destroyed_count)
{
    thing_t *self = act_alloc(sizeof *self);
    self->destroyed_count = destroyed_count;
    return self;
}

static void memory_is_zeroed_and_never_null(void **state)
{
    (void)state;
    ACT_AUTO_FREE char *bytes = act_alloc(1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(bytes[i], 0);
    ACT_AUTO_FREE void *nothing = act_alloc(0);
    ACT_AUTO_FREE void *no_items = act_alloc_array(0, 8);
    assert_non_null(nothing);
    assert_non_null(no_items);
    bytes = act_realloc(bytes, 0);
    assert_non_null(bytes);
}

static void a_scope_releases_what_it_owns(void **state)
{
    (void)state;
    int destroyed_count = 0;
    {
        ACT_AUTO(thing) *thing = thing_new(&destroyed_count);
        assert_non_null(thing);
    }
    assert_int_equal(destroyed_count, 1);
}

static void taking_moves_ownership_out(void **state)
{
    (void)state;
    int destroyed_count = 0;
    thing_t *kept = NULL;
    {
        ACT_AUTO(thing) *thing = thing_new(&destroyed_count);
        kept = act_take(&thing);
        assert_null(thing);
    }
    assert_int_equal(destroyed_count, 0);
    thing_destroy(&kept);
    thing_destroy(&kept);
    assert_int_equal(destroyed_count, 1);
}

static void copies_of_text_are_separate(void **state)
{
    (void)state;
    char text[] = "abc";
    ACT_AUTO_FREE char *copy = act_strdup(text);
    text[0] = 'x';
    assert_string_equal(copy, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_never_null),
        cmocka_unit_test(a_scope_releases_what_it_owns),
        cmocka_unit_test(taking_moves_ownership_out),
        cmocka_unit_test(copies_of_text_are_separate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
