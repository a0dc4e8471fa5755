// children_check: one row a number.
#include "children_check.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>

#define DAY_MS 86400000

// Defaults of broker.md section 3. 0 in the file means the default.
typedef struct {
    const char *name;
    size_t offset; // in child_spec_t
    uint32_t fallback, least, most;
    const char *example;
} number_t;

#define NUMBER(name, fallback, least, most, example)                                               \
    {#name, offsetof(child_spec_t, name), fallback, least, most, #name ": " #example}
static const number_t numbers[] = {
    NUMBER(count, 1, 1, CHILDREN_INSTANCES_MAX_COUNT, 2),
    NUMBER(order, 0, 0, 1000, 2),
    NUMBER(start_ms, 5000, 1, DAY_MS, 5000),
    NUMBER(stop_ms, 10000, 1, DAY_MS, 10000),
    NUMBER(ping_ms, 1500, 1, 60000, 1500),
    NUMBER(hang_ms, 15000, 1, DAY_MS, 15000),
    NUMBER(intensity_count, 5, 1, 1000, 5),
    NUMBER(intensity_ms, 30000, 1, DAY_MS, 30000),
    NUMBER(backoff_ms, 100, 1, DAY_MS, 100),
    NUMBER(backoff_max_ms, 10000, 1, DAY_MS, 10000),
    NUMBER(park_ms, 60000, 1, DAY_MS, 60000),
    NUMBER(probation_ms, 2000, 1, DAY_MS, 2000),
};
#undef NUMBER

static const struct {
    const char *field;
    const char *example;
} examples[] = {
    {"name", "name: session"},
    {"exec", "exec: parley-session"},
    {"args", "args: [\"--verbose\"]"},
    {"service", "service: session"},
    {"is_single", "is_single: true"},
    {"group", "group: data"},
    {"needs", "needs: [persistence]"},
    {"restart", "restart: permanent, transient or temporary"},
    {"limits",
     "limits: {address_space_mb: 1024, open_files_count: 4096, core_mb: 0, nice: 5, realtime: 1}"},
    {"address_space_mb", "address_space_mb: 1024"},
    {"open_files_count", "open_files_count: 4096"},
    {"core_mb", "core_mb: 0"},
    {"cpu_s", "cpu_s: 3600"},
    {"nice", "nice: 5"},
    {"realtime", "realtime: 1"},
    {"settings", "settings: [\"log_level=debug\"]"},
    {"has_listener", "has_listener: true"},
    {"groups", "groups: [{name: data, strategy: rest_for_one}]"},
    {"strategy", "strategy: one_for_one, rest_for_one or one_for_all"},
    {"workers_min", "count: 2"},
    {"workers_max", "count: 2"},
};

const char *children_example(const char *field)
{
    for (size_t i = 0; i < ACT_COUNT(numbers); i++)
        if (strcmp(numbers[i].name, field) == 0)
            return numbers[i].example;
    for (size_t i = 0; i < ACT_COUNT(examples); i++)
        if (strcmp(examples[i].field, field) == 0)
            return examples[i].example;
    return "children: [{name: session}]";
}

static uint32_t *number_of(child_spec_t *child, const number_t *row)
{
    return (uint32_t *)(void *)((char *)child + row->offset);
}

static act_err_t check_numbers(const char *path, child_spec_t *child, act_buf_t *error)
{
    for (size_t i = 0; i < ACT_COUNT(numbers); i++) {
        const number_t *row = &numbers[i];
        uint32_t *value = number_of(child, row);
        if (*value == 0)
            *value = row->fallback;
        if (*value < row->least || *value > row->most) {
            act_buf_printf(error, "%s: children[%s].%s must be at most %u (example: %s)", path,
                           child->name, row->name, row->most, row->example);
            return ACT_E_CONFIG;
        }
    }
    return ACT_E_OK;
}

static act_err_t refuse(const char *path, const child_spec_t *child, const char *field,
                        const char *why, act_buf_t *error)
{
    act_buf_printf(error, "%s: children[%s].%s %s (example: %s)", path, child->name, field, why,
                   children_example(field));
    return ACT_E_CONFIG;
}

// A name becomes part of file names and of instance names.
static bool is_plain_name(const char *name)
{
    for (const char *at = name; *at; at++)
        if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '_' &&
            *at != '-')
            return false;
    return true;
}

