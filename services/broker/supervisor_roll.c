// supervisor_roll: one instance after the other gets a successor of a new generation. The old one goes
// on with its work until the new one is ready and has lived for probation_ms; then it is drained. When
// the new one dies before that it goes, the old one stays, and the roll ends (rolled back).
#include "supervisor_private.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

roll_t *supervisor_roll(const supervisor_t *self, const child_spec_t *spec)
{
    return &supervisor_entry(self, spec)->roll;
}

void roll_begin(roll_t *self, uint32_t generation, uint32_t slot)
{
    *self = (roll_t){.state = ROLL_RUNS, .generation = generation, .slot = slot};
}

void roll_forget(roll_t *self, const child_t *child)
{
    if (self->old == child)
        self->old = NULL;
    if (self->newcomer == child)
        self->newcomer = NULL;
}

static child_t *next_to_replace(supervisor_t *self, const child_spec_t *spec, const roll_t *roll)
{
    for (uint32_t i = 0; i < self->children_count; i++) {
        child_t *child = self->children[i];
        if (child->spec == spec && child->generation < roll->generation && !child->is_passing &&
            (roll->slot == 0 || roll->slot == child->slot))
            return child;
    }
    return NULL;
}

static void end(supervisor_t *self, const child_spec_t *spec, roll_t *roll, roll_state_t state)
{
    roll->state = state;
    roll->old = roll->newcomer = NULL;
    if (state == ROLL_DONE)
        act_log_info(self->log, "roll_done", "child=%s,generation=%u,replaced=%u", spec->name,
                     roll->generation, roll->replaced_count);
    else
        act_log_error(self->log, "alarm", "what=rolled_back,child=%s,generation=%u,why=%s",
                      spec->name, roll->generation, roll->error);
}

static void begin_pair(supervisor_t *self, const child_spec_t *spec, roll_t *roll, child_t *old)
{
    roll->old = old;
    if (spec->is_single || !child_runs(old)) { // there is nothing to keep, or nowhere beside it
        old->next_generation = roll->generation;
        child_stop(old, WANT_AGAIN);
        roll->newcomer = old;
        return;
    }
    roll->newcomer = supervisor_add_child(self, spec, old->slot, roll->generation);
    roll->newcomer->is_newcomer = true;
    act_log_info(self->log, "roll", "child=%s,successor=%s", old->instance,
                 roll->newcomer->instance);
    child_start(roll->newcomer);
}

// The child is its own successor: its name changes when it has gone.
static void look_at_single(supervisor_t *self, const child_spec_t *spec, roll_t *roll)
{
    child_t *child = roll->newcomer;
    if (child->generation < roll->generation)
        return; // it has not gone yet
    if (child_runs(child) && child_age_ms(child) >= spec->probation_ms) {
        roll->replaced_count++;
        roll->old = roll->newcomer = NULL;
    } else if (child->state == CHILD_PARKED || child->state == CHILD_GONE) {
        snprintf(roll->error, sizeof roll->error, "%s does not start: %.80s", child->instance,
                 child->last_error);
        end(self, spec, roll, ROLL_BACK);
    }
}

static void go_back(supervisor_t *self, const child_spec_t *spec, roll_t *roll)
{
    child_t *newcomer = roll->newcomer;
    snprintf(roll->error, sizeof roll->error, "%s failed: %.80s", newcomer->instance,
             newcomer->last_error);
    newcomer->is_passing = true;
    end(self, spec, roll, ROLL_BACK);
}

static void look_at_pair(supervisor_t *self, const child_spec_t *spec, roll_t *roll)
{
    child_t *newcomer = roll->newcomer;
    if (newcomer->is_newcomer) {
        if (newcomer->state == CHILD_GONE) {
            go_back(self, spec, roll);
            return;
        }
        if (!child_runs(newcomer) || child_age_ms(newcomer) < spec->probation_ms)
            return;
        newcomer->is_newcomer = false; // from here on it is a child like others
        if (roll->old) {
            roll->old->is_passing = true;
            child_stop(roll->old, WANT_GONE);
        }
    }
    if (roll->old && roll->old->state != CHILD_GONE)
        return;
    roll->replaced_count++;
    roll->old = roll->newcomer = NULL;
}

void roll_on_tick(supervisor_t *self, const child_spec_t *spec)
{
    roll_t *roll = supervisor_roll(self, spec);
    if (roll->state != ROLL_RUNS)
        return;
    if (!roll->newcomer) {
        child_t *old = next_to_replace(self, spec, roll);
        if (old)
            begin_pair(self, spec, roll, old);
        else
            end(self, spec, roll, ROLL_DONE);
        return;
    }
    if (roll->newcomer == roll->old)
        look_at_single(self, spec, roll);
    else
        look_at_pair(self, spec, roll);
}

bool supervisor_roll_view(const supervisor_t *self, uint32_t index, roll_row_t *ret_view)
{
    static const char *const names[] = {
        [ROLL_RUNS] = "rolling", [ROLL_DONE] = "done", [ROLL_BACK] = "rolled back"};
    for (uint32_t i = 0; i < self->entries_count; i++) {
        const roll_t *roll = &self->entries[i]->roll;
        if (roll->state == ROLL_NONE || index-- > 0)
            continue;
        *ret_view = (roll_row_t){
            .service = children_service(self->entries[i]->spec),
            .state = names[roll->state],
            .replaced_count = roll->replaced_count,
            .error = roll->error,
        };
        return true;
    }
    return false;
}
