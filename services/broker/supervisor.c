// supervisor: children and what to do with them, twenty times a second and at each event.
#include "supervisor_private.h"

#include "base/assert.h"
#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS 50

const char *child_state_name(child_state_t state)
{
    static const char *const names[] = {
#define X(name, text) [CHILD_##name] = (text),
        CHILD_STATES(X)
#undef X
    };
    return names[state];
}

void child_set_state(child_t *child, child_state_t state)
{
    if (child->state != state)
        act_log_info(child->owner->log, "child_state", "child=%s,from=%s,to=%s", child->instance,
                     child_state_name(child->state), child_state_name(state));
    child->state = state;
    child->state_since_ms = act_loop_now_ms(child->owner->loop);
}

int64_t child_age_ms(const child_t *child)
{
    return act_loop_now_ms(child->owner->loop) - child->state_since_ms;
}

bool child_runs(const child_t *child)
{
    return child->state == CHILD_RUNNING;
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

static bool is_on_its_way(child_state_t state)
{
    static const bool table[CHILD_STATES_COUNT] = {
        [CHILD_WAITING] = true,  [CHILD_STARTING] = true, [CHILD_PROBING] = false,
        [CHILD_DRAINING] = true, [CHILD_STOPPING] = true, [CHILD_BACKOFF] = true,
    };
    return table[state];
}

// In a group that stands and falls together, whoever comes earlier must be there; one that is parked
// or gone is not waited for: the rest lives on.
static bool group_is_ready(const child_t *child)
{
    supervisor_t *self = child->owner;
    if (child->spec->strategy == STRATEGY_ONE_FOR_ONE)
        return true;
    for (uint32_t i = 0; i < self->children_count && self->children[i] != child; i++) {
        const child_t *other = self->children[i];
        if (other->spec != child->spec && other->spec->group &&
            strcmp(other->spec->group, child->spec->group) == 0 && is_on_its_way(other->state))
            return false;
    }
    return true;
}

static void set_generation(child_t *child, uint32_t generation)
{
    child->generation = generation;
    child->next_generation = 0;
    if (generation == 1)
        snprintf(child->instance, sizeof child->instance, "%s-%u", child->spec->name, child->slot);
    else
        snprintf(child->instance, sizeof child->instance, "%s-%u.%u", child->spec->name,
                 child->slot, generation);
}

void child_start(child_t *child)
{
    supervisor_t *self = child->owner;
    if (child->next_generation)
        set_generation(child, child->next_generation);
    child->want = WANT_ALIVE;
    child->is_adopted = child->was_killed = child->was_ready = false;
    child->asked_ms = 0;
    child->started_ms = act_loop_now_ms(self->loop);
    child_set_state(child, child->state == CHILD_PARKED ? CHILD_PROBING : CHILD_STARTING);
    child_launch_t launch = {.spec = child->spec, .instance = child->instance};
    if (self->host.start(self->host.context, &launch, child_on_exit, child, &child->process) !=
        ACT_E_OK)
        child_on_no_start(child);
}

// --- what time brings ----------------------------------------------------------------------------

void child_kill(child_t *child, death_reason_t why)
{
    if (!child->process || child->was_killed)
        return;
    act_log_error(child->owner->log, "child_killed", "child=%s,why=%s", child->instance,
                  death_reason_name(why));
    child->was_killed = true;
    child->why = why;
    child->owner->host.signal(child->process, SIGKILL);
}

static void on_waiting(child_t *child)
{
    bool may_adopt = act_loop_now_ms(child->owner->loop) < child->owner->adopt_until_ms;
    if (!may_adopt && !child->owner->is_stopping && needs_are_ready(child) && group_is_ready(child))
        child_start(child);
}

static void on_starting(child_t *child)
{
    if (child_age_ms(child) > child->spec->start_ms)
        child_kill(child, DEATH_START_TIMEOUT);
}

static void on_leaving(child_t *child)
{
    if (child_age_ms(child) > child->spec->stop_ms)
        child_kill(child, DEATH_STOP_TIMEOUT);
}

static void on_backoff(child_t *child)
{
    if (child->owner->is_stopping)
        child_set_state(child, CHILD_GONE);
    else if (child_age_ms(child) >= child->pause_ms)
        child_start(child);
}

static void on_parked(child_t *child)
{
    if (child->owner->is_stopping)
        child_set_state(child, CHILD_GONE);
    else if (child_age_ms(child) >= child->spec->park_ms)
        child_start(child);
}

typedef void on_time_fn(child_t *child);
static on_time_fn *const on_time[CHILD_STATES_COUNT] = {
    [CHILD_WAITING] = on_waiting,  [CHILD_STARTING] = on_starting,
    [CHILD_PROBING] = on_starting, [CHILD_RUNNING] = child_look_for_hang,
    [CHILD_DRAINING] = on_leaving, [CHILD_STOPPING] = on_leaving,
    [CHILD_BACKOFF] = on_backoff,  [CHILD_PARKED] = on_parked,
    [CHILD_GONE] = NULL,
};

void child_stop(child_t *child, child_want_t want)
{
    supervisor_t *self = child->owner;
    child->want = want;
    if (!child->process) {
        child_set_state(child, want == WANT_GONE ? CHILD_GONE : CHILD_WAITING);
        return;
    }
    if (child->state == CHILD_DRAINING || child->state == CHILD_STOPPING)
        return;
    bool is_told = broker_drain(self->broker, act_str(child->instance));
    child_set_state(child, is_told ? CHILD_DRAINING : CHILD_STOPPING);
    if (!is_told)
        self->host.signal(child->process, SIGTERM);
}

// Stops the children of the highest order that is still there; done when none is.
static void stop_next(supervisor_t *self)
{
    int64_t highest = -1;
    for (uint32_t i = 0; i < self->children_count; i++)
        if (self->children[i]->state != CHILD_GONE && self->children[i]->spec->order > highest)
            highest = self->children[i]->spec->order;
    for (uint32_t i = 0; i < self->children_count; i++)
        if (self->children[i]->state != CHILD_GONE && self->children[i]->spec->order == highest)
            child_stop(self->children[i], WANT_GONE);
    if (highest < 0 && self->done) {
        act_timer_stop(self->tick);
        void (*done)(void *) = self->done;
        self->done = NULL;
        done(self->done_context);
    }
}

// Can somebody of this service be there soon?
static bool is_hopeful(const supervisor_t *self, const child_t *child)
{
    if (child->state == CHILD_RUNNING || child->state == CHILD_STARTING ||
        child->state == CHILD_BACKOFF)
        return true;
    if (child->state == CHILD_DRAINING || child->state == CHILD_STOPPING)
        return child->want == WANT_AGAIN;
    if (child->state != CHILD_WAITING)
        return false;
    for (uint32_t i = 0; i < child->spec->needs_count; i++) {
        service_t *service =
            services_find(broker_services(self->broker), act_str(child->spec->needs[i]));
        if (service && service->is_parked)
            return false; // it waits for one that nobody expects
    }
    return true;
}

void supervisor_refresh_parking(supervisor_t *self)
{
    for (uint32_t i = 0; i < self->entries_count && !self->is_stopping; i++) {
        const char *name = children_service(self->entries[i]->spec);
        bool has_hope = false;
        for (uint32_t j = 0; j < self->children_count && !has_hope; j++)
            has_hope = strcmp(children_service(self->children[j]->spec), name) == 0 &&
                       is_hopeful(self, self->children[j]);
        broker_park_service(self->broker, act_str(name), !has_hope);
    }
}

// Rows of children that were replaced or scaled away.
static void remove_passed(supervisor_t *self)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < self->children_count; i++) {
        child_t *child = self->children[i];
        if (!child->is_passing || child->state != CHILD_GONE || child->process) {
            self->children[kept++] = child;
            continue;
        }
        roll_forget(supervisor_roll(self, child->spec), child);
        restarts_fini(&child->restarts);
        act_free(child);
    }
    self->children_count = kept;
}

