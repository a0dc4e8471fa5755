// departures_test: the database hears of each instance that is gone, in order, as soon as it can, and of none
// for ever.
#include "departures.h"

#include "harness/broker_kit.h"
#include "proto/persistence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { STORE = 5, A = 10 };

typedef struct {
    broker_kit_t *kit;
    act_log_t *log;
    departures_t *departures;
} fixture_t;

static void on_gone(void *context, const peer_t *peer, bool is_dead)
{
    departures_on_gone(context, peer, is_dead);
}

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->kit = broker_kit_new(&broker_kit_limits);
    self->log = act_log_new(NULL, "test", "test", ACT_LOG_ERROR);
    self->departures = departures_new(self->kit->broker, self->log, "north");
    self->kit->on_gone = on_gone;
    self->kit->gone_context = self->departures;
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    broker_kit_destroy(&self->kit);
    departures_destroy(&self->departures);
    departures_destroy(&self->departures); // twice is allowed
    act_log_destroy(&self->log);
    act_free(self);
    return 0;
}

static void pass(fixture_t *self, int64_t by_ms)
{
    for (int64_t i = 0; i < by_ms; i += 10) {
        broker_kit_pass_ms(self->kit, 10);
        departures_on_tick(self->departures);
    }
}

static uint64_t expect_end(fixture_t *self, end_instance_request_t *ret_request)
{
    kit_frame_t call = broker_kit_expect(self->kit, STORE, ACT_KIND_CALL);
    assert_true(act_str_is(call.header.method, "end_instance"));
    assert_int_equal(end_instance_request_unpack(call.body, self->kit->arena, ret_request, NULL),
                     ACT_E_OK);
    return call.header.id;
}

static void a_death_and_a_silence_are_told_apart(void **state)
{
    fixture_t *self = *state;
    broker_kit_worker(self->kit, A, "session", "session-1", 8);
    broker_kit_worker(self->kit, A + 1, "session", "session-2", 8);
    broker_on_death(self->kit->broker, act_str("session-1"), A, /* has_crashed= */ true);
    pass(self, 20);
    assert_int_equal(departures_count(self->departures), 1); // the database is not there yet
    pass(self, 6000);                                        // session-2 says nothing
    broker_kit_worker(self->kit, STORE, "persistence", "persistence-1", 8);
    pass(self, 200);
    end_instance_request_t request;
    uint64_t id = expect_end(self, &request);
    assert_true(act_str_is(request.instance, "north/session-1"));
    assert_int_equal(request.pid, A);
    assert_true(request.is_dead);
    assert_int_equal(broker_kit_count(self->kit, STORE, ACT_KIND_CALL), 0); // one at a time
    broker_kit_send_kind(self->kit, STORE, ACT_KIND_REPLY, id);
    pass(self, 20);
    id = expect_end(self, &request);
    assert_true(act_str_is(request.instance, "north/session-2"));
    assert_false(request.is_dead);
    act_header_t away = {.kind = ACT_KIND_ERROR, .id = id, .err = ACT_E_DATABASE};
    broker_kit_send(self->kit, STORE, &away, act_str(""));
    pass(self, 200); // again, as it was not heard
    id = expect_end(self, &request);
    assert_true(act_str_is(request.instance, "north/session-2"));
    broker_kit_send_kind(self->kit, STORE, ACT_KIND_REPLY, id);
    pass(self, 20);
    assert_int_equal(departures_count(self->departures), 0);
}

static void what_says_goodbye_is_gone_and_clients_are_nobody(void **state)
{
    fixture_t *self = *state;
    broker_kit_client(self->kit, A);
    broker_kit_send_kind(self->kit, A, ACT_KIND_BYE, 0);
    assert_int_equal(departures_count(self->departures), 0);
    broker_kit_worker(self->kit, A + 1, "session", "session-1", 8);
    broker_kit_send_kind(self->kit, A + 1, ACT_KIND_BYE, 0);
    assert_int_equal(departures_count(self->departures), 1);
}

static void what_the_database_knows_by_itself_is_forgotten(void **state)
{
    fixture_t *self = *state;
    for (uint64_t i = 0; i < DEPARTURES_MAX_COUNT + 1; i++) {
        char name[32];
        snprintf(name, sizeof name, "session-%d", (int)i);
        broker_kit_worker(self->kit, A + i, "session", name, 8);
        broker_on_death(self->kit->broker, act_str(name), A + i, /* has_crashed= */ true);
    }
    assert_int_equal(departures_count(self->departures), DEPARTURES_MAX_COUNT);
    pass(self, DEPARTURES_MAX_AGE_MS + 200);
    assert_int_equal(departures_count(self->departures), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_death_and_a_silence_are_told_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_says_goodbye_is_gone_and_clients_are_nobody, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_the_database_knows_by_itself_is_forgotten, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("departures", tests, NULL, NULL);
}
