// end_test: how an actor ends: drained, orphaned, refused, failed; with what it holds.
#include "actor/actor.h"

#include "actor/send.h"
#include "harness/actor_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

typedef struct {
    actor_kit_t *kit;
    act_call_t *call; // the one that it holds
    int calls_count;
    bool is_drained, is_busy;
} fixture_t;

static void on_call(const void *server, void *self_, act_call_t *call, act_str_t body)
{
    fixture_t *self = self_;
    (void)server;
    (void)body;
    self->call = call;
    self->calls_count++;
}

static void on_drain(void *self)
{
    ((fixture_t *)self)->is_drained = true;
}

static bool is_busy(const void *self)
{
    return ((const fixture_t *)self)->is_busy;
}

static act_err_t check_nothing(act_arena_t *arena, act_str_t body, const char **ret_field)
{
    (void)arena;
    (void)body;
    (void)ret_field;
    return ACT_E_OK;
}

static const act_method_t methods[] = {
    {.name = "work", .dispatch = on_call, .check = check_nothing}};
static const act_service_t service = {"test", methods, ACT_COUNT(methods), NULL};
static const act_spec_t spec = {
    .name = "tester", .service = &service, .drain = on_drain, .is_busy = is_busy};

// A client, until it is supervised.
static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->kit = actor_kit_new(&spec, self);
    actor_kit_welcome(self->kit, 1);
    *state = self;
    return 0;
}

static int set_up_supervised(void **state)
{
    set_up(state);
    actor_kit_supervise(((fixture_t *)*state)->kit, /* overrides= */ NULL);
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    actor_kit_destroy(&self->kit);
    act_free(self);
    return 0;
}

static void take_call(fixture_t *self)
{
    const act_header_t header = {.kind = ACT_KIND_CALL,
                                 .id = 1,
                                 .service = ACT_STR("test"),
                                 .method = ACT_STR("work"),
                                 .sender = ACT_STR("asker-1"),
                                 .budget_ms = 60000,
                                 .attempt = 1};
    actor_kit_send(self->kit, &header, act_str("question"));
    actor_kit_until(self->kit, &self->calls_count, 1);
}

static void reply(fixture_t *self)
{
    act_buf_t body;
    act_buf_init(&body, 1024);
    act_buf_add_str(&body, ACT_STR("answer"));
    act_call_reply(&self->call, &body);
    act_buf_fini(&body);
}

static void until_stopped(fixture_t *self)
{
    for (int i = 0; i < 100 && !self->kit->is_stopped; i++)
        actor_kit_pass_ms(self->kit, 1);
    assert_true(self->kit->is_stopped);
}

static void a_drained_actor_finishes_what_it_holds(void **state)
{
    fixture_t *self = *state;
    take_call(self);
    actor_kit_send_kind(self->kit, ACT_KIND_DRAIN, 0);
    actor_kit_settle(self->kit);
    assert_true(self->is_drained);
    assert_true(act_actor_is_draining(self->kit->actor));
    actor_kit_pass_ms(self->kit, 1000);
    assert_false(self->kit->is_stopped);
    reply(self);
    until_stopped(self);
    actor_kit_expect(self->kit, ACT_KIND_REPLY);
}

static void a_drain_ends_after_its_time(void **state)
{
    fixture_t *self = *state;
    take_call(self);
    act_actor_begin_drain(self->kit->actor);
    actor_kit_pass_ms(self->kit, 7000);
    assert_false(self->kit->is_stopped);
    actor_kit_pass_ms(self->kit, 1500);
    until_stopped(self);
}

static void an_orphan_ends_itself(void **state)
{
    fixture_t *self = *state;
    actor_kit_kill_broker(self->kit);
    actor_kit_pass_ms(self->kit, 29000);
    assert_false(self->kit->is_stopped);
    actor_kit_pass_ms(self->kit, 2000);
    until_stopped(self);
}

static void a_client_is_no_orphan(void **state)
{
    fixture_t *self = *state;
    actor_kit_kill_broker(self->kit);
    actor_kit_pass_ms(self->kit, 3600000);
    assert_false(self->kit->is_stopped);
}

// It was stopped while a broker started, which put another one in its place (found by ./parley chaos:
// an ingress without a broker answered every webhook 503 for as long as it lived).
static void an_actor_whose_name_is_taken_ends(void **state)
{
    fixture_t *self = *state;
    act_header_t header = {.kind = ACT_KIND_REFUSED, .err = ACT_E_CONFLICT};
    for (int i = 0; i < 6; i++) {
        actor_kit_send(self->kit, &header, act_str(""));
        actor_kit_settle(self->kit);
        assert_false(self->kit->is_stopped);
        actor_kit_pass_ms(self->kit, 1000);
    }
    actor_kit_pass_ms(self->kit, 500);
    actor_kit_send(self->kit, &header, act_str(""));
    until_stopped(self);
}

static void a_refused_actor_ends(void **state)
{
    fixture_t *self = *state;
    act_header_t header = {.kind = ACT_KIND_REFUSED, .err = ACT_E_MALFORMED};
    actor_kit_send(self->kit, &header, act_str(""));
    until_stopped(self);
}

static void a_drain_waits_for_work_that_only_the_service_sees(void **state)
{
    fixture_t *self = *state;
    self->is_busy = true;
    actor_kit_send_kind(self->kit, ACT_KIND_DRAIN, 0);
    actor_kit_settle(self->kit);
    actor_kit_pass_ms(self->kit, 1000);
    assert_true(act_actor_is_draining(self->kit->actor));
    assert_false(self->kit->is_stopped);
    self->is_busy = false;
    actor_kit_pass_ms(self->kit, 100);
    assert_true(self->kit->is_stopped);
}

static void a_drain_does_not_wait_for_ever(void **state)
{
    fixture_t *self = *state;
    self->is_busy = true;
    actor_kit_send_kind(self->kit, ACT_KIND_DRAIN, 0);
    actor_kit_settle(self->kit);
    actor_kit_pass_ms(self->kit, 8100); // drain_ms
    assert_true(self->kit->is_stopped);
}

static void a_failure_stops_the_loop(void **state)
{
    fixture_t *self = *state;
    assert_false(act_actor_has_failed(self->kit->actor));
    act_actor_fail(self->kit->actor, "the database is not ours");
    act_actor_fail(self->kit->actor, "and again");
    assert_true(act_actor_has_failed(self->kit->actor));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_supervised, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_drained_actor_finishes_what_it_holds),
        TEST(a_drain_ends_after_its_time),
        TEST(a_drain_waits_for_work_that_only_the_service_sees),
        TEST(a_drain_does_not_wait_for_ever),
        TEST(an_orphan_ends_itself),
        cmocka_unit_test_setup_teardown(a_client_is_no_orphan, set_up, tear_down),
        TEST(an_actor_whose_name_is_taken_ends),
        TEST(a_refused_actor_ends),
        TEST(a_failure_stops_the_loop),
    };
#undef TEST
    return cmocka_run_group_tests_name("end", tests, NULL, NULL);
}
