// crash_test: real crashes in processes of their own, and what is known of them afterwards.
#include "actor/crash.h"

#include "base/assert.h"
#include "base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

typedef struct {
    act_recorder_t *recorder;
    char text[ACT_RECORDER_TEXT_MAX_BYTES];
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = act_alloc(sizeof *self);
    *state = self;
    return act_recorder_new(&self->recorder) == ACT_E_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    act_recorder_destroy(&self->recorder);
    act_free(self);
    return 0;
}

// --- ways to die -----------------------------------------------------------------------------------

static void touch_nothing(void)
{
    // Through a variable, so that no compiler sees it coming.
    volatile uintptr_t address = 8;
    *(volatile int *)address = 1;
}

static void fail_an_assert(void)
{
    act_assert(!"found a bug");
}

static void be_told_to(void)
{
    raise(SIGBUS);
}

static int dig(volatile int depth) // NOLINT: without an end
{
    volatile char room[4096] = {(char)depth};
    return depth < 0 ? 0 : dig(depth + 1) + room[0];
}

static void run_over_the_stack(void)
{
    struct rlimit small = {256u << 10, 256u << 10};
    setrlimit(RLIMIT_STACK, &small);
    _exit(dig(1));
}

// Runs it in a child that watches for crashes; returns the status.
static int die_by(fixture_t *self, void (*way)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        signal(SIGSEGV, SIG_DFL); // cmocka has handlers of its own
        signal(SIGBUS, SIG_DFL);
        act_crash_watch(self->recorder);
        way();
        _exit(1);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    act_recorder_text(self->recorder, self->text, sizeof self->text);
    return status;
}

static void assert_died_by(fixture_t *self, int status, int number, const char *name)
{
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), number);
    assert_int_equal(act_recorder_read(self->recorder).signal, number);
    if (!strstr(self->text, name))
        fail_msg("'%s' is not in: %s", name, self->text);
    assert_non_null(strstr(self->text, "crash_test")); // frames of this program
}

static void a_bad_address_is_told_with_its_stack(void **state)
{
    fixture_t *self = *state;
    assert_died_by(self, die_by(self, touch_nothing), SIGSEGV, "signal 11 (SIGSEGV) at 0x8\n");
}

static void a_failed_assert_is_told(void **state)
{
    fixture_t *self = *state;
    assert_died_by(self, die_by(self, fail_an_assert), SIGABRT, "signal 6 (SIGABRT)\n");
}

static void a_signal_from_outside_ends_it_too(void **state)
{
    fixture_t *self = *state;
    assert_died_by(self, die_by(self, be_told_to), SIGBUS, "signal 7 (SIGBUS)\n");
}

static void a_stack_that_ran_over_is_told(void **state)
{
    fixture_t *self = *state;
    if (IS_SANITIZED)
        skip(); // its frames are larger and its own stack is elsewhere
    assert_died_by(self, die_by(self, run_over_the_stack), SIGSEGV, "SIGSEGV");
}

static void a_stack_that_is_asked_for_changes_nothing(void **state)
{
    fixture_t *self = *state;
    act_crash_watch(self->recorder);
    raise(SIGQUIT);
    raise(SIGQUIT);
    act_crash_ignore();
    act_crash_ignore(); // twice is allowed
    act_record_t record = act_recorder_read(self->recorder);
    assert_int_equal(record.stacks_count, 2);
    assert_int_equal(record.signal, 0);
    act_recorder_text(self->recorder, self->text, sizeof self->text);
    assert_non_null(strstr(self->text, "stack of the loop\n"));
    assert_non_null(strstr(self->text, "crash_test"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_bad_address_is_told_with_its_stack),      TEST(a_failed_assert_is_told),
        TEST(a_signal_from_outside_ends_it_too),         TEST(a_stack_that_ran_over_is_told),
        TEST(a_stack_that_is_asked_for_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
