// report_test: the figures of a small set of answers, in all three forms.
#include "text/train/report.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *print(act_report_format_t format)
{
    ACT_AUTO(act_report) *report = act_report_new();
    // Language 1: two right of three, one of them sure; language 2: sure and wrong.
    act_report_add(report, &(act_report_answer_t){1, true, true, 0.95});
    act_report_add(report, &(act_report_answer_t){1, true, false, 0.55});
    act_report_add(report, &(act_report_answer_t){1, false, false, 0.10});
    act_report_add(report, &(act_report_answer_t){2, false, false, 1.00});
    char *text = NULL;
    size_t size_bytes = 0;
    FILE *out = open_memstream(&text, &size_bytes);
    act_report_print(report, format, out);
    fclose(out);
    return text;
}

static void json_has_every_figure(void **state)
{
    (void)state;
    char *text = print(ACT_REPORT_JSON);
    assert_non_null(strstr(text, "\"en\":{\"texts\":3,\"right_pct\":66.67,\"right_new_pct\":50.00,"
                                 "\"sure_pct\":33.33,\"right_sure_pct\":100.00}"));
    assert_non_null(strstr(text, "\"all\":{\"texts\":4,\"right_pct\":50.00"));
    assert_non_null(strstr(text, "\"right_sure_pct\":50.00}},\"bins\":["));
    assert_null(strchr(text, '\n'));
    free(text);
}

static void tables_leave_out_what_is_empty(void **state)
{
    (void)state;
    char *text = print(ACT_REPORT_TEXT);
    assert_non_null(strstr(text, "es "));
    assert_null(strstr(text, "pl "));
    free(text);
    text = print(ACT_REPORT_MARKDOWN);
    assert_non_null(strstr(text, "| en | 3 | 66.7 | 50.0 | 33.3 | 100.0 |"));
    assert_non_null(strstr(text, "| 0.5 to 0.6 | 1 |"));
    assert_null(strstr(text, "| 0.2 to 0.3 |"));
    free(text);
}

static void arguments_name_the_form(void **state)
{
    (void)state;
    assert_int_equal(act_report_format("--json"), ACT_REPORT_JSON);
    assert_int_equal(act_report_format("--markdown"), ACT_REPORT_MARKDOWN);
    assert_int_equal(act_report_format("x"), ACT_REPORT_TEXT);
    assert_int_equal(act_report_format(NULL), ACT_REPORT_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_every_figure),
        cmocka_unit_test(tables_leave_out_what_is_empty),
        cmocka_unit_test(arguments_name_the_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
