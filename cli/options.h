// options: a command's long options as a table; `--name value` and `--name=value`, flags without value.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name;  // without the dashes
    const char **text; // set to the value; NULL for a flag
    bool *flag;
    const char *help;
} option_t;

// What a command looks like beyond its options. `usage` stands behind the command's name in the help
// ("ID | --last"), `examples` below the options; both may be NULL. Words that are no options go to
// `words` in their order; more than words_max of them is wrong use.
typedef struct {
    const char *summary;
    const char *usage;
    const char *examples;
    const option_t *table;
    const char **words;
    uint32_t words_max;
    uint32_t *words_count;
} options_spec_t;

// As options_parse.
bool options_parse_words(int argc, char **argv, const options_spec_t *spec, const char **data,
                         int *ret_code);

// Every table ends with a row without name. --help and --data are understood by all; --data is left
// in *data. Returns false after it has printed help or an error; *ret_code is then the exit code.
bool options_parse(int argc, char **argv, const option_t *table, const char *summary,
                   const char **data, int *ret_code);
