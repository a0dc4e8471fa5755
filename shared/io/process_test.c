// process_test: clean-room starts, how a process ended, and processes that someone else started.
#include "io/process.h"

#include "base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

// Tells which of its descriptors a shell has.
#define LIST_DESCRIPTORS                                                                           \
    "for fd in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do "                                         \
    "[ -e /proc/$$/fd/$fd ] && echo $fd; done; true"

// Descriptor 3 is the writing end of a pipe in the whole test, as it is where a launcher inherits it.
static int three_reader;

typedef struct {
    act_loop_t *loop;
    process_t *process;
    char output[64]; // path
    int exits_count;
    char text[4096];
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    self->loop = act_loop_new();
    snprintf(self->output, sizeof self->output, "/tmp/process_test.XXXXXX");
    int descriptor = mkstemp(self->output);
    if (descriptor < 0)
        return -1;
    close(descriptor);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    process_destroy(&self->process);
    process_destroy(&self->process); // twice is allowed
    act_loop_destroy(&self->loop);
    unlink(self->output);
    act_free(self);
    return 0;
}

static void on_exit_(void *context)
{
    ((fixture_t *)context)->exits_count++;
}

// Runs a shell script; `inherited` becomes descriptor 3.
static act_err_t start(fixture_t *self, const char *script, int inherited)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const process_descriptor_t descriptors[] = {{inherited, 3}, {0}};
    process_spec_t spec = {.path = "/bin/sh",
                           .argv = argv,
                           .output_path = self->output,
                           .descriptors = inherited >= 0 ? descriptors : NULL};
    return process_start(self->loop, &spec, on_exit_, self, &self->process);
}

static void wait_for_exit(fixture_t *self)
{
    while (self->exits_count == 0)
        act_loop_turn(self->loop);
}

static const char *output_of(fixture_t *self)
{
    FILE *file = fopen(self->output, "r");
    assert_non_null(file);
    size_t len = fread(self->text, 1, sizeof self->text - 1, file);
    fclose(file);
    self->text[len] = '\0';
    return self->text;
}

static void run(fixture_t *self, const char *script)
{
    assert_int_equal(start(self, script, -1), ACT_E_OK);
    wait_for_exit(self);
}

// --- how it ended --------------------------------------------------------------------------------

static void a_clean_exit_is_told_from_a_failure(void **state)
{
    fixture_t *self = *state;
    run(self, "exit 0");
    assert_string_equal(process_verdict(self->process), "exit 0");
    assert_true(process_ended_well(self->process));
    process_destroy(&self->process);
    self->exits_count = 0;
    run(self, "exit 78");
    assert_string_equal(process_verdict(self->process), "exit 78");
    assert_false(process_ended_well(self->process));
}

static void a_signal_is_named(void **state)
{
    fixture_t *self = *state;
    assert_int_equal(start(self, "exec sleep 1000", -1), ACT_E_OK);
    assert_true(process_pid(self->process) > 1);
    process_signal(self->process, SIGKILL);
    wait_for_exit(self);
    assert_string_equal(process_verdict(self->process), "signal 9");
    assert_false(process_ended_well(self->process));
    assert_int_equal(self->exits_count, 1);
}

static void a_death_tells_what_the_process_used(void **state)
{
    fixture_t *self = *state;
    run(self, "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; exit 3");
    const process_death_t *death = process_death(self->process);
    assert_true(death->is_known);
    assert_int_equal(death->exit_code, 3);
    assert_int_equal(death->signal, 0);
    assert_false(death->has_core);
    assert_true(death->user_ms + death->system_ms > 0);
    assert_true(death->rss_max_kb > 100);
}

static void a_program_that_is_not_there_is_an_error_at_once(void **state)
{
    fixture_t *self = *state;
    const char *const argv[] = {"/none", NULL};
    process_spec_t spec = {.path = "/none", .argv = argv, .output_path = self->output};
    assert_int_equal(process_start(self->loop, &spec, on_exit_, self, &self->process), ACT_E_IO);
    assert_null(self->process);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); // no zombie stays
}

static void without_a_descriptor_to_watch_it_nothing_runs(void **state)
{
    fixture_t *self = *state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next_free = open("/dev/null", O_RDONLY);
    close(next_free);
    struct rlimit full = {.rlim_cur = (rlim_t)next_free, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &full), 0);
    act_err_t err = start(self, "exec sleep 1000", -1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(err, ACT_E_IO);
    assert_null(self->process);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); // neither a child nor a zombie
}

