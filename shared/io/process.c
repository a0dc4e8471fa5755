// process: posix_spawn and pidfds.
#include "io/process.h"

#include "base/mem.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct process {
    pid_t pid;
    uint64_t start_ticks;
    int pidfd;
    act_watch_t *watch;
    process_exit_fn *on_exit;
    void *context;
    char verdict[32];
    process_death_t death;
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

static uint64_t ms_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_usec / 1000;
}

static void note_exit(process_t *self)
{
    int status = 0;
    struct rusage usage = {0};
    // An adopted process is not our child: waiting for it fails, and how it ended is not ours to know.
    if (wait4(self->pid, &status, WNOHANG, &usage) != self->pid) {
        snprintf(self->verdict, sizeof self->verdict, "gone");
        return;
    }
    bool is_exit = WIFEXITED(status);
    self->death = (process_death_t){
        .is_known = true,
        .exit_code = is_exit ? WEXITSTATUS(status) : 0,
        .signal = is_exit ? 0 : WTERMSIG(status),
        .has_core = !is_exit && WCOREDUMP(status),
        .user_ms = ms_of(usage.ru_utime),
        .system_ms = ms_of(usage.ru_stime),
        .rss_max_kb = (uint64_t)usage.ru_maxrss,
    };
    snprintf(self->verdict, sizeof self->verdict, is_exit ? "exit %d" : "signal %d",
             is_exit ? self->death.exit_code : self->death.signal);
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
    int first_free = STDERR_FILENO + 1;
    for (const process_descriptor_t *row = spec->descriptors; row && row->becomes > 0; row++) {
        for (; first_free < row->becomes; first_free++)
            posix_spawn_file_actions_addclose(actions, first_free);
        // dup2 onto itself also clears close-on-exec here (posix_spawn_file_actions_adddup2(3)).
        posix_spawn_file_actions_adddup2(actions, row->descriptor, row->becomes);
        first_free = row->becomes + 1;
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

static void limit(pid_t pid, __rlimit_resource_t resource, const uint64_t *value)
{
    if (!value)
        return;
    struct rlimit pair = {.rlim_cur = *value, .rlim_max = *value};
    (void)prlimit(pid, resource, &pair,
                  NULL); // the child has just died, or a limit is higher than ours
}

// The program has been running for some microseconds; what it has mapped until then counts as well.
static void set_limits(pid_t pid, const process_limits_t *limits)
{
    limit(pid, RLIMIT_AS, limits->address_space_bytes);
    limit(pid, RLIMIT_NOFILE, limits->open_files_count);
    limit(pid, RLIMIT_CORE, limits->core_bytes);
    limit(pid, RLIMIT_CPU, limits->cpu_s);
    if (limits->nice)
        (void)setpriority(PRIO_PROCESS, (id_t)pid, *limits->nice);
    if (limits->realtime)
        (void)sched_setscheduler(pid, SCHED_RR,
                                 &(struct sched_param){.sched_priority = *limits->realtime});
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
    set_limits(pid, &spec->limits);
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
    return self->death.is_known && self->death.signal == 0 && self->death.exit_code == 0;
}

const process_death_t *process_death(const process_t *self)
{
    return &self->death;
}
