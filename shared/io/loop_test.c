// loop_test: timers on a moved clock, posted work, watches, and owners that free things at any moment.
#include "io/loop.h"

#include "base/mem.h"
#include "harness/fake_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct {
    act_loop_t *loop;
    act_timer_t *timer;
    act_timer_t *other;
    act_watch_t *watch;
    int sockets[2];
    int fired_count;
    int other_count;
    int last_events;
    uv_timer_t guard; // ends a turn that would wait for ever
} fixture_t;

static void on_guard(uv_timer_t *uv)
{
    (void)uv;
}

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->loop = act_loop_new();
    uv_timer_init(act_loop_uv(self->loop), &self->guard);
    *state = self;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, self->sockets);
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    uv_close((uv_handle_t *)&self->guard, NULL);
    act_timer_destroy(&self->timer);
    act_timer_destroy(&self->timer); // twice is allowed
    act_timer_destroy(&self->other);
    act_watch_destroy(&self->watch);
    act_watch_destroy(&self->watch);
    act_loop_destroy(&self->loop);
    act_loop_destroy(&self->loop);
    close(self->sockets[0]);
    close(self->sockets[1]);
    act_free(self);
    return 0;
}

// A turn that never waits.
static void turn(fixture_t *self)
{
    uv_run(act_loop_uv(self->loop), UV_RUN_NOWAIT);
}

static void pass_ms(fixture_t *self, int64_t by_ms)
{
    fake_clock_advance_ms(by_ms);
    turn(self);
}

static void on_fire(void *context)
{
    ((fixture_t *)context)->fired_count++;
}

static void on_other(void *context)
{
    ((fixture_t *)context)->other_count++;
}

static act_timer_t *started(fixture_t *self, act_timer_fn *fn, int64_t delay_ms, int64_t repeat_ms)
{
    uv_update_time(act_loop_uv(self->loop));
    act_timer_t *timer = act_timer_new(self->loop, fn, self);
    act_timer_start(timer, delay_ms, repeat_ms);
    return timer;
}

// --- timers --------------------------------------------------------------------------------------

static void a_timer_fires_once_when_its_time_has_come(void **state)
{
    fixture_t *self = *state;
    self->timer = started(self, on_fire, 60000, 0);
    assert_true(act_timer_is_active(self->timer));
    pass_ms(self, 59000);
    assert_int_equal(self->fired_count, 0);
    pass_ms(self, 1000);
    assert_int_equal(self->fired_count, 1);
    assert_false(act_timer_is_active(self->timer));
    pass_ms(self, 120000);
    assert_int_equal(self->fired_count, 1);
}

static void a_repeating_timer_goes_on_until_stopped(void **state)
{
    fixture_t *self = *state;
    self->timer = started(self, on_fire, 60000, 60000);
    for (int i = 1; i <= 3; i++) {
        pass_ms(self, 60000);
        assert_int_equal(self->fired_count, i);
    }
    act_timer_stop(self->timer);
    pass_ms(self, 60000);
    assert_int_equal(self->fired_count, 3);
    act_timer_start(self->timer, -5, 0); // a time that has passed is now
    turn(self);
    assert_int_equal(self->fired_count, 4);
}

static void starting_again_replaces_the_old_time(void **state)
{
    fixture_t *self = *state;
    self->timer = started(self, on_fire, 60000, 0);
    act_timer_start(self->timer, 600000, 0);
    pass_ms(self, 60000);
    assert_int_equal(self->fired_count, 0);
    pass_ms(self, 540000);
    assert_int_equal(self->fired_count, 1);
}

static void destroy_both(void *context)
{
    fixture_t *self = context;
    self->fired_count++;
    act_timer_destroy(&self->timer);
    act_timer_destroy(&self->other);
}

static void timers_may_be_destroyed_from_their_own_and_each_others_callbacks(void **state)
{
    fixture_t *self = *state;
    self->timer = started(self, destroy_both, 60000, 60000);
    self->other = started(self, destroy_both, 60000, 60000);
    pass_ms(self, 60000);
    assert_int_equal(self->fired_count, 1);
    pass_ms(self, 60000);
    assert_int_equal(self->fired_count, 1);
}

static void time_is_read_once_a_turn(void **state)
{
    fixture_t *self = *state;
    turn(self);
    int64_t before_ms = act_loop_now_ms(self->loop);
    fake_clock_advance_ms(5000);
    assert_int_equal(act_loop_now_ms(self->loop), before_ms);
    turn(self);
    assert_in_range(act_loop_now_ms(self->loop) - before_ms, 5000, 10000);
}

// --- posted work ---------------------------------------------------------------------------------

static void post_again(void *context)
{
    fixture_t *self = context;
    if (++self->fired_count < 3)
        act_loop_post(self->loop, post_again, self);
}

static void posted_work_runs_later_and_once(void **state)
{
    fixture_t *self = *state;
    act_loop_post(self->loop, on_fire, self);
    act_loop_post(self->loop, on_other, self);
    assert_int_equal(self->fired_count, 0);
    turn(self);
    assert_int_equal(self->fired_count, 1);
    assert_int_equal(self->other_count, 1);
    turn(self);
    assert_int_equal(self->fired_count, 1);
}

