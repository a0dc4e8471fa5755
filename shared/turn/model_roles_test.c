// model_roles_test: asked once for many, kept for a while, told apart by tenant and role.
#include "turn/model_roles.h"

#include "harness/actor_kit.h"
#include "proto/model_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct {
    actor_kit_t *kit;
    act_model_roles_t *models;
} fixture_t;

typedef struct {
    int told_count;
    bool has_model;
} asker_t;

static const act_spec_t spec = {.name = "intent"};

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->kit = actor_kit_new(&spec, self);
    actor_kit_welcome(self->kit, 1);
    self->models = act_model_roles_new(self->kit->actor);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    act_model_roles_destroy(&self->models);
    act_model_roles_destroy(&self->models); // twice is allowed
    actor_kit_destroy(&self->kit);
    act_free(self);
    return 0;
}

static void on_told(void *context, bool has_model)
{
    asker_t *asker = context;
    asker->told_count++;
    asker->has_model = has_model;
}

static void ask(fixture_t *self, asker_t *asker, const char *tenant, const char *role)
{
    act_model_roles_ask(self->models, act_str(tenant), act_str(role), on_told, asker);
}

static void answer(fixture_t *self, const char *tenant, const char *dialect)
{
    const kit_message_t *asked = actor_kit_expect(self->kit, ACT_KIND_CALL);
    assert_true(act_str_is(asked->header.tenant, tenant));
    const model_route_view_t routes[] = {
        {.role = ACT_STR("classify"), .dialect = act_str(dialect)},
        {.role = ACT_STR("classify"), .position = 2, .dialect = ACT_STR("builtin")},
        {.role = ACT_STR("embed"), .dialect = ACT_STR("builtin")},
        {.role = ACT_STR("a role of later"), .dialect = ACT_STR("gemini")},
    };
    const list_models_reply_t reply = {.routes = {routes, ACT_COUNT(routes)}};
    act_buf_t body;
    act_buf_init(&body, 65536);
    list_models_reply_pack(&reply, &body);
    const act_header_t header = {.kind = ACT_KIND_REPLY, .id = asked->header.id};
    actor_kit_send(self->kit, &header, act_buf_str(&body));
    act_buf_fini(&body);
    actor_kit_settle(self->kit);
}

static int calls_count(fixture_t *self)
{
    actor_kit_settle(self->kit);
    return (int)actor_kit_count(self->kit, ACT_KIND_CALL);
}

static void many_wait_for_one_question(void **state)
{
    fixture_t *self = *state;
    asker_t a = {0}, b = {0}, c = {0}, gone = {0};
    ask(self, &a, "demo", "classify");
    ask(self, &b, "demo", "embed");
    ask(self, &gone, "demo", "classify");
    act_model_roles_forget(self->models, &gone);
    assert_int_equal(a.told_count, 0);
    answer(self, "demo", "openai");
    assert_true(a.told_count == 1 && a.has_model);
    assert_true(b.told_count == 1 && !b.has_model);
    assert_int_equal(gone.told_count, 0);
    ask(self, &c, "demo", "classify"); // known by now
    assert_true(c.told_count == 1 && c.has_model);
    assert_int_equal(calls_count(self), 0);
}

static void tenants_and_roles_are_told_apart(void **state)
{
    fixture_t *self = *state;
    asker_t a = {0}, b = {0}, c = {0};
    ask(self, &a, "one", "classify");
    answer(self, "one", "anthropic");
    ask(self, &b, "two", "classify");
    answer(self, "two", "builtin");
    assert_true(a.has_model && !b.has_model);
    ask(self, &c, "one", "no such role");
    assert_true(c.told_count == 1 && !c.has_model);
}

// The broker is heard all the time.
static void pass_ms(fixture_t *self, int64_t by_ms)
{
    for (int64_t passed_ms = 0; passed_ms < by_ms; passed_ms += 500) {
        actor_kit_pass_ms(self->kit, 500);
        actor_kit_settle(self->kit);
    }
}

static void what_is_old_is_asked_again_and_nobody_waits(void **state)
{
    fixture_t *self = *state;
    asker_t a = {0};
    ask(self, &a, "demo", "classify");
    answer(self, "demo", "openai");
    pass_ms(self, 6000);
    ask(self, &a, "demo", "classify");
    assert_true(a.told_count == 2 && a.has_model);
    answer(self, "demo", "builtin");
    ask(self, &a, "demo", "classify");
    assert_true(a.told_count == 3 && !a.has_model);
    pass_ms(self, 61000); // too old to be believed
    ask(self, &a, "demo", "classify");
    assert_int_equal(a.told_count, 3);
    answer(self, "demo", "openai");
    assert_true(a.told_count == 4 && a.has_model);
}

static void without_an_answer_there_is_none_or_what_was_known(void **state)
{
    fixture_t *self = *state;
    asker_t a = {0};
    ask(self, &a, "demo", "classify");
    actor_kit_expect(self->kit, ACT_KIND_CALL);
    actor_kit_pass_ms(self->kit, 1100);
    actor_kit_settle(self->kit);
    assert_true(a.told_count == 1 && !a.has_model);
}

static void who_goes_is_not_told(void **state)
{
    fixture_t *self = *state;
    asker_t a = {0};
    ask(self, &a, "demo", "classify");
    act_model_roles_destroy(&self->models);
    actor_kit_pass_ms(self->kit, 1100);
    assert_int_equal(a.told_count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(many_wait_for_one_question),
        TEST(tenants_and_roles_are_told_apart),
        TEST(what_is_old_is_asked_again_and_nobody_waits),
        TEST(without_an_answer_there_is_none_or_what_was_known),
        TEST(who_goes_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
