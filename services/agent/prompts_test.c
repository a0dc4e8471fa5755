// prompts_test: placeholders, whose text, and the word that must not come back.
#include "prompts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_text(act_str_t text, const char *wanted)
{
    if (!act_str_is(text, wanted))
        fail_msg("'%.*s' instead of '%s'", ACT_STR_ARG(text), wanted);
}

static void checks_placeholders(void **state)
{
    (void)state;
    act_str_t bad;
    assert_true(prompts_check(ACT_STR("plain { text }"), &bad));
    assert_true(prompts_check(ACT_STR("{{business_name}}, {{tone}}"), &bad));
    assert_false(prompts_check(ACT_STR("{{business_name}} {{api_key}}"), &bad));
    assert_text(bad, "api_key");
    assert_false(prompts_check(ACT_STR("a {{tone b"), &bad));
    assert_false(prompts_check(ACT_STR("a tone}} b"), &bad));
    for (const prompt_t *prompt = prompts_built_in; prompt->name; prompt++)
        assert_true(prompts_check(act_str(prompt->text), &bad));
}

static void fills_and_looks_at_no_value_again(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    const prompt_value_t values[] = {{"business_name", ACT_STR("{{tone}} Ltd")},
                                     {"tone", ACT_STR("dry")}};
    act_str_t text =
        prompts_fill(arena, ACT_STR("{{business_name}}|{{tone}}|{{language}}|"), values, 2);
    assert_text(text, "{{tone}} Ltd|dry||");
}

static void a_tenants_own_text_wins_when_it_is_good(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    prompt_row_t row = {.name = ACT_STR("tone"), .version = 3, .text = ACT_STR("dry")};
    const list_prompts_reply_t own = {.prompts = {&row, 1}};
    act_str_t version;
    assert_text(prompts_choose(&own, "tone", arena, &version), "dry");
    assert_text(version, "own-3");
    assert_text(prompts_choose(&own, "mouth", arena, &version),
                prompts_find(ACT_STR("mouth"))->text);
    row.text = ACT_STR("{{api_key}}");
    assert_text(prompts_choose(&own, "tone", arena, &version), prompts_find(ACT_STR("tone"))->text);
    assert_text(version, prompts_find(ACT_STR("tone"))->version);
    assert_text(prompts_choose(NULL, "links", arena, &version), "");
    assert_null(prompts_find(ACT_STR("nobody")));
}

static void notices_its_canary(void **state)
{
    (void)state;
    ACT_AUTO(act_arena) *arena = act_arena_new();
    act_str_t canary = prompts_canary(arena, ACT_STR("demo"));
    assert_int_equal(canary.len_bytes, 16);
    assert_true(act_str_eq(canary, prompts_canary(arena, ACT_STR("demo"))));
    assert_false(act_str_eq(canary, prompts_canary(arena, ACT_STR("other"))));
    assert_true(prompts_tells_canary(prompts_with_canary(arena, ACT_STR("x"), canary), canary));
    act_str_t spelt = act_arena_printf(arena, "It is: %.4s-%.4s %.4s\n*%.4s*!", canary.ptr,
                                       canary.ptr + 4, canary.ptr + 8, canary.ptr + 12);
    assert_true(prompts_tells_canary(spelt, canary));
    assert_false(prompts_tells_canary(ACT_STR("We open at nine."), canary));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_placeholders),
        cmocka_unit_test(fills_and_looks_at_no_value_again),
        cmocka_unit_test(a_tenants_own_text_wins_when_it_is_good),
        cmocka_unit_test(notices_its_canary),
    };
    return cmocka_run_group_tests_name("prompts", tests, NULL, NULL);
}
