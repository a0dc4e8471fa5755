// children: parley.yaml through libcyaml.
#include "children.h"

#include "base/mem.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>

#define CHILDREN_MAX_COUNT 256
#define INSTANCES_MAX_COUNT 64
#define ORDER_MAX 1000

static const cyaml_strval_t restart_names[] = {
    {"permanent", RESTART_PERMANENT},
    {"transient", RESTART_TRANSIENT},
    {"temporary", RESTART_TEMPORARY},
};

static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 255),
};

#define UINT(name) CYAML_FIELD_UINT(#name, CYAML_FLAG_OPTIONAL, child_spec_t, name)
static const cyaml_schema_field_t child_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, child_spec_t, name, 1, 48),
    CYAML_FIELD_STRING_PTR("service", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, child_spec_t,
                           service, 1, 48),
    UINT(count),
    UINT(order),
    CYAML_FIELD_SEQUENCE("needs", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, child_spec_t, needs,
                         &text_schema, 0, 16),
    CYAML_FIELD_ENUM("restart", CYAML_FLAG_OPTIONAL, child_spec_t, restart, restart_names,
                     ACT_COUNT(restart_names)),
    UINT(start_ms),
    UINT(stop_ms),
    UINT(hang_ms),
    UINT(intensity_count),
    UINT(intensity_ms),
    UINT(backoff_ms),
    UINT(backoff_max_ms),
    UINT(park_ms),
    CYAML_FIELD_SEQUENCE("settings", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, child_spec_t,
                         settings, &text_schema, 0, 64),
    CYAML_FIELD_BOOL("has_listener", CYAML_FLAG_OPTIONAL, child_spec_t, has_listener),
    CYAML_FIELD_END,
};
#undef UINT

static const cyaml_schema_value_t child_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, child_spec_t, child_fields),
};

static const cyaml_schema_field_t file_fields[] = {
    CYAML_FIELD_SEQUENCE("children", CYAML_FLAG_POINTER, children_t, children, &child_schema, 1,
                         CHILDREN_MAX_COUNT),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t file_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, children_t, file_fields),
};

// libcyaml explains in several lines; the first that is not a backtrace says it best.
static void note_error(cyaml_log_t level, void *context, const char *format, va_list args)
{
    act_buf_t *error = context;
    if (level < CYAML_LOG_ERROR || error->len_bytes > 0)
        return;
    char line[256];
    vsnprintf(line, sizeof line, format, args);
    act_buf_add_str(error, act_str_trim(act_str(line)));
}

static cyaml_config_t config_of(act_buf_t *error)
{
    return (cyaml_config_t){
        .log_fn = note_error,
        .log_ctx = error,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
    };
}

static void set_default(uint32_t *value, uint32_t fallback)
{
    if (*value == 0)
        *value = fallback;
}

// Defaults of broker.md section 3.
static void set_defaults(child_spec_t *child)
{
    set_default(&child->count, 1);
    set_default(&child->start_ms, 5000);
    set_default(&child->stop_ms, 10000);
    set_default(&child->hang_ms, 15000);
    set_default(&child->intensity_count, 5);
    set_default(&child->intensity_ms, 30000);
    set_default(&child->backoff_ms, 100);
    set_default(&child->backoff_max_ms, 10000);
    set_default(&child->park_ms, 60000);
}

static const char *service_of(const child_spec_t *child)
{
    return child->service ? child->service : child->name;
}

// What a child needs that none of those in can_start offers; NULL when it has all.
static const char *missing_need(const children_t *self, const child_spec_t *child,
                                const bool can_start[])
{
    for (uint32_t i = 0; i < child->needs_count; i++) {
        bool is_offered = false;
        for (uint32_t j = 0; j < self->children_count && !is_offered; j++)
            is_offered = can_start[j] &&
                         act_str_is(act_str(child->needs[i]), service_of(&self->children[j]));
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

static act_err_t check(const char *path, const children_t *self, act_buf_t *error)
{
    for (uint32_t i = 0; i < self->children_count; i++) {
        const child_spec_t *child = &self->children[i];
        if (child->count > INSTANCES_MAX_COUNT) {
            act_buf_printf(error, "%s: children[%s].count must be at most %d (example: count: 2)",
                           path, child->name, INSTANCES_MAX_COUNT);
            return ACT_E_CONFIG;
        }
        if (child->order > ORDER_MAX) {
            act_buf_printf(error, "%s: children[%s].order must be at most %d (example: order: 2)",
                           path, child->name, ORDER_MAX);
            return ACT_E_CONFIG;
        }
        for (uint32_t j = 0; j < i; j++)
            if (act_str_is(act_str(child->name), self->children[j].name)) {
                act_buf_printf(error, "%s: children[%s] is there twice", path, child->name);
                return ACT_E_CONFIG;
            }
    }
    return check_needs(path, self, error);
}

act_err_t children_load(const char *path, children_t **ret_children, act_buf_t *error)
{
    ACT_AUTO(children) *self = NULL;
    act_buf_t why;
    act_buf_init(&why, 4096);
    cyaml_config_t config = config_of(&why);
    cyaml_err_t err = cyaml_load_file(path, &config, &file_schema, (cyaml_data_t **)&self, NULL);
    if (err != CYAML_OK) {
        act_buf_printf(error, "%s: %s (%" ACT_STR_FMT ")", path, cyaml_strerror(err),
                       ACT_STR_ARG(act_buf_str(&why)));
        act_buf_fini(&why);
        return ACT_E_CONFIG;
    }
    act_buf_fini(&why);
    if (!self) { // libcyaml takes an empty file for nothing
        act_buf_printf(error, "%s: is empty (example: children: [{name: session}])", path);
        return ACT_E_CONFIG;
    }
    for (uint32_t i = 0; i < self->children_count; i++)
        set_defaults(&self->children[i]);
    if (check(path, self, error) != ACT_E_OK)
        return ACT_E_CONFIG;
    *ret_children = act_take(&self);
    return ACT_E_OK;
}

void children_destroy(children_t **self_p)
{
    act_buf_t ignored;
    act_buf_init(&ignored, 256);
    cyaml_config_t config = config_of(&ignored);
    if (*self_p)
        cyaml_free(&config, &file_schema, act_take(self_p), 0);
    act_buf_fini(&ignored);
}
