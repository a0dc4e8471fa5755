// flow: runs flow graphs (docs/flows.md): the fast path, and what people draw.
#include "flow.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv, &flow_spec);
}
