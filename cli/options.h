// options: a command's long options as a table; `--name value` and `--name=value`, flags without value.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *name;  // without the dashes
    const char **text; // set to the value; NULL for a flag
    bool *flag;
    const char *help;
} option_t;

// Every table ends with a row without name. --help and --data are understood by all; --data is left
// in *data. Returns false after it has printed help or an error; *ret_code is then the exit code.
bool options_parse(int argc, char **argv, const option_t *table, const char *summary,
                   const char **data, int *ret_code);
