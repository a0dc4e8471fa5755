// config: settings as a table, one row a setting. The same rows make the parser, --help and the
// generated docs/settings.md. A value comes from `--set name=value`, else from the environment
// variable, else from the default. Bad values end the start with one line that names the setting,
// what is wrong, and an example.
#pragma once
#include "base/buf.h"
#include "base/err.h"

typedef enum { ACT_CONFIG_TEXT, ACT_CONFIG_INT, ACT_CONFIG_BOOL } act_config_type_t;

typedef struct {
    const char *name; // snake_case with unit: "hold_ms"; unique in the process
    const char *env;  // "PARLEY_HOLD_MS", or a name operators know: "WH_TOKEN"
    act_config_type_t type;
    const char *default_text; // NULL: required
    int64_t min;              // INT only
    int64_t max;
    const char *example;
    const char *help;
    bool is_secret; // never shown or logged
} act_config_row_t;

typedef struct act_config act_config_t;

// Tables end with a row without name. `overrides` are "name=value" texts, NULL-terminated, may be
// NULL. On error returns ACT_E_CONFIG and one line in *error (which must be initialised).
act_err_t act_config_load(const act_config_row_t *const tables[], const char *const overrides[],
                          act_config_t **ret_config, act_buf_t *error);
void act_config_destroy(act_config_t **self_p);

// An unknown name is our bug (assert). Text is borrowed from the config, "" when empty.
const char *act_config_text(const act_config_t *self, const char *name);
int64_t act_config_int(const act_config_t *self, const char *name);
bool act_config_bool(const act_config_t *self, const char *name);

// Help text of a table: one line a setting.
void act_config_help(const act_config_row_t *table, act_buf_t *out);
