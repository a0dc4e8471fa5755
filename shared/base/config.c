// config: loading a table of settings.
#include "base/config.h"

#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS_MAX_COUNT 128

typedef struct {
    const act_config_row_t *row;
    char *text;
    int64_t number;
} setting_t;

struct act_config {
    setting_t settings[SETTINGS_MAX_COUNT];
    size_t count;
};

static const char *find_override(const char *const overrides[], const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; overrides && overrides[i]; i++)
        if (strncmp(overrides[i], name, len) == 0 && overrides[i][len] == '=')
            return overrides[i] + len + 1;
    return NULL;
}

static const char *find_value(const act_config_row_t *row, const char *const overrides[])
{
    const char *value = find_override(overrides, row->name);
    if (value)
        return value;
    value = row->env ? getenv(row->env) : NULL;
    return value && *value ? value : row->default_text;
}

static act_err_t refuse(const act_config_row_t *row, const char *why, act_buf_t *error)
{
    act_buf_printf(error, "%s %s: %s (example: %s=%s)", row->env ? row->env : row->name, why,
                   row->help, row->env ? row->env : row->name, row->example ? row->example : "...");
    return ACT_E_CONFIG;
}

static act_err_t parse_number(const act_config_row_t *row, const char *value, int64_t *ret_number,
                              act_buf_t *error)
{
    if (row->type == ACT_CONFIG_BOOL) {
        bool is_true = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
        if (!is_true && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
            return refuse(row, "must be true or false", error);
        *ret_number = is_true;
        return ACT_E_OK;
    }
    if (!act_str_to_int(act_str(value), ret_number))
        return refuse(row, "must be a whole number", error);
    if (*ret_number < row->min || *ret_number > row->max) {
        char why[96];
        snprintf(why, sizeof why, "must be from %lld to %lld", (long long)row->min,
                 (long long)row->max);
        return refuse(row, why, error);
    }
    return ACT_E_OK;
}

static act_err_t load_row(act_config_t *self, const act_config_row_t *row,
                          const char *const overrides[], act_buf_t *error)
{
    const char *value = find_value(row, overrides);
    if (!value)
        return refuse(row, "is missing", error);
    int64_t number = 0;
    if (row->type != ACT_CONFIG_TEXT) {
        act_err_t err = parse_number(row, value, &number, error);
        if (err != ACT_E_OK)
            return err;
    }
    act_assert(self->count < SETTINGS_MAX_COUNT);
    self->settings[self->count++] =
        (setting_t){.row = row, .text = act_strdup(value), .number = number};
    return ACT_E_OK;
}

// An override must be "name=value" of a known setting.
static act_err_t refuse_unknown(const act_config_t *self, const char *const overrides[],
                                act_buf_t *error)
{
    for (size_t i = 0; overrides && overrides[i]; i++) {
        act_str_t rest = act_str(overrides[i]);
        act_str_t name = act_str_cut(&rest, '=');
        if (!strchr(overrides[i], '=')) {
            act_buf_printf(error, "setting %s has no value (example: %s=...)", overrides[i],
                           overrides[i]);
            return ACT_E_CONFIG;
        }
        bool is_known = false;
        for (size_t j = 0; j < self->count; j++)
            is_known = is_known || act_str_is(name, self->settings[j].row->name);
        if (!is_known) {
            act_buf_printf(error, "unknown setting %" ACT_STR_FMT " (see --help)",
                           ACT_STR_ARG(name));
            return ACT_E_CONFIG;
        }
    }
    return ACT_E_OK;
}

act_err_t act_config_load(const act_config_row_t *const tables[], const char *const overrides[],
                          act_config_t **ret_config, act_buf_t *error)
{
    ACT_AUTO(act_config) *self = act_alloc(sizeof *self);
    for (size_t i = 0; tables[i]; i++)
        for (const act_config_row_t *row = tables[i]; row->name; row++) {
            act_err_t err = load_row(self, row, overrides, error);
            if (err != ACT_E_OK)
                return err;
        }
    act_err_t err = refuse_unknown(self, overrides, error);
    if (err == ACT_E_OK)
        *ret_config = act_take(&self);
    return err;
}

void act_config_destroy(act_config_t **self_p)
{
    act_config_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++) {
        explicit_bzero(self->settings[i].text, strlen(self->settings[i].text));
        act_free(self->settings[i].text);
    }
    act_free(act_take(self_p));
}

static const setting_t *find_setting(const act_config_t *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->settings[i].row->name, name) == 0)
            return &self->settings[i];
    act_assert(!"no such setting");
    return NULL;
}

const char *act_config_text(const act_config_t *self, const char *name)
{
    return find_setting(self, name)->text;
}

int64_t act_config_int(const act_config_t *self, const char *name)
{
    return find_setting(self, name)->number;
}

bool act_config_bool(const act_config_t *self, const char *name)
{
    return find_setting(self, name)->number != 0;
}

void act_config_help(const act_config_row_t *table, act_buf_t *out)
{
    for (const act_config_row_t *row = table; row->name; row++) {
        bool has_default = row->default_text && *row->default_text && !row->is_secret;
        act_buf_printf(out, "  %-28s %-28s %s%s%s\n", row->name, row->env ? row->env : "",
                       row->help, has_default ? "; default " : "",
                       has_default ? row->default_text : "");
    }
}
