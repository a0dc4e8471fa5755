// supervisor_sim_test: broker.md rows 10, 13, 14 in simulated time: every strategy with every way to
// restart and every way to die; what a crash loop costs; hangs; rolls; scale; drains.
#include "harness/child_kit.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define CLIENT 1
#define HOUR_MS 3600000

static child_spec_t spec_of(char *name, uint32_t order)
{
    return (child_spec_t){.name = name,
                          .count = 1,
                          .order = order,
                          .start_ms = 5000,
                          .stop_ms = 10000,
                          .ping_ms = 1000,
                          .hang_ms = 15000,
                          .intensity_count = 5,
                          .intensity_ms = 30000,
                          .backoff_ms = 100,
                          .backoff_max_ms = 10000,
                          .park_ms = 60000,
                          .probation_ms = 2000};
}

typedef struct {
    child_spec_t specs[3];
    children_t children;
    child_kit_t *kit;
    act_buf_t error;
} fixture_t;

static void begin(fixture_t *self)
{
    self->kit = child_kit_new(&self->children);
    broker_kit_client(child_kit_broker(self->kit), CLIENT);
}

static int set_up(void **state)
{
    static char names[3][2] = {"a", "b", "c"};
    fixture_t *self = act_alloc(sizeof *self);
    for (uint32_t i = 0; i < ACT_COUNT(self->specs); i++)
        self->specs[i] = spec_of(names[i], i + 1);
    self->children = (children_t){.children = self->specs, .children_count = 3};
    act_buf_init(&self->error, 1024);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    child_kit_destroy(&self->kit);
    act_buf_fini(&self->error);
    act_free(self);
    return 0;
}

static supervisor_t *supervisor(fixture_t *self)
{
    return child_kit_supervisor(self->kit);
}

static void begin_ready(fixture_t *self)
{
    static const char *const instances[] = {"a-1", "b-1", "c-1"};
    begin(self);
    for (uint32_t i = 0; i < self->children.children_count; i++)
        child_kit_until(self->kit, instances[i], CHILD_RUNNING, 5000);
}

static act_err_t answer_of(fixture_t *self, const char *service)
{
    static uint64_t id;
    broker_kit_t *broker = child_kit_broker(self->kit);
    broker_kit_forget(broker); // errors of earlier calls
    broker_kit_call(broker, CLIENT, ++id, service, NULL);
    kit_frame_t frame;
    if (!broker_kit_take(broker, CLIENT, ACT_KIND_ERROR, &frame))
        return ACT_E_OK; // it waits, or somebody has it
    return (act_err_t)frame.header.err;
}

static const obituary_row_t *last_obituary(fixture_t *self)
{
    const obituary_row_t *row = obituaries_get(supervisor_obituaries(supervisor(self)), 0);
    assert_non_null(row);
    return row;
}

// --- row 13: every strategy x restart x way to die ---------------------------------------------------

typedef enum { AFTER_READY, BEFORE_READY } when_t;

typedef struct {
    const char *name;
    when_t when;
    void (*kill)(fixture_t *self);
    child_state_t outcome[3]; // by restart_t
    death_reason_t reason;    // in its obituary
    int64_t until_ms;         // it takes so long to be seen
} way_t;

static void exit_0(fixture_t *self)
{
    child_kit_exit(self->kit, "b-1", 0);
}
static void exit_3(fixture_t *self)
{
    child_kit_exit(self->kit, "b-1", 3);
}
static void exit_78(fixture_t *self)
{
    child_kit_exit(self->kit, "b-1", 78);
}
static void segv(fixture_t *self)
{
    child_kit_die(self->kit, "b-1", SIGSEGV);
}
static void killed(fixture_t *self)
{
    child_kit_die(self->kit, "b-1", SIGKILL);
}
static void hang(fixture_t *self)
{
    child_kit_hang(self->kit, "b-1", "think");
}
static void nothing(fixture_t *self)
{
    (void)self;
}

