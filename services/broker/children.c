// children: parley.yaml by table (libcyaml). One row a field: its name, its default, its range and an
// example for whoever got it wrong; what fields must agree on is checked in children_check.c.
#include "children.h"

#include "base/assert.h"
#include "base/mem.h"
#include "children_check.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const cyaml_strval_t restart_names[] = {
    {"permanent", RESTART_PERMANENT},
    {"transient", RESTART_TRANSIENT},
    {"temporary", RESTART_TEMPORARY},
};

static const cyaml_strval_t strategy_names[] = {
    {"one_for_one", STRATEGY_ONE_FOR_ONE},
    {"rest_for_one", STRATEGY_REST_FOR_ONE},
    {"one_for_all", STRATEGY_ONE_FOR_ALL},
};

static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 255),
};

#define OPTIONAL_POINTER (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

#define LIMIT(name) CYAML_FIELD_UINT_PTR(#name, OPTIONAL_POINTER, child_limits_t, name)
static const cyaml_schema_field_t limit_fields[] = {
    LIMIT(address_space_mb),
    LIMIT(open_files_count),
    LIMIT(core_mb),
    LIMIT(cpu_s),
    CYAML_FIELD_INT_PTR("nice", OPTIONAL_POINTER, child_limits_t, nice),
    CYAML_FIELD_INT_PTR("realtime", OPTIONAL_POINTER, child_limits_t, realtime),
    CYAML_FIELD_END,
};
#undef LIMIT

#define TEXT(name, most) CYAML_FIELD_STRING_PTR(#name, OPTIONAL_POINTER, child_spec_t, name, 1, most)
#define UINT(name) CYAML_FIELD_UINT(#name, CYAML_FLAG_OPTIONAL, child_spec_t, name)
#define BOOL(name) CYAML_FIELD_BOOL(#name, CYAML_FLAG_OPTIONAL, child_spec_t, name)
#define TEXTS(name, most)                                                                          \
    CYAML_FIELD_SEQUENCE(#name, OPTIONAL_POINTER, child_spec_t, name, &text_schema, 0, most)
static const cyaml_schema_field_t child_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, child_spec_t, name, 1, 48),
    TEXT(exec, 255),
    TEXTS(args, 32),
    TEXT(service, 48),
    UINT(count),
    BOOL(is_single),
    TEXT(group, 48),
    UINT(order),
    TEXTS(needs, 16),
    CYAML_FIELD_ENUM("restart", CYAML_FLAG_OPTIONAL, child_spec_t, restart, restart_names,
                     ACT_COUNT(restart_names)),
    UINT(start_ms),
    UINT(stop_ms),
    UINT(ping_ms),
    UINT(hang_ms),
    UINT(intensity_count),
    UINT(intensity_ms),
    UINT(backoff_ms),
    UINT(backoff_max_ms),
    UINT(park_ms),
    UINT(probation_ms),
    CYAML_FIELD_MAPPING_PTR("limits", OPTIONAL_POINTER, child_spec_t, limits, limit_fields),
    TEXTS(settings, 64),
    BOOL(has_listener),
    CYAML_FIELD_END,
};
#undef TEXT
#undef UINT
#undef BOOL
#undef TEXTS

static const cyaml_schema_value_t child_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, child_spec_t, child_fields),
};

static const cyaml_schema_field_t group_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, group_spec_t, name, 1, 48),
    CYAML_FIELD_ENUM("strategy", CYAML_FLAG_DEFAULT, group_spec_t, strategy, strategy_names,
                     ACT_COUNT(strategy_names)),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t group_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, group_spec_t, group_fields),
};

static const cyaml_schema_field_t file_fields[] = {
    CYAML_FIELD_SEQUENCE("groups", OPTIONAL_POINTER, children_t, groups, &group_schema, 0,
                         CHILDREN_MAX_COUNT),
    CYAML_FIELD_SEQUENCE("children", CYAML_FLAG_POINTER, children_t, children, &child_schema, 1,
                         CHILDREN_MAX_COUNT),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t file_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, children_t, file_fields),
};

// --- what libcyaml says of a mistake ---------------------------------------------------------------

typedef struct {
    act_buf_t text; // the first line, which says what
    char field[64]; // from the first line of its backtrace, which says where
    int line;       // 0: not said
} mistake_t;

// "  in mapping field 'count' (line: 3, column: 12)"
static void note_place(mistake_t *self, const char *line)
{
    const char *field = strchr(line, '\'');
    const char *place = strstr(line, "(line: ");
    if (self->line == 0 && place)
        sscanf(place, "(line: %d", &self->line);
    if (self->field[0] == '\0' && field)
        sscanf(field, "'%63[a-z_]'", self->field);
}

static void note_error(cyaml_log_t level, void *context, const char *format, va_list args)
{
    mistake_t *self = context;
    if (level < CYAML_LOG_ERROR)
        return;
    char line[256];
    vsnprintf(line, sizeof line, format, args);
    if (self->text.len_bytes > 0 || strstr(line, "Backtrace"))
        note_place(self, line);
    else
        act_buf_add_str(&self->text, act_str_trim(act_str(line)));
}

static cyaml_config_t config_of(mistake_t *mistake)
{
    return (cyaml_config_t){
        .log_fn = note_error,
        .log_ctx = mistake,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
    };
}

static void explain(const char *path, const char *what, const mistake_t *mistake, act_buf_t *error)
{
    act_buf_printf(error, "%s", path);
    if (mistake->line > 0)
        act_buf_printf(error, ":%d", mistake->line);
    act_buf_printf(error, ": %s", what);
    if (mistake->text.len_bytes > 0)
        act_buf_printf(error, " (%" ACT_STR_FMT ")", ACT_STR_ARG(act_buf_str(&mistake->text)));
    act_buf_printf(error, " (example: %s)", children_example(mistake->field));
}

// --- life ------------------------------------------------------------------------------------------

const char *children_service(const child_spec_t *self)
{
    return self->service ? self->service : self->name;
}

static act_err_t read_file(const char *path, children_t **ret_children, act_buf_t *error)
{
    mistake_t mistake = {0};
    act_buf_init(&mistake.text, 4096);
    cyaml_config_t config = config_of(&mistake);
    cyaml_err_t err =
        cyaml_load_file(path, &config, &file_schema, (cyaml_data_t **)ret_children, NULL);
    if (err != CYAML_OK)
        explain(path, cyaml_strerror(err), &mistake, error);
    else if (!*ret_children) // libcyaml takes an empty file for nothing
        explain(path, "is empty", &mistake, error);
    act_buf_fini(&mistake.text);
    return err == CYAML_OK && *ret_children ? ACT_E_OK : ACT_E_CONFIG;
}

act_err_t children_load(const char *path, children_t **ret_children, act_buf_t *error)
{
    ACT_AUTO(children) *self = NULL;
    if (read_file(path, &self, error) != ACT_E_OK || children_check(path, self, error) != ACT_E_OK)
        return ACT_E_CONFIG;
    *ret_children = act_take(&self);
    return ACT_E_OK;
}

void children_destroy(children_t **self_p)
{
    mistake_t ignored = {0};
    act_buf_init(&ignored.text, 256);
    cyaml_config_t config = config_of(&ignored);
    if (*self_p)
        cyaml_free(&config, &file_schema, act_take(self_p), 0);
    act_buf_fini(&ignored.text);
}
