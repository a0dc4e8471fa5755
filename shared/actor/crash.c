// crash: everything in here that a handler calls is async-signal-safe; backtrace is, once it has been
// called outside of a handler, which loads what it needs (backtrace(3)).
#include "actor/crash.h"

#include "base/assert.h"
#include "base/mem.h"

#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAMES_MAX_COUNT 48
#define STACK_BYTES (64u << 10)

static const struct {
    int number;
    const char *name;
} fatal[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
    {SIGILL, "SIGILL"},   {SIGABRT, "SIGABRT"}, {SIGSYS, "SIGSYS"},
};

// Handlers have no context: this is the one place of a process that is theirs.
static struct {
    act_recorder_t *recorder;
    pid_t thread; // of the loop
    void *stack;
    struct sigaction previous[ACT_COUNT(fatal)];
    struct sigaction previous_quit;
    volatile sig_atomic_t is_dying;
} crash;

// --- in a handler ----------------------------------------------------------------------------------

static void put(int descriptor, const char *text)
{
    size_t len = 0;
    while (text[len])
        len++;
    ssize_t written = write(descriptor, text, len);
    (void)written; // there is nobody left to tell
}

static void put_number(int descriptor, uint64_t number, unsigned base)
{
    char text[24];
    size_t at = sizeof text - 1;
    text[at] = '\0';
    do {
        text[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    put(descriptor, text + at);
}

static void put_stack(int descriptor)
{
    void *frames[FRAMES_MAX_COUNT];
    int count = backtrace(frames, FRAMES_MAX_COUNT);
    backtrace_symbols_fd(frames, count, descriptor);
}

static void put_headline(int descriptor, size_t row, const siginfo_t *info)
{
    put(descriptor, "signal ");
    put_number(descriptor, (uint64_t)fatal[row].number, 10);
    put(descriptor, " (");
    put(descriptor, fatal[row].name);
    put(descriptor, ")");
    if (info->si_code > 0) { // from the kernel: there is an address
        put(descriptor, " at 0x");
        put_number(descriptor, (uint64_t)(uintptr_t)info->si_addr, 16);
    }
    put(descriptor, "\n");
}

static void on_fatal(int number, siginfo_t *info, void *context)
{
    (void)context;
    for (size_t i = 0; i < ACT_COUNT(fatal); i++) {
        if (fatal[i].number != number)
            continue;
        sigaction(number, &crash.previous[i], NULL);
        if (crash.is_dying) // a crash while we wrote of the first
            continue;
        crash.is_dying = 1;
        put_headline(STDERR_FILENO, i, info);
        int descriptor = STDERR_FILENO;
        if (crash.recorder) {
            act_recorder_note_signal(crash.recorder, number);
            descriptor = act_recorder_text_descriptor(crash.recorder);
            put_headline(descriptor, i, info);
        }
        put_stack(descriptor);
    }
    // A fault comes again by itself when we return; a signal that was sent must be sent again.
    if (info->si_code <= 0)
        raise(number);
}

static void on_quit(int number, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    int saved = errno;
    if ((pid_t)syscall(SYS_gettid) != crash.thread) { // a library's thread took it: pass it on
        syscall(SYS_tgkill, getpid(), crash.thread, number);
    } else {
        int descriptor =
            crash.recorder ? act_recorder_text_descriptor(crash.recorder) : STDERR_FILENO;
        put(descriptor, "stack of the loop\n");
        put_stack(descriptor);
        if (crash.recorder)
            act_recorder_note_stack(crash.recorder);
    }
    errno = saved;
}

// --- outside -----------------------------------------------------------------------------------------

static void handle(int number, void (*fn)(int, siginfo_t *, void *), struct sigaction *ret_previous)
{
    struct sigaction action = {.sa_sigaction = fn,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigemptyset(&action.sa_mask);
    act_assert(sigaction(number, &action, ret_previous) == 0);
}

void act_crash_watch(act_recorder_t *recorder)
{
    act_assert(!crash.stack);
    void *frame = NULL;
    (void)backtrace(&frame, 1); // loads libgcc now
    crash.recorder = recorder;
    crash.thread = (pid_t)syscall(SYS_gettid);
    crash.stack = act_alloc(STACK_BYTES);
    crash.is_dying = 0;
    // The loop's thread has a stack of its own for it: its own may be what ran over.
    stack_t stack = {.ss_sp = crash.stack, .ss_size = STACK_BYTES};
    act_assert(sigaltstack(&stack, NULL) == 0);
    for (size_t i = 0; i < ACT_COUNT(fatal); i++)
        handle(fatal[i].number, on_fatal, &crash.previous[i]);
    handle(SIGQUIT, on_quit, &crash.previous_quit);
}

void act_crash_ignore(void)
{
    if (!crash.stack)
        return;
    for (size_t i = 0; i < ACT_COUNT(fatal); i++)
        sigaction(fatal[i].number, &crash.previous[i], NULL);
    sigaction(SIGQUIT, &crash.previous_quit, NULL);
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    act_free(crash.stack);
    crash.stack = NULL;
    crash.recorder = NULL;
}