static bool has_children(const supervisor_t *self, const child_spec_t *spec)
{
    for (uint32_t i = 0; i < self->children_count; i++)
        if (self->children[i]->spec == spec)
            return true;
    return false;
}

// Entries that were removed, once their last child is gone. Their service is nobody's then.
static void remove_left(supervisor_t *self)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < self->entries_count; i++) {
        supervisor_entry_t *entry = self->entries[i];
        if (!entry->is_leaving || has_children(self, entry->spec)) {
            self->entries[kept++] = entry;
            continue;
        }
        broker_park_service(self->broker, act_str(children_service(entry->spec)), true);
        entry->gone(entry->gone_context, entry->spec);
        act_free(entry);
    }
    self->entries_count = kept;
}

static void on_tick(void *context)
{
    supervisor_t *self = context;
    for (uint32_t i = 0; i < self->children_count; i++)
        if (on_time[self->children[i]->state])
            on_time[self->children[i]->state](self->children[i]);
    if (self->is_stopping) {
        stop_next(self);
        return;
    }
    for (uint32_t i = 0; i < self->entries_count; i++)
        if (!self->entries[i]->is_leaving)
            roll_on_tick(self, self->entries[i]->spec);
    remove_passed(self);
    remove_left(self);
    supervisor_refresh_parking(self);
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

static child_t *find_child(const supervisor_t *self, const char *instance)
{
    for (uint32_t i = 0; i < self->children_count; i++)
        if (strcmp(self->children[i]->instance, instance) == 0)
            return self->children[i];
    return NULL;
}

// "session-2" or "session-2.3": slot 2 of the entry `session`, generation 3.
static const child_spec_t *parse_instance(const supervisor_t *self, const char *instance,
                                          uint32_t *ret_slot, uint32_t *ret_generation)
{
    for (uint32_t i = 0; i < self->entries_count; i++) {
        const child_spec_t *spec = self->entries[i]->spec;
        size_t len = strlen(spec->name);
        if (strncmp(instance, spec->name, len) != 0 || instance[len] != '-')
            continue;
        char *end = NULL;
        unsigned long slot = strtoul(instance + len + 1, &end, 10);
        unsigned long generation = *end == '.' ? strtoul(end + 1, &end, 10) : 1;
        if (*end || slot < 1 || slot > CHILDREN_INSTANCES_MAX_COUNT || generation < 1 ||
            generation > UINT32_MAX)
            continue;
        *ret_slot = (uint32_t)slot;
        *ret_generation = (uint32_t)generation;
        return spec;
    }
    return NULL;
}

// The row of an instance that an earlier broker started: one that waits in its slot, or a new one.
static child_t *row_of_stranger(supervisor_t *self, const peer_t *peer)
{
    uint32_t slot = 0, generation = 0;
    const child_spec_t *spec = parse_instance(self, peer->instance, &slot, &generation);
    if (!spec || strcmp(spec->name, peer->actor) != 0)
        return NULL;
    for (uint32_t i = 0; i < self->children_count; i++) {
        child_t *child = self->children[i];
        if (child->spec == spec && child->slot == slot && child->state == CHILD_WAITING) {
            set_generation(child, generation);
            return child;
        }
    }
    return supervisor_add_child(self, spec, slot, generation);
}

void supervisor_on_hello(supervisor_t *self, const peer_t *peer)
{
    child_t *child = find_child(self, peer->instance);
    bool may_adopt = act_loop_now_ms(self->loop) < self->adopt_until_ms;
    if (!child && may_adopt && peer->pid > 0)
        child = row_of_stranger(self, peer);
    if (child)
        broker_set_ping(self->broker, act_str(peer->instance), child->spec->ping_ms);
    if (!child || child->process || peer->pid <= 0 || peer->is_remote)
        return; // a process in a jail or on another machine knows its own pid by another number
    if (self->host.adopt(self->host.context, peer->pid, peer->pid_start, child_on_exit, child,
                         &child->process) != ACT_E_OK)
        return;
    child->want = WANT_ALIVE;
    child->is_adopted = true;
    child->was_killed = child->was_ready = false;
    child->started_ms = act_loop_now_ms(self->loop);
    act_log_info(self->log, "child_adopted", "child=%s,pid=%d", child->instance, peer->pid);
    child_set_state(child, CHILD_STARTING);
}

// A broker that died in the middle of a roll left two generations: the newer one stays.
static void retire_older(child_t *child)
{
    supervisor_t *self = child->owner;
    for (uint32_t i = 0; i < self->children_count; i++) {
        child_t *other = self->children[i];
        if (other->spec != child->spec || other->slot != child->slot || other == child ||
            !child->is_adopted || !other->is_adopted || !child_runs(other))
            continue;
        child_t *older = other->generation < child->generation ? other : child;
        older->is_passing = true;
        child_stop(older, WANT_GONE);
    }
}

void supervisor_on_ready(supervisor_t *self, const peer_t *peer)
{
    child_t *child = find_child(self, peer->instance);
    if (!child || (child->state != CHILD_STARTING && child->state != CHILD_PROBING))
        return;
    child->was_ready = true;
    child_set_state(child, CHILD_RUNNING);
    retire_older(child);
    supervisor_refresh_parking(self);
    on_tick(self); // others may have waited for this one
}

// --- life ----------------------------------------------------------------------------------------

// Where a child of this entry stands: behind all of the same order, and of earlier ones.
static uint32_t place_of(const supervisor_t *self, const child_spec_t *spec)
{
    uint32_t own = supervisor_entry(self, spec)->place;
    for (uint32_t i = 0; i < self->children_count; i++) {
        const child_spec_t *other = self->children[i]->spec;
        if (other->order > spec->order ||
            (other->order == spec->order && supervisor_entry(self, other)->place > own))
            return i;
    }
    return self->children_count;
}

child_t *supervisor_add_child(supervisor_t *self, const child_spec_t *spec, uint32_t slot,
                              uint32_t generation)
{
    child_t *child = act_alloc(sizeof *child);
    *child = (child_t){.owner = self, .spec = spec, .slot = slot};
    child->state_since_ms = act_loop_now_ms(self->loop);
    set_generation(child, generation);
    restarts_init(&child->restarts, spec);
    uint32_t place = place_of(self, spec);
    self->children = act_realloc(self->children, (self->children_count + 1) * sizeof(child_t *));
    memmove(&self->children[place + 1], &self->children[place],
            (self->children_count - place) * sizeof(child_t *));
    self->children[place] = child;
    self->children_count++;
    return child;
}

supervisor_entry_t *supervisor_entry(const supervisor_t *self, const child_spec_t *spec)
{
    for (uint32_t i = 0; i < self->entries_count; i++)
        if (self->entries[i]->spec == spec)
            return self->entries[i];
    act_assert(!"an entry of ours");
    return NULL;
}

void supervisor_add(supervisor_t *self, const child_spec_t *spec)
{
    supervisor_entry_t *entry = act_alloc(sizeof *entry);
    *entry = (supervisor_entry_t){.spec = spec, .place = self->places_count++};
    self->entries =
        act_realloc(self->entries, (self->entries_count + 1) * sizeof(supervisor_entry_t *));
    self->entries[self->entries_count++] = entry;
    for (uint32_t slot = 1; slot <= spec->count; slot++)
        supervisor_add_child(self, spec, slot, 1);
    broker_expect_service(self->broker, act_str(children_service(spec)));
}

void supervisor_remove(supervisor_t *self, const child_spec_t *spec,
                       void (*gone)(void *context, const child_spec_t *spec), void *context)
{
    supervisor_entry_t *entry = supervisor_entry(self, spec);
    entry->is_leaving = true;
    entry->gone = gone;
    entry->gone_context = context;
    for (uint32_t i = 0; i < self->children_count; i++)
        if (self->children[i]->spec == spec) {
            self->children[i]->is_passing = true;
            child_stop(self->children[i], WANT_GONE);
        }
}

supervisor_t *supervisor_new(act_loop_t *loop, broker_t *broker, act_log_t *log,
                             const children_t *children, const child_host_t *host,
                             const supervisor_opts_t *opts)
{
    supervisor_t *self = act_alloc(sizeof *self);
    self->loop = loop;
    self->broker = broker;
    self->log = log;
    self->host = *host;
    self->opts = *opts;
    self->obituaries = obituaries_new();
    self->adopt_until_ms = act_loop_now_ms(loop) + opts->adopt_ms;
    for (uint32_t i = 0; i < children->children_count; i++)
        supervisor_add(self, &children->children[i]);
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
        if (self->children[i]->process)
            self->host.destroy(&self->children[i]->process);
        restarts_fini(&self->children[i]->restarts);
        act_free(self->children[i]);
    }
    act_free(self->children);
    for (uint32_t i = 0; i < self->entries_count; i++)
        act_free(self->entries[i]);
    act_free(self->entries);
    obituaries_destroy(&self->obituaries);
    act_free(act_take(self_p));
}

// --- views ---------------------------------------------------------------------------------------

bool supervisor_view(const supervisor_t *self, uint32_t index, child_view_t *ret_view)
{
    if (index >= self->children_count)
        return false;
    const child_t *child = self->children[index];
    *ret_view = (child_view_t){
        .service = children_service(child->spec),
        .instance = child->instance,
        .state = child->state,
        .pid = child->process ? (int32_t)self->host.pid(child->process) : 0,
        .generation = child->generation,
        .restarts_count = child->restarts_count,
        .is_adopted = child->is_adopted,
        .last_error = child->last_error,
    };
    return true;
}

obituaries_t *supervisor_obituaries(supervisor_t *self)
{
    return self->obituaries;
}

const char *supervisor_log_name(const supervisor_t *self, act_str_t service, act_str_t instance)
{
    for (uint32_t i = 0; i < self->children_count; i++) {
        const child_t *child = self->children[i];
        bool is_it = act_str_empty(instance) ? act_str_is(service, children_service(child->spec))
                                             : act_str_is(instance, child->instance);
        if (is_it)
            return child->spec->name;
    }
    return NULL;
}