#define STARTS_AGAIN {CHILD_BACKOFF, CHILD_BACKOFF, CHILD_GONE}
static const way_t ways[] = {
    {"exit 0", AFTER_READY, exit_0, {CHILD_BACKOFF, CHILD_GONE, CHILD_GONE}, DEATH_EXIT, 100},
    {"exit 3", AFTER_READY, exit_3, STARTS_AGAIN, DEATH_EXIT, 100},
    {"exit 78", AFTER_READY, exit_78, STARTS_AGAIN, DEATH_EXIT, 100},
    {"SIGSEGV", AFTER_READY, segv, STARTS_AGAIN, DEATH_SIGNAL, 100},
    {"SIGKILL", AFTER_READY, killed, STARTS_AGAIN, DEATH_SIGNAL, 100},
    {"hang", AFTER_READY, hang, STARTS_AGAIN, DEATH_HANG, 16000},
    {"never ready", BEFORE_READY, nothing, STARTS_AGAIN, DEATH_START_TIMEOUT, 6000},
    {"exit 3 at start", BEFORE_READY, exit_3, STARTS_AGAIN, DEATH_EXIT, 100},
    // It says itself that another try is for nothing.
    {"exit 78 at start",
     BEFORE_READY,
     exit_78,
     {CHILD_PARKED, CHILD_PARKED, CHILD_GONE},
     DEATH_EXIT,
     100},
};

static void until_seen(fixture_t *self, const way_t *way, child_state_t outcome)
{
    for (int64_t at_ms = 0; at_ms < way->until_ms + 1000; at_ms += 50) {
        child_kit_pass_ms(self->kit, 50);
        if (child_kit_view(self->kit, "b-1").state == outcome)
            break;
    }
    if (child_kit_view(self->kit, "b-1").state != outcome)
        fail_msg("%s: b-1 is %s, not %s", way->name,
                 child_state_name(child_kit_view(self->kit, "b-1").state),
                 child_state_name(outcome));
    assert_int_equal(last_obituary(self)->reason, way->reason);
    assert_int_equal(last_obituary(self)->was_ready, way->when == AFTER_READY);
    assert_int_equal(last_obituary(self)->was_parked, outcome == CHILD_PARKED);
}

// b crashed. Who goes along, and does everybody who should be there come back?
static void check_group(fixture_t *self, const way_t *way, strategy_t strategy,
                        child_state_t outcome)
{
    bool is_crash = outcome != CHILD_GONE;
    bool takes_a = is_crash && strategy == STRATEGY_ONE_FOR_ALL;
    // Before b was ready c had not started: it waits for b in a group.
    bool takes_c = is_crash && strategy != STRATEGY_ONE_FOR_ONE && way->when == AFTER_READY;
    child_kit_set_habit(self->kit, "b", CHILD_KIT_GETS_READY);
    child_kit_pass_ms(self->kit, 2000);
    if (child_kit_drains(self->kit, "a") != takes_a || child_kit_drains(self->kit, "c") != takes_c)
        fail_msg("%s, strategy %d: a was stopped %u times, c %u times", way->name, strategy,
                 child_kit_drains(self->kit, "a"), child_kit_drains(self->kit, "c"));
    assert_int_equal(child_kit_view(self->kit, "a-1").state, CHILD_RUNNING);
    assert_int_equal(child_kit_view(self->kit, "c-1").state, CHILD_RUNNING); // the rest lives on
    assert_int_equal(child_kit_starts(self->kit, "a"), 1 + takes_a);
    assert_int_equal(child_kit_starts(self->kit, "c"), 1 + takes_c);
    assert_int_equal(child_kit_view(self->kit, "b-1").state,
                     outcome == CHILD_BACKOFF ? CHILD_RUNNING : outcome);
    assert_int_equal(answer_of(self, "b"), outcome == CHILD_BACKOFF ? ACT_E_OK : ACT_E_UNAVAILABLE);
}

