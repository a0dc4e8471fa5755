// supervisor_commands: what people ask of the supervisor. Each answers at once; views show the rest.
#include "supervisor_private.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

static act_err_t refuse(act_buf_t *error, act_err_t err, const char *format, ...) ACT_PRINTF(3, 4);
static act_err_t refuse(act_buf_t *error, act_err_t err, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    act_buf_add_str(error, act_str(text));
    return err;
}

static const child_spec_t *find_spec(const supervisor_t *self, act_str_t service)
{
    for (uint32_t i = 0; i < self->entries_count; i++)
        if (!self->entries[i]->is_leaving &&
            act_str_is(service, children_service(self->entries[i]->spec)))
            return self->entries[i]->spec;
    return NULL;
}

static child_t *find_instance(const supervisor_t *self, act_str_t instance)
{
    for (uint32_t i = 0; i < self->children_count; i++)
        if (act_str_is(instance, self->children[i]->instance))
            return self->children[i];
    return NULL;
}

// Finds what is meant: an instance, or a service. *ret_child is NULL for a whole service.
static act_err_t find(const supervisor_t *self, act_str_t service, act_str_t instance,
                      const child_spec_t **ret_spec, child_t **ret_child, act_buf_t *error)
{
    *ret_child = act_str_empty(instance) ? NULL : find_instance(self, instance);
    *ret_spec = *ret_child ? (*ret_child)->spec : find_spec(self, service);
    if (self->is_stopping)
        return refuse(error, ACT_E_CONFLICT, "everything is being stopped");
    if (!act_str_empty(instance) && !*ret_child)
        return refuse(error, ACT_E_NOT_FOUND,
                      "'%.*s' is not an instance that the broker started (see parley status)",
                      (int)instance.len_bytes, instance.ptr);
    if (!*ret_spec)
        return refuse(error, ACT_E_NOT_FOUND,
                      "'%.*s' is not a service of parley.yaml (see parley status)",
                      (int)service.len_bytes, service.ptr);
    if (*ret_child && !act_str_empty(service) && !act_str_is(service, children_service(*ret_spec)))
        return refuse(error, ACT_E_INVALID_ARGUMENT, "'%s' is an instance of %s",
                      (*ret_child)->instance, children_service(*ret_spec));
    return ACT_E_OK;
}

static uint32_t newest_generation(const supervisor_t *self, const child_spec_t *spec)
{
    uint32_t newest = 0;
    for (uint32_t i = 0; i < self->children_count; i++)
        if (self->children[i]->spec == spec && self->children[i]->generation > newest)
            newest = self->children[i]->generation;
    return newest;
}

act_err_t supervisor_restart(supervisor_t *self, act_str_t service, act_str_t instance,
                             act_buf_t *error)
{
    const child_spec_t *spec = NULL;
    child_t *child = NULL;
    act_err_t err = find(self, service, instance, &spec, &child, error);
    if (err != ACT_E_OK)
        return err;
    roll_t *roll = supervisor_roll(self, spec);
    if (roll->state == ROLL_RUNS)
        return refuse(error, ACT_E_CONFLICT, "%s is being restarted already",
                      children_service(spec));
    roll_begin(roll, newest_generation(self, spec) + 1, child ? child->slot : 0);
    return ACT_E_OK;
}

act_err_t supervisor_drain(supervisor_t *self, act_str_t service, act_str_t instance,
                           act_buf_t *error)
{
    const child_spec_t *spec = NULL;
    child_t *child = NULL;
    act_err_t err = find(self, service, instance, &spec, &child, error);
    if (err != ACT_E_OK)
        return err;
    if (supervisor_roll(self, spec)->state == ROLL_RUNS)
        return refuse(error, ACT_E_CONFLICT, "%s is being restarted; wait until that has ended",
                      children_service(spec));
    for (uint32_t i = 0; i < self->children_count; i++)
        if (self->children[i]->spec == spec && (!child || self->children[i] == child))
            child_stop(self->children[i], WANT_GONE);
    supervisor_refresh_parking(self);
    return ACT_E_OK;
}

// --- scale -----------------------------------------------------------------------------------------

static child_t *child_in_slot(const supervisor_t *self, const child_spec_t *spec, uint32_t slot)
{
    for (uint32_t i = 0; i < self->children_count; i++)
        if (self->children[i]->spec == spec && self->children[i]->slot == slot &&
            !self->children[i]->is_passing)
            return self->children[i];
    return NULL;
}

static uint32_t count_children(const supervisor_t *self, const child_spec_t *spec)
{
    uint32_t count = 0;
    for (uint32_t slot = 1; slot <= CHILDREN_INSTANCES_MAX_COUNT; slot++)
        count += child_in_slot(self, spec, slot) != NULL;
    return count;
}

static act_err_t check_scale(const supervisor_t *self, const child_spec_t *spec, act_str_t service,
                             uint32_t count, act_buf_t *error)
{
    if (self->is_stopping)
        return refuse(error, ACT_E_CONFLICT, "everything is being stopped");
    if (!spec)
        return refuse(error, ACT_E_NOT_FOUND,
                      "'%.*s' is not a service of parley.yaml (see parley status)",
                      (int)service.len_bytes, service.ptr);
    if (count < 1 || count > CHILDREN_INSTANCES_MAX_COUNT)
        return refuse(error, ACT_E_INVALID_ARGUMENT,
                      "the number of instances must be 1 to %d (to stop all: parley drain %s)",
                      CHILDREN_INSTANCES_MAX_COUNT, children_service(spec));
    if (spec->is_single && count > 1)
        return refuse(error, ACT_E_INVALID_ARGUMENT,
                      "%s must not have more than one instance (is_single in parley.yaml)",
                      children_service(spec));
    if (supervisor_roll(self, spec)->state == ROLL_RUNS)
        return refuse(error, ACT_E_CONFLICT, "%s is being restarted; wait until that has ended",
                      children_service(spec));
    return ACT_E_OK;
}

act_err_t supervisor_scale(supervisor_t *self, act_str_t service, uint32_t count, act_buf_t *error)
{
    const child_spec_t *spec = find_spec(self, service);
    act_err_t err = check_scale(self, spec, service, count, error);
    if (err != ACT_E_OK)
        return err;
    uint32_t generation = newest_generation(self, spec);
    uint32_t here_count = count_children(self, spec);
    act_log_info(self->log, "scale", "child=%s,from=%u,to=%u", spec->name, here_count, count);
    for (uint32_t slot = 1; here_count < count; slot++) {
        if (child_in_slot(self, spec, slot))
            continue;
        supervisor_add_child(self, spec, slot, generation ? generation : 1);
        here_count++;
    }
    for (uint32_t slot = CHILDREN_INSTANCES_MAX_COUNT; here_count > count; slot--) {
        child_t *child = child_in_slot(self, spec, slot);
        if (!child)
            continue;
        child->is_passing = true;
        child_stop(child, WANT_GONE);
        here_count--;
    }
    return ACT_E_OK;
}
