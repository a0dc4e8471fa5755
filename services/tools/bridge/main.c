// bridge: tools outside.
#include "bridge.h"

int main(int argc, char **argv)
{
    return act_main(argc, argv, &bridge_spec);
}