static void row_13_every_strategy_with_every_restart_and_every_way_to_die(void **state)
{
    fixture_t *self = *state;
    static char group[] = "g";
    for (strategy_t strategy = STRATEGY_ONE_FOR_ONE; strategy <= STRATEGY_ONE_FOR_ALL; strategy++)
        for (restart_t restart = RESTART_PERMANENT; restart <= RESTART_TEMPORARY; restart++)
            for (size_t i = 0; i < ACT_COUNT(ways); i++) {
                const way_t *way = &ways[i];
                for (uint32_t j = 0; j < 3; j++) {
                    self->specs[j].group = group;
                    self->specs[j].strategy = strategy;
                }
                self->specs[1].restart = restart;
                begin(self);
                if (way->when == BEFORE_READY) {
                    child_kit_set_habit(self->kit, "b", CHILD_KIT_STAYS_SILENT);
                    child_kit_until(self->kit, "b-1", CHILD_STARTING, 1000);
                    child_kit_pass_ms(self->kit, 200);
                } else {
                    child_kit_until(self->kit, "c-1", CHILD_RUNNING, 5000);
                }
                way->kill(self);
                until_seen(self, way, way->outcome[restart]);
                check_group(self, way, strategy, way->outcome[restart]);
                child_kit_destroy(&self->kit);
            }
}

static void row_13_who_comes_after_waits_until_the_crashed_one_is_ready(void **state)
{
    fixture_t *self = *state;
    static char group[] = "g";
    for (uint32_t j = 0; j < 3; j++) {
        self->specs[j].group = group;
        self->specs[j].strategy = STRATEGY_REST_FOR_ONE;
    }
    begin_ready(self);
    child_kit_set_habit(self->kit, "a", CHILD_KIT_STAYS_SILENT);
    child_kit_die(self->kit, "a-1", SIGKILL);
    child_kit_pass_ms(self->kit, 3000);
    assert_int_equal(child_kit_view(self->kit, "a-1").state, CHILD_STARTING);
    assert_int_equal(child_kit_view(self->kit, "b-1").state, CHILD_WAITING);
    assert_int_equal(child_kit_view(self->kit, "c-1").state, CHILD_WAITING);
    child_kit_set_habit(self->kit, "a", CHILD_KIT_GETS_READY);
    child_kit_until(self->kit, "c-1", CHILD_RUNNING, 10000);
    assert_int_equal(child_kit_view(self->kit, "a-1").state, CHILD_RUNNING);
}

// --- row 13: intensity, parking, cost ----------------------------------------------------------------

static void row_13_a_crash_loop_is_parked_probed_and_cheap(void **state)
{
    fixture_t *self = *state;
    begin(self);
    child_kit_set_habit(self->kit, "b", CHILD_KIT_CRASHES);
    child_kit_until(self->kit, "b-1", CHILD_PARKED, 60000);
    assert_int_equal(child_kit_starts(self->kit, "b"), 6); // the sixth crash in 30 s
    assert_int_equal(answer_of(self, "b"), ACT_E_UNAVAILABLE);
    assert_int_equal(answer_of(self, "a"), ACT_E_OK);
    child_kit_pass_ms(self->kit, HOUR_MS);
    uint32_t starts = child_kit_starts(self->kit, "b");
    // A start costs some 20 ms of CPU (measured by tests/integration/supervision.test.mjs): 66 starts an
    // hour are 0.04 %.
    assert_in_range(starts, 6 + 55, 6 + 60);
    child_kit_set_habit(self->kit, "b", CHILD_KIT_GETS_READY);
    child_kit_until(self->kit, "b-1", CHILD_RUNNING, 61000);
    assert_int_equal(answer_of(self, "b"), ACT_E_OK);
}

static void row_13_slow_crashes_are_never_parked(void **state)
{
    fixture_t *self = *state;
    begin_ready(self);
    for (int i = 0; i < 20; i++) {
        child_kit_die(self->kit, "b-1", SIGKILL);
        child_kit_until(self->kit, "b-1", CHILD_BACKOFF, 1000);
        child_kit_until(self->kit, "b-1", CHILD_RUNNING, 20000);
        child_kit_pass_ms(self->kit, 7000); // fewer than 5 in 30 s
    }
    assert_int_equal(child_kit_view(self->kit, "b-1").restarts_count, 20);
}

