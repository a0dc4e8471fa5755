// supervisor_deaths: what becomes of a child that ended, and of its group.
#include "supervisor_private.h"

#include "base/mem.h"
#include "base/time.h"
#include "log_tail.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

// sysexits.h: the actor says that its settings or its database can never work (actor/main.c).
#define EXIT_CONFIG 78

// --- the obituary ----------------------------------------------------------------------------------

static death_reason_t reason_of(const child_t *child, const process_death_t *death)
{
    if (child->was_killed)
        return child->why;
    if (!death->is_known)
        return DEATH_LOST;
    return death->signal ? DEATH_SIGNAL : DEATH_EXIT;
}

// What it had in hand: the message its loop was at, or the oldest call it had not answered.
static void note_work(const child_t *child, const act_record_t *record, obituary_row_t *obituary)
{
    const char *method = record->method;
    obituary->trace = record->trace;
    peer_t *peer =
        peers_find_instance(broker_peers(child->owner->broker), act_str(child->instance));
    const entry_t *oldest = peer ? peer->in_flight.first : NULL;
    act_str_copy(act_str(method), obituary->method, sizeof obituary->method);
    if (!*method && oldest) {
        act_str_copy(oldest->header.method, obituary->method, sizeof obituary->method);
        obituary->trace = oldest->header.trace;
    }
}

static void note_lines(const child_t *child, obituary_row_t *obituary)
{
    act_buf_t lines;
    act_buf_init(&lines, 1u << 20);
    log_tail(child->owner->opts.log_dir, child->spec->name, child->instance, act_time_wall_us(),
             OBITUARY_LINES_MAX_COUNT, &lines);
    // The last of them, from the beginning of a line.
    act_str_t text = act_buf_str(&lines);
    if (text.len_bytes >= sizeof obituary->lines) {
        const char *from = text.ptr + text.len_bytes - (sizeof obituary->lines - 1);
        const char *line = memchr(from, '\n', sizeof obituary->lines - 1);
        from = line ? line + 1 : from;
        text = act_str_of(from, (size_t)(text.ptr + text.len_bytes - from));
    }
    act_str_copy(text, obituary->lines, sizeof obituary->lines);
    act_buf_fini(&lines);
}

// Before the broker takes its work away.
static obituary_row_t *write_obituary(child_t *child)
{
    supervisor_t *self = child->owner;
    obituary_row_t *obituary = obituaries_add(self->obituaries);
    act_str_copy(act_str(children_service(child->spec)), obituary->service,
                 sizeof obituary->service);
    act_str_copy(act_str(child->instance), obituary->instance, sizeof obituary->instance);
    obituary->at_ms = act_time_wall_us() / 1000;
    obituary->uptime_ms = (uint64_t)(act_loop_now_ms(self->loop) - child->started_ms);
    obituary->was_ready = child->was_ready;
    obituary->reason = DEATH_NOT_STARTED;
    if (child->process) {
        act_record_t record = self->host.record(child->process);
        obituary->pid = self->host.pid(child->process);
        obituary->death = *self->host.death(child->process);
        obituary->reason = reason_of(child, &obituary->death);
        if (!obituary->death.is_known)
            obituary->death.signal = record.signal; // its own last word
        self->host.stack(child->process, obituary->stack, sizeof obituary->stack);
        note_work(child, &record, obituary);
    }
    note_lines(child, obituary);
    return obituary;
}

static void describe(const obituary_row_t *obituary, char *text, size_t size_bytes)
{
    const process_death_t *death = &obituary->death;
    if (obituary->reason == DEATH_EXIT)
        snprintf(text, size_bytes, "exit %d", death->exit_code);
    else if (obituary->reason == DEATH_SIGNAL)
        snprintf(text, size_bytes, "signal %d%s", death->signal, death->has_core ? ", core" : "");
    else
        snprintf(text, size_bytes, "%s", death_reason_name(obituary->reason));
}

// --- the group -------------------------------------------------------------------------------------

