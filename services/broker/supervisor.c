// supervisor: children and what to do with them, four times a second and at each event.
#include "supervisor.h"

#include "base/assert.h"
#include "base/id.h"
#include "base/mem.h"
#include "io/process.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define TICK_MS 50
#define LISTENER_DESCRIPTOR 3
#define ARGV_MAX_COUNT 160
#define PATH_MAX_BYTES 512

typedef struct {
    supervisor_t *owner;
    const child_spec_t *spec;
    char instance[ACT_HEADER_NAME_MAX_BYTES + 1];
    child_state_t state;
    int64_t state_since_ms;
    process_t *process; // NULL: none
    bool is_adopted;
    bool was_killed;
    bool is_probe; // started out of parking, and not ready since
    uint32_t restarts_count;
    int64_t *crashes_ms; // ring of the last intensity_count crashes
    uint32_t crashes_count;
    int64_t backoff_ms;
} child_t;

struct supervisor {
    act_loop_t *loop;
    broker_t *broker;
    act_log_t *log;
    const children_t *specs;
    supervisor_paths_t paths;
    child_t *children;
    uint32_t children_count;
    act_timer_t *tick;
    int64_t adopt_until_ms;
    bool is_stopping;
    void (*done)(void *context);
    void *done_context;
};

static const char *service_of(const child_spec_t *spec)
{
    return spec->service ? spec->service : spec->name;
}

const char *child_state_name(child_state_t state)
{
    static const char *const names[] = {
#define X(name, text) [CHILD_##name] = (text),
        CHILD_STATES(X)
#undef X
    };
    return names[state];
}

static void set_state(child_t *child, child_state_t state)
{
    if (child->state != state)
        act_log_info(child->owner->log, "child_state", "child=%s,from=%s,to=%s", child->instance,
                     child_state_name(child->state), child_state_name(state));
    child->state = state;
    child->state_since_ms = act_loop_now_ms(child->owner->loop);
}

static int64_t state_age_ms(const child_t *child)
{
    return act_loop_now_ms(child->owner->loop) - child->state_since_ms;
}

// --- start ---------------------------------------------------------------------------------------

static bool needs_are_ready(const child_t *child)
{
    for (uint32_t i = 0; i < child->spec->needs_count; i++) {
        service_t *service =
            services_find(broker_services(child->owner->broker), act_str(child->spec->needs[i]));
        if (!service || !service_choose(service, act_str("")))
            return false;
    }
    return true;
}

static void on_exit_of_child(void *context);

static void crashed(child_t *child, const char *verdict);