static void row_13_one_that_needs_a_parked_one_is_unavailable_too(void **state)
{
    fixture_t *self = *state;
    static char need[] = "a", *needs[] = {need};
    self->specs[1].needs = needs;
    self->specs[1].needs_count = 1;
    begin(self);
    child_kit_set_habit(self->kit, "a", CHILD_KIT_REFUSES);
    child_kit_until(self->kit, "a-1", CHILD_PARKED, 1000);
    child_kit_pass_ms(self->kit, 100);
    assert_int_equal(child_kit_view(self->kit, "b-1").state, CHILD_WAITING);
    assert_int_equal(answer_of(self, "b"), ACT_E_UNAVAILABLE);
    child_kit_set_habit(self->kit, "a", CHILD_KIT_GETS_READY);
    child_kit_until(self->kit, "b-1", CHILD_RUNNING, 61000);
}

// --- row 14 --------------------------------------------------------------------------------------------

static void row_14_a_hang_is_named_killed_and_its_work_moves_within_a_second(void **state)
{
    fixture_t *self = *state;
    begin_ready(self);
    broker_kit_t *broker = child_kit_broker(self->kit);
    broker_kit_call(broker, CLIENT, 9000, "b", NULL);
    child_kit_hang(self->kit, "b-1", "think");
    child_kit_pass_ms(self->kit, 14000);
    assert_int_equal(child_kit_view(self->kit, "b-1").state,
                     CHILD_RUNNING);    // perhaps it comes back
    child_kit_pass_ms(self->kit, 2000); // hang_ms + 1 s
    const obituary_row_t *row = last_obituary(self);
    assert_int_equal(row->reason, DEATH_HANG);
    assert_string_equal(row->method, "think");
    assert_string_equal(row->stack, "stack of the loop\n");
    assert_int_equal(child_kit_kills(self->kit, "b"), 1);
    child_kit_until(self->kit, "b-1", CHILD_RUNNING, 1000);
}

static void row_14_a_slow_handler_is_left_alone(void **state)
{
    fixture_t *self = *state;
    self->specs[1].hang_ms = 3000;
    begin_ready(self);
    child_kit_pass_ms(self->kit, HOUR_MS / 10);
    assert_int_equal(child_kit_kills(self->kit, "b"), 0);
    assert_int_equal(child_kit_starts(self->kit, "b"), 1);
}

// --- row 10: rolls -----------------------------------------------------------------------------------

static void restart(fixture_t *self, const char *service, const char *instance)
{
    act_buf_reset(&self->error);
    if (supervisor_restart(supervisor(self), act_str(service), act_str(instance), &self->error) !=
        ACT_E_OK)
        fail_msg("%.*s", (int)self->error.len_bytes, self->error.ptr);
}

static roll_row_t roll(fixture_t *self)
{
    roll_row_t row = {0};
    assert_true(supervisor_roll_view(supervisor(self), 0, &row));
    return row;
}

static void row_10_the_old_one_goes_when_the_new_one_has_proved_itself(void **state)
{
    fixture_t *self = *state;
    self->specs[1].count = 2;
    begin_ready(self);
    child_kit_until(self->kit, "b-2", CHILD_RUNNING, 5000);
    restart(self, "b", "");
    child_kit_until(self->kit, "b-1.2", CHILD_RUNNING, 1000);
    child_kit_pass_ms(self->kit, 1800);
    assert_int_equal(child_kit_view(self->kit, "b-1").state, CHILD_RUNNING); // on probation
    child_kit_until(self->kit, "b-2.2", CHILD_RUNNING, 3000);
    assert_false(child_kit_has(self->kit, "b-1"));
    assert_int_equal(child_kit_view(self->kit, "b-2").state, CHILD_RUNNING); // one after the other
    child_kit_pass_ms(self->kit, 5000);
    assert_false(child_kit_has(self->kit, "b-2"));
    assert_string_equal(roll(self).state, "done");
    assert_int_equal(roll(self).replaced_count, 2);
    assert_int_equal(child_kit_view(self->kit, "b-1.2").generation, 2);
    assert_int_equal(child_kit_drains(self->kit, "b"), 2);
    assert_int_equal(child_kit_kills(self->kit, "b"), 0);
    assert_null(obituaries_get(supervisor_obituaries(supervisor(self)), 0)); // nobody died
}

