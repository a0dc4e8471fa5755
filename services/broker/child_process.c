// child_process: what a program is started with.
#include "child_process.h"

#include "base/mem.h"
#include "symbols.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LISTENER_DESCRIPTOR 3
#define ARGV_MAX_COUNT 200 // args 32, settings 2 * 64, and ours
#define PATH_MAX_BYTES 512

struct child_process {
    process_t *process;
    act_recorder_t *recorder; // NULL: none (a program that is not ours, adopted)
    char program[PATH_MAX_BYTES];
};

static void child_process_free(child_process_t **self_p)
{
    child_process_t *self = *self_p;
    if (!self)
        return;
    process_destroy(&self->process);
    act_recorder_destroy(&self->recorder);
    act_free(act_take(self_p));
}

// exec is a path, a name in bin_dir, or not there: parley-<name>.
static void program_of(const child_paths_t *paths, const child_spec_t *spec, char *ret_path,
                       size_t size_bytes)
{
    if (!spec->exec)
        snprintf(ret_path, size_bytes, "%s/parley-%s", paths->bin_dir, spec->name);
    else if (strchr(spec->exec, '/'))
        snprintf(ret_path, size_bytes, "%s", spec->exec);
    else
        snprintf(ret_path, size_bytes, "%s/%s", paths->bin_dir, spec->exec);
}

static size_t add_arguments(const char **argv, size_t count, char *const *texts,
                            uint32_t texts_count, const char *option)
{
    for (uint32_t i = 0; i < texts_count && count + 3 < ARGV_MAX_COUNT; i++) {
        if (option)
            argv[count++] = option;
        argv[count++] = texts[i];
    }
    return count;
}

typedef struct {
    uint64_t address_space_bytes, open_files_count, core_bytes, cpu_s;
} limit_values_t;

static process_limits_t limits_of(const child_limits_t *limits, limit_values_t *values)
{
    if (!limits)
        return (process_limits_t){0};
    *values = (limit_values_t){
        .address_space_bytes = (uint64_t)(limits->address_space_mb ? *limits->address_space_mb : 0)
                               << 20,
        .open_files_count = limits->open_files_count ? *limits->open_files_count : 0,
        .core_bytes = (uint64_t)(limits->core_mb ? *limits->core_mb : 0) << 20,
        .cpu_s = limits->cpu_s ? *limits->cpu_s : 0,
    };
    return (process_limits_t){
        .address_space_bytes = limits->address_space_mb ? &values->address_space_bytes : NULL,
        .open_files_count = limits->open_files_count ? &values->open_files_count : NULL,
        .core_bytes = limits->core_mb ? &values->core_bytes : NULL,
        .cpu_s = limits->cpu_s ? &values->cpu_s : NULL,
        .nice = limits->nice,
        .realtime = limits->realtime,
    };
}

static act_err_t spawn(const child_paths_t *paths, const child_launch_t *launch,
                       child_process_t *self, process_exit_fn *on_exit, void *exit_context)
{
    const child_spec_t *spec = launch->spec;
    char path[PATH_MAX_BYTES], output[PATH_MAX_BYTES], recorder[16];
    program_of(paths, spec, path, sizeof path);
    act_str_copy(act_str(path), self->program, sizeof self->program);
    snprintf(output, sizeof output, "%s/%s.out", paths->log_dir, launch->instance);
    snprintf(recorder, sizeof recorder, "%d", ACT_RECORDER_DESCRIPTOR);
    const char *argv[ARGV_MAX_COUNT] = {path,           "--bus",          paths->endpoint,
                                        "--instance",   launch->instance, "--log-dir",
                                        paths->log_dir, "--recorder",     recorder};
    size_t count = add_arguments(argv, 9, spec->args, spec->args_count, NULL);
    add_arguments(argv, count, spec->settings, spec->settings_count, "--set");
    const process_descriptor_t both[] = {
        {paths->listener, LISTENER_DESCRIPTOR},
        {act_recorder_descriptor(self->recorder), ACT_RECORDER_DESCRIPTOR},
        {0}};
    limit_values_t values;
    process_spec_t process = {
        .path = path,
        .argv = argv,
        .output_path = output,
        .descriptors = spec->has_listener && paths->listener >= 0 ? both : both + 1,
        .limits = limits_of(spec->limits, &values),
    };
    return process_start(paths->loop, &process, on_exit, exit_context, &self->process);
}

static act_err_t start(void *context, const child_launch_t *launch, process_exit_fn *on_exit,
                       void *exit_context, child_process_t **ret_process)
{
    child_process_t *self = act_alloc(sizeof *self);
    act_err_t err = act_recorder_new(&self->recorder);
    if (err == ACT_E_OK)
        err = spawn(context, launch, self, on_exit, exit_context);
    if (err == ACT_E_OK)
        *ret_process = act_take(&self);
    child_process_free(&self);
    return err;
}

static act_err_t adopt(void *context, pid_t pid, uint64_t start_ticks, process_exit_fn *on_exit,
                       void *exit_context, child_process_t **ret_process)
{
    const child_paths_t *paths = context;
    child_process_t *self = act_alloc(sizeof *self);
    act_err_t err =
        process_adopt(paths->loop, pid, start_ticks, on_exit, exit_context, &self->process);
    if (err != ACT_E_OK) {
        child_process_free(&self);
        return err;
    }
    if (act_recorder_adopt(pid, &self->recorder) != ACT_E_OK)
        self->recorder = NULL; // then the bus alone tells whether it lives
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    ssize_t len = readlink(link, self->program, sizeof self->program - 1);
    self->program[len > 0 ? len : 0] = '\0';
    *ret_process = self;
    return ACT_E_OK;
}

static void send_signal(child_process_t *self, int number)
{
    process_signal(self->process, number);
}

static pid_t pid_of(const child_process_t *self)
{
    return process_pid(self->process);
}

static uint64_t start_ticks_of(const child_process_t *self)
{
    return process_start_ticks(self->process);
}

static act_record_t record_of(const child_process_t *self)
{
    return self->recorder ? act_recorder_read(self->recorder) : (act_record_t){0};
}

static size_t stack_of(const child_process_t *self, char *text, size_t size_bytes)
{
    text[0] = '\0';
    if (self->recorder)
        act_recorder_text(self->recorder, text, size_bytes);
    symbols_name_frames(self->program, text, size_bytes);
    return strlen(text);
}

static const process_death_t *death_of(const child_process_t *self)
{
    return process_death(self->process);
}

child_host_t child_processes(const child_paths_t *paths)
{
    return (child_host_t){
        .context = (void *)(uintptr_t)paths,
        .start = start,
        .adopt = adopt,
        .destroy = child_process_free,
        .signal = send_signal,
        .pid = pid_of,
        .start_ticks = start_ticks_of,
        .record = record_of,
        .stack = stack_of,
        .death = death_of,
    };
}