// The others of a group that go with this one are stopped and wait for it (group_is_ready).
static void take_group_along(const child_t *child)
{
    supervisor_t *self = child->owner;
    bool is_behind = false;
    for (uint32_t i = 0; i < self->children_count; i++) {
        child_t *other = self->children[i];
        if (other == child) {
            is_behind = true;
            continue;
        }
        bool goes_along = child->spec->strategy == STRATEGY_ONE_FOR_ALL ||
                          (child->spec->strategy == STRATEGY_REST_FOR_ONE && is_behind &&
                           other->spec != child->spec);
        bool is_of_group = child->spec->group && other->spec->group &&
                           strcmp(child->spec->group, other->spec->group) == 0;
        if (goes_along && is_of_group && other->process && other->want == WANT_ALIVE)
            child_stop(other, WANT_AGAIN);
    }
}

// --- what becomes of it ----------------------------------------------------------------------------

static void park(child_t *child)
{
    child_set_state(child, CHILD_PARKED);
    act_log_error(child->owner->log, "alarm", "what=child_parked,child=%s,last=%s,probe_ms=%u",
                  child->instance, child->last_error, child->spec->park_ms);
}

static void crash(child_t *child, obituary_row_t *obituary)
{
    supervisor_t *self = child->owner;
    const process_death_t *death = &obituary->death;
    int64_t now_ms = act_loop_now_ms(self->loop);
    bool is_probe = child->state == CHILD_PROBING;
    // It says itself that trying again changes nothing.
    bool is_hopeless = !child->was_ready && death->is_known && death->signal == 0 &&
                       death->exit_code == EXIT_CONFIG;
    child->restarts_count++;
    bool may_restart =
        restarts_crash(&child->restarts, now_ms, now_ms - child->started_ms, &child->pause_ms);
    take_group_along(child);
    if (is_probe || is_hopeless || !may_restart) {
        obituary->was_parked = true;
        park(child);
    } else {
        child_set_state(child, CHILD_BACKOFF);
    }
}

static bool is_to_be_restarted(const child_t *child, const obituary_row_t *obituary)
{
    bool ended_well = obituary->reason == DEATH_EXIT && obituary->death.exit_code == 0;
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

static void decide(child_t *child, obituary_row_t *obituary)
{
    if (child->owner->is_stopping || child->want == WANT_GONE || child->is_newcomer)
        child_set_state(child, CHILD_GONE); // a newcomer that failed: the roll goes back
    else if (child->want == WANT_AGAIN)
        child_set_state(child, CHILD_WAITING);
    else if (!is_to_be_restarted(child, obituary))
        child_set_state(child, CHILD_GONE);
    else
        crash(child, obituary);
    child->want = child->state == CHILD_GONE ? WANT_GONE : WANT_ALIVE;
}

static void note_end(child_t *child, const obituary_row_t *obituary)
{
    describe(obituary, child->last_error, sizeof child->last_error);
    act_log_error(child->owner->log, child->was_ready ? "child_died" : "child_start_failed",
                  "child=%s,reason=%s,verdict=%s,method=%s,uptime_ms=%llu", child->instance,
                  death_reason_name(obituary->reason), child->last_error, obituary->method,
                  (unsigned long long)obituary->uptime_ms);
}

// Not what somebody else did to it; of one that was adopted its own last word is all there is.
static bool has_crashed(const child_t *child)
{
    const child_host_t *host = &child->owner->host;
    const process_death_t *death = host->death(child->process);
    if (child->was_killed)
        return child->why == DEATH_HANG;
    if (!death->is_known)
        return host->record(child->process).signal != 0;
    return death->signal ? death->signal != SIGKILL : death->exit_code != 0;
}

void child_on_exit(void *context)
{
    child_t *child = context;
    supervisor_t *self = child->owner;
    const process_death_t *death = self->host.death(child->process);
    bool was_told = child->want != WANT_ALIVE || self->is_stopping;
    bool ended_well = death->is_known ? death->signal == 0 && death->exit_code == 0 : was_told;
    obituary_row_t *obituary = NULL;
    if (!was_told || !ended_well || child->was_killed) {
        obituary = write_obituary(child);
        note_end(child, obituary);
    }
    broker_on_death(self->broker, act_str(child->instance), self->host.start_ticks(child->process),
                    has_crashed(child));
    self->host.destroy(&child->process);
    decide(child, obituary);
    supervisor_refresh_parking(self);
}

void child_on_no_start(child_t *child)
{
    obituary_row_t *obituary = write_obituary(child);
    note_end(child, obituary);
    decide(child, obituary);
}
