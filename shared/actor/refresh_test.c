// refresh_test: when calls are made: at the start, once a minute, on demand, and after failures.
#include "actor/refresh.h"

#include "harness/actor_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const act_method_t methods[] = {{.name = "list"}};
static const act_service_t other = {"other", methods, ACT_COUNT(methods), NULL};
static const act_service_t service = {"test", NULL, 0, NULL};
static const act_spec_t spec = {.name = "tester", .service = &service};

typedef struct {
    actor_kit_t *kit;
    act_refresh_t *refresh;
    int asks_count;
} fixture_t;

static void on_reply(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)reply;
    (void)arena;
    (void)fn;
    (void)context;
}

static uint64_t ask(void *context)
{
    fixture_t *self = context;
    act_call_opts_t opts = {.budget_ms = 3000};
    act_buf_t body;
    act_buf_init(&body, 64);
    self->asks_count++;
    uint64_t id = act_actor_call(self->kit->actor, other.name, &methods[0], &opts, &body, on_reply,
                                 /* fn= */ NULL, self);
    act_buf_fini(&body);
    return id;
}

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->kit = actor_kit_new(&spec, self);
    actor_kit_welcome(self->kit, 1);
    self->refresh = act_refresh_new(self->kit->actor, ask, self);
    actor_kit_until(self->kit, &self->asks_count, 1);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    act_refresh_destroy(&self->refresh);
    act_refresh_destroy(&self->refresh); // twice is allowed
    actor_kit_destroy(&self->kit);
    act_free(self);
    return 0;
}

// How many calls are made within so long.
static int asks_within_ms(fixture_t *self, int64_t by_ms)
{
    int before = self->asks_count;
    actor_kit_pass_ms(self->kit, by_ms);
    return self->asks_count - before;
}

static void asks_again_after_a_minute(void **state)
{
    fixture_t *self = *state;
    act_refresh_done(self->refresh, ACT_E_OK);
    assert_false(act_refresh_is_failing(self->refresh));
    assert_int_equal(asks_within_ms(self, 59000), 0);
    assert_int_equal(asks_within_ms(self, 1001), 1);
}

static void failures_are_repeated_less_and_less_often(void **state)
{
    fixture_t *self = *state;
    static const int64_t delays_ms[] = {200, 400, 800, 1600, 2000, 2000};
    for (size_t i = 0; i < ACT_COUNT(delays_ms); i++) {
        act_refresh_done(self->refresh, ACT_E_UNAVAILABLE);
        assert_true(act_refresh_is_failing(self->refresh));
        act_refresh_soon(self->refresh, 0); // it is soon already
        assert_int_equal(asks_within_ms(self, delays_ms[i] - 100), 0);
        assert_int_equal(asks_within_ms(self, 101), 1);
    }
    act_refresh_done(self->refresh, ACT_E_OK);
    assert_false(act_refresh_is_failing(self->refresh));
    assert_int_equal(asks_within_ms(self, 3000), 0);
}

static void news_during_a_call_cause_another_one(void **state)
{
    fixture_t *self = *state;
    act_refresh_again(self->refresh);
    act_refresh_again(self->refresh);
    assert_int_equal(asks_within_ms(self, 1), 0); // one call at a time
    act_refresh_done(self->refresh, ACT_E_OK);
    assert_int_equal(asks_within_ms(self, 1), 1);
    act_refresh_done(self->refresh, ACT_E_OK);
    assert_int_equal(asks_within_ms(self, 1000), 0);
    act_refresh_again(self->refresh);
    assert_int_equal(asks_within_ms(self, 1), 1);
}

static void demand_keeps_its_gap_and_one_call(void **state)
{
    fixture_t *self = *state;
    act_refresh_soon(self->refresh, 0); // on its way
    act_refresh_done(self->refresh, ACT_E_OK);
    act_refresh_soon(self->refresh, 5000);
    assert_int_equal(asks_within_ms(self, 3000), 0);
    assert_int_equal(asks_within_ms(self, 2001), 1);
    act_refresh_done(self->refresh, ACT_E_OK);
    act_refresh_soon(self->refresh, 0);
    assert_int_equal(asks_within_ms(self, 1), 1);
}

static void an_open_call_is_cancelled_with_it(void **state)
{
    fixture_t *self = *state;
    uint64_t id = actor_kit_expect(self->kit, ACT_KIND_CALL)->header.id;
    act_refresh_destroy(&self->refresh);
    assert_int_equal(actor_kit_expect(self->kit, ACT_KIND_CANCEL)->header.id, id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(asks_again_after_a_minute),
        TEST(failures_are_repeated_less_and_less_often),
        TEST(news_during_a_call_cause_another_one),
        TEST(demand_keeps_its_gap_and_one_call),
        TEST(an_open_call_is_cancelled_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
