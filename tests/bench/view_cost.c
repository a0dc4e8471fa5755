// view_cost: what looking at the bus costs while it is fully loaded (broker.md row 8). A broker of its
// own, a worker that answers at once, a client that keeps 64 calls of 512 bytes open, and a viewer that
// asks for 100 views a second in every second phase. Prints one JSON line: calls a second with and
// without views (medians of the phases, which alternate so that a busy machine hits both), the broker's
// CPU time a call, and how long a view took.
//
//   view_cost --broker build/services/parley-broker [--phases 10] [--phase-ms 2000]
#include "actor/actor.h"
#include "base/args.h"
#include "base/mem.h"
#include "base/time.h"
#include "broker_rig.h"
#include "proto/broker_service.h"
#include "proto/translation_service.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WINDOW_COUNT 64
#define BODY_BYTES 512
#define VIEW_EVERY_MS 10
#define VIEWS_MAX_COUNT 100000
#define PHASES_MAX_COUNT 200

typedef struct {
    const char *broker;
    int64_t phases_count;
    int64_t phase_ms;
    broker_rig_t rig;
} options_t;

static int64_t phase_of(const options_t *options, int64_t began_ms)
{
    return (act_time_mono_ms() - began_ms) / options->phase_ms;
}

static void on_pulse(void *context)
{
    (void)context;
}

// --- the viewer ------------------------------------------------------------------------------------

typedef struct {
    const options_t *options;
    act_actor_t *actor;
    int64_t began_ms;
    uint32_t asked_count;
    uint32_t took_count;
    uint32_t failed_count;
    uint32_t took_us[VIEWS_MAX_COUNT];
} viewer_t;

typedef struct {
    viewer_t *viewer;
    int64_t asked_us;
} view_t;

static void on_view(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    view_t *view = context;
    viewer_t *self = view->viewer;
    self->failed_count += reply->err != ACT_E_OK;
    if (self->took_count < VIEWS_MAX_COUNT)
        self->took_us[self->took_count++] = (uint32_t)(act_time_mono_us() - view->asked_us);
    act_free(view);
}