static void row_10_a_new_one_that_fails_is_rolled_back(void **state)
{
    fixture_t *self = *state;
    static const child_kit_habit_t habits[] = {CHILD_KIT_CRASHES, CHILD_KIT_REFUSES,
                                               CHILD_KIT_STAYS_SILENT};
    begin_ready(self);
    for (size_t i = 0; i < ACT_COUNT(habits); i++) {
        child_kit_set_habit(self->kit, "b", habits[i]);
        restart(self, "b", "");
        child_kit_pass_ms(self->kit, 7000);
        assert_string_equal(roll(self).state, "rolled back");
        assert_non_null(strstr(roll(self).error, "b-1.2"));
        assert_false(child_kit_has(self->kit, "b-1.2"));
        assert_int_equal(child_kit_view(self->kit, "b-1").state, CHILD_RUNNING);
        assert_int_equal(child_kit_starts(self->kit, "b"), 2 + i); // no crash loop
        assert_int_equal(answer_of(self, "b"), ACT_E_OK);
    }
}

static void row_10_one_that_dies_on_probation_is_rolled_back(void **state)
{
    fixture_t *self = *state;
    begin_ready(self);
    restart(self, "b", "");
    child_kit_until(self->kit, "b-1.2", CHILD_RUNNING, 1000);
    child_kit_pass_ms(self->kit, 1000);
    child_kit_die(self->kit, "b-1.2", SIGSEGV);
    child_kit_pass_ms(self->kit, 500);
    assert_string_equal(roll(self).state, "rolled back");
    assert_int_equal(child_kit_view(self->kit, "b-1").state, CHILD_RUNNING);
    assert_int_equal(child_kit_drains(self->kit, "b"), 0);
    child_kit_pass_ms(self->kit, 1000);
    restart(self, "b", ""); // and the next may go well
    child_kit_pass_ms(self->kit, 5000);
    assert_string_equal(roll(self).state, "done");
}

static void row_10_one_instance_is_rolled_alone(void **state)
{
    fixture_t *self = *state;
    self->specs[1].count = 2;
    begin_ready(self);
    child_kit_until(self->kit, "b-2", CHILD_RUNNING, 5000);
    restart(self, "b", "b-2");
    child_kit_pass_ms(self->kit, 5000);
    assert_true(child_kit_has(self->kit, "b-1"));
    assert_true(child_kit_has(self->kit, "b-2.2"));
    assert_int_equal(child_kit_starts(self->kit, "b"), 3);
}

static void row_10_one_that_must_be_single_is_stopped_first(void **state)
{
    fixture_t *self = *state;
    self->specs[1].is_single = true;
    begin_ready(self);
    restart(self, "b", "");
    child_kit_pass_ms(self->kit, 100);
    assert_int_equal(answer_of(self, "b"), ACT_E_OK); // it comes again: calls wait for it
    child_kit_until(self->kit, "b-1.2", CHILD_RUNNING, 2000);
    assert_false(child_kit_has(self->kit, "b-1"));
    child_kit_pass_ms(self->kit, 3000);
    assert_string_equal(roll(self).state, "done");
}

static void row_10_a_parked_one_is_started_by_a_restart(void **state)
{
    fixture_t *self = *state;
    begin(self);
    child_kit_set_habit(self->kit, "b", CHILD_KIT_REFUSES);
    child_kit_until(self->kit, "b-1", CHILD_PARKED, 5000);
    child_kit_set_habit(self->kit, "b", CHILD_KIT_GETS_READY);
    restart(self, "b", "");
    child_kit_until(self->kit, "b-1.2", CHILD_RUNNING, 1000);
    assert_int_equal(answer_of(self, "b"), ACT_E_OK);
}

// --- scale, drain ------------------------------------------------------------------------------------

static act_err_t scale(fixture_t *self, const char *service, uint32_t count)
{
    act_buf_reset(&self->error);
    return supervisor_scale(supervisor(self), act_str(service), count, &self->error);
}

