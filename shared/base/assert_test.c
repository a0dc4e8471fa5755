// assert_test: a broken promise ends the process and says where, in a line a log reader understands.
#include "base/assert.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

// Runs in a child; returns its wait status and what it wrote to standard error.
static int run(void (*fn)(void), char *ret_text, size_t size_bytes)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        signal(SIGABRT, SIG_DFL);
        dup2(pipes[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(pipes[1]);
    size_t len = 0;
    ssize_t got = 0;
    do {
        got = read(pipes[0], ret_text + len, size_bytes - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    ret_text[len] = '\0';
    close(pipes[0]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void hold(void)
{
    act_assert(1 + 1 == 2);
}

static void break_(void)
{
    const char *text = "x";
    act_assert(strcmp(text, "a\"b\\c") == 0);
}

static void a_promise_that_holds_costs_nothing(void **state)
{
    (void)state;
    char text[1024];
    int status = run(hold, text, sizeof text);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_string_equal(text, "");
}

static void a_broken_promise_ends_the_process_and_says_where(void **state)
{
    (void)state;
    char text[1024];
    int status = run(break_, text, sizeof text);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "assert_test.c:"));
    json_error_t error;
    json_t *line = json_loads(text, 0, &error); // a condition may hold quotes
    if (!line)
        fail_msg("%s in: %s", error.text, text);
    assert_string_equal(json_string_value(json_object_get(line, "event")), "assert");
    json_decref(line);
}

static int evaluated_count;

static int count_evaluation(void)
{
    return ++evaluated_count;
}

static void a_condition_is_evaluated_once(void **state)
{
    (void)state;
    if (evaluated_count == 0)
        act_assert(count_evaluation() == 1);
    else
        fail(); // a macro that swallowed this else would be found here
    assert_int_equal(evaluated_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_promise_that_holds_costs_nothing),
        cmocka_unit_test(a_broken_promise_ends_the_process_and_says_where),
        cmocka_unit_test(a_condition_is_evaluated_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