static void ask_view(void *context)
{
    static const uint32_t methods[] = {BUS_STATUS, BUS_SERVICES, BUS_EDGES, BUS_TRACES,
                                       BUS_METRICS};
    viewer_t *self = context;
    if (phase_of(self->options, self->began_ms) % 2 == 0)
        return;
    view_t *view = act_alloc(sizeof *view);
    *view = (view_t){self, act_time_mono_us()};
    act_buf_t body;
    act_buf_init(&body, 64);
    act_buf_add_char(&body, (char)0x80); // an empty map: every default
    act_call_opts_t opts = {.budget_ms = 5000};
    const act_method_t *method =
        &bus_service.methods[methods[self->asked_count++ % ACT_COUNT(methods)]];
    act_actor_call(self->actor, "bus", method, &opts, &body, on_view, NULL, view);
    act_buf_fini(&body);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

// Writes its figures to the pipe and ends.
static void run_viewer(const options_t *options, int64_t began_ms, int pipe)
{
    static const act_spec_t spec = {.name = "admin"};
    viewer_t *self = act_alloc(sizeof *self);
    act_loop_t *loop = act_loop_new();
    self->options = options;
    self->began_ms = began_ms;
    self->actor = act_actor_new(loop, &spec, options->rig.endpoint, "admin-bench", NULL);
    act_timer_t *timer = act_timer_new(loop, ask_view, self);
    act_timer_start(timer, VIEW_EVERY_MS, VIEW_EVERY_MS);
    while (phase_of(options, began_ms) < options->phases_count)
        act_loop_turn(loop);
    qsort(self->took_us, self->took_count, sizeof *self->took_us, compare_numbers);
    uint32_t count = self->took_count;
    dprintf(
        pipe,
        "\"views\":%u,\"views_failed\":%u,\"view_p50_us\":%u,\"view_p99_us\":%u,\"view_max_us\":%u",
        count, self->failed_count, count ? self->took_us[count / 2] : 0,
        count ? self->took_us[(uint64_t)count * 99 / 100] : 0,
        count ? self->took_us[count - 1] : 0);
    _exit(0);
}

// --- the load --------------------------------------------------------------------------------------

typedef struct {
    const options_t *options;
    act_actor_t *actor;
    int64_t began_ms;
    act_buf_t body;
    uint64_t calls[PHASES_MAX_COUNT];
    uint64_t errors;
    bool is_done;
} load_t;

static void call(load_t *self);

static void on_answer(const act_reply_t *reply, act_arena_t *arena, act_fn_t *fn, void *context)
{
    (void)arena;
    (void)fn;
    load_t *self = context;
    int64_t phase = phase_of(self->options, self->began_ms);
    self->errors += reply->err != ACT_E_OK;
    if (phase >= 0 && phase < self->options->phases_count)
        self->calls[phase]++;
    if (!self->is_done)
        call(self);
}

static void call(load_t *self)
{
    act_call_opts_t opts = {.budget_ms = 10000};
    act_actor_call(self->actor, "translation", &translation_service.methods[TRANSLATION_DETECT],
                   &opts, &self->body, on_answer, NULL, self);
}

// CPU time of all threads of a process so far, to the nanosecond (schedstat).
static double cpu_ms(pid_t pid)
{
    char folder[64], path[400];
    snprintf(folder, sizeof folder, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(folder);
    double sum_ms = 0;
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        snprintf(path, sizeof path, "%s/%s/schedstat", folder, entry->d_name);
        FILE *file = fopen(path, "r");
        unsigned long long ran_ns = 0;
        if (file && fscanf(file, "%llu", &ran_ns) == 1)
            sum_ms += (double)ran_ns / 1e6;
        if (file)
            fclose(file);
    }
    if (dir)
        closedir(dir);
    return sum_ms;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// Median of the phases with (parity 1) or without (0) views; the first two warm up.
static double median_of(const load_t *self, const double *values, int parity)
{
    double chosen[PHASES_MAX_COUNT];
    int count = 0;
    for (int i = 2; i < self->options->phases_count; i++)
        if (i % 2 == parity)
            chosen[count++] = values[i];
    qsort(chosen, (size_t)count, sizeof *chosen, compare_doubles);
    return count % 2 ? chosen[count / 2] : (chosen[count / 2 - 1] + chosen[count / 2]) / 2;
}

static void print(const load_t *self, const double *cpu, const char *views)
{
    double rates[PHASES_MAX_COUNT], costs[PHASES_MAX_COUNT];
    for (int i = 0; i < self->options->phases_count; i++) {
        rates[i] = (double)self->calls[i] * 1000.0 / (double)self->options->phase_ms;
        costs[i] = self->calls[i] ? (cpu[i + 1] - cpu[i]) * 1000.0 / (double)self->calls[i] : 0;
    }
    double rate_off = median_of(self, rates, 0), rate_on = median_of(self, rates, 1);
    double cost_off = median_of(self, costs, 0), cost_on = median_of(self, costs, 1);
    printf("{\"calls_per_s\":%.0f,\"calls_per_s_with_views\":%.0f,\"throughput_cost_pct\":%.2f,"
           "\"broker_cpu_us_per_call\":%.3f,\"broker_cpu_us_per_call_with_views\":%.3f,"
           "\"cpu_cost_pct\":%.2f,\"errors\":%llu,%s}\n",
           rate_off, rate_on, (rate_off - rate_on) * 100 / rate_off, cost_off, cost_on,
           (cost_on - cost_off) * 100 / cost_off, (unsigned long long)self->errors, views);
}

static void run_load(load_t *self, act_loop_t *loop, pid_t broker, double *ret_cpu)
{
    char filler[BODY_BYTES] = "";
    memset(filler, 'x', sizeof filler - 16);
    detect_request_t request = {.text = act_str(filler)};
    detect_request_pack(&request, &self->body);
    for (int i = 0; i < WINDOW_COUNT; i++)
        call(self);
    int noted = 0;
    ret_cpu[0] = cpu_ms(broker);
    while (noted < self->options->phases_count) {
        act_loop_turn(loop);
        while (noted < phase_of(self->options, self->began_ms) &&
               noted < self->options->phases_count)
            ret_cpu[++noted] = cpu_ms(broker);
    }
    self->is_done = true;
}

static int measure(const options_t *options, pid_t broker)
{
    static const act_spec_t spec = {.name = "session"};
    int pipes[2];
    if (pipe(pipes) != 0)
        return 1;
    load_t *self = act_alloc(sizeof *self);
    self->options = options;
    self->began_ms = act_time_mono_ms() + 1000; // the worker says HELLO meanwhile
    pid_t viewer = fork();
    if (viewer == 0)
        run_viewer(options, self->began_ms, pipes[1]);
    close(pipes[1]);
    act_loop_t *loop = act_loop_new();
    act_buf_init(&self->body, 65536);
    self->actor = act_actor_new(loop, &spec, options->rig.endpoint, "session-bench", NULL);
    act_timer_t *pulse = act_timer_new(loop, on_pulse, NULL);
    act_timer_start(pulse, 5, 5);
    while (act_time_mono_ms() < self->began_ms)
        act_loop_turn(loop);
    double cpu[PHASES_MAX_COUNT + 1];
    run_load(self, loop, broker, cpu);
    char views[512] = "";
    waitpid(viewer, NULL, 0);
    if (read(pipes[0], views, sizeof views - 1) <= 0)
        snprintf(views, sizeof views, "\"views\":0");
    print(self, cpu, views);
    return self->errors == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (broker_rig_is_worker(argv))
        return broker_rig_work(argc, argv);
    options_t options = {.phases_count = 12, .phase_ms = 2000};
    const act_arg_t table[] = {
        {"broker", .text = &options.broker},
        {"phases", .integer = &options.phases_count, .min = 4, .max = PHASES_MAX_COUNT},
        {"phase-ms", .integer = &options.phase_ms, .min = 100, .max = 60000},
        {0},
    };
    if (!act_args_read(argc, argv, table) || !options.broker) {
        fputs("view_cost --broker PROGRAM [--phases 4..200] [--phase-ms 100..60000]\n", stderr);
        return 64;
    }
    if (!broker_rig_start(&options.rig, options.broker)) {
        perror("view_cost");
        return 73;
    }
    int code = measure(&options, options.rig.pid);
    broker_rig_stop(&options.rig);
    return code;
}
