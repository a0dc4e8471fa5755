// args: a program's long options as a table. `--name value`, `--name=value`, flags without a value.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// The value goes where the one target that is set points; texts are borrowed from argv or the
// environment. What is not given keeps the value that was there before.
typedef struct {
    const char *name; // without the dashes
    const char **text;
    bool *flag;
    uint32_t *count;
    int64_t *integer;
    double *number;
    // Anything else: returns NULL, or what the value must be ("an open descriptor").
    const char *(*read)(void *target, const char *value);
    void *target;
    double min; // of a number
    double max; // 0: what the type holds
    const char
        *env; // a variable that says it when the option does not; empty is as unset. May be NULL
} act_arg_t;

#define ACT_ARGS_MAX_COUNT 32

// Reads up to the first word that is no option, whose index is left in *ret_used (argc: there is none).
// The table ends with a row without name. False: wrong use; what is wrong was printed to stderr, with the
// option's name and what it must be. Not for two threads at once (getopt).
bool act_args_read_some(int argc, char **argv, const act_arg_t *table, int *ret_used);

// As above, for programs that take no words.
bool act_args_read(int argc, char **argv, const act_arg_t *table);