static act_err_t check_limits(const char *path, const child_spec_t *child, act_buf_t *error)
{
    const child_limits_t *limits = child->limits;
    if (!limits)
        return ACT_E_OK;
    if (limits->nice && (*limits->nice < -20 || *limits->nice > 19))
        return refuse(path, child, "nice", "must be -20 to 19", error);
    if (limits->realtime && (*limits->realtime < 1 || *limits->realtime > 99))
        return refuse(path, child, "realtime", "must be 1 to 99", error);
    if (limits->open_files_count && *limits->open_files_count < 16)
        return refuse(path, child, "open_files_count", "must be at least 16", error);
    if (limits->address_space_mb && *limits->address_space_mb < 16)
        return refuse(path, child, "address_space_mb", "must be at least 16", error);
    return ACT_E_OK;
}

static act_err_t check_group(const char *path, const children_t *self, child_spec_t *child,
                             act_buf_t *error)
{
    if (!child->group)
        return ACT_E_OK;
    for (uint32_t i = 0; i < self->groups_count; i++)
        if (act_str_is(act_str(child->group), self->groups[i].name)) {
            child->strategy = self->groups[i].strategy;
            return ACT_E_OK;
        }
    return refuse(path, child, "group", "is not in groups", error);
}

static act_err_t check_child(const char *path, const children_t *self, child_spec_t *child,
                             act_buf_t *error)
{
    act_err_t err = check_numbers(path, child, error);
    if (err == ACT_E_OK && !is_plain_name(child->name))
        err = refuse(path, child, "name", "must be lower case letters, digits, _ and -", error);
    if (err == ACT_E_OK && child->is_single && child->count > 1)
        err = refuse(path, child, "count", "must be 1: it is_single", error);
    if (err == ACT_E_OK && child->backoff_max_ms < child->backoff_ms)
        err = refuse(path, child, "backoff_max_ms", "must not be less than backoff_ms", error);
    if (err == ACT_E_OK)
        err = check_limits(path, child, error);
    return err == ACT_E_OK ? check_group(path, self, child, error) : err;
}

// --- what the children must agree on ---------------------------------------------------------------

// What a child needs that none of those in can_start offers; NULL when it has all.
static const char *missing_need(const children_t *self, const child_spec_t *child,
                                const bool can_start[])
{
    for (uint32_t i = 0; i < child->needs_count; i++) {
        bool is_offered = false;
        for (uint32_t j = 0; j < self->children_count && !is_offered; j++)
            is_offered = can_start[j] &&
                         act_str_is(act_str(child->needs[i]), children_service(&self->children[j]));
        if (!is_offered)
            return child->needs[i];
    }
    return NULL;
}

// Somebody must be able to start first, and everybody in the end.
static act_err_t check_needs(const char *path, const children_t *self, act_buf_t *error)
{
    bool can_start[CHILDREN_MAX_COUNT] = {false};
    for (uint32_t round = 0; round < self->children_count; round++)
        for (uint32_t i = 0; i < self->children_count; i++)
            can_start[i] = can_start[i] || !missing_need(self, &self->children[i], can_start);
    for (uint32_t i = 0; i < self->children_count; i++)
        if (!can_start[i]) {
            act_buf_printf(error, "%s: children[%s].needs %s, which is never ready before it", path,
                           self->children[i].name,
                           missing_need(self, &self->children[i], can_start));
            return ACT_E_CONFIG;
        }
    return ACT_E_OK;
}

static act_err_t check_names(const char *path, const children_t *self, act_buf_t *error)
{
    for (uint32_t i = 0; i < self->children_count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (act_str_is(act_str(self->children[i].name), self->children[j].name)) {
                act_buf_printf(error, "%s: children[%s] is there twice", path,
                               self->children[i].name);
                return ACT_E_CONFIG;
            }
    for (uint32_t i = 0; i < self->groups_count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (act_str_is(act_str(self->groups[i].name), self->groups[j].name)) {
                act_buf_printf(error, "%s: groups[%s] is there twice", path, self->groups[i].name);
                return ACT_E_CONFIG;
            }
    return ACT_E_OK;
}

act_err_t children_check(const char *path, children_t *self, act_buf_t *error)
{
    for (uint32_t i = 0; i < self->children_count; i++) {
        act_err_t err = check_child(path, self, &self->children[i], error);
        if (err != ACT_E_OK)
            return err;
    }
    act_err_t err = check_names(path, self, error);
    return err == ACT_E_OK ? check_needs(path, self, error) : err;
}
