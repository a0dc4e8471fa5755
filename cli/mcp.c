// mcp: becomes the program parley-mcp, which links what this one has no need of (CURL).
#include "command.h"
#include "instance.h"

#include <stdio.h>
#include <unistd.h>

int command_mcp(int argc, char **argv)
{
    (void)argc;
    instance_t instance;
    if (instance_locate(NULL, &instance) != ACT_E_OK)
        return EXIT_USAGE;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/parley-mcp", instance.programs) >= (int)sizeof path)
        return EXIT_USAGE;
    execv(path, argv);
    perror(path);
    return EXIT_UNAVAILABLE;
}
