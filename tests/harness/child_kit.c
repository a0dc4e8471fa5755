// child_kit: a host of pretended processes.
#include "harness/child_kit.h"

#include "base/mem.h"
#include "harness/fake_clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STEP_MS 50
#define KIT_NAMES_MAX_COUNT 16
#define FIRST_ROUTE 10

typedef struct {
    char name[64];
    child_kit_habit_t habit;
    uint32_t starts_count, drains_count, kills_count;
} name_t;

struct child_process {
    child_kit_t *owner;
    name_t *name;
    char instance[ACT_HEADER_NAME_MAX_BYTES + 1];
    child_kit_habit_t habit;
    uint64_t route; // also pid and start time; 0: has no connection
    pid_t pid;
    process_exit_fn *on_exit;
    void *exit_context;
    act_record_t record;
    process_death_t death;
    bool has_ended, was_heard, is_ready, hangs;
};

struct child_kit {
    broker_kit_t *broker;
    act_loop_t *loop;
    act_log_t *log;
    char folder[64];
    supervisor_t *supervisor;
    name_t names[KIT_NAMES_MAX_COUNT];
    uint32_t names_count;
    child_process_t *alive[256];
    uint32_t pids_count;
};

static name_t *name_of(child_kit_t *self, const char *name)
{
    for (uint32_t i = 0; i < self->names_count; i++)
        if (strcmp(self->names[i].name, name) == 0)
            return &self->names[i];
    assert_true(self->names_count < KIT_NAMES_MAX_COUNT);
    name_t *row = &self->names[self->names_count++];
    snprintf(row->name, sizeof row->name, "%s", name);
    return row;
}

// --- the host --------------------------------------------------------------------------------------

static void kit_process_free(child_process_t **self_p)
{
    child_process_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < ACT_COUNT(self->owner->alive); i++)
        if (self->owner->alive[i] == self)
            self->owner->alive[i] = NULL;
    act_free(act_take(self_p));
}

static act_err_t start(void *context, const child_launch_t *launch, process_exit_fn *on_exit,
                       void *exit_context, child_process_t **ret_process)
{
    child_kit_t *kit = context;
    child_process_t *self = act_alloc(sizeof *self);
    *self = (child_process_t){.owner = kit,
                              .name = name_of(kit, launch->spec->name),
                              .on_exit = on_exit,
                              .exit_context = exit_context};
    snprintf(self->instance, sizeof self->instance, "%s", launch->instance);
    self->habit = self->name->habit;
    self->pid = (pid_t)(1000 + kit->pids_count++);
    self->name->starts_count++;
    for (size_t i = FIRST_ROUTE; i < ACT_COUNT(kit->alive); i++)
        if (!kit->alive[i]) {
            kit->alive[i] = self;
            self->route = i;
            *ret_process = self;
            return ACT_E_OK;
        }
    fail_msg("too many processes");
    return ACT_E_IO;
}

static act_err_t adopt(void *context, pid_t pid, uint64_t start_ticks, process_exit_fn *on_exit,
                       void *exit_context, child_process_t **ret_process)
{
    (void)context, (void)pid, (void)start_ticks, (void)on_exit, (void)exit_context;
    (void)ret_process;
    return ACT_E_NOT_FOUND;
}

static void end(child_process_t *self, process_death_t death)
{
    self->has_ended = true;
    self->death = death;
    self->death.is_known = true;
}

static void send_signal(child_process_t *self, int number)
{
    if (number == SIGKILL) {
        self->name->kills_count++;
        end(self, (process_death_t){.signal = SIGKILL});
    } else if (number == SIGTERM) {
        self->name->drains_count++;
        end(self, (process_death_t){.exit_code = 0});
    } else if (number == SIGQUIT) {
        self->record.stacks_count++;
    }
}

static pid_t pid_of(const child_process_t *self)
{
    return self->pid;
}

static uint64_t start_ticks_of(const child_process_t *self)
{
    return self->route; // as broker_kit_hello says it
}

static act_record_t record_of(const child_process_t *self)
{
    return self->record;
}

static size_t stack_of(const child_process_t *self, char *text, size_t size_bytes)
{
    return (size_t)snprintf(text, size_bytes, "%s",
                            self->record.stacks_count ? "stack of the loop\n" : "");
}

static const process_death_t *death_of(const child_process_t *self)
{
    return &self->death;
}

// --- steps -----------------------------------------------------------------------------------------

static void behave(child_kit_t *self, child_process_t *process)
{
    if (process->habit == CHILD_KIT_CRASHES)
        end(process, (process_death_t){.exit_code = 3});
    else if (process->habit == CHILD_KIT_REFUSES)
        end(process, (process_death_t){.exit_code = 78});
    if (process->habit != CHILD_KIT_GETS_READY || process->is_ready)
        return;
    process->is_ready = true;
    broker_kit_hello(self->broker, process->route, process->name->name, process->instance,
                     /* is_ready= */ true, 8, 100000);
    const peer_t *peer = broker_kit_peer(self->broker, process->route);
    supervisor_on_hello(self->supervisor, peer);
    supervisor_on_ready(self->supervisor, peer);
}

