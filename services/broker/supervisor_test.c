// supervisor_test: real processes, moved time: starts, crashes, parking, hanging, adoption, stop.
#include "supervisor.h"

#include "child_process.h"
#include "harness/broker_kit.h"
#include "harness/fake_clock.h"
#include "proto/broker.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_TURNS 5000
#define CLIENT 1

typedef struct {
    broker_kit_t *kit;
    act_loop_t *loop;
    act_log_t *log;
    char folder[64];
    child_spec_t specs[2];
    children_t children;
    child_paths_t paths;
    supervisor_opts_t opts;
    supervisor_t *supervisor;
    int done_count;
} fixture_t;

static child_spec_t spec_of(char *name, uint32_t order)
{
    return (child_spec_t){.name = name,
                          .count = 1,
                          .order = order,
                          .start_ms = 5000,
                          .stop_ms = 10000,
                          .hang_ms = 15000,
                          .intensity_count = 5,
                          .intensity_ms = 30000,
                          .backoff_ms = 100,
                          .backoff_max_ms = 10000,
                          .park_ms = 60000,
                          .probation_ms = 2000};
}

static int set_up(void **state)
{
    static char names[2][8] = {"first", "second"};
    fixture_t *self = act_alloc(sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/supervisor_test.XXXXXX");
    if (!mkdtemp(self->folder))
        return -1;
    self->kit = broker_kit_new(&broker_kit_limits);
    broker_kit_client(self->kit, CLIENT);
    self->loop = act_loop_new();
    self->log = act_log_new(self->folder, "broker", "broker", ACT_LOG_INFO);
    for (uint32_t i = 0; i < ACT_COUNT(self->specs); i++)
        self->specs[i] = spec_of(names[i], i + 1);
    self->children = (children_t){.children = self->specs, .children_count = 1};
    self->paths = (child_paths_t){.loop = self->loop,
                                  .bin_dir = self->folder,
                                  .log_dir = self->folder,
                                  .endpoint = "ipc://none",
                                  .listener = -1};
    self->opts = (supervisor_opts_t){.log_dir = self->folder};
    *state = self;
    return 0;
}

static child_view_t view(const fixture_t *self, uint32_t index)
{
    child_view_t found = {0};
    assert_true(supervisor_view(self->supervisor, index, &found));
    return found;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    for (uint32_t i = 0; self->supervisor && i < self->children.children_count; i++)
        if (view(self, i).pid > 0 && kill(view(self, i).pid, SIGKILL) == 0)
            waitpid(view(self, i).pid, NULL, 0);
    supervisor_destroy(&self->supervisor);
    supervisor_destroy(&self->supervisor); // twice is allowed
    act_loop_destroy(&self->loop);
    act_log_destroy(&self->log);
    broker_kit_destroy(&self->kit);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", self->folder);
    int code = system(command);
    act_free(self);
    return code;
}

// --- steps ---------------------------------------------------------------------------------------

static void write_program(const fixture_t *self, const char *name, const char *script)
{
    char path[128];
    snprintf(path, sizeof path, "%s/parley-%s", self->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", script);
    fclose(file);
    assert_int_equal(chmod(path, 0700), 0);
}

static void start_supervisor(fixture_t *self)
{
    uv_update_time(act_loop_uv(self->loop));
    const child_host_t host = child_processes(&self->paths);
    self->supervisor = supervisor_new(self->loop, self->kit->broker, self->log, &self->children,
                                      &host, &self->opts);
}

static void turn(fixture_t *self)
{
    struct pollfd events = {.fd = uv_backend_fd(act_loop_uv(self->loop)), .events = POLLIN};
    (void)poll(&events, 1, 1);
    uv_run(act_loop_uv(self->loop), UV_RUN_NOWAIT);
}

static void pass_ms(fixture_t *self, int64_t by_ms)
{
    fake_clock_advance_ms(by_ms);
    turn(self);
    turn(self);
}

static void until_state(fixture_t *self, uint32_t index, child_state_t state)
{
    for (int i = 0; i < PATIENCE_TURNS && view(self, index).state != state; i++)
        turn(self);
    assert_string_equal(child_state_name(view(self, index).state), child_state_name(state));
}

static uint64_t start_ticks_of(int pid)
{
    char path[64], text[1024] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    char *at = strrchr(text, ')');
    for (int field = 2; field < 22; field++)
        at = strchr(at + 1, ' ');
    return strtoull(at, NULL, 10);
}

static uint64_t route_of(uint32_t index)
{
    return 10 + index;
}

// HELLO of the child's process, as broker and supervisor hear it.
static void say_hello(fixture_t *self, uint32_t index, int pid, bool is_ready)
{
    hello_t hello = {.actor = act_str(self->specs[index].name),
                     .instance = act_str(view(self, index).instance),
                     .service = act_str(view(self, index).service),
                     .pid = pid,
                     .pid_start = start_ticks_of(pid),
                     .is_ready = is_ready};
    act_buf_t body;
    act_buf_init(&body, 1024);
    hello_pack(&hello, &body);
    act_header_t header = {.kind = ACT_KIND_HELLO, .credit_messages = 8, .credit_bytes = 100000};
    broker_kit_send(self->kit, route_of(index), &header, act_buf_str(&body));
    act_buf_fini(&body);
    peer_t *peer = broker_kit_peer(self->kit, route_of(index));
    supervisor_on_hello(self->supervisor, peer);
    if (is_ready)
        supervisor_on_ready(self->supervisor, peer);
}

// A child whose process runs and has said READY.
static void run_child(fixture_t *self, uint32_t index)
{
    until_state(self, index, CHILD_STARTING);
    say_hello(self, index, view(self, index).pid, /* is_ready= */ true);
    assert_int_equal(view(self, index).state, CHILD_RUNNING);
}

static void start_running(fixture_t *self, uint32_t count)
{
    self->children.children_count = count;
    for (uint32_t i = 0; i < count; i++)
        write_program(self, self->specs[i].name, "exec sleep 1000");
    start_supervisor(self);
    for (uint32_t i = 0; i < count; i++)
        run_child(self, i);
}

// --- start ---------------------------------------------------------------------------------------

static void a_child_is_started_with_its_arguments(void **state)
{
    fixture_t *self = *state;
    static char setting[] = "hold_ms=5", *settings[] = {setting};
    self->specs[0].settings = settings;
    self->specs[0].settings_count = 1;
    write_program(self, "first", "echo \"$@\" > \"$0.args\"; exec sleep 1000");
    start_supervisor(self);
    until_state(self, 0, CHILD_STARTING);
    assert_true(view(self, 0).pid > 1);
    assert_string_equal(view(self, 0).instance, "first-1");
    char path[128], line[512] = "", expected[512];
    snprintf(path, sizeof path, "%s/parley-first.args", self->folder);
    for (int i = 0; i < PATIENCE_TURNS && !line[0]; i++) {
        turn(self);
        FILE *file = fopen(path, "r");
        if (file && !fgets(line, sizeof line, file))
            line[0] = '\0';
        if (file)
            fclose(file);
    }
    snprintf(expected, sizeof expected,
             "--bus ipc://none --instance first-1 --log-dir %s --recorder 4 --set hold_ms=5\n",
             self->folder);
    assert_string_equal(line, expected);
}

static void a_child_waits_for_what_it_needs(void **state)
{
    fixture_t *self = *state;
    static char need[] = "first", *needs[] = {need};
    self->specs[1].needs = needs;
    self->specs[1].needs_count = 1;
    self->children.children_count = 2;
    write_program(self, "first", "exec sleep 1000");
    write_program(self, "second", "exec sleep 1000");
    start_supervisor(self);
    until_state(self, 0, CHILD_STARTING);
    pass_ms(self, 1000);
    assert_int_equal(view(self, 1).state, CHILD_WAITING);
    run_child(self, 0);
    assert_int_equal(view(self, 1).state, CHILD_STARTING);
}

static void a_child_that_is_not_ready_in_time_is_started_again(void **state)
{
    fixture_t *self = *state;
    write_program(self, "first", "exec sleep 1000");
    start_supervisor(self);
    until_state(self, 0, CHILD_STARTING);
    int32_t pid = view(self, 0).pid;
    pass_ms(self, 4000);
    assert_int_equal(view(self, 0).state, CHILD_STARTING);
    pass_ms(self, 2000);
    until_state(self, 0, CHILD_BACKOFF);
    pass_ms(self, 200);
    until_state(self, 0, CHILD_STARTING);
    assert_int_not_equal(view(self, 0).pid, pid);
}

// --- death ---------------------------------------------------------------------------------------

static void a_crash_moves_work_and_starts_the_child_again(void **state)
{
    fixture_t *self = *state;
    start_running(self, 1);
    broker_kit_call(self->kit, CLIENT, 1, "first", NULL);
    broker_kit_expect(self->kit, route_of(0), ACT_KIND_CALL);
    kill(view(self, 0).pid, SIGKILL);
    until_state(self, 0, CHILD_BACKOFF);
    assert_null(broker_kit_peer(self->kit, route_of(0))); // the broker knows at once
    assert_int_equal(view(self, 0).restarts_count, 1);
    assert_int_equal(view(self, 0).pid, 0);
    pass_ms(self, 200);
    run_child(self, 0);
    assert_int_equal(broker_kit_expect(self->kit, route_of(0), ACT_KIND_CALL).header.attempt, 2);
}

// Moves time on until the child is parked; returns how many crashes that took.
static uint32_t crash_until_parked(fixture_t *self)
{
    uint32_t before_count = view(self, 0).restarts_count;
    for (int i = 0; i < PATIENCE_TURNS && view(self, 0).state != CHILD_PARKED; i++)
        pass_ms(self, view(self, 0).state == CHILD_BACKOFF ? 500 : 0);
    assert_int_equal(view(self, 0).state, CHILD_PARKED);
    return view(self, 0).restarts_count - before_count;
}

static void a_crash_loop_is_parked_and_its_callers_are_told(void **state)
{
    fixture_t *self = *state;
    write_program(self, "first", "exit 3");
    start_supervisor(self);
    assert_int_equal(crash_until_parked(self), 6); // the sixth in 30 s
    broker_kit_call(self->kit, CLIENT, 1, "first", NULL);
    assert_int_equal(broker_kit_expect_error(self->kit, CLIENT, 1), ACT_E_UNAVAILABLE);
    pass_ms(self, 59000);
    assert_int_equal(view(self, 0).state, CHILD_PARKED);
}

static void a_probe_that_crashes_is_parked_again_at_once(void **state)
{
    fixture_t *self = *state;
    write_program(self, "first", "exit 3");
    start_supervisor(self);
    crash_until_parked(self);
    uint32_t before_count = view(self, 0).restarts_count;
    pass_ms(self, 61000);
    for (int i = 0; i < PATIENCE_TURNS && view(self, 0).restarts_count == before_count; i++)
        turn(self);
    assert_int_equal(view(self, 0).restarts_count, before_count + 1);
    assert_int_equal(view(self, 0).state, CHILD_PARKED);
}

static void a_probe_that_lives_opens_the_service_again(void **state)
{
    fixture_t *self = *state;
    write_program(self, "first", "exit 3");
    start_supervisor(self);
    crash_until_parked(self);
    write_program(self, "first", "exec sleep 1000");
    pass_ms(self, 61000);
    until_state(self, 0, CHILD_PROBING);
    say_hello(self, 0, view(self, 0).pid, /* is_ready= */ true);
    assert_int_equal(view(self, 0).state, CHILD_RUNNING);
    broker_kit_call(self->kit, CLIENT, 1, "first", NULL);
    broker_kit_expect(self->kit, route_of(0), ACT_KIND_CALL);
    kill(view(self, 0).pid, SIGKILL); // a crash long after is a first crash again
    until_state(self, 0, CHILD_BACKOFF);
}

static void a_program_that_is_not_there_is_a_crash(void **state)
{
    fixture_t *self = *state;
    start_supervisor(self);
    assert_int_equal(crash_until_parked(self), 6);
}

static void only_permanent_children_are_always_started_again(void **state)
{
    fixture_t *self = *state;
    static const struct {
        restart_t restart;
        const char *script;
        child_state_t state;
    } rows[] = {
        {RESTART_PERMANENT, "exit 0", CHILD_BACKOFF}, {RESTART_PERMANENT, "exit 1", CHILD_BACKOFF},
        {RESTART_TRANSIENT, "exit 0", CHILD_GONE},    {RESTART_TRANSIENT, "exit 1", CHILD_BACKOFF},
        {RESTART_TEMPORARY, "exit 0", CHILD_GONE},    {RESTART_TEMPORARY, "exit 1", CHILD_GONE},
    };
    for (size_t i = 0; i < ACT_COUNT(rows); i++) {
        self->specs[0].restart = rows[i].restart;
        write_program(self, "first", rows[i].script);
        start_supervisor(self);
        until_state(self, 0, rows[i].state);
        supervisor_destroy(&self->supervisor);
    }
}

static void a_child_that_hangs_is_killed(void **state)
{
    fixture_t *self = *state;
    start_running(self, 1);
    broker_kit_pass_ms(self->kit, 14000);
    pass_ms(self, 100);
    assert_int_equal(view(self, 0).state, CHILD_RUNNING);
    broker_kit_pass_ms(self->kit, 2000);
    pass_ms(self, 100);
    until_state(self, 0, CHILD_BACKOFF);
}

// --- adoption ------------------------------------------------------------------------------------

static int start_stranger(void)
{
    char line[32] = "";
    FILE *pipe = popen("sleep 1000 >/dev/null 2>&1 & echo $!", "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    pclose(pipe);
    return (int)strtol(line, NULL, 10);
}

static void a_child_that_outlived_an_earlier_broker_is_adopted(void **state)
{
    fixture_t *self = *state;
    self->opts.adopt_ms = 700;
    self->children.children_count = 2;
    write_program(self, "first", "exec sleep 1000");
    write_program(self, "second", "exec sleep 1000");
    start_supervisor(self);
    pass_ms(self, 300);
    assert_int_equal(view(self, 0).state, CHILD_WAITING);
    int pid = start_stranger();
    say_hello(self, 0, pid, /* is_ready= */ true);
    assert_true(view(self, 0).is_adopted);
    assert_int_equal(view(self, 0).pid, pid);
    assert_int_equal(view(self, 0).state, CHILD_RUNNING);
    pass_ms(self, 500);
    until_state(self, 1, CHILD_STARTING); // nobody came for this one
    kill(pid, SIGKILL);
    until_state(self, 0, CHILD_BACKOFF);
    pass_ms(self, 500);
    until_state(self, 0, CHILD_STARTING);
    assert_false(view(self, 0).is_adopted);
}

// --- stop ----------------------------------------------------------------------------------------

static void on_done(void *context)
{
    ((fixture_t *)context)->done_count++;
}

static void children_are_drained_in_reverse_order(void **state)
{
    fixture_t *self = *state;
    start_running(self, 2);
    supervisor_stop(self->supervisor, on_done, self);
    supervisor_stop(self->supervisor, on_done, self); // once is enough
    broker_kit_expect(self->kit, route_of(1), ACT_KIND_DRAIN);
    pass_ms(self, 1000);
    assert_int_equal(broker_kit_count(self->kit, route_of(0), ACT_KIND_DRAIN), 0);
    kill(view(self, 1).pid, SIGTERM);
    until_state(self, 1, CHILD_GONE);
    pass_ms(self, 100);
    broker_kit_expect(self->kit, route_of(0), ACT_KIND_DRAIN);
    assert_int_equal(self->done_count, 0);
    pass_ms(self, 11000); // it does not stop: killed
    until_state(self, 0, CHILD_GONE);
    pass_ms(self, 100);
    assert_int_equal(self->done_count, 1);
}

static void a_child_that_never_said_hello_gets_a_signal(void **state)
{
    fixture_t *self = *state;
    write_program(self, "first", "trap 'exit 0' TERM; while :; do sleep 0.01; done");
    start_supervisor(self);
    until_state(self, 0, CHILD_STARTING);
    for (int i = 0; i < 50; i++)
        turn(self); // the trap is set by then, or the signal ends it all the same
    supervisor_stop(self->supervisor, on_done, self);
    until_state(self, 0, CHILD_GONE);
    pass_ms(self, 100);
    assert_int_equal(self->done_count, 1);
}

static void what_does_not_run_is_not_started_by_a_stop(void **state)
{
    fixture_t *self = *state;
    write_program(self, "first", "exit 3");
    start_supervisor(self);
    until_state(self, 0, CHILD_BACKOFF);
    supervisor_stop(self->supervisor, on_done, self);
    pass_ms(self, 100);
    assert_int_equal(self->done_count, 1);
    assert_int_equal(view(self, 0).state, CHILD_GONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_child_is_started_with_its_arguments),
        TEST(a_child_waits_for_what_it_needs),
        TEST(a_child_that_is_not_ready_in_time_is_started_again),
        TEST(a_crash_moves_work_and_starts_the_child_again),
        TEST(a_crash_loop_is_parked_and_its_callers_are_told),
        TEST(a_probe_that_crashes_is_parked_again_at_once),
        TEST(a_probe_that_lives_opens_the_service_again),
        TEST(a_program_that_is_not_there_is_a_crash),
        TEST(only_permanent_children_are_always_started_again),
        TEST(a_child_that_hangs_is_killed),
        TEST(a_child_that_outlived_an_earlier_broker_is_adopted),
        TEST(children_are_drained_in_reverse_order),
        TEST(a_child_that_never_said_hello_gets_a_signal),
        TEST(what_does_not_run_is_not_started_by_a_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