static void posted_work_may_post_more(void **state)
{
    fixture_t *self = *state;
    act_loop_post(self->loop, post_again, self);
    for (int i = 0; i < 5; i++)
        turn(self);
    assert_int_equal(self->fired_count, 3);
}

static void stop_now(void *context)
{
    fixture_t *self = context;
    self->fired_count++;
    act_loop_stop(self->loop);
}

static void run_ends_at_stop(void **state)
{
    fixture_t *self = *state;
    self->timer = started(self, on_fire, 3600000, 0);
    act_loop_post(self->loop, stop_now, self);
    act_loop_run(self->loop);
    assert_int_equal(self->fired_count, 1);
}

// --- descriptors ---------------------------------------------------------------------------------

static void on_ready(void *context, int status, int events)
{
    fixture_t *self = context;
    assert_int_equal(status, 0);
    self->fired_count++;
    self->last_events = events;
}

static void a_watch_tells_what_is_ready(void **state)
{
    fixture_t *self = *state;
    self->watch = act_watch_new(self->loop, self->sockets[0], on_ready, self);
    turn(self);
    assert_int_equal(self->fired_count, 0); // nothing is asked for
    act_watch_set(self->watch, UV_READABLE | UV_WRITABLE);
    turn(self);
    assert_int_equal(self->last_events, UV_WRITABLE);
    act_watch_set(self->watch, UV_READABLE);
    self->fired_count = 0;
    turn(self);
    assert_int_equal(self->fired_count, 0);
    assert_int_equal(write(self->sockets[1], "x", 1), 1);
    turn(self);
    assert_int_equal(self->last_events, UV_READABLE);
}

static void a_watch_without_events_is_quiet_and_wakes_again(void **state)
{
    fixture_t *self = *state;
    self->watch = act_watch_new(self->loop, self->sockets[0], on_ready, self);
    assert_int_equal(write(self->sockets[1], "x", 1), 1);
    act_watch_set(self->watch, UV_READABLE);
    act_watch_set(self->watch, 0);
    turn(self);
    assert_int_equal(self->fired_count, 0);
    act_watch_set(self->watch, UV_READABLE);
    turn(self);
    assert_int_equal(self->fired_count, 1);
}

static void destroy_watch(void *context, int status, int events)
{
    (void)status;
    (void)events;
    fixture_t *self = context;
    self->fired_count++;
    act_watch_destroy(&self->watch);
}

static void a_watch_may_be_destroyed_from_its_callback(void **state)
{
    fixture_t *self = *state;
    self->watch = act_watch_new(self->loop, self->sockets[0], destroy_watch, self);
    act_watch_set(self->watch, UV_WRITABLE);
    turn(self);
    turn(self);
    assert_int_equal(self->fired_count, 1);
}

static void a_turn_waits_for_one_event(void **state)
{
    fixture_t *self = *state;
    self->watch = act_watch_new(self->loop, self->sockets[0], on_ready, self);
    act_watch_set(self->watch, UV_READABLE);
    uv_timer_start(&self->guard, on_guard, 10000, 0);
    assert_int_equal(write(self->sockets[1], "x", 1), 1);
    act_loop_turn(self->loop);
    assert_int_equal(self->fired_count, 1);
}

// What comes while it sleeps is there in the same turn.
static void a_pause_brings_events_together(void **state)
{
    fixture_t *self = *state;
    int later = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    const struct itimerspec in_10_ms = {.it_value = {.tv_nsec = 10000000}};
    assert_int_equal(timerfd_settime(later, 0, &in_10_ms, NULL), 0);
    self->watch = act_watch_new(self->loop, self->sockets[0], on_ready, self);
    act_watch_t *second = act_watch_new(self->loop, later, on_ready, self);
    act_watch_set(self->watch, UV_READABLE);
    act_watch_set(second, UV_READABLE);
    assert_int_equal(write(self->sockets[1], "x", 1), 1);
    act_loop_set_pause_us(self->loop, 50000);
    act_loop_turn(self->loop);
    assert_int_equal(self->fired_count, 2);
    act_loop_set_pause_us(self->loop, 0);
    act_watch_destroy(&second);
    close(later);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_timer_fires_once_when_its_time_has_come),
        TEST(a_repeating_timer_goes_on_until_stopped),
        TEST(starting_again_replaces_the_old_time),
        TEST(timers_may_be_destroyed_from_their_own_and_each_others_callbacks),
        TEST(time_is_read_once_a_turn),
        TEST(posted_work_runs_later_and_once),
        TEST(posted_work_may_post_more),
        TEST(run_ends_at_stop),
        TEST(a_watch_tells_what_is_ready),
        TEST(a_watch_without_events_is_quiet_and_wakes_again),
        TEST(a_watch_may_be_destroyed_from_its_callback),
        TEST(a_turn_waits_for_one_event),
        TEST(a_pause_brings_events_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