static void start(child_t *child)
{
    supervisor_t *self = child->owner;
    char path[PATH_MAX_BYTES], output[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/parley-%s", self->paths.bin_dir, child->spec->name);
    snprintf(output, sizeof output, "%s/%s.out", self->paths.log_dir, child->instance);
    const char *argv[ARGV_MAX_COUNT] = {path,
                                        "--bus",
                                        self->paths.endpoint,
                                        "--instance",
                                        child->instance,
                                        "--log-dir",
                                        self->paths.log_dir};
    size_t count = 7;
    for (uint32_t i = 0; i < child->spec->settings_count && count + 3 < ARGV_MAX_COUNT; i++) {
        argv[count++] = "--set";
        argv[count++] = child->spec->settings[i];
    }
    const process_descriptor_t inherited[] = {
        {self->paths.listener, child->spec->has_listener ? LISTENER_DESCRIPTOR : 0}, {0}};
    process_spec_t spec = {
        .path = path, .argv = argv, .output_path = output, .descriptors = inherited};
    child->is_adopted = false;
    child->was_killed = false;
    set_state(child, CHILD_STARTING);
    if (process_start(self->loop, &spec, on_exit_of_child, child, &child->process) != ACT_E_OK)
        crashed(child, "could not be started");
}

// --- death ---------------------------------------------------------------------------------------

// Has it crashed intensity_count times within intensity_ms?
static bool is_over_intensity(child_t *child)
{
    uint32_t size = child->spec->intensity_count;
    int64_t now_ms = act_loop_now_ms(child->owner->loop);
    int64_t *slot = &child->crashes_ms[child->crashes_count++ % size];
    int64_t oldest_ms = *slot;
    *slot = now_ms;
    return child->crashes_count > size && now_ms - oldest_ms < child->spec->intensity_ms;
}

// Doubles up to the maximum, with up to a quarter of jitter; starts over after a minute of health.
static void next_backoff(child_t *child, int64_t lived_ms)
{
    int64_t base_ms = child->backoff_ms * 2;
    if (child->backoff_ms == 0 || lived_ms > 60000)
        base_ms = child->spec->backoff_ms;
    if (base_ms > child->spec->backoff_max_ms)
        base_ms = child->spec->backoff_max_ms;
    child->backoff_ms = base_ms + (int64_t)(act_random_u64() % (uint64_t)(base_ms / 4 + 1));
}

static void crashed(child_t *child, const char *verdict)
{
    supervisor_t *self = child->owner;
    act_log_error(self->log, "child_died", "child=%s,verdict=%s,was_killed=%s", child->instance,
                  verdict, child->was_killed ? "true" : "false");
    next_backoff(child, state_age_ms(child));
    child->restarts_count++;
    if (is_over_intensity(child) || child->is_probe) {
        set_state(child, CHILD_PARKED);
        broker_park_service(self->broker, act_str(service_of(child->spec)), /* is_parked= */ true);
        act_log_error(self->log, "child_parked", "child=%s,probe_ms=%u", child->instance,
                      child->spec->park_ms);
        return;
    }
    set_state(child, CHILD_BACKOFF);
}

static bool is_to_be_restarted(const child_t *child, bool ended_well)
{
    switch (child->spec->restart) {
    case RESTART_TEMPORARY:
        return false;
    case RESTART_TRANSIENT:
        return !ended_well;
    case RESTART_PERMANENT:
    default:
        return true;
    }
}

static void on_exit_of_child(void *context)
{
    child_t *child = context;
    supervisor_t *self = child->owner;
    char verdict[64];
    act_str_copy(act_str(process_verdict(child->process)), verdict, sizeof verdict);
    bool ended_well = process_ended_well(child->process);
    broker_on_death(self->broker, act_str(child->instance), process_start_ticks(child->process));
    process_destroy(&child->process);
    if (child->state == CHILD_STOPPING || self->is_stopping ||
        !is_to_be_restarted(child, ended_well)) {
        act_log_info(self->log, "child_ended", "child=%s,verdict=%s", child->instance, verdict);
        set_state(child, CHILD_GONE);
        return;
    }
    crashed(child, verdict);
}

// --- what time brings ----------------------------------------------------------------------------

static void kill_child(child_t *child, const char *why)
{
    if (!child->process || child->was_killed)
        return;
    act_log_error(child->owner->log, "child_killed", "child=%s,why=%s", child->instance, why);
    child->was_killed = true;
    process_signal(child->process, SIGKILL);
}

static void on_waiting(child_t *child)
{
    bool may_adopt = act_loop_now_ms(child->owner->loop) < child->owner->adopt_until_ms;
    if (!may_adopt && !child->owner->is_stopping && needs_are_ready(child))
        start(child);
}

static void on_starting(child_t *child)
{
    if (state_age_ms(child) > child->spec->start_ms)
        kill_child(child, "not ready in time");
}

// Pings are answered by the child's loop, so silence means that its loop stands still.
static void on_running(child_t *child)
{
    peer_t *peer =
        peers_find_instance(broker_peers(child->owner->broker), act_str(child->instance));
    if (peer && broker_now_ms(child->owner->broker) - peer->heard_ms > child->spec->hang_ms)
        kill_child(child, "hangs");
}

static void on_stopping(child_t *child)
{
    if (state_age_ms(child) > child->spec->stop_ms)
        kill_child(child, "did not stop in time");
}

static void on_backoff(child_t *child)
{
    if (child->owner->is_stopping)
        set_state(child, CHILD_GONE);
    else if (state_age_ms(child) >= child->backoff_ms)
        start(child);
}

static void on_parked(child_t *child)
{
    if (child->owner->is_stopping)
        set_state(child, CHILD_GONE);
    else if (state_age_ms(child) >= child->spec->park_ms) {
        child->is_probe = true;
        start(child);
    }
}

typedef void on_time_fn(child_t *child);
static on_time_fn *const on_time[CHILD_STATES_COUNT] = {
    [CHILD_WAITING] = on_waiting, [CHILD_STARTING] = on_starting,
    [CHILD_RUNNING] = on_running, [CHILD_STOPPING] = on_stopping,
    [CHILD_BACKOFF] = on_backoff, [CHILD_PARKED] = on_parked,
    [CHILD_GONE] = NULL,
};

static void stop_child(child_t *child)
{
    if (!child->process) {
        set_state(child, CHILD_GONE);
        return;
    }
    if (child->state == CHILD_STOPPING)
        return;
    set_state(child, CHILD_STOPPING);
    if (!broker_drain(child->owner->broker, act_str(child->instance)))
        process_signal(child->process, SIGTERM);
}

// Stops the children of the highest order that is still there; done when none is.
static void stop_next(supervisor_t *self)
{
    int64_t highest = -1;
    for (uint32_t i = 0; i < self->children_count; i++)
        if (self->children[i].state != CHILD_GONE && self->children[i].spec->order > highest)
            highest = self->children[i].spec->order;
    for (uint32_t i = 0; i < self->children_count; i++)
        if (self->children[i].state != CHILD_GONE && self->children[i].spec->order == highest)
            stop_child(&self->children[i]);
    if (highest < 0 && self->done) {
        act_timer_stop(self->tick);
        void (*done)(void *) = self->done;
        self->done = NULL;
        done(self->done_context);
    }
}

static void on_tick(void *context)
{
    supervisor_t *self = context;
    for (uint32_t i = 0; i < self->children_count; i++)
        if (on_time[self->children[i].state])
            on_time[self->children[i].state](&self->children[i]);
    if (self->is_stopping)
        stop_next(self);
}

void supervisor_stop(supervisor_t *self, void (*done)(void *context), void *context)
{
    if (self->is_stopping)
        return;
    self->is_stopping = true;
    self->done = done;
    self->done_context = context;
    stop_next(self);
}

// --- what peers say ------------------------------------------------------------------------------

static child_t *child_of(supervisor_t *self, const peer_t *peer)
{
    for (uint32_t i = 0; i < self->children_count; i++)
        if (strcmp(self->children[i].instance, peer->instance) == 0)
            return &self->children[i];
    return NULL;
}

void supervisor_on_hello(supervisor_t *self, const peer_t *peer)
{
    child_t *child = child_of(self, peer);
    // A pid from another machine or container means nothing here.
    if (!child || child->process || peer->pid <= 0 || peer->is_remote)
        return;
    if (process_adopt(self->loop, peer->pid, peer->pid_start, on_exit_of_child, child,
                      &child->process) != ACT_E_OK)
        return;
    child->is_adopted = true;
    act_log_info(self->log, "child_adopted", "child=%s,pid=%d", child->instance, peer->pid);
    set_state(child, CHILD_STARTING);
}

void supervisor_on_ready(supervisor_t *self, const peer_t *peer)
{
    child_t *child = child_of(self, peer);
    if (!child || child->state != CHILD_STARTING)
        return;
    set_state(child, CHILD_RUNNING);
    child->is_probe = false;
    broker_park_service(self->broker, act_str(service_of(child->spec)), /* is_parked= */ false);
    on_tick(self); // others may have waited for this one
}

// --- life ----------------------------------------------------------------------------------------

static uint32_t count_children(const children_t *specs)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < specs->children_count; i++)
        count += specs->children[i].count;
    return count;
}

