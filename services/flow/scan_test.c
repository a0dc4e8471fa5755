// scan: what libcyaml would pass over in silence.
#include "scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_scan(act_str_t yaml, const char *wanted)
{
    act_buf_t error;
    act_buf_init(&error, 1024);
    act_err_t err = scan_yaml(yaml, &error);
    act_buf_add_char(&error, '\0');
    if (strcmp(error.ptr, wanted) != 0)
        print_error("'%s' instead of '%s'\n", error.ptr, wanted);
    assert_string_equal(error.ptr, wanted);
    assert_int_equal(err, wanted[0] ? ACT_E_INVALID_ARGUMENT : ACT_E_OK);
    act_buf_fini(&error);
}

static void accepts_plain_documents(void **state)
{
    (void)state;
    assert_scan((act_str_t){0}, "");
    assert_scan(ACT_STR("a: b\nc: [a, a, {a: a}]\nd: {a: {a: a}}\n"), "");
    assert_scan(ACT_STR("- a\n- a: 1\n- a: 2\n"), "");
    assert_scan(ACT_STR("[[[[[[[[a]]]]]]]]"), "");
}

static void refuses_the_rest(void **state)
{
    (void)state;
    assert_scan(ACT_STR("a: 1\nb: 2\na: 3\n"), "line 3: a key that stands twice");
    assert_scan(ACT_STR("a:\n  - b: 1\n    c: [x]\n    b: 2\n"), "line 4: a key that stands twice");
    assert_scan(ACT_STR("a: 1\n---\nb: 2\n"), "line 2: more than one document");
    assert_scan(ACT_STR("a: &x 1\nb: *x\n"), "line 2: an alias");
    assert_scan(ACT_STR("[[[[[[[[[a]]]]]]]]]"), "line 1: nested too deeply");
    assert_scan(ACT_STR("a: [\n"), "line 2: did not find expected node content");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_plain_documents),
        cmocka_unit_test(refuses_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
