// process: posix_spawn and pidfds.
#include "io/process.h"

#include "base/mem.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define INHERITED_DESCRIPTOR 3

struct process {
    pid_t pid;
    uint64_t start_ticks;
    int pidfd;
    act_watch_t *watch;
    process_exit_fn *on_exit;
    void *context;
    char verdict[32];
    bool ended_well;
};

// Field 22 of /proc/PID/stat; 0 when there is no such process.
static uint64_t start_ticks_of(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    char text[1024] = "";
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    char *at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    unsigned long long ticks = 0;
    return at && sscanf(at, " %llu", &ticks) == 1 ? ticks : 0;
}

static void note_exit(process_t *self)
{
    siginfo_t info = {0};
    // An adopted process is not our child: waiting for it fails, and how it ended is not ours to know.
    if (waitid(P_PID, (id_t)self->pid, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0)
        snprintf(self->verdict, sizeof self->verdict, "gone");
    else if (info.si_code == CLD_EXITED)
        snprintf(self->verdict, sizeof self->verdict, "exit %d", info.si_status);
    else
        snprintf(self->verdict, sizeof self->verdict, "signal %d", info.si_status);
    self->ended_well = info.si_code == CLD_EXITED && info.si_status == 0;
}

static void on_pidfd(void *context, int status, int events)
{
    (void)status;
    (void)events;
    process_t *self = context;
    act_watch_set(self->watch, 0);
    note_exit(self);
    self->on_exit(self->context);
}

static act_err_t watch_process(act_loop_t *loop, process_t *self)
{
    self->pidfd = (int)syscall(SYS_pidfd_open, self->pid, 0);
    if (self->pidfd < 0)
        return ACT_E_IO;
    fcntl(self->pidfd, F_SETFD, FD_CLOEXEC);
    self->watch = act_watch_new(loop, self->pidfd, on_pidfd, self);
    act_watch_set(self->watch, UV_READABLE);
    return ACT_E_OK;
}

static void add_files(posix_spawn_file_actions_t *actions, const process_spec_t *spec)
{
    posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, spec->output_path,
                                     O_WRONLY | O_CREAT | O_APPEND, 0640);
    posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
    int first_free = INHERITED_DESCRIPTOR;
    if (spec->inherited_descriptor >= 0) {
        // dup2 onto itself also clears close-on-exec here (posix_spawn_file_actions_adddup2(3)).
        posix_spawn_file_actions_adddup2(actions, spec->inherited_descriptor, INHERITED_DESCRIPTOR);
        first_free++;
    }
    posix_spawn_file_actions_addclosefrom_np(actions, first_free);
}

static void add_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setflags(attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
}

act_err_t process_start(act_loop_t *loop, const process_spec_t *spec, process_exit_fn *on_exit,
                        void *context, process_t **ret_process)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    add_files(&actions, spec);
    add_attributes(&attributes);
    pid_t pid = 0;
    int failed = posix_spawn(&pid, spec->path, &actions, &attributes,
                             (char *const *)(uintptr_t)spec->argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed)
        return ACT_E_IO;
    if (process_adopt(loop, pid, start_ticks_of(pid), on_exit, context, ret_process) == ACT_E_OK)
        return ACT_E_OK;
    // Out of descriptors: it would run unwatched. The pid is still ours, because nobody has waited.
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return ACT_E_IO;
}

act_err_t process_adopt(act_loop_t *loop, pid_t pid, uint64_t start_ticks, process_exit_fn *on_exit,
                        void *context, process_t **ret_process)
{
    if (pid <= 1 || start_ticks == 0)
        return ACT_E_NOT_FOUND;
    process_t *self = act_alloc(sizeof *self);
    *self = (process_t){.pid = pid,
                        .start_ticks = start_ticks,
                        .pidfd = -1,
                        .on_exit = on_exit,
                        .context = context};
    // The pidfd is opened first and the start time compared after, so the pid cannot change between.
    if (watch_process(loop, self) != ACT_E_OK || start_ticks_of(pid) != start_ticks) {
        process_destroy(&self);
        return ACT_E_NOT_FOUND;
    }
    *ret_process = self;
    return ACT_E_OK;
}

void process_destroy(process_t **self_p)
{
    process_t *self = *self_p;
    if (!self)
        return;
    act_watch_destroy(&self->watch);
    if (self->pidfd >= 0)
        close(self->pidfd);
    act_free(act_take(self_p));
}

pid_t process_pid(const process_t *self)
{
    return self->pid;
}

uint64_t process_start_ticks(const process_t *self)
{
    return self->start_ticks;
}

void process_signal(process_t *self, int number)
{
    syscall(SYS_pidfd_send_signal, self->pidfd, number, NULL, 0);
}

const char *process_verdict(const process_t *self)
{
    return self->verdict;
}

bool process_ended_well(const process_t *self)
{
    return self->ended_well;
}
