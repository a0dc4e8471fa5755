// payload_test: a body lives as long as somebody holds it.
#include "payload.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    payload_t payload; // first: the payload is the object
    int *released_count;
} counted_t;

static void release_counted(payload_t *payload)
{
    counted_t *self = (counted_t *)payload;
    ++*self->released_count;
    act_free(self);
}

static void bytes_are_copied_and_keep_inner_nuls(void **state)
{
    (void)state;
    char bytes[] = "a\0b";
    payload_t *payload = payload_new(act_str_of(bytes, 3));
    bytes[0] = 'x';
    assert_true(act_str_eq(payload->bytes, ACT_STR("a\0b")));
    payload_unref(&payload);
    assert_null(payload);
    payload_unref(&payload); // twice is allowed
}

static void an_empty_body_is_a_body(void **state)
{
    (void)state;
    payload_t *payload = payload_new((act_str_t){0});
    assert_int_equal(payload->bytes.len_bytes, 0);
    payload_unref(&payload);
}

static void the_last_holder_releases(void **state)
{
    (void)state;
    int released_count = 0;
    counted_t *counted = act_alloc(sizeof *counted);
    *counted = (counted_t){{act_str("x"), 1, release_counted}, &released_count};
    payload_t *first = &counted->payload;
    payload_t *second = payload_ref(first);
    payload_t *third = payload_ref(second);
    payload_unref(&second);
    payload_unref(&first);
    assert_int_equal(released_count, 0);
    assert_true(act_str_is(third->bytes, "x"));
    payload_unref(&third);
    assert_int_equal(released_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_copied_and_keep_inner_nuls),
        cmocka_unit_test(an_empty_body_is_a_body),
        cmocka_unit_test(the_last_holder_releases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
