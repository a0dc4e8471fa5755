// parley-tool-jail: started by the broker as the process of a tool. It makes the jail, starts the program
// in it, hands signals on, and ends as the program ended, so that the obituary is the program's.
#include "base/args.h"
#include "base/str.h"
#include "jail.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_USAGE 64
#define EXIT_JAIL 71   // sysexits.h, EX_OSERR
#define EXIT_START 127 // as a shell
#define WORDS_MAX_COUNT 40
#define TEXT_MAX_BYTES 4096

typedef struct {
    jail_spec_t jail;
    const char *tool;
    const char *instance;
    const char *recorder;
    const char *python_path; // of the SDKs; may be NULL
    const char *node_path;
    bool is_actor; // one of ours: takes the runtime's options
    bool is_apart; // it has namespaces of its own
    char bus[TEXT_MAX_BYTES];
    char card[TEXT_MAX_BYTES]; // tool.yaml as JSON
    char **words;
} options_t;

static const char usage[] =
    "parley-tool-jail: runs a tool's program apart from everything else. Started by the broker.\n\n"
    "  parley-tool-jail --tool NAME --instance NAME --folder DIR --socket-folder DIR\n"
    "    [--read DIR]... [--network] [--memory-mb N] [--open-files N] [--processes N]\n"
    "    [--scratch-mb N] [--python-path DIR] [--node-path DIR] [--actor] [--lenient]\n"
    "    -- PROGRAM WORD...\n";

static const char *add_read(void *target, const char *value)
{
    jail_spec_t *jail = target;
    if (jail->reads_count == JAIL_READ_MAX_COUNT)
        return "given less often";
    jail->reads[jail->reads_count++] = value;
    return NULL;
}

static bool parse(int argc, char **argv, options_t *self)
{
    *self = (options_t){.jail = {.memory_mb = 256, .open_files_count = 64, .scratch_mb = 16}};
    const char *not_for_this_one = NULL; // what the broker tells every child
    const act_arg_t table[] = {
        {"bus", .text = &not_for_this_one},
        {"log-dir", .text = &not_for_this_one},
        {"instance", .text = &self->instance},
        {"recorder", .text = &self->recorder},
        {"tool", .text = &self->tool},
        {"folder", .text = &self->jail.folder},
        {"read", .read = add_read, .target = &self->jail},
        {"socket-folder", .text = &self->jail.socket_folder},
        {"network", .flag = &self->jail.has_network},
        {"memory-mb", .count = &self->jail.memory_mb},
        {"open-files", .count = &self->jail.open_files_count},
        {"processes", .count = &self->jail.processes_count},
        {"scratch-mb", .count = &self->jail.scratch_mb},
        {"python-path", .text = &self->python_path},
        {"node-path", .text = &self->node_path},
        {"actor", .flag = &self->is_actor},
        {"lenient", .flag = &self->jail.is_lenient},
        {0},
    };
    int used = 0;
    if (!act_args_read_some(argc, argv, table, &used))
        return false;
    self->words = argv + used;
    return self->tool && self->instance && self->jail.folder && self->jail.socket_folder &&
           *self->words;
}

// --- the program -----------------------------------------------------------------------------------

// Nothing of ours is handed on: no DATABASE_URL, no keys, no tokens.
static void set_environment(const options_t *self)
{
    clearenv();
    setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
    setenv("LANG", "C.UTF-8", 1);
    setenv("HOME", "/scratch", 1);
    setenv("TMPDIR", "/scratch", 1);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    setenv("PYTHONUNBUFFERED", "1", 1);
    setenv("PARLEY_BUS", self->bus, 1);
    setenv("PARLEY_TOOL_CARD", self->card, 1);
    setenv("PARLEY_TOOL", self->tool, 1);
    setenv("PARLEY_INSTANCE", self->instance, 1);
    setenv("PARLEY_TOOL_FOLDER", self->jail.folder, 1);
    if (self->python_path)
        setenv("PYTHONPATH", self->python_path, 1);
    if (self->node_path)
        setenv("NODE_PATH", self->node_path, 1);
#if defined(__SANITIZE_ADDRESS__)
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1); // it would have to trace itself
#endif
}

