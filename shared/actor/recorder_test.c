// recorder_test: what a supervisor reads of an actor that cannot answer any more.
#include "actor/recorder.h"

#include "base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const act_header_t call = {
    .kind = ACT_KIND_CALL, .id = 42, .trace = {.trace_high = 1, .trace_low = 2, .span = 3}};

static int set_up(void **state)
{
    return act_recorder_new((act_recorder_t **)state) == ACT_E_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    act_recorder_t *self = *state;
    act_recorder_destroy(&self);
    act_recorder_destroy(&self); // twice is allowed
    return 0;
}

static void a_new_one_tells_nothing(void **state)
{
    act_recorder_t *self = *state;
    act_record_t record = act_recorder_read(self);
    act_record_t nothing = {0};
    assert_memory_equal(&record, &nothing, sizeof record);
    char text[64];
    assert_int_equal(act_recorder_text(self, text, sizeof text), 0);
    assert_string_equal(text, "");
}

static void the_call_at_work_is_named_until_it_is_done(void **state)
{
    act_recorder_t *self = *state;
    act_recorder_beat(self, 900);
    act_recorder_begin(self, &call, act_str("book_table"), 1000);
    act_record_t record = act_recorder_read(self);
    assert_string_equal(record.method, "book_table");
    assert_int_equal(record.kind, ACT_KIND_CALL);
    assert_int_equal(record.call_id, 42);
    assert_int_equal(record.trace.trace_low, 2);
    assert_int_equal(record.since_us, 1000);
    assert_int_equal(record.alive_us, 900);
    act_recorder_end(self);
    record = act_recorder_read(self);
    assert_string_equal(record.method, "");
    assert_int_equal(record.since_us, 0);
    assert_int_equal(record.call_id, 0);
    assert_int_equal(record.alive_us, 900);
}

// The supervisor's mapping and the child's are two of the same memory.
static void a_child_writes_and_its_parent_reads_after_its_death(void **state)
{
    act_recorder_t *self = *state;
    pid_t pid = fork();
    if (pid == 0) {
        act_recorder_t *own = NULL;
        if (act_recorder_open(dup(act_recorder_descriptor(self)), &own) != ACT_E_OK)
            _exit(1);
        act_recorder_begin(own, &call, act_str("stuck"), 7);
        act_recorder_note_signal(own, 11);
        act_recorder_note_stack(own);
        int descriptor = act_recorder_text_descriptor(own);
        _exit(write(descriptor, "at\x01main\n", 8) == 8 ? 0 : 2);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    act_record_t record = act_recorder_read(self);
    assert_string_equal(record.method, "stuck");
    assert_int_equal(record.signal, 11);
    assert_int_equal(record.stacks_count, 1);
    char text[64];
    assert_int_equal(act_recorder_text(self, text, sizeof text), 8);
    assert_string_equal(text, "at?main\n"); // a log and a console get text
    act_recorder_reset(self);
    a_new_one_tells_nothing(state);
}

static void the_text_ends_at_its_limit(void **state)
{
    act_recorder_t *self = *state;
    int descriptor = act_recorder_text_descriptor(self);
    static char block[1024];
    memset(block, 'x', sizeof block);
    size_t total = 0;
    for (int i = 0; i < 100; i++) {
        ssize_t written = write(descriptor, block, sizeof block);
        total += written > 0 ? (size_t)written : 0;
    }
    assert_int_equal(total, ACT_RECORDER_TEXT_MAX_BYTES);
    static char text[2 * ACT_RECORDER_TEXT_MAX_BYTES];
    assert_int_equal(act_recorder_text(self, text, sizeof text), ACT_RECORDER_TEXT_MAX_BYTES);
    assert_int_equal(act_recorder_text(self, text, 100), 99);
    assert_int_equal(ftruncate(act_recorder_descriptor(self), 0), -1); // it is sealed
}

static void a_writer_that_died_in_the_middle_does_not_hold_the_reader(void **state)
{
    act_recorder_t *self = *state;
    act_recorder_begin(self, &call, act_str("half"), 5);
    uint32_t odd = 4242 * 2 + 1;
    assert_int_equal(pwrite(act_recorder_descriptor(self), &odd, sizeof odd, 4), sizeof odd);
    assert_string_equal(act_recorder_read(self).method, "half");
}

// Every byte of it is the child's, and may be anything.
static void nonsense_is_read_without_harm(void **state)
{
    act_recorder_t *self = *state;
    static char bytes[4096];
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(pwrite(act_recorder_descriptor(self), bytes, sizeof bytes, 0), sizeof bytes);
    act_record_t record = act_recorder_read(self);
    assert_true(strlen(record.method) < sizeof record.method);
    assert_true(record.kind <= ACT_KIND_LAST);
}

static void a_living_process_is_adopted_with_its_recorder(void **state)
{
    act_recorder_t *self = *state;
    act_recorder_begin(self, &call, act_str("held"), 5);
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int writer = fcntl(pipes[1], F_DUPFD, 10); // out of the recorder's way
        dup2(act_recorder_descriptor(self), ACT_RECORDER_DESCRIPTOR);
        if (write(writer, "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char ready = 0;
    assert_int_equal(read(pipes[0], &ready, 1), 1);
    act_recorder_t *adopted = NULL;
    assert_int_equal(act_recorder_adopt(pid, &adopted), ACT_E_OK);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_string_equal(act_recorder_read(adopted).method, "held");
    act_recorder_destroy(&adopted);
    assert_int_equal(act_recorder_adopt(pid, &adopted), ACT_E_NOT_FOUND);
    assert_null(adopted);
    close(pipes[0]);
    close(pipes[1]);
}

static void what_is_no_recorder_is_refused(void **state)
{
    (void)state;
    act_recorder_t *none = NULL;
    int null = open("/dev/null", O_RDWR);
    int unsealed = memfd_create("other", 0);
    assert_int_equal(ftruncate(unsealed, 4096 + ACT_RECORDER_TEXT_MAX_BYTES), 0);
    assert_int_equal(act_recorder_open(null, &none), ACT_E_INVALID_ARGUMENT);
    assert_int_equal(act_recorder_open(unsealed, &none), ACT_E_INVALID_ARGUMENT);
    assert_int_equal(act_recorder_open(-1, &none), ACT_E_INVALID_ARGUMENT);
    assert_int_equal(act_recorder_open(999, &none), ACT_E_INVALID_ARGUMENT);
    assert_null(none);
    close(null);
    close(unsealed);
}

static void an_actor_without_one_needs_no_check(void **state)
{
    (void)state;
    act_recorder_begin(NULL, &call, act_str("x"), 1);
    act_recorder_end(NULL);
    act_recorder_beat(NULL, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_one_tells_nothing),
        TEST(the_call_at_work_is_named_until_it_is_done),
        TEST(a_child_writes_and_its_parent_reads_after_its_death),
        TEST(the_text_ends_at_its_limit),
        TEST(a_writer_that_died_in_the_middle_does_not_hold_the_reader),
        TEST(nonsense_is_read_without_harm),
        TEST(a_living_process_is_adopted_with_its_recorder),
        TEST(what_is_no_recorder_is_refused),
        TEST(an_actor_without_one_needs_no_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
