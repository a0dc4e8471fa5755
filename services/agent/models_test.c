// models_test: what is real, whose it is, and for how long it is believed.
#include "models.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static models_have_t note(models_t *self, const char *tenant, int64_t now_ms, const char *role,
                          const char *dialect)
{
    const model_route_view_t routes[] = {
        {.role = ACT_STR("classify"), .dialect = ACT_STR("openai")},
        {.role = act_str(role), .dialect = act_str(dialect)}};
    const list_models_reply_t reply = {.routes = {routes, 2}};
    return models_note(self, act_str(tenant), now_ms, &reply);
}

static void only_a_real_model_of_the_role_counts(void **state)
{
    (void)state;
    ACT_AUTO(models) *models = models_new();
    assert_true(note(models, "a", 1, "agent", "anthropic").has_large);
    assert_false(note(models, "b", 1, "agent", "builtin").has_large);
    models_have_t have = note(models, "c", 1, "agent_small", "gemini");
    assert_true(have.has_small && !have.has_large);
}

static void is_kept_for_a_while_by_tenant(void **state)
{
    (void)state;
    ACT_AUTO(models) *models = models_new();
    models_have_t have;
    assert_false(models_known(models, ACT_STR("a"), 1000, &have));
    note(models, "a", 1000, "agent", "openai");
    note(models, "b", 1000, "agent", "builtin");
    assert_true(models_known(models, ACT_STR("a"), 2000, &have) && have.has_large);
    assert_true(models_known(models, ACT_STR("b"), 2000, &have) && !have.has_large);
    assert_false(models_known(models, ACT_STR("a"), 4000, &have));
    note(models, "a", 4000, "agent", "builtin");
    assert_true(models_known(models, ACT_STR("a"), 4000, &have) && !have.has_large);
}

static void the_oldest_makes_room(void **state)
{
    (void)state;
    ACT_AUTO(models) *models = models_new();
    models_have_t have;
    for (int i = 0; i < 257; i++) {
        char tenant[16];
        (void)snprintf(tenant, sizeof tenant, "t%d", i);
        note(models, tenant, 1000 + i, "agent", "openai");
    }
    assert_false(models_known(models, ACT_STR("t0"), 1300, &have));
    assert_true(models_known(models, ACT_STR("t1"), 1300, &have));
    assert_true(models_known(models, ACT_STR("t256"), 1300, &have));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_real_model_of_the_role_counts),
        cmocka_unit_test(is_kept_for_a_while_by_tenant),
        cmocka_unit_test(the_oldest_makes_room),
    };
    return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