static void scaling_down_drains_the_highest(void **state)
{
    fixture_t *self = *state;
    begin_ready(self);
    assert_int_equal(scale(self, "b", 4), ACT_E_OK);
    child_kit_until(self->kit, "b-4", CHILD_RUNNING, 1000);
    assert_int_equal(scale(self, "b", 2), ACT_E_OK);
    child_kit_pass_ms(self->kit, 1000);
    assert_false(child_kit_has(self->kit, "b-3"));
    assert_false(child_kit_has(self->kit, "b-4"));
    assert_int_equal(child_kit_view(self->kit, "b-2").state, CHILD_RUNNING);
    assert_int_equal(child_kit_drains(self->kit, "b"), 2);
    assert_int_equal(child_kit_kills(self->kit, "b"), 0);
    restart(self, "b", "");
    child_kit_pass_ms(self->kit, 10000);
    assert_int_equal(scale(self, "b", 3), ACT_E_OK); // new ones are of the newest generation
    child_kit_until(self->kit, "b-3.2", CHILD_RUNNING, 1000);
}

static void what_cannot_be_is_refused_with_a_reason(void **state)
{
    fixture_t *self = *state;
    self->specs[2].is_single = true;
    begin_ready(self);
    const struct {
        act_err_t err;
        act_err_t expected;
        const char *part;
    } rows[] = {
        {scale(self, "x", 2), ACT_E_NOT_FOUND, ""},
        {scale(self, "b", 0), ACT_E_INVALID_ARGUMENT, ""},
        {scale(self, "b", 65), ACT_E_INVALID_ARGUMENT, ""},
        {scale(self, "c", 2), ACT_E_INVALID_ARGUMENT, "must not have more than one instance"},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++)
        assert_int_equal(rows[i].err, rows[i].expected);
    act_buf_add_char(&self->error, '\0');
    assert_non_null(strstr(self->error.ptr, rows[3].part));
    assert_int_equal(supervisor_restart(supervisor(self), act_str("x"), act_str(""), &self->error),
                     ACT_E_NOT_FOUND);
    assert_int_equal(
        supervisor_restart(supervisor(self), act_str("b"), act_str("b-9"), &self->error),
        ACT_E_NOT_FOUND);
    assert_int_equal(
        supervisor_restart(supervisor(self), act_str("b"), act_str("c-1"), &self->error),
        ACT_E_INVALID_ARGUMENT);
    restart(self, "b", "");
    assert_int_equal(supervisor_restart(supervisor(self), act_str("b"), act_str(""), &self->error),
                     ACT_E_CONFLICT);
    assert_int_equal(scale(self, "b", 2), ACT_E_CONFLICT);
}

static void a_drained_service_is_unavailable_until_it_is_restarted(void **state)
{
    fixture_t *self = *state;
    begin_ready(self);
    assert_int_equal(supervisor_drain(supervisor(self), act_str("b"), act_str(""), &self->error),
                     ACT_E_OK);
    child_kit_until(self->kit, "b-1", CHILD_GONE, 1000);
    child_kit_pass_ms(self->kit, HOUR_MS / 60);
    assert_int_equal(child_kit_view(self->kit, "b-1").state, CHILD_GONE);
    assert_int_equal(answer_of(self, "b"), ACT_E_UNAVAILABLE);
    restart(self, "b", "");
    child_kit_until(self->kit, "b-1.2", CHILD_RUNNING, 1000);
    assert_int_equal(answer_of(self, "b"), ACT_E_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(row_13_every_strategy_with_every_restart_and_every_way_to_die),
        TEST(row_13_who_comes_after_waits_until_the_crashed_one_is_ready),
        TEST(row_13_a_crash_loop_is_parked_probed_and_cheap),
        TEST(row_13_slow_crashes_are_never_parked),
        TEST(row_13_one_that_needs_a_parked_one_is_unavailable_too),
        TEST(row_14_a_hang_is_named_killed_and_its_work_moves_within_a_second),
        TEST(row_14_a_slow_handler_is_left_alone),
        TEST(row_10_the_old_one_goes_when_the_new_one_has_proved_itself),
        TEST(row_10_a_new_one_that_fails_is_rolled_back),
        TEST(row_10_one_that_dies_on_probation_is_rolled_back),
        TEST(row_10_one_instance_is_rolled_alone),
        TEST(row_10_one_that_must_be_single_is_stopped_first),
        TEST(row_10_a_parked_one_is_started_by_a_restart),
        TEST(scaling_down_drains_the_highest),
        TEST(what_cannot_be_is_refused_with_a_reason),
        TEST(a_drained_service_is_unavailable_until_it_is_restarted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
