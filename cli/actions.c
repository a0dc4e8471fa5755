// actions: by table.
#include "actions.h"

#include "command.h"

#include <stdio.h>
#include <string.h>

static int refuse(const action_t *table, const char *command, const char *name)
{
    fprintf(stderr, "parley %s: '%s' is none of its actions:", command, name);
    for (const action_t *row = table; row->name; row++)
        fprintf(stderr, "%s %s", row == table ? "" : ",", row->name);
    fprintf(stderr, " (see parley %s --help)\n", command);
    return EXIT_USAGE;
}

int actions_run(const action_t *table, const char *command, const char *name, const char *data,
                void *context, client_t **client)
{
    const action_t *row = table;
    while (row->name && strcmp(row->name, name) != 0)
        row++;
    if (!row->name)
        return refuse(table, command, name);
    int code = client_reach(data, command, client);
    if (code == 0)
        code = row->run(context);
    client_close(client);
    return code;
}