static void report(const options_t *self, const char *what)
{
    fprintf(stderr, "tool %s: the kernel refuses the jail's %s: %s%s\n", self->tool, what,
            strerror(errno), self->jail.is_lenient ? " (allowed: PARLEY_TOOL_JAIL=lenient)" : "");
}

static void add_actor_words(const options_t *self, char **words, size_t count)
{
    const char *own[] = {"--bus",
                         self->bus,
                         "--instance",
                         self->instance,
                         self->recorder ? "--recorder" : NULL,
                         self->recorder};
    for (size_t i = 0; i < sizeof own / sizeof own[0] && own[i] && count < WORDS_MAX_COUNT - 1; i++)
        words[count++] = (char *)(uintptr_t)own[i];
    words[count] = NULL;
}

// Process 1 of the jail, or on the way to the program where there is none.
static void enter(const options_t *self)
{
    const char *what = "death signal";
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
        (self->is_apart && jail_root(&self->jail, &what) != ACT_E_OK) ||
        (!self->is_apart && chdir(self->jail.folder) != 0) ||
        jail_limit(&self->jail, &what) != ACT_E_OK) {
        report(self, what);
        _exit(EXIT_JAIL);
    }
    set_environment(self);
}

_Noreturn static void be_program(const options_t *self)
{
    char *words[WORDS_MAX_COUNT] = {0};
    size_t count = 0;
    while (self->words[count] && count < WORDS_MAX_COUNT - 8) {
        words[count] = self->words[count];
        count++;
    }
    if (self->is_actor)
        add_actor_words(self, words, count);
    if (jail_filter(&self->jail, self->is_apart) != ACT_E_OK) {
        report(self, "filter of system calls");
        _exit(EXIT_JAIL);
    }
    execvp(words[0], words);
    fprintf(stderr, "tool %s: cannot start %s: %s\n", self->tool, words[0], strerror(errno));
    _exit(EXIT_START);
}

#if defined(__SANITIZE_ADDRESS__)
// LeakSanitizer stops its process to look at it, which the jail does not allow.
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}
#endif

// --- the keepers -----------------------------------------------------------------------------------

// Hands signals on until the program has ended; also buries what it leaves behind. 0 to 127: its exit
// code; more: 128 and the signal that ended it.
static int keep(pid_t program, const sigset_t *signals)
{
    for (;;) {
        int number = 0, status = 0;
        sigwait(signals, &number);
        if (number != SIGCHLD) {
            kill(program, number);
            continue;
        }
        for (pid_t gone = waitpid(-1, &status, WNOHANG); gone > 0;
             gone = waitpid(-1, &status, WNOHANG))
            if (gone == program)
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

// The kernel spares process 1 of a namespace the signals it sends itself, such as abort's; so the program
// is not that process.
_Noreturn static void be_first(const options_t *self, const sigset_t *signals)
{
    enter(self);
    pid_t program = fork();
    if (program == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        be_program(self);
    }
    _exit(program > 0 ? keep(program, signals) : EXIT_JAIL);
}

// As the program, so that the supervisor sees its signal.
static int end_as(int code)
{
    if (code <= 128 || code > 128 + SIGSYS)
        return code;
    struct rlimit none = {0};
    sigset_t all;
    sigfillset(&all);
    setrlimit(RLIMIT_CORE, &none);
    signal(code - 128, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    raise(code - 128);
    return code;
}

int main(int argc, char **argv)
{
    options_t self;
    if (!parse(argc, argv, &self)) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGQUIT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    // A tool does not outlive the broker that keeps it (docs/plugins.md): the next one starts it anew.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const char *what = NULL;
    self.is_apart = jail_separate(&self.jail, &what) == ACT_E_OK;
    if (!self.is_apart) {
        report(&self, what);
        if (!self.jail.is_lenient)
            return EXIT_JAIL;
    }
    const char *beside = self.is_apart ? "/run/parley" : self.jail.socket_folder;
    snprintf(self.bus, sizeof self.bus, "ipc://%s/b", beside);
    snprintf(self.card, sizeof self.card, "%s/card.json", beside);
    pid_t program = fork();
    if (program < 0) {
        report(&self, "process");
        return EXIT_JAIL;
    }
    if (program == 0)
        be_first(&self, &signals);
    return end_as(keep(program, &signals));
}
