// actions: a command whose first word says what it does.
#pragma once
#include "client.h"

// Returns the exit code. The context is the command's options.
typedef int action_fn(void *context);

typedef struct {
    const char *name;
    action_fn *run;
} action_t;

// Finds the action of this name, connects *client to the instance in `data` for as long as it runs. The table
// ends with a row without name. Returns the exit code; what is wrong is printed.
int actions_run(const action_t *table, const char *command, const char *name, const char *data,
                void *context, client_t **client);
