// args: getopt_long does the reading, the table says where values go.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE // getopt_long
#endif

#include "base/args.h"

#include "base/assert.h"
#include "base/str.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    const char *program;
    const char *dashes; // "--", or "" for a variable
    const char *name;
} source_t;

static bool refuse(const source_t *source, const char *value, const char *must_be)
{
    fprintf(stderr, "%s: %s%s must be %s, not '%s'\n", source->program, source->dashes,
            source->name, must_be, value);
    return false;
}

static bool refuse_range(const source_t *source, const char *value, const act_arg_t *row,
                         double max)
{
    char must_be[96];
    snprintf(must_be, sizeof must_be, "a %snumber from %.15g to %.15g", row->number ? "" : "whole ",
             row->min, max);
    return refuse(source, value, must_be);
}

static bool take_number(const source_t *source, const char *value, const act_arg_t *row)
{
    double max = row->max != 0 ? row->max : HUGE_VAL;
    char *end = NULL;
    double number = strtod(value, &end);
    if (end == value || *end != '\0' || !(number >= row->min && number <= max))
        return refuse_range(source, value, row, max);
    *row->number = number;
    return true;
}

static bool take_integer(const source_t *source, const char *value, const act_arg_t *row)
{
    double type_max = row->count ? (double)UINT32_MAX : (double)INT64_MAX;
    double max = row->max != 0 ? row->max : type_max;
    int64_t integer = 0;
    if (!act_str_to_int(act_str(value), &integer) || (double)integer < row->min ||
        (double)integer > max)
        return refuse_range(source, value, row, max);
    if (row->count)
        *row->count = (uint32_t)integer;
    else
        *row->integer = integer;
    return true;
}

static bool take(const source_t *source, const char *value, const act_arg_t *row)
{
    if (row->flag)
        *row->flag = true;
    else if (row->text)
        *row->text = value;
    else if (row->number)
        return take_number(source, value, row);
    else if (row->count || row->integer)
        return take_integer(source, value, row);
    else {
        const char *must_be = row->read(row->target, value);
        return must_be == NULL || refuse(source, value, must_be);
    }
    return true;
}

static bool take_environment(const char *program, const act_arg_t *table, const bool *is_given)
{
    for (uint32_t i = 0; table[i].name; i++) {
        const char *value = table[i].env && !is_given[i] ? getenv(table[i].env) : NULL;
        const source_t source = {program, "", table[i].env};
        if (value && *value && !take(&source, value, &table[i]))
            return false;
    }
    return true;
}

bool act_args_read_some(int argc, char **argv, const act_arg_t *table, int *ret_used)
{
    struct option options[ACT_ARGS_MAX_COUNT + 1] = {0};
    bool is_given[ACT_ARGS_MAX_COUNT] = {0};
    for (int i = 0; table[i].name; i++) {
        act_assert(i < ACT_ARGS_MAX_COUNT);
        options[i] = (struct option){table[i].name, table[i].flag ? no_argument : required_argument,
                                     NULL, i};
    }
    optind = 0; // from the start, also in a second call
    for (int i = getopt_long(argc, argv, "+", options, NULL); i != -1;
         i = getopt_long(argc, argv, "+", options, NULL)) {
        if (i == '?') // getopt has said what is wrong; rows are fewer than '?'
            return false;
        const source_t source = {argv[0], "--", table[i].name};
        if (!take(&source, optarg, &table[i]))
            return false;
        is_given[i] = true;
    }
    *ret_used = optind;
    return take_environment(argv[0], table, is_given);
}

bool act_args_read(int argc, char **argv, const act_arg_t *table)
{
    int used = 0;
    if (!act_args_read_some(argc, argv, table, &used))
        return false;
    if (used < argc)
        fprintf(stderr, "%s: '%s' is no option\n", argv[0], argv[used]);
    return used == argc;
}
