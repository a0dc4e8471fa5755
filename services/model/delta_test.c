// delta: which events go the short way, and that it reads what the long way reads.
#include "delta.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void reads_plain_pieces_only(void **state)
{
    (void)state;
    static const char *const slow[] = {"finish", "usage", NULL};
    static const delta_shape_t shape = {.text_key = "content", .marker = "chunk", .slow = slow};
    static const struct {
        const char *event;
        const char *text; // NULL: the long way
    } rows[] = {
        {"{\"o\":\"chunk\",\"c\":[{\"d\":{\"content\":\"Hi é\"},\"finish\":null}],\"usage\":null}",
         "Hi é"},
        {" {\"o\":\"chunk\",\"content\":\"x\"}", NULL},
        {"{ \"o\" : \"chunk\" , \"content\" : \"x\" }", "x"},
        {"{\"o\":\"chunk\",\"content\":\"\"}", ""},
        {"{\"o\":\"chunk\",\"content\":\"a\\n\\\"b\\\\\"}", "a\n\"b\\"},
        {"{\"o\":\"chunk\",\"content\":\"\\u00e9\"}", NULL},
        {"{\"o\":\"chunk\",\"content\":\"a\\\"}", NULL},
        {"{\"o\":\"chunk\",\"content\":\"a", NULL},
        {"{\"o\":\"chunk\",\"content\":\"a\"", NULL},
        {"{\"o\":\"chunk\",\"content\":\"a\"]", NULL},
        {"{\"o\":\"chunk\",\"content\":\"a\"}}", NULL},
        {"{\"o\":\"chunk\",\"content\":\"a\",\"finish\":\"stop\"}", NULL},
        {"{\"o\":\"chunk\",\"content\":\"a\",\"usage\":{\"n\":1}}", NULL},
        {"{\"o\":\"chunk\",\"content\":\"a\",\"more\":{\"content\":\"b\"}}", NULL},
        {"{\"o\":\"chunk\",\"content\":{\"x\":\"a\"}}", NULL},
        {"{\"o\":\"other\",\"content\":\"a\"}", NULL},
        {"{\"content\":\"a\",\"e\\u0066\":\"chunk\"}", NULL},
        {"{\"o\":\"chunk\",\"content\":\"\xff\"}", NULL},
        {"{\"o\":\"chunk\",\"content\":\"a\nb\"}", NULL},
        {"[\"chunk\"]", NULL},
        {"", NULL},
        {"{[[[[[[[[[[[[[[[[[[", NULL},
    };
    act_buf_t scratch;
    act_buf_init(&scratch, 64);
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        act_str_t text = ACT_STR("untouched");
        bool is_read = delta_read(&shape, act_str(rows[i].event), &scratch, &text);
        assert_int_equal(is_read, rows[i].text != NULL);
        assert_true(act_str_is(text, rows[i].text ? rows[i].text : "untouched"));
    }
    act_buf_fini(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_plain_pieces_only)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