static void a_signal_to_a_dead_process_is_harmless(void **state)
{
    fixture_t *self = *state;
    run(self, "exit 0");
    process_signal(self->process, SIGKILL);
    assert_string_equal(process_verdict(self->process), "exit 0");
}

// --- the clean room ------------------------------------------------------------------------------

static void output_and_errors_are_appended(void **state)
{
    fixture_t *self = *state;
    run(self, "echo one; echo two >&2");
    process_destroy(&self->process);
    self->exits_count = 0;
    run(self, "echo three; cat");
    assert_string_equal(output_of(self), "one\ntwo\nthree\n"); // and input is empty
}

static void only_descriptors_meant_for_it_reach_the_program(void **state)
{
    fixture_t *self = *state;
    int leaked = open("/dev/null", O_RDONLY); // without close-on-exec
    assert_true(leaked > 2);
    run(self, LIST_DESCRIPTORS);
    assert_string_equal(output_of(self), "0\n1\n2\n");
    close(leaked);
}

static void the_inherited_descriptor_becomes_number_three(void **state)
{
    fixture_t *self = *state;
    int sockets[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    assert_int_equal(start(self, "echo hello >&3; " LIST_DESCRIPTORS, sockets[1]), ACT_E_OK);
    wait_for_exit(self);
    char bytes[16] = "";
    assert_int_equal(read(sockets[0], bytes, sizeof bytes), 6);
    assert_string_equal(bytes, "hello\n");
    assert_string_equal(output_of(self), "0\n1\n2\n3\n");
    close(sockets[0]);
    close(sockets[1]);
}

static void a_descriptor_that_is_three_already_stays_open(void **state)
{
    fixture_t *self = *state;
    assert_int_equal(start(self, "echo hello >&3", 3), ACT_E_OK);
    wait_for_exit(self);
    char bytes[16] = "";
    assert_int_equal(read(three_reader, bytes, sizeof bytes), 6);
    assert_string_equal(bytes, "hello\n");
}

static void a_gap_before_an_inherited_descriptor_is_closed(void **state)
{
    fixture_t *self = *state;
    int descriptor = fcntl(three_reader, F_DUPFD_CLOEXEC, 10);
    const char *const argv[] = {"/bin/sh", "-c", LIST_DESCRIPTORS, NULL};
    const process_descriptor_t descriptors[] = {{descriptor, 5}, {0}};
    process_spec_t spec = {
        .path = "/bin/sh", .argv = argv, .output_path = self->output, .descriptors = descriptors};
    assert_int_equal(process_start(self->loop, &spec, on_exit_, self, &self->process), ACT_E_OK);
    wait_for_exit(self);
    assert_string_equal(output_of(self), "0\n1\n2\n5\n");
    close(descriptor);
}

static void limits_hold_in_the_program(void **state)
{
    fixture_t *self = *state;
    const char *const argv[] = {
        "/bin/sh", "-c",
        "sleep 0.2; awk '/Max (address|open|core|cpu)/ {print $(NF-1)}' /proc/$$/limits | sort -n; nice",
        NULL};
    uint64_t space = 1u << 30, files = 77, core = 0, cpu_s = 5;
    int nice_value = 7;
    process_spec_t spec = {.path = "/bin/sh",
                           .argv = argv,
                           .output_path = self->output,
                           .limits = {&space, &files, &core, &cpu_s, &nice_value, NULL}};
    assert_int_equal(process_start(self->loop, &spec, on_exit_, self, &self->process), ACT_E_OK);
    wait_for_exit(self);
    assert_string_equal(output_of(self), "0\n5\n77\n1073741824\n7\n");
}

static void it_runs_in_real_time_where_we_may(void **state)
{
    fixture_t *self = *state;
    const char *const argv[] = {"/bin/sh", "-c", "sleep 0.2; cut -d' ' -f40,41 /proc/$$/stat",
                                NULL};
    int realtime = 3;
    process_spec_t spec = {.path = "/bin/sh",
                           .argv = argv,
                           .output_path = self->output,
                           .limits = {.realtime = &realtime}};
    assert_int_equal(process_start(self->loop, &spec, on_exit_, self, &self->process), ACT_E_OK);
    wait_for_exit(self);
    bool may = geteuid() == 0;
    assert_string_equal(output_of(self), may ? "3 2\n" : "0 0\n"); // priority, SCHED_RR
}

// A terminal's signals reach the launcher alone, and ignored signals work again.
static void it_leads_its_session_with_plain_signals(void **state)
{
    fixture_t *self = *state;
    signal(SIGPIPE, SIG_IGN);
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    run(self, "cut -d' ' -f1,6 /proc/$$/stat | tr ' ' '\\n' | uniq | wc -l;"
              "awk '/SigBlk|SigIgn/ {print substr($2, 10)}' /proc/self/status"); // 28 signals
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
    assert_string_equal(output_of(self), "1\n0000000\n0000000\n");
}

// --- adoption ------------------------------------------------------------------------------------

// A process whose parent is not us: a shell starts it and ends.
static pid_t start_stranger(void)
{
    char line[32] = "";
    FILE *pipe = popen("sleep 1000 >/dev/null 2>&1 & echo $!", "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    pclose(pipe);
    return (pid_t)strtol(line, NULL, 10);
}

static uint64_t start_ticks_of(pid_t pid)
{
    char path[64], text[1024] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    char *at = strrchr(text, ')');
    for (int field = 2; field < 22; field++)
        at = strchr(at + 1, ' ');
    return strtoull(at, NULL, 10);
}

static void an_adopted_process_is_heard_of_when_it_dies(void **state)
{
    fixture_t *self = *state;
    pid_t pid = start_stranger();
    uint64_t ticks = start_ticks_of(pid);
    assert_int_equal(process_adopt(self->loop, pid, ticks, on_exit_, self, &self->process),
                     ACT_E_OK);
    assert_int_equal(process_pid(self->process), pid);
    assert_true(process_start_ticks(self->process) == ticks);
    process_signal(self->process, SIGTERM);
    wait_for_exit(self);
    assert_string_equal(process_verdict(self->process), "gone"); // not ours to know
    assert_false(process_ended_well(self->process));
}

static void a_pid_that_was_used_again_is_not_adopted(void **state)
{
    fixture_t *self = *state;
    uint64_t ticks = start_ticks_of(getpid());
    assert_int_equal(process_adopt(self->loop, getpid(), ticks + 1, on_exit_, self, &self->process),
                     ACT_E_NOT_FOUND);
    assert_int_equal(process_adopt(self->loop, getpid(), 0, on_exit_, self, &self->process),
                     ACT_E_NOT_FOUND);
    assert_int_equal(process_adopt(self->loop, 1, 1, on_exit_, self, &self->process),
                     ACT_E_NOT_FOUND);
    assert_int_equal(process_adopt(self->loop, -1, 1, on_exit_, self, &self->process),
                     ACT_E_NOT_FOUND);
    assert_int_equal(process_adopt(self->loop, 0x7ffffff0, 1, on_exit_, self, &self->process),
                     ACT_E_NOT_FOUND);
    assert_null(self->process);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

// Before anything else opens descriptors.
static bool open_three(void)
{
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return false;
    three_reader = fcntl(pipes[0], F_DUPFD_CLOEXEC, 10);
    int writer = fcntl(pipes[1], F_DUPFD_CLOEXEC, 10);
    close(pipes[0]);
    close(pipes[1]);
    return three_reader >= 0 && dup3(writer, 3, O_CLOEXEC) == 3 && close(writer) == 0;
}

int main(void)
{
    if (!open_three())
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_clean_exit_is_told_from_a_failure),
        TEST(a_signal_is_named),
        TEST(a_death_tells_what_the_process_used),
        TEST(a_program_that_is_not_there_is_an_error_at_once),
        TEST(without_a_descriptor_to_watch_it_nothing_runs),
        TEST(a_signal_to_a_dead_process_is_harmless),
        TEST(output_and_errors_are_appended),
        TEST(only_descriptors_meant_for_it_reach_the_program),
        TEST(the_inherited_descriptor_becomes_number_three),
        TEST(a_descriptor_that_is_three_already_stays_open),
        TEST(a_gap_before_an_inherited_descriptor_is_closed),
        TEST(limits_hold_in_the_program),
        TEST(it_runs_in_real_time_where_we_may),
        TEST(it_leads_its_session_with_plain_signals),
        TEST(an_adopted_process_is_heard_of_when_it_dies),
        TEST(a_pid_that_was_used_again_is_not_adopted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
