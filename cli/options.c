// options: parsing by table.
#include "options.h"

#include "command.h"

#include <stdio.h>
#include <string.h>

static void print_help(FILE *file, const char *command, const option_t *table, const char *summary)
{
    fprintf(file, "parley %s: %s\n\n", command, summary);
    for (const option_t *row = table; row->name; row++)
        fprintf(file, "  --%-14s %s\n", row->name, row->help);
    fprintf(file, "  --%-14s %s\n", "data", "folder of the instance (default var)");
}

static const option_t *find(const option_t *table, const char *name, size_t len)
{
    for (const option_t *row = table; row->name; row++)
        if (strlen(row->name) == len && strncmp(row->name, name, len) == 0)
            return row;
    return NULL;
}

bool options_parse(int argc, char **argv, const option_t *table, const char *summary,
                   const char **data, int *ret_code)
{
    const option_t data_row = {"data", data, NULL, ""};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(stdout, argv[0], table, summary);
            *ret_code = 0;
            return false;
        }
        const char *name = strncmp(argv[i], "--", 2) == 0 ? argv[i] + 2 : "";
        const char *equals = strchr(name, '=');
        size_t len = equals ? (size_t)(equals - name) : strlen(name);
        const option_t *row =
            len == 4 && strncmp(name, "data", 4) == 0 ? &data_row : find(table, name, len);
        bool needs_value = row && row->text;
        if (!row || (needs_value && !equals && i + 1 == argc) || (!needs_value && equals)) {
            fprintf(stderr, "parley %s: %s '%s' (see parley %s --help)\n", argv[0],
                    row ? "wrong use of" : "unknown option", argv[i], argv[0]);
            *ret_code = EXIT_USAGE;
            return false;
        }
        if (needs_value)
            *row->text = equals ? equals + 1 : argv[++i];
        else
            *row->flag = true;
    }
    return true;
}