static void add_children(supervisor_t *self, const child_spec_t *spec)
{
    for (uint32_t n = 1; n <= spec->count; n++) {
        child_t *child = &self->children[self->children_count++];
        child->owner = self;
        child->spec = spec;
        child->crashes_ms = act_alloc_array(spec->intensity_count, sizeof *child->crashes_ms);
        child->state_since_ms = act_loop_now_ms(self->loop);
        snprintf(child->instance, sizeof child->instance, "%s-%u", spec->name, n);
    }
    broker_expect_service(self->broker, act_str(service_of(spec)));
}

supervisor_t *supervisor_new(act_loop_t *loop, broker_t *broker, act_log_t *log,
                             const children_t *children, const supervisor_paths_t *paths)
{
    supervisor_t *self = act_alloc(sizeof *self);
    self->loop = loop;
    self->broker = broker;
    self->log = log;
    self->specs = children;
    self->paths = *paths;
    self->children = act_alloc_array(count_children(children), sizeof *self->children);
    self->adopt_until_ms = act_loop_now_ms(loop) + paths->adopt_ms;
    // In the order of `order`: a stable selection, the list is short.
    for (uint32_t order = 0, left = children->children_count; left > 0; order++)
        for (uint32_t i = 0; i < children->children_count; i++)
            if (children->children[i].order == order) {
                add_children(self, &children->children[i]);
                left--;
            }
    self->tick = act_timer_new(loop, on_tick, self);
    act_timer_start(self->tick, 0, TICK_MS);
    return self;
}

void supervisor_destroy(supervisor_t **self_p)
{
    supervisor_t *self = *self_p;
    if (!self)
        return;
    act_timer_destroy(&self->tick);
    for (uint32_t i = 0; i < self->children_count; i++) {
        process_destroy(&self->children[i].process);
        act_free(self->children[i].crashes_ms);
    }
    act_free(self->children);
    act_free(act_take(self_p));
}

bool supervisor_view(const supervisor_t *self, uint32_t index, child_view_t *ret_view)
{
    if (index >= self->children_count)
        return false;
    const child_t *child = &self->children[index];
    *ret_view = (child_view_t){
        .service = service_of(child->spec),
        .instance = child->instance,
        .state = child->state,
        .pid = child->process ? (int32_t)process_pid(child->process) : 0,
        .restarts_count = child->restarts_count,
        .is_adopted = child->is_adopted,
    };
    return true;
}