static void step_process(child_kit_t *self, child_process_t *process)
{
    if (!process->hangs) {
        behave(self, process);
        process->record.alive_us = act_loop_now_ms(self->loop) * 1000;
        kit_frame_t frame;
        if (broker_kit_take(self->broker, process->route, ACT_KIND_DRAIN, &frame)) {
            process->name->drains_count++;
            end(process, (process_death_t){.exit_code = 0});
        }
    }
    if (process->has_ended)
        process->on_exit(process->exit_context); // frees it
}

static void step(child_kit_t *self)
{
    fake_clock_advance_ms(STEP_MS);
    broker_kit_pass_ms(self->broker, STEP_MS);
    uv_run(act_loop_uv(self->loop), UV_RUN_NOWAIT);
    for (size_t i = 0; i < ACT_COUNT(self->alive); i++)
        if (self->alive[i])
            step_process(self, self->alive[i]);
}

void child_kit_pass_ms(child_kit_t *self, int64_t by_ms)
{
    for (int64_t at_ms = 0; at_ms < by_ms; at_ms += STEP_MS)
        step(self);
}

void child_kit_until(child_kit_t *self, const char *instance, child_state_t state, int64_t limit_ms)
{
    for (int64_t at_ms = 0; at_ms < limit_ms; at_ms += STEP_MS) {
        if (child_kit_has(self, instance) && child_kit_view(self, instance).state == state)
            return;
        step(self);
    }
    fail_msg("%s is %s, not %s", instance,
             child_kit_has(self, instance) ? child_state_name(child_kit_view(self, instance).state)
                                           : "not there",
             child_state_name(state));
}

// --- looks and events --------------------------------------------------------------------------------

static bool find(child_kit_t *self, const char *instance, child_view_t *ret_view)
{
    for (uint32_t i = 0; supervisor_view(self->supervisor, i, ret_view); i++)
        if (strcmp(ret_view->instance, instance) == 0)
            return true;
    return false;
}

bool child_kit_has(child_kit_t *self, const char *instance)
{
    child_view_t view;
    return find(self, instance, &view);
}

child_view_t child_kit_view(child_kit_t *self, const char *instance)
{
    child_view_t view = {0};
    if (!find(self, instance, &view))
        fail_msg("there is no %s", instance);
    return view;
}

static child_process_t *process_of(child_kit_t *self, const char *instance)
{
    for (size_t i = 0; i < ACT_COUNT(self->alive); i++)
        if (self->alive[i] && strcmp(self->alive[i]->instance, instance) == 0)
            return self->alive[i];
    fail_msg("%s does not run", instance);
    return NULL;
}

void child_kit_exit(child_kit_t *self, const char *instance, int code)
{
    end(process_of(self, instance), (process_death_t){.exit_code = code});
}

void child_kit_die(child_kit_t *self, const char *instance, int number)
{
    end(process_of(self, instance),
        (process_death_t){.signal = number, .has_core = number == SIGSEGV});
}

void child_kit_hang(child_kit_t *self, const char *instance, const char *method)
{
    child_process_t *process = process_of(self, instance);
    process->hangs = true;
    process->record.kind = ACT_KIND_CALL;
    process->record.since_us = process->record.alive_us;
    snprintf(process->record.method, sizeof process->record.method, "%s", method);
}

void child_kit_set_habit(child_kit_t *self, const char *name, child_kit_habit_t habit)
{
    name_of(self, name)->habit = habit;
}

uint32_t child_kit_starts(const child_kit_t *self, const char *name)
{
    return name_of((child_kit_t *)(uintptr_t)self, name)->starts_count;
}

uint32_t child_kit_drains(const child_kit_t *self, const char *name)
{
    return name_of((child_kit_t *)(uintptr_t)self, name)->drains_count;
}

uint32_t child_kit_kills(const child_kit_t *self, const char *name)
{
    return name_of((child_kit_t *)(uintptr_t)self, name)->kills_count;
}

broker_kit_t *child_kit_broker(child_kit_t *self)
{
    return self->broker;
}

supervisor_t *child_kit_supervisor(child_kit_t *self)
{
    return self->supervisor;
}

// --- life --------------------------------------------------------------------------------------------

child_kit_t *child_kit_new(const children_t *children)
{
    child_kit_t *self = act_alloc(sizeof *self);
    snprintf(self->folder, sizeof self->folder, "/tmp/child_kit.XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    self->broker = broker_kit_new(&broker_kit_limits);
    self->loop = act_loop_new();
    uv_update_time(act_loop_uv(self->loop));
    self->log = act_log_new(self->folder, "broker", "broker", ACT_LOG_ERROR);
    const child_host_t host = {self,   start,          adopt,     kit_process_free, send_signal,
                               pid_of, start_ticks_of, record_of, stack_of,         death_of};
    const supervisor_opts_t opts = {.log_dir = self->folder};
    self->supervisor =
        supervisor_new(self->loop, self->broker->broker, self->log, children, &host, &opts);
    return self;
}

void child_kit_destroy(child_kit_t **self_p)
{
    child_kit_t *self = *self_p;
    if (!self)
        return;
    supervisor_destroy(&self->supervisor);
    act_loop_destroy(&self->loop);
    act_log_destroy(&self->log);
    broker_kit_destroy(&self->broker);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", self->folder);
    assert_int_equal(system(command), 0);
    act_free(act_take(self_p));
}
