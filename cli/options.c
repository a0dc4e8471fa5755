// options: parsing by table.
#include "options.h"

#include "command.h"

#include <stdio.h>
#include <string.h>

static void print_help(FILE *file, const char *command, const options_spec_t *spec)
{
    fprintf(file, "parley %s: %s\n\n", command, spec->summary);
    if (spec->usage)
        fprintf(file, "  parley %s %s\n\n", command, spec->usage);
    for (const option_t *row = spec->table; row->name; row++)
        fprintf(file, "  --%-14s %s\n", row->name, row->help);
    fprintf(file, "  --%-14s %s\n", "data", "folder of the instance (default var)");
    if (spec->examples)
        fprintf(file, "\n%s", spec->examples);
}

static const option_t *find(const option_t *table, const char *name, size_t len)
{
    for (const option_t *row = table; row->name; row++)
        if (strlen(row->name) == len && strncmp(row->name, name, len) == 0)
            return row;
    return NULL;
}

// Reads the option at *index, which is moved over its value. False: wrong use, which was printed.
static bool take_option(int argc, char **argv, int *index, const option_t *table,
                        const option_t *data_row)
{
    const char *text = argv[*index];
    const char *name = strncmp(text, "--", 2) == 0 ? text + 2 : "";
    const char *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const option_t *row =
        len == 4 && strncmp(name, "data", 4) == 0 ? data_row : find(table, name, len);
    bool needs_value = row && row->text;
    if (!row || (needs_value && !equals && *index + 1 == argc) || (!needs_value && equals)) {
        fprintf(stderr, "parley %s: %s '%s' (see parley %s --help)\n", argv[0],
                row ? "wrong use of" : "unknown option", text, argv[0]);
        return false;
    }
    if (needs_value)
        *row->text = equals ? equals + 1 : argv[++*index];
    else if (row->flag)
        *row->flag = true;
    return true;
}

bool options_parse_words(int argc, char **argv, const options_spec_t *spec, const char **data,
                         int *ret_code)
{
    const option_t data_row = {"data", data, NULL, ""};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(stdout, argv[0], spec);
            *ret_code = 0;
            return false;
        }
        bool is_word = argv[i][0] != '-' && spec->words_max > 0;
        if (is_word && *spec->words_count < spec->words_max) {
            spec->words[(*spec->words_count)++] = argv[i];
            continue;
        }
        if (is_word)
            fprintf(stderr, "parley %s: '%s' is too much (see parley %s --help)\n", argv[0],
                    argv[i], argv[0]);
        if (is_word || !take_option(argc, argv, &i, spec->table, &data_row)) {
            *ret_code = EXIT_USAGE;
            return false;
        }
    }
    return true;
}

bool options_parse(int argc, char **argv, const option_t *table, const char *summary,
                   const char **data, int *ret_code)
{
    const options_spec_t spec = {.summary = summary, .table = table};
    return options_parse_words(argc, argv, &spec, data, ret_code);
}
