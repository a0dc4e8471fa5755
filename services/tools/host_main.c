// parley-tool-host: the process of C plugins and record tools.
#include "host.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    const char *tool = getenv("PARLEY_TOOL"); // said by the jail
    host_identity_t identity;
    act_spec_t spec = host_spec(tool ? tool : "unnamed", &identity);
    return act_main(argc, argv, &spec);
}
