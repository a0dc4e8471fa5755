// launcher: one loop with the broker's pidfd, signals and a slow look at PostgreSQL.
#include "launcher.h"

#include "command.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/loop.h"
#include "io/process.h"
#include "postgres.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define LISTENER_DESCRIPTOR 3 // as the argument below says
#define POSTGRES_LOOK_MS 500
#define RESTART_MS 50
// A broker that dies this often in a row, each time at once, will not get better.
#define FAILURES_MAX_COUNT 10
#define HEALTHY_MS 5000

struct launcher {
    const launcher_options_t *options;
    const instance_t *instance;
    act_loop_t *loop;
    act_log_t *log;
    process_t *broker;
    act_timer_t *restart;
    act_timer_t *look;
    uv_signal_t signals[3];
    int64_t started_ms;
    uint32_t failures_count;
    bool is_stopping;
    bool was_started;
    int code;
};

static void on_broker_exit(void *context);

static void start_broker(void *context)
{
    launcher_t *self = context;
    char path[PATH_MAX], output[PATH_MAX], children[PATH_MAX], keys[PATH_MAX], builtin[PATH_MAX],
        sdk[PATH_MAX];
    snprintf(path, sizeof path, "%.*s/parley-broker", PATH_MAX - 16, self->instance->programs);
    snprintf(output, sizeof output, "%.*s/broker.out", PATH_MAX - 16, self->instance->log);
    snprintf(children, sizeof children, "%.*s/parley.yaml", PATH_MAX - 16, self->instance->source);
    snprintf(keys, sizeof keys, "%.*s/bus", PATH_MAX - 16, self->instance->keys);
    snprintf(builtin, sizeof builtin, "%.*s/services/tools", PATH_MAX - 16, self->instance->source);
    snprintf(sdk, sizeof sdk, "%.*s/sdk", PATH_MAX - 16, self->instance->source);
    const char *argv[] = {path,
                          "--bus",
                          self->instance->endpoint,
                          "--children",
                          children,
                          "--bin-dir",
                          self->instance->programs,
                          "--log-dir",
                          self->instance->log,
                          "--keys",
                          keys,
                          "--builtin-tools",
                          builtin,
                          "--tools",
                          self->instance->tools,
                          "--sdk",
                          sdk,
                          "--listener",
                          "3",
                          self->was_started ? "--restart" : NULL,
                          NULL};
    const process_descriptor_t inherited[] = {{self->options->listener, LISTENER_DESCRIPTOR}, {0}};
    process_spec_t spec = {
        .path = path, .argv = argv, .output_path = output, .descriptors = inherited};
    self->started_ms = act_loop_now_ms(self->loop);
    if (process_start(self->loop, &spec, on_broker_exit, self, &self->broker) != ACT_E_OK) {
        fprintf(stderr, "parley: cannot start %s\n", path);
        self->code = EXIT_UNAVAILABLE;
        act_loop_stop(self->loop);
        return;
    }
    self->was_started = true;
}

static void on_broker_exit(void *context)
{
    launcher_t *self = context;
    act_log_warn(self->log, "broker_ended", "verdict=%s", process_verdict(self->broker));
    bool ended_well = process_ended_well(self->broker);
    process_destroy(&self->broker);
    if (self->is_stopping || ended_well) {
        act_loop_stop(self->loop);
        return;
    }
    bool was_healthy = act_loop_now_ms(self->loop) - self->started_ms > HEALTHY_MS;
    self->failures_count = was_healthy ? 0 : self->failures_count + 1;
    if (self->failures_count >= FAILURES_MAX_COUNT) {
        fprintf(stderr, "parley: the broker keeps dying: see %s/broker.out\n", self->instance->log);
        self->code = EXIT_UNAVAILABLE;
        act_loop_stop(self->loop);
        return;
    }
    act_timer_start(self->restart, (int64_t)RESTART_MS << (self->failures_count / 2), 0);
}

static void look_at_postgres(void *context)
{
    launcher_t *self = context;
    if (self->is_stopping || postgres_is_running(self->instance))
        return;
    act_log_error(self->log, "postgres_gone", "action=%s", "start");
    postgres_revive(self->instance);
}

static void on_stop_signal(uv_signal_t *uv, int number)
{
    launcher_t *self = uv->data;
    (void)number;
    if (self->is_stopping)
        return;
    self->is_stopping = true;
    if (self->broker)
        process_signal(self->broker, SIGTERM);
    else
        act_loop_stop(self->loop);
}

// Actors whose broker died are handed to us by the kernel (PR_SET_CHILD_SUBREAPER); somebody must
// collect them when they end. The broker's own end is left to its pidfd.
static void on_child_signal(uv_signal_t *uv, int number)
{
    launcher_t *self = uv->data;
    (void)number;
    siginfo_t info = {0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
        if (self->broker && info.si_pid == process_pid(self->broker))
            return;
        waitpid(info.si_pid, NULL, WNOHANG);
        info.si_pid = 0;
    }
}

static void watch_signals(launcher_t *self)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGCHLD};
    for (size_t i = 0; i < ACT_COUNT(numbers); i++) {
        uv_signal_init(act_loop_uv(self->loop), &self->signals[i]);
        self->signals[i].data = self;
        uv_signal_start(&self->signals[i], numbers[i] == SIGCHLD ? on_child_signal : on_stop_signal,
                        numbers[i]);
    }
}

int launcher_run(const launcher_options_t *options)
{
    launcher_t self = {.options = options, .instance = options->instance};
    self.loop = act_loop_new();
    self.log = act_log_new(options->instance->log, "launcher", "launcher", ACT_LOG_INFO);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    watch_signals(&self);
    self.restart = act_timer_new(self.loop, start_broker, &self);
    self.look = act_timer_new(self.loop, look_at_postgres, &self);
    if (options->has_own_postgres)
        act_timer_start(self.look, POSTGRES_LOOK_MS, POSTGRES_LOOK_MS);
    start_broker(&self);
    act_loop_run(self.loop);
    act_timer_destroy(&self.restart);
    act_timer_destroy(&self.look);
    process_destroy(&self.broker);
    for (size_t i = 0; i < ACT_COUNT(self.signals); i++)
        uv_close((uv_handle_t *)&self.signals[i], NULL);
    act_loop_destroy(&self.loop);
    act_log_destroy(&self.log);
    return self.code;
}
