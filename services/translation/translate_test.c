// translate_test: providers are found by name, and the built-in one changes nothing.
#include "translate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct {
    int calls_count;
    act_err_t err;
    translate_result_t result;
} answer_t;

static void on_done(void *context, act_err_t err, const translate_result_t *result)
{
    answer_t *answer = context;
    answer->calls_count++;
    answer->err = err;
    answer->result = *result;
}

// A provider that would be noticed.
static void shout(const translate_job_t *job, translate_done_fn *done, void *context)
{
    (void)job;
    done(context, ACT_E_OK,
         &(translate_result_t){.text = ACT_STR("HELLO"), .was_translated = true});
}

static const translate_provider_t shouting = {.name = "shout", .translate = shout};

static answer_t run(const translate_provider_t *provider, const char *text, const char *from,
                    const char *to)
{
    answer_t answer = {0};
    const translate_job_t job = {.text = act_str(text), .from = act_str(from), .to = act_str(to)};
    translate_run(provider, &job, on_done, &answer);
    assert_int_equal(answer.calls_count, 1);
    assert_int_equal(answer.err, ACT_E_OK);
    return answer;
}

static void pass_through_returns_the_text(void **state)
{
    (void)state;
    const translate_provider_t *provider = translate_provider_find("pass-through");
    assert_non_null(provider);
    answer_t answer = run(provider, "bonjour", "fr", "en");
    assert_true(act_str_is(answer.result.text, "bonjour"));
    assert_false(answer.result.was_translated);
}

static void providers_are_known_by_name(void **state)
{
    (void)state;
    assert_null(translate_provider_find(""));
    assert_null(translate_provider_find("nobody"));
}

static void nothing_to_do_asks_nobody(void **state)
{
    (void)state;
    assert_false(run(&shouting, "", "fr", "en").result.was_translated);
    assert_false(run(&shouting, "olá", "pt", "pt").result.was_translated);
    assert_false(run(&shouting, "olá", "pt-BR", "pt").result.was_translated);
    assert_false(run(&shouting, "hoi", "nl", "nl").result.was_translated);
    assert_true(run(&shouting, "bonjour", "fr", "en").result.was_translated);
    assert_true(run(&shouting, "bonjour", "", "en").result.was_translated);
    assert_true(run(&shouting, "hoi", "nl", "de").result.was_translated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pass_through_returns_the_text),
        cmocka_unit_test(providers_are_known_by_name),
        cmocka_unit_test(nothing_to_do_asks_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
